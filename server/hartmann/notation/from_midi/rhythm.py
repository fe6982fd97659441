"""Segments of one voice as the written notes of a bar: cut at bar lines, with tuplets where triplets lie.

Conventions: what lies on multiples of a thirty-second (3 steps) is written plainly, however long; what lies between
is in triplets, so the stretch around it becomes a tuplet of three in the time of two: half a beat, a beat, or two
beats where a note goes over the middle. Notes that go over the edge of a tuplet or a bar are tied there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache

from hartmann.notation.from_midi.bars import STEPS, BarSpan
from hartmann.notation.from_midi.voices import Segment
from hartmann.notation.score import Note, Place, Tuplet

PLAIN = STEPS // 8
"""Plain notes lie on multiples of this: thirty-seconds."""

_NOWHERE = Place(0, 0, 0, 0)
_RATIO = Fraction(3, 2)

Stretch = tuple[int, int]
"""Steps from … to."""


def by_bar(segments: Sequence[Segment], bars: Sequence[BarSpan]) -> Iterator[list[Segment]]:
    """The segments of each bar, cut at its edges, with rests where nothing sounds."""
    waiting = list(reversed(segments))
    for bar in bars:
        held: list[Segment] = []
        while waiting and waiting[-1].start < bar.end:
            inside, behind = cut(waiting.pop(), bar.end)
            held.append(inside)
            if behind:
                waiting.append(behind)
        yield list(_with_rests(held, bar))


def write(segments: Sequence[Segment], bar: BarSpan) -> tuple[Note, ...]:
    """The notes of one bar from its segments, which fill it."""
    if len(segments) == 1 and not segments[0].pitches:
        return (_note(segments[0], bar, whole_bar=bar.end - bar.start == bar.meter.bar_duration * STEPS),)
    notes: list[Note] = []
    rest = list(segments)
    for start, end in _tuplets(segments, bar):
        before, rest = _divide(rest, start)
        inside, rest = _divide(rest, end)
        notes += [_note(segment, bar) for segment in before]
        last = len(inside) - 1
        notes += [_note(s, bar, Tuplet(3, 2, i == 0, i == last)) for i, s in enumerate(inside)]
    return (*notes, *(_note(segment, bar) for segment in rest))


def cut(segment: Segment, at: int) -> tuple[Segment, Segment | None]:
    """The segment before and behind `at`, tied together; nothing behind where it ends before."""
    if segment.end <= at:
        return segment, None
    tied = (True,) * len(segment.pitches)
    before = Segment(segment.start, at, segment.pitches, tied)
    return before, Segment(at, segment.end, segment.pitches, segment.held)


def _with_rests(segments: Sequence[Segment], bar: BarSpan) -> Iterator[Segment]:
    at = bar.start
    for segment in segments:
        if segment.start > at:
            yield Segment(at, segment.start, (), ())
        yield segment
        at = segment.end
    if at < bar.end:
        yield Segment(at, bar.end, (), ())


def _divide(segments: Sequence[Segment], at: int) -> tuple[list[Segment], list[Segment]]:
    before: list[Segment] = []
    behind: list[Segment] = []
    for segment in segments:
        if segment.start >= at:
            behind.append(segment)
            continue
        first, second = cut(segment, at)
        before.append(first)
        if second:
            behind.append(second)
    return before, behind


def _tuplets(segments: Sequence[Segment], bar: BarSpan) -> list[Stretch]:
    """The stretches of the bar that have to be tuplets, in order."""
    edges = {segment.start for segment in segments}
    between = [edge for edge in edges if (edge - bar.start) % PLAIN]
    if not between:
        return []
    beat = STEPS if bar.beat == STEPS else STEPS // 2
    found: list[Stretch] = []
    for start in range(bar.start, bar.end, beat):
        halves = _halves(start, start + beat, edges)
        found += [half for half in halves if any(half[0] < edge < half[1] for edge in between)]
    return _joined(found, edges)


def _halves(start: int, end: int, edges: set[int]) -> list[Stretch]:
    """The beat, or its halves where a note begins in the middle."""
    middle = (start + end) // 2
    return [(start, middle), (middle, end)] if middle in edges else [(start, end)]


def _joined(stretches: Sequence[Stretch], edges: set[int]) -> list[Stretch]:
    """Two beats in triplets are one stretch where no note begins on the second: triplets of quarters."""
    joined: list[Stretch] = []
    for start, end in stretches:
        before = joined[-1] if joined else (-1, -1)
        if before[1] == start and start not in edges and before[1] - before[0] == end - start:
            joined[-1] = (before[0], end)
        else:
            joined.append((start, end))
    return joined


def _note(segment: Segment, bar: BarSpan, tuplet: Tuplet | None = None, whole_bar: bool = False) -> Note:
    duration = _quarters(segment.end - segment.start)
    return Note(
        onset=_quarters(segment.start - bar.start),
        duration=duration,
        written=duration * _RATIO if tuplet else duration,
        pitches=segment.pitches,
        place=_NOWHERE,
        ties=segment.held,
        tuplet=tuplet,
        whole_bar=whole_bar,
    )


@lru_cache(maxsize=4096)
def _quarters(steps: int) -> Fraction:
    return Fraction(steps, STEPS)
