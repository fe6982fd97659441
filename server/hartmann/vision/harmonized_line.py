"""The grammar of a line of bars whose notes are tones of given chords: a voice that goes with another by construction.

    [D2A,2 D4|E,8|[A,C]4 A,4|A,8

Every bar is exactly the meter; a bar has one chord, or one for each of several stretches of like length, and a note
that lasts over more than one holds a tone that all of them have. Bars are parted by `|`; what stands before the first
and behind the last is left to whoever asks. Chords are of two or three tones without accidentals, within an octave.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from hartmann.notation.score import Meter
from hartmann.vision.bar_ticks import Ticks, ticks_for
from hartmann.vision.grammar_rules import rule
from hartmann.vision.voice_range import PitchRange

Tones = tuple[str, ...]
"""Pitches without their octave, as ABC has to spell them where they stand: `A`, `^G`."""
CHORD_STEPS = range(2, 8)
"""How many steps above its lowest tone another tone of a chord may lie."""


def harmonized_line_grammar(
    meter: Meter,
    unit: Fraction,
    bars: Sequence[Sequence[Tones]],
    *,
    pitches: PitchRange,
    shortest: Fraction | None = None,
) -> str:
    """A Lark grammar for `len(bars)` bars, each given as the tones of its stretches.

    `unit` is `L:` as a fraction of a whole note, `shortest` the shortest note value (None leaves it to `L:`). Raises
    ValueError where no such bars can be built.
    """
    if not bars or not all(bars):
        raise ValueError("expected a bar at least, and tones for each")
    line = _Line(ticks_for(meter, unit, shortest), tuple(map(tuple, bars)), pitches)
    return "\n".join([rule("start", ["b0p0"]), *line.rules(), *line.terminals()]) + "\n"


@dataclass(frozen=True)
class _Line:
    """`b2p6` derives what fills the third bar from its sixth tick on, and the bars behind it; `b2m6` may begin with a
    space."""

    ticks: Ticks
    bars: tuple[tuple[Tones, ...], ...]
    pitches: PitchRange

    def rules(self) -> Iterator[str]:
        """Every rule but `start`."""
        for number, stretches in enumerate(self.bars):
            if self.ticks.bar % len(stretches):
                raise ValueError(
                    f"expected stretches of whole ticks, got {len(stretches)} of {self.ticks.bar}"
                )
            for begun in range(self.ticks.bar):
                yield rule(f"b{number}p{begun}", list(self._items(number, begun)))
                yield rule(f"b{number}m{begun}", [f'" " b{number}p{begun}', f"b{number}p{begun}"])

    def terminals(self) -> Iterator[str]:
        """The notes and chords of every set of tones."""
        for tones, number in self._sets.items():
            yield f"NOTE{number}: /{_any_of(self._names(tones))}/"
            if chords := list(self._chords(tones)):
                yield f"CHORD{number}: /{_any_of(chords)}/"

    def _items(self, number: int, begun: int) -> Iterator[str]:
        for length in self.ticks.lengths:
            end = begun + length
            if end > self.ticks.bar:
                continue
            text, then = self.ticks.text(length), self._then(number, end)
            suffix = f'"{text}" ' if text else ""
            yield f'"z{text}" {then}'
            tones = self._held(number, begun, end)
            if tones:
                yield f"NOTE{self._sets[tones]} {suffix}{then}"
            if any(self._chords(tones)):
                yield f"CHORD{self._sets[tones]} {suffix}{then}"

    def _then(self, number: int, end: int) -> str:
        if end < self.ticks.bar:
            return f"b{number}m{end}"
        return f'"|" b{number + 1}p0' if number + 1 < len(self.bars) else ""

    def _held(self, number: int, begun: int, end: int) -> Tones:
        """The tones of every stretch that a note from tick `begun` to `end` reaches."""
        stretches = self.bars[number]
        width = self.ticks.bar // len(stretches)
        first, *others = stretches[begun // width : -(-end // width)]
        return tuple(tone for tone in first if all(tone in other for other in others))

    @cached_property
    def _sets(self) -> dict[Tones, int]:
        """A number for each set of tones that some note may have."""
        found: dict[Tones, int] = {}
        for number in range(len(self.bars)):
            for begun in range(self.ticks.bar):
                for end in range(begun + 1, self.ticks.bar + 1):
                    if tones := self._held(number, begun, end):
                        found.setdefault(tones, len(found))
        return found

    def _names(self, tones: Tones) -> list[str]:
        """Every pitch of the range that is one of the tones."""
        return [tone[:-1] + name for name in self.pitches.abc for tone in tones if _is_octave_of(name, tone)]

    def _chords(self, tones: Tones) -> Iterator[str]:
        plain = [tone for tone in tones if len(tone) == 1]
        steps = [i for i, name in enumerate(self.pitches.abc) if any(_is_octave_of(name, t) for t in plain)]
        names = self.pitches.abc
        for low in steps:
            upper = [step for step in steps if step - low in CHORD_STEPS]
            for step in upper:
                yield f"[{names[low]}{names[step]}]"
                yield from (f"[{names[low]}{names[step]}{names[top]}]" for top in upper if top - step > 1)


def _is_octave_of(name: str, tone: str) -> bool:
    return name[0].upper() == tone[-1]


def _any_of(texts: Sequence[str]) -> str:
    return "|".join(re.escape(text) for text in sorted(texts, key=len, reverse=True))
