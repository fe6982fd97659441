"""How well two voices go together: the mini's pieces as the pipeline harmonizes them, and as the mini writes alone.

Run with `make bench`; `--pieces 60` for the figures of the model card. Two voices are consonant while they stand in a
unison, third, perfect fourth or fifth, sixth or octave; the share is of the time in which both sound, averaged over
pieces. Beside each other, for the same headers: under the grammar of systems, where the model hears the first voice as
well as it has learned to; line by line, the second voice held to the chords that suit the first; and the latter with
the second voice a bar late, which is chance. The reference is soprano and bass in Bach's chorales. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from random import Random
from statistics import mean

sys.path.insert(0, str(Path(__file__).parent.parent))

from music21 import corpus

from hartmann.composing.accompanying import write_accompanied
from hartmann.composing.captioning import write_caption
from hartmann.composing.carry import Carry
from hartmann.composing.events import Stage, Wishes
from hartmann.composing.request import CompositionRequest
from hartmann.composing.tools import Tools
from hartmann.composing.work import Work
from hartmann.composing.writing import body_request, closed, header_request, whole_text
from hartmann.errors import HartmannError
from hartmann.notation.checking import check
from hartmann.notation.from_musicxml import musicxml_to_score
from hartmann.notation.score import Voice
from hartmann.notation.sounding import sounding_notes
from hartmann.training.evaluation.studio import Silence
from hartmann.training.gallery import HELD_OUT_SEED
from hartmann.training.pictures import paint
from hartmann.vision.clip import load_embedder
from hartmann.vision.language_model import ignore_text
from hartmann.vision.mini import vlm_folder
from hartmann.vision.model_thread import EmbedderThread, ModelThread
from hartmann.vision.pictures import Picture
from hartmann.vision.transformers_model import TransformersModel

ENSEMBLES = (
    "flute, cello",
    "violin, piano",
    "oboe, harp",
    "two violins",
    "clarinet, bassoon",
    "piano, cello",
)
METERS = ("4/4", "3/4", "6/8", "2/4")
CONSONANT = frozenset({0, 3, 4, 5, 7, 8, 9})
"""Semitones, octaves left out."""
CHORALES = 40


@dataclass
class Found:
    """One way of writing: the share of consonance, errors and seconds of each piece."""

    consonant: list[float] = field(default_factory=list)
    errors: int = 0
    seconds: list[float] = field(default_factory=list)


def consonance(upper: Voice, lower: Voice, late: Fraction = Fraction(0)) -> float | None:
    """Share of the time in which both sound; `late` moves the lower voice. None where they never do."""
    good = both = Fraction(0)
    others = [(n.onset + late, n.end + late, n.pitch) for n in sounding_notes(lower)]
    for note in sounding_notes(upper):
        for begin, end, pitch in others:
            over = min(note.end, end) - max(note.onset, begin)
            if over > 0:
                both += over
                good += over if (note.pitch - pitch) % 12 in CONSONANT else 0
    return float(good / both) if both else None


async def written(work: Work, number: int) -> tuple[str, str, float, float]:
    """A piece under the grammar of systems, one with its second voice harmonized, and the seconds of each."""
    carry = await write_caption(work, Carry())
    conversation = work.before_draft(carry)
    header = (await work.answer(header_request(work, conversation, Stage.DRAFT, number), ignore_text)).text
    began = time.perf_counter()
    alone = whole_text(
        header, await work.answer(body_request(work, conversation, Stage.DRAFT, number, header), ignore_text)
    )
    between = time.perf_counter()
    text, ended = await write_accompanied(work, conversation, Stage.DRAFT, number, ignore_text, header, 1)
    return alone, text if ended else closed(text), between - began, time.perf_counter() - between


async def pieces(tools: Tools, count: int) -> tuple[Found, Found, Found]:
    """Each way of writing."""
    alone, harmonized, late = Found(), Found(), Found()
    for number in range(count):
        image = paint(Random(HELD_OUT_SEED + number))
        wishes = Wishes(ensemble=ENSEMBLES[number % len(ENSEMBLES)], meter=METERS[number % len(METERS)])
        request = CompositionRequest(Picture(image, "", "PNG", *image.size), number, wishes=wishes)
        one, other, *seconds = await written(Work.begin(request, tools, Silence()), number)
        for found, text, took in zip((alone, harmonized), (one, other), seconds, strict=True):
            found.seconds.append(took)
            add(found, text)
        add(late, other, is_late=True)
    return alone, harmonized, late


def add(found: Found, text: str, *, is_late: bool = False) -> None:
    """Measure a piece."""
    checked = check(text)
    found.errors += bool(checked.errors)
    if checked.score is None or len(checked.score.voices) < 2:
        return
    late = checked.score.meter.bar_duration if is_late else Fraction(0)
    share = consonance(*checked.score.voices[:2], late)
    if share is not None:
        found.consonant.append(share)


def chorale_files() -> list[Path]:
    """Those in music21's corpus."""
    return sorted(path for path in map(Path, corpus.getComposer("bach")) if path.suffix == ".mxl")


def chorales(count: int) -> Iterator[float]:
    """Soprano and bass of so many of Bach's chorales."""
    for path in chorale_files()[:count]:
        try:
            voices = musicxml_to_score(path.read_bytes()).voices
        except HartmannError:
            continue
        if len(voices) >= 4 and (share := consonance(voices[0], voices[3])) is not None:
            yield share


def line(what: str, shares: Sequence[float], more: str = "") -> None:
    """One line of the report."""
    print(f"{what:52} {mean(shares):.3f} consonant, {len(shares)} pieces{more}")


def main() -> None:
    """All figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--pieces", type=int, default=12)
    given = parser.parse_args()
    model = ModelThread(TransformersModel.load(vlm_folder(), profile="compact"))
    embedder = EmbedderThread(load_embedder("mini"))
    try:
        found = asyncio.run(pieces(Tools(model, embedder, NoLibrary(), "benchmark"), given.pieces))
    finally:
        model.close()
        embedder.close()
    names = (
        "mini, under the grammar of systems alone",
        "mini, as the pipeline writes",
        "… the second voice a bar late",
    )
    for name, each in zip(names, found, strict=True):
        took = f", {mean(each.seconds):.1f} s a piece" if each.seconds else ""
        line(name, each.consonant, f", {each.errors} with errors{took}")
    line("soprano and bass of Bach's chorales", list(chorales(CHORALES)))


class NoLibrary:
    """A library that nobody asks."""

    async def find(self, *_: object) -> tuple[()]:
        """Nothing."""
        return ()


if __name__ == "__main__":
    main()
