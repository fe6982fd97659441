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
from hartmann.training.mini_architecture import CELL
from hartmann.training.seen import Seen

IGNORED: Final = -100
"""The label that the loss leaves out."""


@dataclass(frozen=True, slots=True)
class Example:
    """One conversation: ids and labels of shape (tokens,), positions (3, tokens), and of its picture, if it has one,
    the patches with their grid, or the image tokens (squares, 256) where they are known."""

    ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    positions: NDArray[np.int64]
    patches: NDArray[np.float32] | None
    grid: tuple[int, int, int] | None
    seen: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples padded at the right: ids and labels (n, tokens), positions (3, n, tokens), all patches, or all image
    tokens, in a row."""

    ids: NDArray[np.int64]
    labels: NDArray[np.int64]
    positions: NDArray[np.int64]
    patches: NDArray[np.float32] | None
    grids: NDArray[np.int64] | None
    seen: NDArray[np.float32] | None = None


class Encoder:
    """Encodes with one tokenizer and one gallery; pictures as patches, or as what was `seen` of them."""

    def __init__(self, tokenizer: Any, gallery: Gallery, seen: Seen | None = None) -> None:
        self._tokenizer, self._gallery, self._seen = tokenizer, gallery, seen
        self._special = {name: tokenizer.convert_tokens_to_ids(name) for name in tokenizer.all_special_tokens}
        self._encode = lru_cache(4096)(self._plain)

    def example(self, conversation: Conversation) -> Example:
        """The conversation as an example."""
        cut, grid, seen = self._picture(conversation.picture)
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
        return Example(np.array(ids), np.array(labels), _positions(len(ids), grid, start), cut, grid, seen)

    def _picture(
        self, number: int | None
    ) -> tuple[NDArray[np.float32] | None, tuple[int, int, int] | None, NDArray[np.float32] | None]:
        if number is None:
            return None, None, None
        if self._seen is None:
            return *patches(self._gallery.pixels(number)), None
        hung = self._gallery.exhibits[number]
        return None, (1, 2 * hung.rows // CELL, 2 * hung.columns // CELL), self._seen.tokens(number)

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
    grids = [e.grid for e in group if e.grid is not None]
    cut = [e.patches for e in group if e.patches is not None]
    seen = [e.seen for e in group if e.seen is not None]
    return Batch(
        ids,
        labels,
        positions,
        np.concatenate(cut) if cut else None,
        np.array(grids) if grids else None,
        np.concatenate(seen) if seen else None,
    )


def _positions(length: int, grid: tuple[int, int, int] | None, start: int) -> NDArray[np.int64]:
    if grid is None:
        return np.tile(np.arange(length), (3, 1))
    rows, columns = grid[1] // 2, grid[2] // 2
    y, x = np.divmod(np.arange(rows * columns), columns)
    picture = np.stack([np.zeros_like(y), y, x]) + start
    after = np.arange(length - start - rows * columns) + start + max(rows, columns)
    return np.concatenate([np.tile(np.arange(start), (3, 1)), picture, np.tile(after, (3, 1))], axis=1)
