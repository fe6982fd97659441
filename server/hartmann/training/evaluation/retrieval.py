"""Retrieval by the mini CLIP: of a picture's own description among many, and of music by mood."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
from numpy.typing import NDArray

from hartmann.training.gallery import HELD_OUT_SEED
from hartmann.training.pictures import paint
from hartmann.training.tunes import Lesson
from hartmann.vision.clip import Embedder
from hartmann.vision.picture_features import measure
from hartmann.vision.picture_words import describe

FIRST_SEED = HELD_OUT_SEED + 50_000
NEAREST = 3
"""Pieces that a picture retrieves, whose mean mood is held against its own."""


def retrieval_figures(
    embedder: Embedder, held_out: Sequence[Lesson], pictures: int = 1000
) -> dict[str, float]:
    """recall@10 of a picture's own description among `pictures`, and Pearson's correlation, in valence and in arousal,
    of a picture and the held-out tunes whose captions it retrieves."""
    shown = [paint(Random(FIRST_SEED + n)) for n in range(pictures)]
    features = [measure(picture) for picture in shown]
    seen = embedder.embed_pictures(shown)
    told = embedder.embed_texts([describe(f, Random(n)) for n, f in enumerate(features)])
    ranks = np.argsort(-(seen @ told.T), axis=1)[:, :10]
    music = embedder.embed_texts([lesson.caption for lesson in held_out])
    nearest = np.argsort(-(seen @ music.T), axis=1)[:, :NEAREST]
    valence, arousal = (
        [getattr(lesson.features, name) for lesson in held_out] for name in ("valence", "arousal")
    )
    return {
        "recall@10": round(float(np.mean([n in row for n, row in enumerate(ranks)])), 3),
        "valence": _correlation([f.valence for f in features], valence, nearest),
        "arousal": _correlation([f.arousal for f in features], arousal, nearest),
        "pictures": pictures,
    }


def _correlation(wanted: Sequence[float], moods: Sequence[float], nearest: NDArray[np.intp]) -> float:
    found = np.asarray(moods)[nearest].mean(axis=1)
    return round(float(np.corrcoef(wanted, found)[0, 1]), 3)
