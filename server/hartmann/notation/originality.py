"""How much of a draft stands in another piece: the longest shared run of notes and the share of n-grams.

A voice is read as the steps of its top line (`top_line`), which no other key and no other note values change. A run of
k shared steps is k + 1 shared notes. Percussion voices have no line and are left out.

The draft is indexed once by a suffix automaton (Blumer et al., 1985; O(n) to build), and each reference is
then read through it once in O(m): `Originality(draft)` for many references, `overlap` for one.
"""

from __future__ import annotations

from dataclasses import dataclass

from hartmann.notation.score import Score, Voice
from hartmann.notation.top_line import Step, steps_of, top_line

NGRAM_STEPS = 5
"""Steps in an n-gram: six notes, about a bar and a half of a folk tune; shorter ones any two tunes share."""


@dataclass(frozen=True, slots=True)
class SharedRun:
    """What two pieces share.

    `longest_run` in notes (0 where nothing is shared); `ngram_overlap` is the share 0…1 of the draft's
    n-grams that stand in the other piece; `first_bar`…`last_bar` are the numbers of the draft's bars in
    which the longest run lies, -1 where there is none, and `voice` is its voice's number.
    """

    longest_run: int
    ngram_overlap: float
    first_bar: int = -1
    last_bar: int = -1
    voice: int = 0


@dataclass(frozen=True, slots=True)
class _Line:
    """One voice as steps; `bars[i]` is the number of the bar of note i, one more than there are steps."""

    voice: int
    steps: tuple[Step, ...]
    bars: tuple[int, ...]


class Originality:
    """A draft, indexed; `overlap(reference)` tells what it shares with a reference."""

    def __init__(self, draft: Score) -> None:
        self._lines = _lines(draft)
        self._automata = [_SuffixAutomaton(line.steps) for line in self._lines]
        self._ngrams = [ngram for line in self._lines for ngram in _ngrams(line.steps)]

    def overlap(self, reference: Score) -> SharedRun:
        """What the draft shares with `reference`; of equally long runs, the first one found."""
        others = _lines(reference)
        found = set[tuple[Step, ...]]().union(*(_ngrams(other.steps) for other in others))
        share = sum(ngram in found for ngram in self._ngrams) / len(self._ngrams) if self._ngrams else 0.0
        best = SharedRun(0, share)
        for line, automaton in zip(self._lines, self._automata, strict=True):
            for other in others:
                length, end = automaton.longest_match(other.steps)
                if length and length + 1 > best.longest_run:
                    first, last = line.bars[end - length], line.bars[end]
                    best = SharedRun(length + 1, share, first, last, line.voice)
        return best


def overlap(score: Score, reference_score: Score) -> SharedRun:
    """What `score` shares with `reference_score`. For many references use `Originality`."""
    return Originality(score).overlap(reference_score)


def _lines(score: Score) -> list[_Line]:
    lines = [_line(voice) for voice in score.voices if not voice.percussion]
    return [line for line in lines if line.steps]


def _line(voice: Voice) -> _Line:
    notes, bars = top_line(voice)
    return _Line(voice.number, steps_of(notes), bars)


def _ngrams(steps: tuple[Step, ...]) -> list[tuple[Step, ...]]:
    return [steps[i : i + NGRAM_STEPS] for i in range(len(steps) - NGRAM_STEPS + 1)]


class _SuffixAutomaton:
    """All the runs of a sequence in linear space: states with transitions, suffix links, and first ends."""

    def __init__(self, steps: tuple[Step, ...]) -> None:
        self.next: list[dict[Step, int]] = [{}]
        self.link = [-1]
        self.length = [0]
        self.end = [0]
        last = 0
        for step in steps:
            last = self._extend(last, step)

    def longest_match(self, steps: tuple[Step, ...]) -> tuple[int, int]:
        """(steps, end) of the longest run of `steps` in the indexed sequence; `end` is exclusive, in that one."""
        state = length = 0
        best = (0, 0)
        for step in steps:
            while state and step not in self.next[state]:
                state = self.link[state]
                length = self.length[state]
            if step in self.next[state]:
                state = self.next[state][step]
                length += 1
            if length > best[0]:
                best = (length, self.end[state])
        return best

    def _extend(self, last: int, step: Step) -> int:
        state = self._add({}, self.length[last] + 1, self.length[last] + 1)
        before = last
        while before != -1 and step not in self.next[before]:
            self.next[before][step] = state
            before = self.link[before]
        self.link[state] = 0 if before == -1 else self._target(before, step)
        return state

    def _target(self, before: int, step: Step) -> int:
        """The state that `before` reaches by `step`, split off where it holds longer runs too."""
        target = self.next[before][step]
        if self.length[target] == self.length[before] + 1:
            return target
        clone = self._add(dict(self.next[target]), self.length[before] + 1, self.end[target])
        self.link[clone] = self.link[target]
        self.link[target] = clone
        while before != -1 and self.next[before].get(step) == target:
            self.next[before][step] = clone
            before = self.link[before]
        return clone

    def _add(self, transitions: dict[Step, int], length: int, end: int) -> int:
        self.next.append(transitions)
        self.link.append(-1)
        self.length.append(length)
        self.end.append(end)
        return len(self.next) - 1
