"""Durations as they are written: a length in quarters becomes notes with flags and dots, tied together.

Conventions: written lengths are exact `Fraction`s in quarter notes, before any tuplet ratio. A length that
no single note shows (5/8 of a whole) is split into as few as possible, the longest first. A length that
halving never reaches (a third of a quarter) is written inside a tuplet of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from hartmann.notation.score import Note

_TYPES = (
    "breve", "whole", "half", "quarter", "eighth", "16th", "32nd", "64th", "128th", "256th", "512th", "1024th",
)  # fmt: skip
MOST_DOTS = 2
SHORTEST = Fraction(1, 256)
"""A 1,024th note, in quarters: the shortest that MusicXML names."""


@dataclass(frozen=True, slots=True)
class NoteValue:
    """A note head with its flags and dots; `length` is its quarters before any tuplet ratio."""

    type: str
    dots: int
    length: Fraction


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a length is written: values tied together, all `actual` in the time of `normal` (1, 1 without tuplet)."""

    values: tuple[NoteValue, ...]
    actual: int = 1
    normal: int = 1


def _value(index: int, dots: int) -> NoteValue:
    plain = Fraction(8, 2**index)
    return NoteValue(_TYPES[index], dots, plain * (2 - Fraction(1, 2**dots)))


VALUES: tuple[NoteValue, ...] = tuple(
    sorted(
        (_value(i, d) for i in range(len(_TYPES)) for d in range(MOST_DOTS + 1)),
        key=lambda value: value.length,
        reverse=True,
    )
)
"""Every value a single note can have, longest first."""


@lru_cache(maxsize=1024)
def spell(written: Fraction) -> Spelling:
    """The notes that show a written length; none for one shorter than a 1,024th.

    >>> [(v.type, v.dots) for v in spell(Fraction(5, 2)).values]
    [('half', 0), ('eighth', 0)]
    """
    odd = written.denominator
    while odd % 2 == 0:
        odd //= 2
    normal = 1 << (odd.bit_length() - 1)
    return Spelling(tuple(_split(written * odd / normal)), odd, normal)


def _split(length: Fraction) -> list[NoteValue]:
    values: list[NoteValue] = []
    for value in VALUES:
        while value.length <= length and value.length.denominator <= SHORTEST.denominator:
            values.append(value)
            length -= value.length
    return values


def tuplet_unit(group: Sequence[Note]) -> NoteValue | None:
    """The value of which a tuplet counts `actual` (an eighth in `(3 c2 d`), or None where no note has it."""
    ratio = group[0].tuplet if group else None
    if ratio is None:
        return None
    each = sum((note.written for note in group), Fraction(0)) / ratio.actual
    values = spell(each).values
    return values[0] if len(values) == 1 and values[0].length == each and not values[0].dots else None
