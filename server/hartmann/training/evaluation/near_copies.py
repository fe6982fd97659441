"""Near copies: whether a tune holds a long run of notes that stands in a tune of the corpus.

A tune is read as the steps of its top line (`notation.top_line`), so neither another key nor other note values hide a
copy. A near copy shares a run of NOTES notes or more that lasts longer than BARS of its own bars.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from hartmann.notation.checking import check
from hartmann.notation.score import Score
from hartmann.notation.top_line import Note, Step, steps_of, top_line
from hartmann.training.melodies import Melody

NOTES: Final = 12
BARS: Final = 2
Line = Sequence[Note]


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a tune that stands in the corpus: how many notes, and how many of the tune's bars they last."""

    notes: int
    bars: float

    @property
    def is_near_copy(self) -> bool:
        """Whether it is too long to be chance."""
        return self.notes >= NOTES and self.bars > BARS


class CorpusRuns:
    """Every run of NOTES notes of a corpus, by its steps; built in seconds from ten thousand tunes."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._steps = [steps_of(line) for line in lines]
        self._places: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for number, own in enumerate(self._steps):
            for start, run in _windows(own):
                self._places[run].append((number, start))

    def longest(self, line: Line, bar: Fraction) -> Run:
        """The run of at least NOTES notes that lasts longest; `bar` is the length of a bar in quarters. (0, 0) where
        there is none."""
        own = steps_of(line)
        best = Run(0, 0.0)
        for start, run in _windows(own):
            for number, place in self._places.get(run, ()):
                shared = _shared(own, start, self._steps[number], place)
                if shared + 1 >= NOTES:
                    length = sum((duration for _, duration in line[start : start + shared + 1]), Fraction(0))
                    best = max(best, Run(shared + 1, float(length / bar)), key=lambda r: (r.bars, r.notes))
        return best


def copied_share(tunes: Iterable[str], corpus: CorpusRuns) -> float:
    """Share of tunes that are near copies; tunes that hold no music count as none."""
    scores = [check(tune).score for tune in tunes]
    copies = [score is not None and longest_run(score, corpus).is_near_copy for score in scores]
    return round(sum(copies) / max(1, len(copies)), 3)


def longest_run(score: Score, corpus: CorpusRuns) -> Run:
    """The longest run of the first voice, of its chords the highest notes, that stands in the corpus."""
    return corpus.longest(top_line(score.voices[0])[0], score.meter.bar_duration or Fraction(4))


def line_of_melody(melody: Melody) -> Line:
    """The notes of a melody, ties joined."""
    line: list[Note] = []
    held = False
    for event in melody.events():
        if event.step < 0:
            continue
        if held and line[-1][0] == event.midi:
            line[-1] = event.midi, line[-1][1] + event.sounding
        else:
            line.append((event.midi, event.sounding))
        held = event.tied
    return line


def _windows(line: Sequence[Step]) -> Iterator[tuple[int, int]]:
    """(place, hash) of each run of NOTES notes."""
    hashes = [hash(step) for step in line]
    for start in range(len(line) - NOTES + 2):
        yield start, hash(tuple(hashes[start : start + NOTES - 1]))


def _shared(line: Sequence[Step], start: int, others: Sequence[Step], place: int) -> int:
    """How many steps are alike from two places on."""
    count = 0
    for one, other in zip(line[start:], others[place:], strict=False):
        if one != other:
            break
        count += 1
    return count
