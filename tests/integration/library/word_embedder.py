"""A small embedder without a model: each word has a direction of its own, a text is the sum of its words."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

DIMENSIONS = 48


class WordEmbedder:
    """Unit vectors, float32, shape (n, 48); the same text always has the same one."""

    def __init__(self, space: str = "words/v1") -> None:
        self.space = space
        self.embedded = 0

    async def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.embedded += len(texts)
        rows = np.stack([sum(map(self._direction, text.lower().split())) for text in texts])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    async def embed_pictures(self, pictures: Sequence[Image]) -> NDArray[np.float32]:
        """A picture's vector is that of its mean colour, in words."""
        colours = [picture.convert("RGB").resize((1, 1)).tobytes().hex() for picture in pictures]
        return await self.embed_texts(colours)

    def _direction(self, word: str) -> NDArray[np.float64]:
        seed = int.from_bytes(hashlib.sha256(f"{self.space} {word}".encode()).digest()[:8])
        return np.random.default_rng(seed).standard_normal(DIMENSIONS)
