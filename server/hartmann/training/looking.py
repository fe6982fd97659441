"""Lessons in looking: what the vision tower learns before the whole model reads a word.

A description names a dozen things about a picture; its pixels tell, for every image token, what its own 28 × 28 square
holds and where it lies. So the tower first learns to let each token say that: the shares of the colours, light, detail
and the run of edges in its square, its place, and how its row and its cell of the 3 × 3 grid compare with the rest;
the mean of all tokens says what is measured of the whole. The answers are read off by one linear layer, thrown away
afterwards, so what they tell lies open to the language model.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hartmann.training.fast_attention import use_fast_attention
from hartmann.training.gallery import Gallery, patches
from hartmann.training.learning import Plan, Round, Workers, run_rounds
from hartmann.training.mini_architecture import CELL, WIDTH
from hartmann.vision.picture_features import CELLS, COLOURS, LUMA, Direction, PictureFeatures, name_colours
from hartmann.vision.picture_words import HORIZON_SAID, busiest_cell, lightest_cell

MEASURES: Final = 14
"""Numbers told of every square, see `_squares`."""
FLAGS: Final = 3
"""Yes or no of every square: the horizon runs here; its cell is the lightest; the busiest."""
WHOLE: Final = 11
"""Numbers told of the whole picture, see `_whole`."""
_FINE: Final = 14
"""Pixels a side in which a square is looked at: its own, averaged two by two."""


@dataclass(frozen=True, slots=True)
class Look:
    """A picture and its answers, for n squares: patches (4n, 588), colours (n, 13) with sum 1, measures (n, 14),
    flags (n, 3) of 0 and 1, whole (11,)."""

    patches: NDArray[np.float32]
    grid: tuple[int, int, int]
    colours: NDArray[np.float32]
    measures: NDArray[np.float32]
    flags: NDArray[np.float32]
    whole: NDArray[np.float32]


def look(pixels: NDArray[np.uint8], features: PictureFeatures) -> Look:
    """What there is to see in pixels that were fitted to whole squares."""
    cut, grid = patches(pixels)
    rows, columns = pixels.shape[0] // CELL, pixels.shape[1] // CELL
    rgb = _halved(pixels)
    return Look(
        cut,
        grid,
        _colours(rgb, rows, columns),
        _squares(rgb, rows, columns, features),
        _flags(rows, columns, features),
        _whole(features),
    )


def train_tower(
    folder: Path, model: Any, gallery: Gallery, pictures: range, plan: Plan, workers: Workers
) -> None:
    """Train the vision tower of `model` from the checkpoint in `folder`, or from the start, to `plan.steps`."""
    import torch

    head = torch.nn.ModuleDict(
        {
            "square": torch.nn.Linear(WIDTH, len(COLOURS) + MEASURES + FLAGS),
            "whole": torch.nn.Linear(WIDTH, WHOLE),
        }
    )
    use_fast_attention(model)
    both = torch.nn.ModuleDict({"tower": model.model.visual, "head": head})

    def one_round(step: int) -> Round:
        rng = Random(step * 7919 + workers.rank)
        shown = rng.sample(pictures, plan.round // workers.count)
        looks = [look(gallery.pixels(n), gallery.exhibits[n].features) for n in shown]
        with torch.autocast("cpu", torch.bfloat16):
            loss = _loss(model, head, looks)
        loss.backward()
        return Round(torch.tensor([float(loss.detach()), 1.0]), len(looks))

    run_rounds(folder, both, plan, workers, one_round, "pictures")


def hand_over_tower(folder: Path, model: Any, gallery: Gallery) -> None:
    """Give `model` the tower that `train_tower` left in `folder`, if there is one, its tokens scaled to a mean square
    of 1 over twenty pictures, as large as a text's are after the first layer."""
    import torch

    path = folder / "checkpoint.pt"
    if not path.exists():
        return
    state = torch.load(path, weights_only=True)["model"]
    model.model.visual.load_state_dict(
        {name.removeprefix("tower."): w for name, w in state.items() if name.startswith("tower.")}
    )
    shown = [patches(gallery.pixels(n)) for n in range(min(20, len(gallery)))]
    with torch.no_grad():
        seen = model.model.get_image_features(
            torch.from_numpy(np.concatenate([cut for cut, _ in shown])),
            torch.tensor([grid for _, grid in shown]),
        )
        size = torch.cat(tuple(seen.pooler_output)).square().mean().sqrt()
        model.model.visual.merger.linear_fc2.weight /= size
        model.model.visual.merger.linear_fc2.bias /= size


