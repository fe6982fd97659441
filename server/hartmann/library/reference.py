"""Reference: a captioned piece of the library, as retrieval returns it and a prompt shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reference:
    """A retrieved piece.

    `id` is stable across machines (`music21/essenFolksong/altdeu10/33`); `similarity_to_image` and
    `similarity_to_text` are cosines in -1…1 (Eq. 1 of the paper), None where that side was not asked;
    `rank` counts from 1.
    """

    id: str
    title: str
    caption: str
    abc: str
    source: str
    licence: str
    similarity_to_image: float | None = None
    similarity_to_text: float | None = None
    rank: int = 0
