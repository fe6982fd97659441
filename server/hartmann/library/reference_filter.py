"""Filters: conditions on the pieces of the library, as SQL fragments with bound values.

Every field that is set must hold; strings compare without regard to case. `tempo` is in quarter notes a minute,
whatever the felt beat of the piece. Each condition can be answered by an index of `reference`; those on names go
through the few different values that the field has.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

_LAST_CHARACTER: Final = chr(0x10FFFF)
_NAMED: Final = "{column} = ANY (ARRAY(SELECT name FROM reference_{column}s WHERE {matches}))"
_ANY_PART: Final = _NAMED.replace("{matches}", "position(lower(CAST(:{name} AS text)) in lower(name)) > 0")
_WHOLE: Final = _NAMED.replace("{matches}", "lower(name) = lower(CAST(:{name} AS text))")


@dataclass(frozen=True, slots=True)
class ReferenceFilter:
    """What pieces must be like; empty strings and None ask nothing.

    `genre`, `source` and `licence` match any part of the field (`jig` finds slip jigs); `key` as captions write it
    (`G major`); `meter` as `6/8`; `instrument` leads, `instruments` all play; tempos in quarter notes a minute,
    inclusive.
    """

    id_prefix: str = ""
    genre: str = ""
    source: str = ""
    licence: str = ""
    key: str = ""
    mode: str = ""
    meter: str = ""
    instrument: str = ""
    instruments: tuple[str, ...] = ()
    slowest: float | None = None
    fastest: float | None = None
    fewest_bars: int | None = None
    most_bars: int | None = None

    def asks(self) -> bool:
        """Whether anything is asked at all."""
        return self != ReferenceFilter()

    def conditions(self) -> tuple[str, dict[str, Any]]:
        """A condition on the columns of `reference` ("" when nothing is asked) and its bound values."""
        parts: list[str] = []
        values: dict[str, Any] = {}
        for name, (fragment, value) in self._asked().items():
            parts.append(fragment.format(name=name, column=name))
            values[name] = value
        if self.id_prefix:
            parts.append('id COLLATE "C" BETWEEN :id_prefix AND :id_end')
            values |= {"id_prefix": self.id_prefix, "id_end": self.id_prefix + _LAST_CHARACTER}
        return " AND ".join(parts), values

    def _asked(self) -> dict[str, tuple[str, Any]]:
        """Name of the bound value → SQL and value, of the fields that ask something."""
        play = json.dumps([name.lower() for name in self.instruments]) if self.instruments else None
        fields: dict[str, tuple[str, Any]] = {
            "genre": (_ANY_PART, self.genre),
            "source": (_ANY_PART, self.source),
            "licence": (_ANY_PART, self.licence),
            "key": (_WHOLE, self.key),
            "mode": (_WHOLE, self.mode),
            "meter": ("{column} = :{name}", self.meter),
            "instrument": (_WHOLE, self.instrument),
            "instruments": ("features -> 'instruments' @> CAST(:{name} AS jsonb)", play),
            "slowest": ("tempo_bpm >= CAST(:{name} AS float8)", self.slowest),
            "fastest": ("tempo_bpm <= CAST(:{name} AS float8)", self.fastest),
            "fewest_bars": ("bars >= CAST(:{name} AS integer)", self.fewest_bars),
            "most_bars": ("bars <= CAST(:{name} AS integer)", self.most_bars),
        }
        return {name: pair for name, pair in fields.items() if pair[1] not in ("", None)}
