"""A CLIP of open_clip's architecture as unit vectors: long texts whole, padding left out, batches in any size.

A text longer than the model's context is split by sentences, and its vector is the normalised mean of theirs,
weighted by their tokens: nothing is cut off silently. Vectors are float32 whatever the weights' dtype, and normalised
in float32.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

BATCH_SIZE: Final = 64
"""Pictures or texts at once: ViT-L with 248 positions takes about 1 GB for so many texts."""
_SENTENCE_END: Final = re.compile(r"(?<=[.!?;:\n])\s+")


class OpenClipEmbedder:
    """An open_clip model in evaluation mode. Not thread-safe: `EmbedderThread` gives it a thread."""

    def __init__(
        self,
        model: Any,
        preprocess: Any,
        tokenizer: Any,
        *,
        space: str,
        device: str = "cpu",
        dtype: str = "float32",
        batch_size: int = BATCH_SIZE,
    ) -> None:
        """Move the model to `device` and `dtype` (as torch names them); `batch_size` inputs go through it at once."""
        import torch

        self._dtype = getattr(torch, dtype)
        self._model = model.eval().to(device, self._dtype)
        self._preprocess = preprocess
        self._tokenizer = tokenizer
        self._space = space
        self._device = device
        self._batch_size = batch_size
        self._context = int(model.context_length)
        self._dimensions = int(self._encode_texts([""]).shape[1])

    @property
    def space(self) -> str:
        """The name of the vector space."""
        return self._space

    @property
    def dimensions(self) -> int:
        """The length of the vectors."""
        return self._dimensions

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit vector a row; a long text's is the mean over its parts."""
        parts = [self._parts(text) for text in texts]
        vectors = self._in_batches([part for split in parts for part in split], self._encode_texts)
        rows = np.empty((len(texts), self._dimensions), np.float32)
        start = 0
        for row, split in enumerate(parts):
            weights = np.array([self._length(part) for part in split], np.float32)
            rows[row] = weights @ vectors[start : start + len(split)]
            start += len(split)
        return _unit(rows)

    def embed_pictures(self, pictures: Sequence[Image]) -> NDArray[np.float32]:
        """One unit vector a row."""
        return self._in_batches(list(pictures), self._encode_pictures)

    def _parts(self, text: str) -> list[str]:
        """The text as pieces that fit the context: whole where possible, else by sentences, at worst by words."""
        if self._length(text) <= self._context:
            return [text]
        sentences = [piece for piece in _SENTENCE_END.split(text) if piece.strip()]
        if len(sentences) == 1:
            return self._halves(text)
        parts: list[str] = []
        for sentence in sentences:
            joined = f"{parts[-1]} {sentence}" if parts else sentence
            if parts and self._length(joined) <= self._context:
                parts[-1] = joined
            else:
                parts.extend(self._parts(sentence))
        return parts

    def _halves(self, text: str) -> list[str]:
        words = text.split()
        if len(words) > 1:
            middle = len(words) // 2
            halves = (" ".join(words[:middle]), " ".join(words[middle:]))
        else:
            halves = (text[: len(text) // 2], text[len(text) // 2 :])
        return [part for half in halves for part in self._parts(half)]

    def _length(self, text: str) -> int:
        """Tokens that a text takes, the marks at its ends included; counted up to a little beyond the context."""
        row = self._tokenizer([text], context_length=self._context + 2)[0].numpy()
        padding = np.flatnonzero(row != row[-1])
        return int(padding[-1]) + 2 if len(padding) and len(padding) < len(row) - 1 else len(padding) + 1

    def _encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        tokens = self._tokenizer(list(texts), context_length=self._context).to(self._device)
        return self._to_numpy(self._encode_unpadded, tokens)

    def _encode_unpadded(self, tokens: Any) -> Any:
        """Encode without the columns that are padding in every row: a caption fills a quarter of the context.

        In CLIP's text tower, a text sees only what stands before it and is read off at its last token, so the
        result is the same. Other towers get the whole context.
        """
        import torch

        length = int(tokens.any(dim=0).nonzero().max()) + 1
        table, mask = (getattr(self._model, name, None) for name in ("positional_embedding", "attn_mask"))
        if length == tokens.shape[1] or table is None or mask is None:
            return self._model.encode_text(tokens)
        shorter = {"positional_embedding": table[:length], "attn_mask": mask[:length, :length]}
        found = torch.func.functional_call(self._model, shorter, kwargs={"text": tokens[:, :length]})
        return found["text_features"] if isinstance(found, dict) else found[1]

    def _encode_pictures(self, pictures: Sequence[Image]) -> NDArray[np.float32]:
        import torch

        pixels = torch.stack([self._preprocess(picture.convert("RGB")) for picture in pictures])
        return self._to_numpy(self._model.encode_image, pixels.to(self._device, self._dtype))

    @staticmethod
    def _to_numpy(encode: Any, inputs: Any) -> NDArray[np.float32]:
        import torch

        with torch.inference_mode():
            return _unit(encode(inputs).float().cpu().numpy())

    def _in_batches(self, items: list[Any], encode: Any) -> NDArray[np.float32]:
        if not items:
            return np.zeros((0, self._dimensions), np.float32)
        batches = (
            items[start : start + self._batch_size] for start in range(0, len(items), self._batch_size)
        )
        return np.concatenate([encode(batch) for batch in batches])


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-12), np.float32)
