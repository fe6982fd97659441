"""A bigram model of tunes: the baseline that a language model should beat.

Learned from the training tunes, moved to the tonic C, apart for each meter and for major and minor: which note (pitch
and length) follows which. A tune has key, meter and number of bars of a training tune; its bars are filled exactly, by
drawing only among the notes that still fit, and it ends on the tonic.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from random import Random

from hartmann.training.melodies import Event, Measure, Melody, Part, UnfitError, transposed
from hartmann.training.tune_text import Heading, write_tune
from hartmann.training.tunes import Lesson

Style = tuple[str, bool]
"""Meter, and whether the mode is of the minor side."""
Follow = dict[Event, Counter[Event]]
BARS_A_SECTION = 8


class BigramModel:
    """What follows what, by style."""

    def __init__(self, lessons: Sequence[Lesson]) -> None:
        self._lessons = lessons
        self._follow: defaultdict[Style, Follow] = defaultdict(lambda: defaultdict(Counter))
        self._any: defaultdict[Style, Counter[Event]] = defaultdict(Counter)
        for lesson in lessons:
            self._learn(lesson.melody)

    def tune(self, seed: int) -> str:
        """One tune in ABC, every bar exact. A pure function of the seed."""
        random = Random(seed)
        while True:
            lesson = random.choice(self._lessons)
            if _style(lesson.melody) not in self._any:
                continue
            features = lesson.features
            heading = Heading("Bigram", "tune", features.bpm * float(features.beat), features.program)
            try:
                return write_tune(self._melody(lesson.melody, random), heading)
            except UnfitError:
                continue

    def _learn(self, melody: Melody) -> None:
        try:
            in_c = transposed(melody, -melody.tonic)
        except UnfitError:
            return
        style = _style(melody)
        notes = [replace(event, tied=False) for event in in_c.events() if not event.triplet]
        self._any[style].update(notes)
        for before, after in pairwise(notes):
            self._follow[style][before][after] += 1

    def _melody(self, model: Melody, random: Random) -> Melody:
        """A melody with the model's key, meter and number of bars. Raises UnfitError where the key takes it out of
        range."""
        bars = list(self._bars(_style(model), model.bar, model.written_bars, random))
        last = bars[-1][-1]
        bars[-1] = (*bars[-1][:-1], replace(last, step=28, fifths=0))
        parts = tuple(
            Part(tuple(bars[start : start + BARS_A_SECTION])) for start in range(0, len(bars), BARS_A_SECTION)
        )
        in_c = replace(model, tonic=0, pickup=Fraction(0), parts=parts)
        return transposed(in_c, model.tonic)

    def _bars(self, style: Style, length: Fraction, count: int, random: Random) -> Iterator[Measure]:
        before: Event | None = None
        for _ in range(count):
            bar: list[Event] = []
            left = length
            while left:
                before = self._next(style, before, left, random)
                bar.append(before)
                left -= before.length
            yield tuple(bar)

    def _next(self, style: Style, before: Event | None, left: Fraction, random: Random) -> Event:
        """The next note that fits: after the one before it, else any; else what is left is a rest."""
        tables = [self._follow[style].get(before, Counter())] if before is not None else []
        for table in (*tables, self._any[style]):
            fitting = {event: count for event, count in table.items() if event.length <= left}
            if fitting:
                return random.choices(list(fitting), list(fitting.values()))[0]
        return Event(left)


def _style(melody: Melody) -> Style:
    return melody.meter, melody.mode in {"minor", "aeolian", "dorian"}
