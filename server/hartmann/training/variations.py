"""Variations on a melody, as the pipeline writes them (`composing.varying`): the first note of every bar stays.

Between those notes a long note is divided with its neighbour or with what lies between it and the next, two equal notes
become one, a pair is dotted or evened out: what folk players and the writers of divisions do. Bars keep their length.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Final

from hartmann.training.melodies import LETTER_FIFTHS, Event, Measure, Melody, Part

SHORTEST: Final = Fraction(1, 2)
"""The shortest note that dividing makes, in quarters."""
CHANGED: Final = 0.6
"""Of the places where something can be done, how many are changed."""


def one_section(melody: Melody) -> Melody:
    """The melody as one section, as the pipeline shows a theme."""
    return replace(melody, parts=(Part(tuple(bar for part in melody.parts for bar in part.bars)),))


def varied(melody: Melody, rng: Random) -> Melody:
    """The melody varied, as one section; its bars must be full."""
    bars = [bar for part in melody.parts for bar in part.bars]
    following = [bar[0] for bar in bars[1:]] + [bars[0][0]]
    done = tuple(_varied(bar, after, melody, rng) for bar, after in zip(bars[:-1], following, strict=False))
    return replace(melody, parts=(Part((*done, _plain(bars[-1]))),))


def _plain(bar: Measure) -> Measure:
    return tuple(replace(event, tied=False) for event in bar)


def _varied(bar: Measure, after: Event, melody: Melody, rng: Random) -> Measure:
    """One bar; `after` is the first event of the next."""
    left, made = list(_plain(bar)), list[Event]()
    while left:
        event = left.pop(0)
        following = left[0] if left else after
        if event.step < 0 or event.triplet or rng.random() > CHANGED:
            made.append(event)
        elif left and _are_a_pair(event, following):
            left.pop(0)
            made += _pair(event, following, rng)
        elif event.length in {2 * SHORTEST, 4 * SHORTEST}:
            made += _divided(event, following, melody, rng)
        else:
            made.append(event)
    return tuple(made)


def _are_a_pair(event: Event, following: Event) -> bool:
    return following.step >= 0 and not following.triplet and event.length == following.length == SHORTEST


def _pair(event: Event, following: Event, rng: Random) -> list[Event]:
    """Two short notes: one long one where they are alike or by chance, else dotted, or as they are."""
    if event.step == following.step or rng.random() < 0.3:
        return [replace(event, length=2 * event.length)]
    if rng.random() < 0.3:
        return [replace(event, length=event.length * 3 / 2), replace(following, length=following.length / 2)]
    return [event, following]


def _divided(event: Event, following: Event, melody: Melody, rng: Random) -> list[Event]:
    """A long note and, for its second half, the way to the next note or a neighbour."""
    half = event.length / 2
    way = following.step - event.step if following.step >= 0 else 0
    if abs(way) >= 2:
        step = event.step + (1 if way > 0 else -1) * (abs(way) // 2)
    else:
        step = event.step + rng.choice((1, -1, 2, -2))
    notes = [e.step for e in melody.events() if e.step >= 0]
    step = max(min(notes), min(max(notes), step))
    low = melody.signature - 1
    fifths = next(f for f in range(low, low + 7) if (f - LETTER_FIFTHS[step % 7]) % 7 == 0)
    return [replace(event, length=half), replace(event, length=half, step=step, fifths=fifths)]
