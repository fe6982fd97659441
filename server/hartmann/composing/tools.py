"""Tools: what the pipeline works with, as small protocols.

`vision.model_thread` and `library.repository` implement them; tests may bring their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from hartmann.library.reference import Reference
from hartmann.vision.language_model import (
    AttentionRecord,
    Generation,
    GenerationRequest,
    Message,
    ModelInfo,
    ignore_text,
    ignore_texts,
)

Vectors = NDArray[np.float32]


class SeeingWriter(Protocol):
    """A vision-language model that is awaited. Cancelling an await stops the model within one token."""

    @property
    def info(self) -> ModelInfo: ...

    async def generate(
        self, request: GenerationRequest, on_text: Callable[[str], None] = ignore_text
    ) -> Generation: ...

    async def generate_batch(
        self, requests: Sequence[GenerationRequest], on_text: Callable[[int, str], None] = ignore_texts
    ) -> tuple[Generation, ...]: ...

    async def attend(self, conversation: tuple[Message, ...], picture: Image) -> AttentionRecord: ...

    async def log_probability(self, conversation: tuple[Message, ...], picture: Image) -> float: ...

    def count_tokens(self, text: str) -> int: ...


class Embeddings(Protocol):
    """Texts and pictures as unit vectors of one space; shape (n, dimensions), float32."""

    @property
    def space(self) -> str: ...

    async def embed_texts(self, texts: Sequence[str]) -> Vectors: ...

    async def embed_pictures(self, pictures: Sequence[Image]) -> Vectors: ...


class ReferenceLibrary(Protocol):
    """The captioned pieces."""

    async def find(
        self, space: str, image: Vectors | None, text: Vectors | None, k: int
    ) -> tuple[Reference, ...]:
        """The k nearest to the image and the k nearest to the text, united, best first; at most 2 k.

        `image` and `text` are unit vectors of shape (dimensions,). Raises SpaceMissing when the library has no
        vectors in that space.
        """
        ...


@dataclass(frozen=True, slots=True)
class Tools:
    """Everything a composition needs besides its request."""

    vision: SeeingWriter
    embedder: Embeddings
    library: ReferenceLibrary
    program_version: str
