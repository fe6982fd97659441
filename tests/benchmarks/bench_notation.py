"""How fast checked music goes out: MIDI, MusicXML, metrics and the check against references.

Run as `python tests/benchmarks/bench_notation.py`. Prints medians over 60 corpus tunes (seeded) in one process,
after everything is imported, beside music21's own ABC parser and MIDI writer on the same tunes.
"""

from __future__ import annotations

import contextlib
import io
import random
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import TypeVar

from hartmann.library.ingest.music21_tunes import all_tunes
from hartmann.notation.checking import check
from hartmann.notation.metrics import measure
from hartmann.notation.midi import to_midi
from hartmann.notation.musicxml import to_musicxml
from hartmann.notation.originality import Originality
from hartmann.notation.score import Score

TUNES = 60
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


def by_music21(text: str) -> None:
    """ABC to a MIDI file in memory through music21 alone; tunes that it can't read cost what they cost."""
    from music21 import converter, midi

    with contextlib.suppress(Exception), contextlib.redirect_stderr(io.StringIO()):
        midi.translate.streamToMidiFile(converter.parse(text, format="abc")).writestr()


def main() -> None:
    """Print the table."""
    texts = random.Random(5).sample([tune.text for tune in all_tunes()], TUNES)
    scores = [score for text in texts if (score := check(text).score) is not None]
    draft = Originality(scores[0])
    rows: dict[str, float] = {
        "ABC to checked music": milliseconds(check, texts),
        "to MIDI": milliseconds(to_midi, scores),
        "to MusicXML": milliseconds(to_musicxml, scores),
        "eight metrics": milliseconds(measure, scores),
        "a draft against one reference": milliseconds(draft.overlap, scores),
        "music21: ABC to MIDI": milliseconds(by_music21, texts),
    }
    notes = median(_notes(score) for score in scores)
    print(f"{len(scores)} tunes, {notes:.0f} notes in the median one; milliseconds, median")
    for name, value in rows.items():
        print(f"  {name:32} {value:8.2f}")


def _notes(score: Score) -> int:
    return sum(len(bar.notes) for voice in score.voices for bar in voice.bars)


if __name__ == "__main__":
    main()
