"""Conversations as numbers: token ids, what of them is learned, positions, and pictures as patches, in batches.

The text is the chat template's own (`<|user|>…<|im_end|>`), tokenised turn by turn, which gives the same tokens as the
whole text at once because special tokens cut it there. Positions are Qwen-VL's: one axis for text; the cells of a
picture count rows and columns from where it stands, and the text goes on after the longer side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hartmann.training.conversations import Conversation
from hartmann.training.gallery import Gallery, patches

IGNORED: Final = -100
"""The label that the loss leaves out."""


@dataclass(frozen=True, slots=True)
class Example:
    """One conversation: ids and labels of shape (tokens,), positions (3, tokens), the picture's patches or None."""

    ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    positions: NDArray[np.int64]
    patches: NDArray[np.float32] | None
    grid: tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples padded at the right: ids and labels (n, tokens), positions (3, n, tokens), all patches in a row."""

    ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    positions: NDArray[np.int64]
    patches: NDArray[np.float32] | None
    grids: NDArray[np.int64] | None


class Encoder:
    """Encodes with one tokenizer and one gallery."""

    def __init__(self, tokenizer: Any, gallery: Gallery) -> None:
        self._tokenizer, self._gallery = tokenizer, gallery
        self._special = {name: tokenizer.convert_tokens_to_ids(name) for name in tokenizer.all_special_tokens}
        self._encode = lru_cache(4096)(self._plain)

    def example(self, conversation: Conversation) -> Example:
        """The conversation as an example."""
        cut, grid = (None, None)
        if conversation.picture is not None:
            cut, grid = patches(self._gallery.pixels(conversation.picture))
        ids: list[int] = []
        labels: list[int] = []
        start = 0
        for number, turn in enumerate(conversation.turns):
            opening = [self._special[f"<|{turn.role}|>"]]
            if number == 0 and grid is not None:
                cells = grid[1] * grid[2] // 4
                start = len(opening) + 1
                opening += [
                    self._special["<|vision_start|>"],
                    *[self._special["<|image_pad|>"]] * cells,
                    self._special["<|vision_end|>"],
                ]
            said = [*self._encode(turn.text), self._special["<|im_end|>"]]
            ids += opening + said
            labels += [IGNORED] * len(opening) + (said if turn.learned else [IGNORED] * len(said))
        return Example(np.array(ids), np.array(labels), _positions(len(ids), grid, start), cut, grid)

    def _plain(self, text: str) -> tuple[int, ...]:
        return tuple(self._tokenizer.encode(text, add_special_tokens=False))


def batches(examples: Sequence[Example], tokens: int, pad: int) -> Iterator[Batch]:
    """Examples of like length together, at most `tokens` a batch, padding included."""
    group: list[Example] = []
    for example in sorted(examples, key=lambda e: len(e.ids)):
        if group and len(example.ids) * (len(group) + 1) > tokens:
            yield _padded(group, pad)
            group = []
        group.append(example)
    if group:
        yield _padded(group, pad)


def _padded(group: Sequence[Example], pad: int) -> Batch:
    longest = max(len(e.ids) for e in group)
    ids = np.full((len(group), longest), pad)
    labels = np.full((len(group), longest), IGNORED)
    positions = np.zeros((3, len(group), longest), np.int64)
    for row, example in enumerate(group):
        ids[row, : len(example.ids)] = example.ids
        labels[row, : len(example.ids)] = example.labels
        positions[:, row, : len(example.ids)] = example.positions
    seen = [e for e in group if e.patches is not None]
    cut = np.concatenate([e.patches for e in seen if e.patches is not None]) if seen else None
    return Batch(ids, labels, positions, cut, np.array([e.grid for e in seen]) if seen else None)


def _positions(length: int, grid: tuple[int, int, int] | None, start: int) -> NDArray[np.int64]:
    if grid is None:
        return np.tile(np.arange(length), (3, 1))
    rows, columns = grid[1] // 2, grid[2] // 2
    y, x = np.divmod(np.arange(rows * columns), columns)
    picture = np.stack([np.zeros_like(y), y, x]) + start
    after = np.arange(length - start - rows * columns) + start + max(rows, columns)
    return np.concatenate([np.tile(np.arange(start), (3, 1)), picture, np.tile(after, (3, 1))], axis=1)
