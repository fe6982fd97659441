"""Filters: conditions on the pieces of the library, as SQL fragments with bound values.

Every field that is set must hold; strings compare without regard to case. `tempo` is in quarter notes a minute,
whatever the felt beat of the piece.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ReferenceFilter:
    """What pieces must be like; empty strings and None ask nothing.

    `genre` and `source` match any part of the field (`jig` finds slip jigs); `key` as captions write it
    (`G major`); `meter` as `6/8`; tempos in quarter notes a minute, inclusive.
    """

    id_prefix: str = ""
    genre: str = ""
    source: str = ""
    key: str = ""
    mode: str = ""
    meter: str = ""
    instrument: str = ""
    slowest: float | None = None
    fastest: float | None = None
    fewest_bars: int | None = None
    most_bars: int | None = None

    def conditions(self) -> tuple[str, dict[str, Any]]:
        """A condition on the columns of `reference` ("" when nothing is asked) and its bound values."""
        parts: list[str] = []
        values: dict[str, Any] = {}
        for name, (fragment, value) in self._asked().items():
            parts.append(fragment.format(name=name))
            values[name] = value
        return " AND ".join(parts), values

    def _asked(self) -> dict[str, tuple[str, Any]]:
        fields: dict[str, tuple[str, Any]] = {
            "id_prefix": ("starts_with(id, :{name})", self.id_prefix),
            "genre": ("position(lower(:{name}) in lower(genre)) > 0", self.genre),
            "source": ("position(lower(:{name}) in lower(source)) > 0", self.source),
            "key": ("lower(key) = lower(:{name})", self.key),
            "mode": ("lower(mode) = lower(:{name})", self.mode),
            "meter": ("meter = :{name}", self.meter),
            "instrument": ("lower(instrument) = lower(:{name})", self.instrument),
            "slowest": ("tempo_bpm >= :{name}", self.slowest),
            "fastest": ("tempo_bpm <= :{name}", self.fastest),
            "fewest_bars": ("bars >= :{name}", self.fewest_bars),
            "most_bars": ("bars <= :{name}", self.most_bars),
        }
        return {name: pair for name, pair in fields.items() if pair[1] not in ("", None)}
