"""How voices are set on the page: `%%score {RH LH} (S A)` read into an order and groups.

The signs are those of `%%score` and `%%staves`: `{ }` joins staves with a brace (a piano's two hands), `[ ]` with
a bracket, `( )` puts voices on one staff; `|` (bar lines through) and `*` are passed over. It is a hint: it
changes nothing that is heard, and voices that it leaves out come last.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from hartmann.notation.score import Score


class GroupSign(Enum):
    """What joins the voices of a group; the value is the sign that opens it."""

    BRACE = "{"
    BRACKET = "["
    ONE_STAFF = "("


_CLOSES = {"}": GroupSign.BRACE, "]": GroupSign.BRACKET, ")": GroupSign.ONE_STAFF}
_OPENS = {sign.value: sign for sign in GroupSign}


@dataclass(frozen=True, slots=True)
class VoiceGroup:
    """Voices, by number from the top, that a sign joins."""

    sign: GroupSign
    voices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Voice numbers from the top of the page to its foot (each once), and the groups, outer before inner."""

    order: tuple[int, ...]
    groups: tuple[VoiceGroup, ...] = ()


def layout_of(score: Score) -> Layout:
    """The layout that `score.staves` describes; the order of the voices, without groups, where it is empty."""
    numbers = {voice.id: voice.number for voice in score.voices}
    order: list[int] = []
    open_groups: list[tuple[GroupSign, int, int]] = []
    groups: dict[int, VoiceGroup] = {}
    for place, sign in enumerate(score.staves.split()):
        if sign in numbers and numbers[sign] not in order:
            order.append(numbers[sign])
        elif sign in _OPENS:
            open_groups.append((_OPENS[sign], place, len(order)))
        elif open_groups and _CLOSES.get(sign) is open_groups[-1][0]:
            kind, opened, first = open_groups.pop()
            if len(order) - first > 1:
                groups[opened] = VoiceGroup(kind, tuple(order[first:]))
    rest = [number for number in numbers.values() if number not in order]
    return Layout((*order, *rest), tuple(groups[place] for place in sorted(groups)))
