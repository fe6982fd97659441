"""What a family's processor did to a picture before the model saw it: squeezed, cropped, cut into tiles, padded.

Processors differ, and few of them say. What `image_grid.layout_of` needs is gathered here from what each of them
leaves behind: grids and sizes among its outputs, names of tiles in the text, its own settings. Sizes are (height,
width) in pixels.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL.Image import Image

from hartmann.vision.image_grid import Lines

_TILE = re.compile(r"<row_(\d+)_col_(\d+)>")
_SHRUNK_BEYOND = 1.1
"""LLaVA-OneVision shrinks a grid that has more than this ratio (of sides) too many tokens."""


def picture_cutting(
    processor: Any, inputs: Mapping[str, Any], tokens: Sequence[str], columns: Sequence[int], picture: Image
) -> dict[str, Any]:
    """What `layout_of` is told. `inputs` is the processor's output, `tokens` the prompt's tokens by name (those of
    tiles among them), `columns` the places of the image tokens."""
    size = (picture.height, picture.width)
    found: dict[str, Any] = {"blocks": _blocks(columns)}
    if "image_grid_thw" in inputs:
        found["image_grid_thw"] = inputs["image_grid_thw"]
    elif named := [tile for token in tokens if (tile := _TILE.fullmatch(token))]:
        found["rows"], found["cols"] = (max(int(tile[axis]) for tile in named) for axis in (1, 2))
    elif _is_in_lines(processor):
        found["lines"] = _lines(processor, size)
    elif (tiles := _unnamed_tiles(processor, inputs)) > 1:
        found["rows"], found["cols"] = nearest_cut(tiles - 1, size)
    elif getattr(processor.image_processor, "do_center_crop", False):
        found["window"] = _cropped(processor.image_processor, size)
    return found


def nearest_cut(tiles: int, size: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of so many tiles whose shape is nearest the picture's (InternVL's rule)."""
    height, width = size
    cuts = [(tiles // columns, columns) for columns in range(1, tiles + 1) if tiles % columns == 0]
    return min(cuts, key=lambda cut: abs(cut[1] / cut[0] - width / height))


def _blocks(columns: Sequence[int]) -> int:
    """Uninterrupted runs of image tokens."""
    return int((np.diff(np.asarray(columns)) > 1).sum()) + 1 if columns else 0


def _unnamed_tiles(processor: Any, inputs: Mapping[str, Any]) -> int:
    """Tiles and overview, for the families that cut without naming the tiles (InternVL); 0 for others."""
    if not hasattr(processor.image_processor, "crop_to_patches"):
        return 0
    return len(inputs["pixel_values"])


def _cropped(image_processor: Any, size: tuple[int, int]) -> tuple[float, float, float, float]:
    """The window that remains in the middle when the shorter side was fitted first (CLIP's way)."""
    fitted, crop = image_processor.size, image_processor.crop_size
    scale = fitted["shortest_edge"] / min(size) if fitted.get("shortest_edge") else None
    shown = [1.0 if scale is None else min(1.0, crop[name] / (side * scale)) for name, side in _named(size)]
    return (0.5 - shown[0] / 2, 0.5 - shown[1] / 2, 0.5 + shown[0] / 2, 0.5 + shown[1] / 2)


def _named(size: tuple[int, int]) -> tuple[tuple[str, int], tuple[str, int]]:
    return ("height", size[0]), ("width", size[1])


def _is_in_lines(processor: Any) -> bool:
    return bool(
        getattr(processor.image_processor, "image_grid_pinpoints", None)
        and str(getattr(processor, "vision_aspect_ratio", "")).startswith("anyres_max_")
    )


def _lines(processor: Any, size: tuple[int, int]) -> Lines:
    """LLaVA-OneVision's finer grid: the picture is fitted into the best of some canvases, whose padding is left out
    by whole tokens; a grid with too many of them is shrunk."""
    from transformers.image_processing_utils import select_best_resolution

    images = processor.image_processor
    canvas = select_best_resolution(size, images.image_grid_pinpoints)
    side = math.isqrt(processor.num_image_tokens)
    token = images.size["height"] / side
    axes = [_without_padding(*sides, token, _scale(size, canvas)) for sides in zip(size, canvas, strict=True)]
    rows, columns = (count for count, _ in axes)
    most = int(processor.vision_aspect_ratio.removeprefix("anyres_max_"))
    ratio = math.sqrt(rows * columns / (most * side**2))
    if ratio > _SHRUNK_BEYOND:
        rows, columns = int(rows // ratio), int(columns // ratio)
    (_, (top, bottom)), (_, (left, right)) = axes
    return Lines(side, rows, columns, (top, left, bottom, right))


def _scale(size: tuple[int, int], canvas: Sequence[int]) -> float:
    return min(canvas[0] / size[0], canvas[1] / size[1])


def _without_padding(side: int, canvas: int, token: float, scale: float) -> tuple[int, tuple[float, float]]:
    """Tokens along one axis that are not padding alone, and the stretch of the picture that they cover."""
    count = round(canvas / token)
    fitted = min(math.ceil(round(side * scale, 7)), canvas)
    padding = int((count - int(round(side * scale / token, 7))) // 2)
    pasted = (canvas - fitted) // 2
    stretch = [(edge * token - pasted) / fitted for edge in (padding, count - padding)]
    return count - 2 * padding, (stretch[0], stretch[1])
