"""Rules of llguidance's Lark dialect, put together from Python: options, and conditions on the 64-bit rule parameter.

A parametric rule `name::_` carries one integer; its bits are cut into fields and flags by whoever builds the grammar.
Conditions stand behind `%if`. The functions here write text and know nothing of music.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

Field = tuple[int, int]
"""A field of the parameter: its lowest bit, and the bit behind its highest."""
SAME: Final = "_"
"""The parameter handed on unchanged."""
ALL_BITS: Final = (1 << 24) - 1


def rule(name: str, options: Sequence[str]) -> str:
    """A rule with its options, a line each."""
    return f"{name} : " + "\n  | ".join(options)


def incremented(field: Field) -> str:
    """The parameter with one more in a field."""
    return f"incr({bits(field)})"


def without(*fields: Field | int) -> str:
    """The parameter with these fields and flags cleared."""
    mask = ALL_BITS
    for field in fields:
        low, high = (field, field + 1) if isinstance(field, int) else field
        mask &= ~(((1 << (high - low)) - 1) << low)
    return f"bit_and({mask})"


def bits(field: Field) -> str:
    """A field as conditions name it."""
    return f"[{field[0]}:{field[1]}]"


def equal(field: Field, value: int) -> str:
    """The field holds this value."""
    return f"eq({bits(field)}, {value})"


def below(field: Field, value: int) -> str:
    """The field holds less; never true for a value below 1."""
    return f"lt({bits(field)}, {max(value, 0)})"


def at_least(field: Field, value: int) -> str:
    """The field holds this much or more."""
    return f"ge({bits(field)}, {max(value, 0)})"


def all_of(first: str, *others: str) -> str:
    """Every condition holds."""
    return first if not others else f"and({first}, {all_of(*others)})"


def any_of(first: str, *others: str) -> str:
    """Some condition holds."""
    return first if not others else f"or({first}, {any_of(*others)})"
