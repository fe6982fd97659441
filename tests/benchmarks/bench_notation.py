"""How fast ABC becomes checked music and goes out again: MIDI, metrics, MusicXML, and the check for copies.

Run as `python tests/benchmarks/bench_notation.py [--tunes 60]`. Prints medians over corpus tunes (seeded) in one
process, after everything is imported. The first row is the whole way of a draft, ABC → checked → MIDI and the
eight metrics; beside it is the same way through music21's own ABC parser, its MIDI writer and MusPy, on the same
tunes (those that music21 can't read cost what they cost).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import random
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import TypeVar

from hartmann.library.ingest.music21_tunes import all_tunes
from hartmann.notation.checking import check
from hartmann.notation.metrics import measure
from hartmann.notation.midi import to_midi
from hartmann.notation.musicxml import to_musicxml
from hartmann.notation.muspy_music import to_muspy
from hartmann.notation.originality import Originality
from hartmann.notation.score import Score

REFERENCES = 8
"""What a composition is shown at most: the nearest four to the picture and to its description."""

Item = TypeVar("Item")


def milliseconds(work: Callable[[Item], object], items: Sequence[Item]) -> float:
    """The median time of `work` over the items, after one to warm up."""
    work(items[0])
    times = []
    for item in items:
        start = time.perf_counter()
        work(item)
        times.append(time.perf_counter() - start)
    return 1000 * median(times)


def whole_way(text: str) -> None:
    """ABC to checked music, to MIDI, and measured."""
    score = check(text).score
    if score is not None:
        to_midi(score)
        measure(score)


class Music21AndMusPy:
    """The way without us: music21's ABC parser and MIDI writer, MusPy's reader and metrics."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "tune.mid"
        self.failed: set[str] = set()

    def __call__(self, text: str) -> None:
        """What fails on the way ends it, and is counted."""
        with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                self._go(text)
            except Exception:
                self.failed.add(text)

    def _go(self, text: str) -> None:
        import muspy
        from music21 import converter

        converter.parse(text, format="abc").write("midi", fp=self.file)
        music = muspy.read_midi(self.file).adjust_resolution(24)
        for metric in (
            muspy.pitch_range, muspy.n_pitches_used, muspy.n_pitch_classes_used, muspy.polyphony,
            muspy.scale_consistency, muspy.pitch_entropy, muspy.pitch_class_entropy, muspy.empty_beat_rate,
        ):  # fmt: skip
            metric(music)


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--tunes", type=int, default=60, help="corpus tunes (%(default)s)")
    number = options.parse_args().tunes
    texts = random.Random(5).sample([tune.text for tune in all_tunes()], number)
    scores = [score for text in texts if (score := check(text).score) is not None]
    with tempfile.TemporaryDirectory() as folder:
        others = Music21AndMusPy(Path(folder))
        ours, theirs = milliseconds(whole_way, texts), milliseconds(others, texts)
        failed = len(others.failed)
    drafts = [Originality(score) for score in scores]
    references = scores[:REFERENCES]
    rows = {
        "  of it: ABC to checked music": milliseconds(check, texts),
        "  of it: to MIDI": milliseconds(to_midi, scores),
        "  of it: eight metrics": milliseconds(measure, scores),
        "to MusicXML": milliseconds(to_musicxml, scores),
        "to muspy.Music": milliseconds(to_muspy, scores),
        "a draft, indexed for copies": milliseconds(Originality, scores),
        f"  against {REFERENCES} references, each": milliseconds(_against(references), drafts) / REFERENCES,
    }
    notes = median(sum(len(bar.notes) for voice in score.voices for bar in voice.bars) for score in scores)
    print(f"{len(scores)} tunes, {notes:.0f} notes in the median one; milliseconds, median")
    print(f"  {'ABC → checked → MIDI + metrics':34} {ours:8.2f}")
    print(f"  {'the same by music21 and MusPy':34} {theirs:8.2f}  ({failed} of {len(texts)} failed)")
    print(f"  {'times faster':34} {theirs / ours:8.1f}")
    for name, value in rows.items():
        print(f"  {name:34} {value:8.2f}")


def _against(references: Sequence[Score]) -> Callable[[Originality], object]:
    return lambda draft: [draft.overlap(reference) for reference in references]


if __name__ == "__main__":
    main()
