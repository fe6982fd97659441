"""Drafts that want refining: a good melody with one or two things made worse in a few of its bars.

What is spoiled is what measures see and ears mind: notes out of the key, leaps, one pitch over and over, a flattened
contour, a section that does not come back as it was, a close on the wrong note. All other bars stay as they are, so
that to refine such a draft is to mend those bars and keep the rest. Lengths stay, so bars stay exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Final

from hartmann.training.melodies import LETTER_FIFTHS, Event, Measure, Melody, length_of, spelling

WRONG_SHARE: Final = 0.4
"""Of the notes in a spoiled bar, how many are wrong."""


def spoiled(melody: Melody, rng: Random) -> Melody:
    """A worse version of a melody, its pitches still within the melody's own range."""
    worse = _Spoiler(melody, rng)
    ways = (
        worse.wrong_notes,
        worse.leaps,
        worse.monotony,
        worse.flattened,
        worse.no_return,
        worse.dull_close,
    )
    for way in rng.sample(ways, rng.choice((1, 1, 2))):
        way()
    return worse.melody()


class _Spoiler:
    """The bars of a melody, spoiled in place."""

    def __init__(self, melody: Melody, rng: Random) -> None:
        self._melody, self._rng = melody, rng
        self._parts = [list(part.bars) for part in melody.parts]
        steps = [e.step for e in melody.events() if e.step >= 0]
        self._lowest, self._highest, self._middle = min(steps), max(steps), sum(steps) // len(steps)

    def melody(self) -> Melody:
        """The melody with its bars as they are now."""
        parts = zip(self._melody.parts, self._parts, strict=True)
        return replace(self._melody, parts=tuple(replace(part, bars=tuple(bars)) for part, bars in parts))

    def wrong_notes(self) -> None:
        """Some notes a semitone off, out of the key."""

        def off(event: Event) -> Event:
            fifths = event.fifths + self._rng.choice((-7, 7))
            far = abs(spelling(fifths)[1]) > 1 or self._rng.random() > WRONG_SHARE
            return event if far else replace(event, fifths=fifths)

        self._change(off)

    def leaps(self) -> None:
        """Some notes thrown far up or down."""

        def thrown(event: Event) -> Event:
            if self._rng.random() > WRONG_SHARE:
                return event
            up = event.step <= self._middle
            return self._at(
                event, event.step + (self._rng.choice((5, 6, 7, 8)) if up else -self._rng.choice((5, 6, 7)))
            )

        self._change(thrown)

    def monotony(self) -> None:
        """A stretch on one pitch."""
        notes = [e for e in self._melody.events() if e.step >= 0]
        one = self._rng.choice(notes)
        self._change(lambda event: replace(event, step=one.step, fifths=one.fifths))

    def flattened(self) -> None:
        """A stretch drawn together around the middle."""
        self._change(lambda event: self._at(event, self._middle + round((event.step - self._middle) / 3)))

    def no_return(self) -> None:
        """Of two sections that are alike the second has its bars in another order; else some notes are wrong."""
        parts = [part.bars for part in self._melody.parts]
        again = [n for n, bars in enumerate(parts) if bars in parts[:n]]
        if not again:
            self.wrong_notes()
            return
        bars = self._parts[again[-1]]
        full = [n for n, bar in enumerate(bars) if length_of(bar) == self._melody.bar]
        shuffled = self._rng.sample(full, len(full))
        self._parts[again[-1]] = [
            _untied(bars[shuffled[full.index(n)]]) if n in full else bar for n, bar in enumerate(bars)
        ]

    def dull_close(self) -> None:
        """The last note a step off, so that the end is none."""
        bars = self._parts[-1]
        places = [n for n, event in enumerate(bars[-1]) if event.step >= 0]
        if places:
            last = bars[-1][places[-1]]
            off = self._at(last, last.step + self._rng.choice((-3, -1, 1, 3)))
            bars[-1] = (*bars[-1][: places[-1]], off, *bars[-1][places[-1] + 1 :])

    def _change(self, change: Callable[[Event], Event]) -> None:
        """Change the notes of a stretch of two bars up to half a section."""
        bars = self._rng.choice(self._parts)
        count = min(len(bars), self._rng.randint(2, max(2, len(bars) // 2)))
        start = self._rng.randint(0, len(bars) - count)
        for number in range(start, start + count):
            bars[number] = _untied(tuple(change(e) if e.step >= 0 else e for e in bars[number]))

    def _at(self, event: Event, step: int) -> Event:
        """The event at another height of the scale, within the melody's range."""
        step = max(self._lowest, min(self._highest, step))
        low = self._melody.signature - 1
        fifths = next(f for f in range(low, low + 7) if (f - LETTER_FIFTHS[step % 7]) % 7 == 0)
        return replace(event, step=step, fifths=fifths)


def _untied(bar: Measure) -> Measure:
    return tuple(replace(event, tied=False) if event.tied else event for event in bar)
