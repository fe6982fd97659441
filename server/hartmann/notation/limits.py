"""How much of a text is read, so that no text costs more than bounded time and memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hartmann.settings import Settings


@dataclass(frozen=True, slots=True)
class Limits:
    """Counts; beyond them reading stops and a problem (`too_long`, `too_much`, `more_problems`) says so."""

    characters: int = 100_000
    bars: int = 4_000
    voices: int = 64
    notes: int = 20_000
    problems: int = 200


def limits_from(settings: Settings) -> Limits:
    """The limits that the settings state (`max_abc_characters` and its kin)."""
    return Limits(
        characters=settings.max_abc_characters,
        bars=settings.max_abc_bars,
        voices=settings.max_abc_voices,
        notes=settings.max_abc_notes,
        problems=settings.max_abc_problems,
    )
