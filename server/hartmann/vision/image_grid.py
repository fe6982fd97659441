"""Where in the picture an image token looks: from a family's image tokens to a grid of equal cells.

Four layouts cover the families we know; which one a picture has, `picture_cutting.py` says:

- *merged patches* (Qwen2-VL, Qwen2.5-VL, Qwen3-VL, Keye-VL): the processor states `image_grid_thw` in patches;
  divided by the merge size it is the grid, tokens in row-major order.
- *a square* (Gemma 3, LLaVA): n × n tokens over the whole picture, squeezed, or over the window that was cropped.
- *tiles and an overview* (SmolVLM, Idefics 3, InternVL): the last n × n tokens show the whole picture; tiles come
  before them in reading order.
- *an overview and lines* (LLaVA-OneVision): the first n × n tokens show the whole picture; then come the lines of
  the finer grid, without its padding, each ended by a token that shows nothing.

Each token has a box in the picture, whose height and width are 1, and its weight falls on the cells in proportion to
the share of the box that they cover; weight on padding and on line ends falls nowhere. The mapping is proven in the
tests by changing one region of a picture and seeing which token moves.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hartmann.errors import AttentionUnavailable
from hartmann.vision.language_model import ImageGrid

Boxes = NDArray[np.float64]
"""(top, left, bottom, right) of each token in pictures, shape (tokens, 4); an empty box shows nothing."""
_NOTHING: Final = (0.0, 0.0, 0.0, 0.0)
WHOLE: Final = (0.0, 0.0, 1.0, 1.0)
"""The window of a picture that was neither cropped nor padded."""


@dataclass(frozen=True, slots=True)
class Lines:
    """An overview of `side` × `side` tokens, then `rows` lines of `columns` tokens and a line end, over `window`."""

    side: int
    rows: int
    columns: int
    window: tuple[float, float, float, float] = WHOLE


@dataclass(frozen=True, slots=True)
class TokenLayout:
    """The grid, and where each token lies on it. `boxes` is None where token i is cell i."""

    grid: ImageGrid
    boxes: Boxes | None = None

    @property
    def shares(self) -> NDArray[np.float32]:
        """The share of each image token that falls on each cell: float32, shape (tokens, cells)."""
        if self.boxes is None:
            return np.eye(self.grid.rows * self.grid.columns, dtype=np.float32)
        down, across = self._factors(self.boxes)
        return (down[:, :, None] * across[:, None, :]).reshape(len(down), -1)

    def on_cells(self, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """Weights over image tokens, shape (rows, tokens), as weights over cells, shape (rows, cells)."""
        if self.boxes is None:
            return weights
        down, across = self._factors(self.boxes)
        cells = [(down * row[:, None]).T @ across for row in weights]
        return np.array(cells, np.float32).reshape(len(weights), self.grid.rows * self.grid.columns)

    def _factors(self, boxes: Boxes) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Shares of each box's height on the rows and of its width on the columns; a cell's share is their product."""
        return (
            _overlaps(boxes[:, 0], boxes[:, 2], self.grid.rows),
            _overlaps(boxes[:, 1], boxes[:, 3], self.grid.columns),
        )


def layout_of(tokens: int, inputs: Mapping[str, Any], merge: int) -> TokenLayout:
    """The layout of a picture's `tokens` image tokens. `inputs`: what `picture_cutting` found; `merge`: the merge size.

    Raises AttentionUnavailable where the tokens form no grid that is known here.
    """
    stated = inputs.get("image_grid_thw")
    if stated is not None:
        rows, columns = (int(side) // merge for side in np.asarray(stated).reshape(-1, 3)[0, 1:])
        if rows * columns == tokens:
            return TokenLayout(ImageGrid(rows, columns))
    lines = inputs.get("lines")
    if lines is not None and lines.side**2 + lines.rows * (lines.columns + 1) == tokens:
        return _in_lines(lines)
    tiles = _tiles(inputs)
    if tiles is not None and tokens % (tiles[0] * tiles[1] + 1) == 0:
        return _tiled(tokens // (tiles[0] * tiles[1] + 1), *tiles)
    side = math.isqrt(tokens)
    if tokens and side * side == tokens and inputs.get("blocks", 1) == 1:
        return _square(side, inputs.get("window", WHOLE))
    raise AttentionUnavailable(f"the model's {tokens} image tokens form no grid that is known here")


def _square(side: int, window: tuple[float, float, float, float]) -> TokenLayout:
    """`side` × `side` tokens over the window; cells over the whole picture, of the tokens' size as nearly as may be."""
    top, left, bottom, right = window
    grid = ImageGrid(max(1, round(side / (bottom - top))), max(1, round(side / (right - left))))
    return TokenLayout(grid) if window == WHOLE else TokenLayout(grid, _boxes(side, side, window))


def _tiles(inputs: Mapping[str, Any]) -> tuple[int, int] | None:
    """Rows and columns of tiles, where they are known; None where the picture was not cut."""
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
    tiles = [_boxes(side, side, tuple(tile)) for tile in _boxes(rows, columns, WHOLE)]
    overview = _boxes(side, side, WHOLE)
    return TokenLayout(ImageGrid(rows * side, columns * side), np.concatenate([*tiles, overview]))


def _in_lines(lines: Lines) -> TokenLayout:
    """Cells as fine as the lines' tokens; an overview token spreads over what it covers, line ends over nothing."""
    fine = _boxes(lines.rows, lines.columns, lines.window).reshape(lines.rows, lines.columns, 4)
    ended = np.concatenate([fine, np.broadcast_to(_NOTHING, (lines.rows, 1, 4))], axis=1)
    boxes = np.concatenate([_boxes(lines.side, lines.side, WHOLE), ended.reshape(-1, 4)])
    return TokenLayout(ImageGrid(lines.rows, lines.columns), boxes)


def _boxes(rows: int, columns: int, window: tuple[float, ...]) -> Boxes:
    """A window cut into equal boxes, row by row."""
    top, left, bottom, right = window
    down = np.linspace(top, bottom, rows + 1)
    across = np.linspace(left, right, columns + 1)
    cut = np.empty((rows, columns, 4))
    cut[..., 0], cut[..., 2] = down[:-1, None], down[1:, None]
    cut[..., 1], cut[..., 3] = across[:-1], across[1:]
    return cut.reshape(-1, 4)


def _overlaps(starts: NDArray[np.float64], ends: NDArray[np.float64], cells: int) -> NDArray[np.float32]:
    """The share of each stretch that lies in each of `cells` equal parts of 0 … 1, shape (stretches, cells)."""
    edges = np.linspace(0, 1, cells + 1)
    inside = np.minimum(ends[:, None], edges[1:]) - np.maximum(starts[:, None], edges[:-1])
    lengths = np.maximum(ends - starts, 1e-12)
    return np.asarray(np.clip(inside, 0, None) / lengths[:, None], np.float32)
