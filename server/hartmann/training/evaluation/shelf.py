"""The shelf: a small library in memory for compositions that are measured, of the tunes that the mini learned from.

What a person's library would hold, without a database: captions embedded by the mini CLIP, searched by cosine.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hartmann.errors import SpaceMissing
from hartmann.library.reference import Reference
from hartmann.training.tune_text import Heading, write_tune
from hartmann.training.tunes import Lesson
from hartmann.vision.clip import Embedder

SHELVED = 2000
"""Tunes on the shelf, spread evenly over those there are."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """References and their unit vectors, shape (references, dimensions), in one space. A `ReferenceLibrary`."""

    references: tuple[Reference, ...]
    vectors: NDArray[np.float32]
    space: str

    async def find(
        self, space: str, image: NDArray[np.float32] | None, text: NDArray[np.float32] | None, k: int
    ) -> tuple[Reference, ...]:
        """See `composing.tools.ReferenceLibrary`. Raises SpaceMissing for another space."""
        if space != self.space:
            raise SpaceMissing(f"the shelf was embedded in {self.space}, not in {space}")
        cosines = [self.vectors @ side for side in (image, text) if side is not None]
        nearest = {int(number) for side in cosines for number in np.argsort(-side)[:k]}
        best = sorted(nearest, key=lambda number: -max(side[number] for side in cosines))
        return tuple(replace(self.references[number], rank=rank) for rank, number in enumerate(best, 1))


def tune_of(lesson: Lesson) -> str:
    """A lesson as ABC, with its own tempo and instrument."""
    features = lesson.features
    heading = Heading(lesson.title or "Tune", "", features.bpm * float(features.beat), features.program)
    return write_tune(lesson.melody, heading)


def fill_shelf(file: Path, lessons: Sequence[Lesson], embedder: Embedder) -> None:
    """Put a part of the lessons on a shelf that `file` keeps, unless it is there."""
    if file.exists():
        return
    chosen = lessons[:: max(1, len(lessons) // SHELVED)]
    references = tuple(Reference(x.id, x.title, x.caption, tune_of(x), "", "") for x in chosen)
    vectors = embedder.embed_texts([lesson.caption for lesson in chosen])
    file.write_bytes(pickle.dumps(Shelf(references, vectors, embedder.space)))


def open_shelf(file: Path) -> Shelf:
    """The shelf that `fill_shelf` kept."""
    shelf: Shelf = pickle.loads(file.read_bytes())
    return shelf
