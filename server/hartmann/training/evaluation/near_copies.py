"""Near copies: whether a tune holds a long run of notes that stands in a tune of the corpus.

A tune is read as in `notation.originality`: one line of notes with ties joined, and from note to note a step (interval
in semitones, ratio of durations), so neither another key nor other note values hide a copy. A near copy shares a run
of NOTES notes or more that lasts longer than BARS of its own bars.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

from hartmann.notation.checking import check
from hartmann.notation.score import Score
from hartmann.notation.sounding import sounding_notes
from hartmann.training.melodies import Melody

NOTES: Final = 12
BARS: Final = 2
Line = Sequence[tuple[int, Fraction]]
"""MIDI pitch and duration in quarters of each note."""
Step = tuple[int, Fraction]


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
        self._steps = [_steps(line) for line in lines]
        self._places: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for number, steps in enumerate(self._steps):
            for start, run in _windows(steps):
                self._places[run].append((number, start))

    def longest(self, line: Line, bar: Fraction) -> Run:
        """The run of at least NOTES notes that lasts longest; `bar` is the length of a bar in quarters. (0, 0) where
        there is none."""
        steps = _steps(line)
        best = Run(0, 0.0)
        for start, run in _windows(steps):
            for number, place in self._places.get(run, ()):
                shared = _shared(steps, start, self._steps[number], place)
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
    """The longest run of the first voice that stands in the corpus."""
    return corpus.longest(line_of_score(score), score.meter.bar_duration or Fraction(4))


def line_of_score(score: Score) -> Line:
    """The first voice, of chords the highest note."""
    top = {s.onset: (s.pitch, s.duration) for s in sounding_notes(score.voices[0]) if s.duration > 0}
    return list(top.values())


def line_of_melody(melody: Melody) -> Line:
    """The notes of a melody, ties joined."""
    line: list[tuple[int, Fraction]] = []
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


def _steps(line: Line) -> list[Step]:
    return [(b[0] - a[0], b[1] / a[1]) for a, b in pairwise(line)]


def _windows(steps: Sequence[Step]) -> Iterator[tuple[int, int]]:
    """(place, hash) of each run of NOTES notes."""
    hashes = [hash(step) for step in steps]
    for start in range(len(steps) - NOTES + 2):
        yield start, hash(tuple(hashes[start : start + NOTES - 1]))


def _shared(steps: Sequence[Step], start: int, others: Sequence[Step], place: int) -> int:
    """How many steps are alike from two places on."""
    count = 0
    for one, other in zip(steps[start:], others[place:], strict=False):
        if one != other:
            break
        count += 1
    return count
