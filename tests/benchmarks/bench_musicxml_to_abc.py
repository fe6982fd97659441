"""MusicXML to ABC: how long it takes, how much of that music21, and whether the notes are those that music21 reads.

Run as `python tests/benchmarks/bench_musicxml_to_abc.py [--scores 24]`. The scores are drawn (seeded) from all
folders of music21's corpus, up to 150 kB packed. F1 is of pitch, onset and end over the whole score as written. Where a
file's parts disagree on how long a bar is, music21 lets them run apart and we do not: such scores are counted apart.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import warnings
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import music21
from midi_judging import f1

from hartmann.errors import UnreadableScore
from hartmann.notation.checking import check
from hartmann.notation.from_musicxml import musicxml_to_abc
from hartmann.notation.sounding import sounding_notes

Sound = tuple[float, float, int]


def drawn(count: int) -> list[Path]:
    """Files of the corpus, a few of each folder."""
    root = Path(music21.__file__).parent / "corpus"
    folders: dict[str, list[Path]] = {}
    for path in sorted(root.rglob("*")):
        if path.suffix in {".mxl", ".xml", ".musicxml"} and path.stat().st_size < 150_000:
            folders.setdefault(path.relative_to(root).parts[0], []).append(path)
    chance = random.Random(3)
    order = [path for files in folders.values() for path in chance.sample(files, min(2, len(files)))]
    return chance.sample(order, min(count, len(order)))


def music21_reading(path: Path) -> tuple[list[Sound], bool]:
    """The notes as music21 reads them, and whether the parts' measures keep together."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        score: Any = music21.converter.parse(path, forceSource=True).stripTies()
    starts = {tuple(float(m.offset) for m in part.getElementsByClass("Measure")) for part in score.parts}
    sounds = [
        (float(start), float(start + n.quarterLength), pitch.midi)
        for part in score.parts
        for n in (part if part.atSoundingPitch else part.toSoundingPitch()).recurse().notes
        if not n.duration.isGrace and "Harmony" not in n.classes
        for start in [n.getOffsetInHierarchy(n.getContextByClass("Part"))]
        for pitch in getattr(n, "pitches", ())
    ]
    return sounds, len(starts) == 1


def main() -> None:
    """Print everything."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--scores", type=int, default=24)
    ours: list[float] = []
    theirs: list[float] = []
    agreements: dict[bool, list[float]] = {True: [], False: []}
    problems = refused = 0
    for path in drawn(options.parse_args().scores):
        start = time.perf_counter()
        try:
            abc = musicxml_to_abc(path.read_bytes())
        except UnreadableScore as reason:
            refused += 1
            print(f"  {path.parent.name}/{path.name}: {reason}")
            continue
        ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        sounds, together = music21_reading(path)
        theirs.append(time.perf_counter() - start)
        checked = check(abc)
        problems += len(checked.problems)
        voices = checked.score.voices if checked.score else ()
        found = [(float(s.onset), float(s.end), s.pitch) for voice in voices for s in sounding_notes(voice)]
        agreements[together].append(f1(sounds, found, ends=True))
    print(f"{len(ours)} scores, {refused} refused, {problems} problems in the ABC")
    print(f"  ours {1000 * median(ours):.0f} ms median, {max(ours):.1f} s most; music21's reading alone "
          f"{1000 * median(theirs):.0f} ms, {max(theirs):.1f} s")  # fmt: skip
    for together, values in agreements.items():
        if values:
            kind = "parts keep together" if together else "parts run apart in music21"
            exact = sum(value > 0.999 for value in values)
            print(f"  {kind}: {exact} of {len(values)} exact, median F1 {median(values):.4f}")


if __name__ == "__main__":
    main()
