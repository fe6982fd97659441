"""Where in the picture an image token looks: from a family's image tokens to a grid of equal cells.

Three layouts cover the families we know:

- *merged patches* (Qwen2-VL, Qwen2.5-VL, Qwen3-VL, Keye-VL): the processor states `image_grid_thw` in patches;
  divided by the merge size it is the grid, tokens in row-major order.
- *a fixed square* (LLaVA, Gemma 3, PaliGemma): the picture is squeezed into a square of n × n tokens.
- *tiles and an overview* (SmolVLM, Idefics 3): the last n × n tokens show the whole picture; tiles come before
  them in reading order and add to the cells they cover.

The mapping is proven in the tests by perturbing one region of a picture and seeing which token moves.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartmann.errors import AttentionUnavailable
from hartmann.vision.language_model import ImageGrid


@dataclass(frozen=True, slots=True)
class TokenLayout:
    """The grid, and the share of each image token that falls on each cell: float32, shape (tokens, cells)."""

    grid: ImageGrid
    shares: NDArray[np.float32]

    def on_cells(self, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """Weights over image tokens, shape (rows, tokens), as weights over cells, shape (rows, cells)."""
        tokens, cells = self.shares.shape
        if tokens == cells and np.array_equal(self.shares, np.eye(tokens, dtype=np.float32)):
            return weights
        return np.asarray(weights @ self.shares, np.float32)


def layout_of(tokens: int, inputs: Mapping[str, Any], merge: int) -> TokenLayout:
    """The layout of a picture's `tokens` image tokens. `inputs` is what the processor returned, `merge` the merge size.

    Raises AttentionUnavailable where the tokens form no grid that is known here.
    """
    stated = inputs.get("image_grid_thw")
    if stated is not None:
        rows, columns = (int(side) // merge for side in np.asarray(stated).reshape(-1, 3)[0, 1:])
        if rows * columns == tokens:
            return _plain(rows, columns)
    tiles = _tiles(inputs)
    if tiles is not None and tokens % (tiles[0] * tiles[1] + 1) == 0:
        return _tiled(tokens // (tiles[0] * tiles[1] + 1), *tiles)
    side = math.isqrt(tokens)
    if tokens and side * side == tokens:
        return _plain(side, side)
    raise AttentionUnavailable(f"the model's {tokens} image tokens form no grid that is known here")


def _plain(rows: int, columns: int) -> TokenLayout:
    return TokenLayout(ImageGrid(rows, columns), np.eye(rows * columns, dtype=np.float32))


def _tiles(inputs: Mapping[str, Any]) -> tuple[int, int] | None:
    """Rows and columns of tiles, where the processor says so; None where the picture was not cut."""
    rows, columns = inputs.get("rows"), inputs.get("cols")
    if rows is None or columns is None:
        return None
    count = int(np.asarray(rows).flat[0]), int(np.asarray(columns).flat[0])
    return count if all(count) else None


def _tiled(tokens_per_tile: int, rows: int, columns: int) -> TokenLayout:
    """Cells as fine as the tiles' tokens; an overview token spreads evenly over the cells beneath it."""
    side = math.isqrt(tokens_per_tile)
    if side * side != tokens_per_tile:
        raise AttentionUnavailable(f"a tile of {tokens_per_tile} tokens is no square")
    grid = ImageGrid(rows * side, columns * side)
    shares = np.zeros((tokens_per_tile * (rows * columns + 1), grid.rows, grid.columns), np.float32)
    for tile in range(rows * columns):
        top, left = tile // columns * side, tile % columns * side
        for token in range(tokens_per_tile):
            shares[tile * tokens_per_tile + token, top + token // side, left + token % side] = 1
    for token in range(tokens_per_tile):
        top, left = token // side * rows, token % side * columns
        shares[rows * columns * tokens_per_tile + token, top : top + rows, left : left + columns] = 1 / (
            rows * columns
        )
    return TokenLayout(grid, shares.reshape(len(shares), -1))
