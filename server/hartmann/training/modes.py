"""Melodies in another mode: the same tune over the same tonic, its third, sixth and seventh raised or lowered.

Nine tenths of the corpus is in major. A tune in its parallel minor (or dorian, or mixolydian) keeps rhythm, phrases and
contour and changes its mood, so that dark pictures have as many tunes to meet as bright ones. Degrees are places on the
line of fifths above the tonic: in major the third is 4, the sixth 3, the seventh 5, and a flattened one lies 7 lower.

In minor the seventh is raised where it leads to the tonic or belongs to the dominant's arpeggio, and the sixth where it
climbs to such a seventh, as melodic minor has it. Each section is turned by itself, so equal sections stay equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

from hartmann.training.melodies import Event, Melody, Part, UnfitError, transposed

SCALES: Final = {
    "major": {4: 4, 3: 3, 5: 5},
    "mixolydian": {4: 4, 3: 3, 5: -2},
    "dorian": {4: -3, 3: 3, 5: -2},
    "minor": {4: -3, 3: -4, 5: -2},
}
"""Mode → where the third, the sixth and the seventh of the major scale lie in it, in fifths above the tonic."""
THIRD, SIXTH, SEVENTH = 4, 3, 5
CHROMATIC_SHARE: Final = 0.08
"""Tunes with more notes than this outside their own scale keep their mode: their accidentals mean something else."""


def in_mode(melody: Melody, mode: str) -> Melody:
    """The tune over the same tonic in another mode. Raises UnfitError where it is too chromatic, or out of range."""
    own = SCALES[_plain(melody.mode)]
    notes = [e for e in melody.events() if e.step >= 0]
    degrees = {0, 1, 2, -1, *own.values(), *((SIXTH, SEVENTH) if melody.mode == "minor" else ())}
    outside = sum(e.fifths - melody.tonic not in degrees for e in notes)
    if outside > CHROMATIC_SHARE * len(notes):
        raise UnfitError("too chromatic to change its mode")
    parts = tuple(_turned(part, melody.tonic, _plain(melody.mode), mode) for part in melody.parts)
    turned = replace(melody, mode=mode, parts=parts)
    if not -7 <= turned.signature <= 7:
        raise UnfitError("more than seven accidentals")
    return transposed(turned, 0)


def _plain(mode: str) -> str:
    return {"ionian": "major", "aeolian": "minor"}.get(mode, mode)


def _turned(part: Part, tonic: int, source: str, target: str) -> Part:
    """One section turned; notes repeated at one pitch are turned alike."""
    events = [event for bar in part.bars for event in bar]
    sounding = [place for place, event in enumerate(events) if event.step >= 0]
    runs = [list(run) for _, run in groupby(sounding, key=lambda i: (events[i].step, events[i].fifths))]
    heads = [events[run[0]] for run in runs]
    turned = list(events)
    for number, run in enumerate(runs):
        degree = heads[number].fifths - tonic
        new = _degree(degree, source, target, number, heads, tonic)
        for place in run:
            turned[place] = replace(events[place], fifths=new + tonic)
    rest = iter(turned)
    return replace(part, bars=tuple(tuple(next(rest) for _ in bar) for bar in part.bars))


def _degree(degree: int, source: str, target: str, number: int, heads: Sequence[Event], tonic: int) -> int:
    """Where a degree of the source lies in the target."""
    major = _as_major(degree, source)
    if major not in SCALES["major"]:
        return degree
    if target == "minor" and major in {SIXTH, SEVENTH} and _leads(number, heads, tonic, source):
        return major
    return SCALES[target][major]


def _as_major(degree: int, source: str) -> int:
    """The degree of the major scale that stands in its place; the degree itself where it is no scale degree."""
    back = {there: here for here, there in SCALES[source].items()}
    return back.get(degree, degree)


def _leads(number: int, heads: Sequence[Event], tonic: int, source: str) -> bool:
    """Whether a sixth or seventh is raised in minor: on its way up to the tonic, or in the dominant's arpeggio."""
    degrees = [_as_major(e.fifths - tonic, source) for e in heads[max(0, number - 1) : number + 3]]
    at = min(1, number)
    here, after = degrees[at], [*degrees[at + 1 :], None, None]
    before = degrees[0] if at else None
    if here == SIXTH:
        climbs = _rises(heads, number) and _rises(heads, number + 1)
        return climbs and after[0] == SEVENTH and after[1] == 0
    return after[0] == 0 or (before in {1, 2} and after[0] in {1, 2})


def _rises(heads: Sequence[Event], number: int) -> bool:
    return number + 1 < len(heads) and heads[number + 1].step > heads[number].step