def _loss(model: Any, head: Any, looks: list[Look]) -> Any:
    import torch
    from torch.nn import functional

    seen = model.model.get_image_features(
        torch.from_numpy(np.concatenate([x.patches for x in looks])),
        torch.tensor([x.grid for x in looks]),
    ).pooler_output
    told = head["square"](torch.cat(tuple(seen))).float()
    colours = torch.from_numpy(np.concatenate([x.colours for x in looks]))
    measures = torch.from_numpy(np.concatenate([x.measures for x in looks]))
    flags = torch.from_numpy(np.concatenate([x.flags for x in looks]))
    whole = torch.from_numpy(np.stack([x.whole for x in looks]))
    parts = told.split([len(COLOURS), MEASURES, FLAGS], dim=1)
    means = head["whole"](torch.stack([tokens.mean(0) for tokens in seen])).float()
    return (
        functional.cross_entropy(parts[0], colours)
        + 2 * functional.mse_loss(parts[1], measures)
        + functional.binary_cross_entropy_with_logits(parts[2], flags)
        + 2 * functional.mse_loss(means, whole)
    )


def _halved(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    rows, columns = pixels.shape[0] // 2, pixels.shape[1] // 2
    mean = pixels.reshape(rows, 2, columns, 2, 3).mean((1, 3), dtype=np.float32)
    return np.asarray(mean / 255, np.float32)


def _by_square(plane: NDArray[Any], rows: int, columns: int) -> NDArray[Any]:
    """(rows · 14, columns · 14) → (squares, 14, 14)."""
    return np.asarray(
        plane.reshape(rows, _FINE, columns, _FINE).transpose(0, 2, 1, 3).reshape(-1, _FINE, _FINE)
    )


def _places(rows: int, columns: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Row, column, and number of the cell in `CELLS`, of each square."""
    y, x = np.divmod(np.arange(rows * columns), columns)
    return y, x, np.minimum(2, 3 * y // rows) * 3 + np.minimum(2, 3 * x // columns)


def _colours(rgb: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.float32]:
    names = _by_square(name_colours(rgb), rows, columns).reshape(rows * columns, -1)
    return np.stack([(names == i).mean(1, dtype=np.float32) for i in range(len(COLOURS))], axis=1)


def _squares(
    rgb: NDArray[np.float32], rows: int, columns: int, features: PictureFeatures
) -> NDArray[np.float32]:
    """Light (mean, spread, lower half over upper), edges (strength, across, down, slant), saturation, warmth, row,
    column, the row's step of light against the one above, and its cell's light and detail; each about -1…1."""
    luma = rgb @ LUMA
    down, across = np.gradient(luma)
    value = rgb.max(-1)
    saturation = (value - rgb.min(-1)) / np.maximum(value, 1e-6) * (value > 0.05)
    light = _by_square(luma, rows, columns)
    y, x, cell = _places(rows, columns)
    lines = luma.reshape(rows, _FINE, -1).mean((1, 2))
    step = np.diff(lines, prepend=lines[:1])

    def mean(plane: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(_by_square(plane, rows, columns).mean((1, 2)))

    told = (
        2 * light.mean((1, 2)) - 1,
        4 * light.std((1, 2)),
        2 * (light[:, _FINE // 2 :].mean((1, 2)) - light[:, : _FINE // 2].mean((1, 2))),
        8 * mean(np.hypot(down, across)),
        10 * np.sqrt(mean(across**2)),
        10 * np.sqrt(mean(down**2)),
        100 * mean(across * down),
        mean(saturation),
        2 * mean(rgb[..., 0] - rgb[..., 2]),
        2 * (y + 0.5) / rows - 1,
        2 * (x + 0.5) / columns - 1,
        4 * step[y],
        2 * np.asarray(features.cell_light)[cell] - 1,
        8 * np.asarray(features.cell_detail)[cell],
    )
    return np.asarray(np.clip(np.stack(told, axis=1), -2, 2), np.float32)


def _flags(rows: int, columns: int, features: PictureFeatures) -> NDArray[np.float32]:
    y, _, cell = _places(rows, columns)
    clear = features.horizon is not None and features.horizon_strength >= HORIZON_SAID
    horizon = (y == int((features.horizon or 0) * rows)) & clear
    named = [CELLS.index(word) if word else -1 for word in (lightest_cell(features), busiest_cell(features))]
    return np.stack([horizon, cell == named[0], cell == named[1]], axis=1).astype(np.float32)


def _whole(features: PictureFeatures) -> NDArray[np.float32]:
    """Brightness, contrast, saturation, warmth, detail, symmetry, valence, arousal, then the strength of level, upright
    and slanting lines."""
    f = features
    lines = [2 * f.line_strength * (f.lines is way) for way in Direction]
    told = [
        2 * f.brightness - 1, 4 * f.contrast, 2 * f.saturation - 1, 2 * f.warmth, 4 * f.detail, f.symmetry,
        f.valence, f.arousal, *lines,
    ]  # fmt: skip
    return np.clip(np.array(told, np.float32), -2, 2)
