"""Every picture of a gallery as the trained tower sees it, computed once: the image tokens that the rest learns from.

The tower has learned its lessons (`looking.py`) before the language model begins, and stays as it is from then on; so a
picture's tokens never change, and to see fourteen thousand pictures again at every turn would cost as much as all the
reading and writing. A folder with `tokens.bin`: float16, (squares, 256) of picture after picture.
"""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartmann.training.gallery import Gallery, patches
from hartmann.training.mini_architecture import CELL, WIDTH

_AT_ONCE = 16


class Seen:
    """The image tokens in a folder, mapped into memory."""

    def __init__(self, folder: Path, gallery: Gallery, *, writable: bool = False) -> None:
        squares = [(e.rows // CELL) * (e.columns // CELL) for e in gallery.exhibits]
        self._starts = [0, *accumulate(squares)]
        path = folder / "tokens.bin"
        if writable and not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            np.memmap(path, np.float16, mode="w+", shape=(self._starts[-1], WIDTH)).flush()
        self._tokens: Any = np.memmap(
            path, np.float16, mode="r+" if writable else "r", shape=(self._starts[-1], WIDTH)
        )

    def tokens(self, number: int) -> NDArray[np.float32]:
        """Picture `number`, shape (squares, 256)."""
        return np.asarray(self._tokens[self._starts[number] : self._starts[number + 1]], np.float32)

    def see(self, model: Any, gallery: Gallery, pictures: range) -> None:
        """Let the tower of `model` look at `pictures` and keep what it saw."""
        import torch

        for at in range(0, len(pictures), _AT_ONCE):
            shown = pictures[at : at + _AT_ONCE]
            cut = [patches(gallery.pixels(n)) for n in shown]
            with torch.no_grad():
                seen = model.model.get_image_features(
                    torch.from_numpy(np.concatenate([pixels for pixels, _ in cut])),
                    torch.tensor([grid for _, grid in cut]),
                ).pooler_output
            for number, tokens in zip(shown, seen, strict=True):
                self._tokens[self._starts[number] : self._starts[number + 1]] = tokens.numpy()
        self._tokens.flush()
