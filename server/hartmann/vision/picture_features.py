"""What can be measured in a picture: colours by region, light, contrast, texture, lines, balance, and mood.

Nothing here is learned. The measurements are the truth that the mini model's captions are trained and judged
on (`picture_words.py` puts them into sentences), and the mood is what links a picture to music.

Conventions: a picture is measured on a copy of at most 96 pixels a side, aspect kept; rows run from the top.
Colours are sRGB in 0…1, light is Rec. 709 luma of the sRGB values, saturation is HSV's. Shares, brightness,
contrast, saturation and detail lie in 0…1; warmth, symmetry, valence and arousal in -1…1.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hartmann.moods import mood_words

Plane = NDArray[np.float32]

MEASURED_SIDE: Final = 96
LUMA: Final = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""ITU-R BT.709-6, section 3: weights of R', G', B' in luma."""


class Colour(StrEnum):
    """The basic colour words of English (Berlin & Kay 1969), with beige and teal, which photographs need."""

    BLACK = "black"
    WHITE = "white"
    GREY = "grey"
    RED = "red"
    ORANGE = "orange"
    BROWN = "brown"
    BEIGE = "beige"
    YELLOW = "yellow"
    GREEN = "green"
    TEAL = "teal"
    BLUE = "blue"
    PURPLE = "purple"
    PINK = "pink"


COLOURS: Final = tuple(Colour)


class Region(StrEnum):
    """Parts of the picture that colours are told for. Top, bottom, left and right are thirds; the centre is the
    middle third both ways."""

    TOP = "top"
    BOTTOM = "bottom"
    LEFT = "left"
    RIGHT = "right"
    CENTRE = "centre"


class Direction(StrEnum):
    """The way lines run, where one way prevails."""

    HORIZONTAL = "horizontal"
    VERTICAL = "vertical"
    DIAGONAL = "diagonal"


CELLS: Final = (
    "upper left",
    "top",
    "upper right",
    "left",
    "centre",
    "right",
    "lower left",
    "bottom",
    "lower right",
)
"""The cells of a 3 × 3 grid, row by row."""


@dataclass(frozen=True, slots=True)
class PictureFeatures:
    """The measurements. `palette` and each of `regions` map every colour to its share of the area (sum 1).

    `cell_light` and `cell_detail` hold nine means, row by row, in the order of `CELLS`. `horizon` is the height of
    the one level line that divides light from dark, as a share from the top, None where there is none;
    `horizon_strength` is the step of luma across it. `line_strength` is the share of edge energy along `lines`.
    """

    palette: dict[Colour, float]
    regions: dict[Region, dict[Colour, float]]
    brightness: float
    contrast: float
    saturation: float
    warmth: float
    detail: float
    lines: Direction | None
    line_strength: float
    horizon: float | None
    horizon_strength: float
    symmetry: float
    cell_light: tuple[float, ...]
    cell_detail: tuple[float, ...]
    valence: float
    arousal: float

    @property
    def moods(self) -> tuple[str, ...]:
        """The three mood words nearest to (valence, arousal), nearest first."""
        return mood_words(self.valence, self.arousal)

    @property
    def colours(self) -> tuple[Colour, ...]:
        """Every colour with some share, largest first."""
        return tuple(c for c, share in ranked(self.palette) if share > 0)


def measure(picture: Image.Image) -> PictureFeatures:
    """Measure an RGB picture of any size, 1 × 1 included. Deterministic; about 3 ms."""
    rgb = _small(picture)
    luma = np.asarray(rgb @ LUMA, np.float32)
    names = name_colours(rgb)
    edges = _edges(luma)
    saturation = float(_saturation(rgb).mean())
    brightness, contrast = float(luma.mean()), float(luma.std())
    detail = float(np.tanh(4 * edges.mean()))
    lines, line_strength = _lines(luma)
    horizon, horizon_strength = _horizon(luma)
    valence, arousal = mood_of(brightness, saturation, contrast, detail)
    return PictureFeatures(
        palette=_shares(names),
        regions={region: _shares(part) for region, part in _regions(names).items()},
        brightness=brightness,
        contrast=contrast,
        saturation=saturation,
        warmth=_warmth(rgb),
        detail=detail,
        lines=lines,
        line_strength=line_strength,
        horizon=horizon,
        horizon_strength=horizon_strength,
        symmetry=_symmetry(luma),
        cell_light=_cells(luma),
        cell_detail=_cells(edges),
        valence=valence,
        arousal=arousal,
    )


def mood_of(brightness: float, saturation: float, contrast: float, detail: float) -> tuple[float, float]:
    """(valence, arousal), each -1…1, of a picture.

    Valdez & Mehrabian, "Effects of color on emotions" (1994): pleasure = 0.69 B + 0.22 S and arousal =
    -0.31 B + 0.60 S for brightness B and saturation S. They judged plain colour chips; a picture also excites by
    contrast and detail, so arousal is half their term and half contrast and detail (our choice). Both are centred
    and scaled so that photographs spread over -1…1.
    """
    pleasure = 0.69 * brightness + 0.22 * saturation
    chip = (-0.31 * brightness + 0.60 * saturation + 0.16) / 0.45
    stir = 1.6 * contrast + 0.9 * detail
    valence = (pleasure - 0.36) / 0.30
    arousal = (chip - 0.5) + 0.5 * (stir - 0.28) / 0.30
    return max(-1.0, min(1.0, valence)), max(-1.0, min(1.0, arousal))


def ranked(shares: dict[Colour, float]) -> list[tuple[Colour, float]]:
    """Colours with their shares, largest first; ties in the order of `Colour`."""
    return sorted(shares.items(), key=lambda item: -item[1])


def name_colours(rgb: Plane) -> NDArray[np.int8]:
    """The index in `COLOURS` for each pixel of an (h, w, 3) array in 0…1: thresholds on hue, chroma and value."""
    value, low = rgb.max(-1), rgb.min(-1)
    chroma = value - low
    hue = _hue(rgb)
    edges = np.array([15, 42, 70, 165, 195, 255, 295, 345], np.float32)
    by_hue = np.array(
        [
            COLOURS.index(c)
            for c in (
                Colour.RED,
                Colour.ORANGE,
                Colour.YELLOW,
                Colour.GREEN,
                Colour.TEAL,
                Colour.BLUE,
                Colour.PURPLE,
                Colour.PINK,
                Colour.RED,
            )
        ],
        np.int8,
    )
    names = by_hue[np.digitize(hue, edges)]
    saturation = chroma / np.maximum(value, 1e-6)
    orange = names == COLOURS.index(Colour.ORANGE)
    red = names == COLOURS.index(Colour.RED)
    yellow = names == COLOURS.index(Colour.YELLOW)
    names = np.where(orange & (value < 0.62), COLOURS.index(Colour.BROWN), names)
    names = np.where(yellow & (value < 0.40), COLOURS.index(Colour.BROWN), names)
    names = np.where(red & (value < 0.42), COLOURS.index(Colour.BROWN), names)
    names = np.where(
        (orange | yellow) & (saturation < 0.38) & (value >= 0.62), COLOURS.index(Colour.BEIGE), names
    )
    names = np.where(red & (saturation < 0.5) & (value > 0.7), COLOURS.index(Colour.PINK), names)
    grey = (chroma < 0.09) | (saturation < 0.12)
    names = np.where(grey, COLOURS.index(Colour.GREY), names)
    names = np.where(grey & (value > 0.84), COLOURS.index(Colour.WHITE), names)
    return np.where(value < 0.17, COLOURS.index(Colour.BLACK), names).astype(np.int8)


def _small(picture: Image.Image) -> Plane:
    scale = MEASURED_SIDE / max(picture.size)
    size = tuple(max(3, round(side * scale)) for side in picture.size)
    small = picture.convert("RGB").resize(
        (size[0], size[1]), Image.Resampling.BOX if scale < 1 else Image.Resampling.NEAREST
    )
    return np.asarray(np.asarray(small, np.float32) / np.float32(255), np.float32)


def _hue(rgb: Plane) -> Plane:
    r, g, b = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    value, chroma = rgb.max(-1), np.maximum(rgb.max(-1) - rgb.min(-1), 1e-6)
    sextant = np.where(
        value == r, (g - b) / chroma % 6, np.where(value == g, (b - r) / chroma + 2, (r - g) / chroma + 4)
    )
    return np.asarray(60 * sextant % 360, np.float32)


def _saturation(rgb: Plane) -> Plane:
    value = rgb.max(-1)
    return np.asarray((value - rgb.min(-1)) / np.maximum(value, 1e-6) * (value > 0.05), np.float32)


def _warmth(rgb: Plane) -> float:
    return float(np.clip(2 * (rgb[..., 0] - rgb[..., 2]).mean(), -1, 1))


def _shares(names: NDArray[np.int8]) -> dict[Colour, float]:
    counts = np.bincount(names.ravel(), minlength=len(COLOURS)) / max(1, names.size)
    return {colour: float(counts[i]) for i, colour in enumerate(COLOURS)}


def _thirds(side: int) -> tuple[int, int]:
    return max(1, side // 3), min(side - 1, side - side // 3)


def _regions(names: NDArray[np.int8]) -> dict[Region, NDArray[np.int8]]:
    (y1, y2), (x1, x2) = _thirds(names.shape[0]), _thirds(names.shape[1])
    return {
        Region.TOP: names[:y1],
        Region.BOTTOM: names[y2:],
        Region.LEFT: names[:, :x1],
        Region.RIGHT: names[:, x2:],
        Region.CENTRE: names[y1:y2, x1:x2],
    }


def _cells(plane: Plane) -> tuple[float, ...]:
    rows = np.array_split(plane, 3, axis=0)
    return tuple(float(cell.mean()) for row in rows for cell in np.array_split(row, 3, axis=1))


def _edges(luma: Plane) -> Plane:
    dy, dx = np.gradient(luma)
    return np.asarray(np.hypot(dy, dx), np.float32)


def _lines(luma: Plane) -> tuple[Direction | None, float]:
    """The prevailing direction of lines by the structure tensor, and the share of energy it explains."""
    dy, dx = np.gradient(luma)
    xx, yy, xy = float((dx * dx).mean()), float((dy * dy).mean()), float((dx * dy).mean())
    energy = xx + yy
    if energy < 1e-6:
        return None, 0.0
    coherence = float(np.hypot(xx - yy, 2 * xy) / energy)
    angle = float(np.degrees(0.5 * np.arctan2(2 * xy, xx - yy))) % 180
    across = min(angle, 180 - angle)
    if across < 25:
        return Direction.VERTICAL, coherence
    if across > 65:
        return Direction.HORIZONTAL, coherence
    return Direction.DIAGONAL, coherence


def _horizon(luma: Plane) -> tuple[float | None, float]:
    """The row where the mean of the four rows below differs most from the four above, if that step is clear across
    the width (its mean at least 1.2 times its spread between nine strips)."""
    height = luma.shape[0]
    if height < 16:
        return None, 0.0
    columns = np.stack([part.mean(1) for part in np.array_split(luma, min(9, luma.shape[1]), axis=1)])
    total = np.cumsum(np.pad(columns, ((0, 0), (1, 0))), axis=1)
    rows = np.arange(6, height - 5)
    step = (total[:, rows + 4] - total[:, rows]) / 4 - (total[:, rows] - total[:, rows - 4]) / 4
    mean, spread = step.mean(0), step.std(0)
    best = int(np.argmax(np.abs(mean)))
    strength = float(abs(mean[best]))
    if strength < 0.08 or strength < 1.2 * float(spread[best]):
        return None, strength
    return float(rows[best] / height), strength


def _symmetry(luma: Plane) -> float:
    """Correlation of the picture with its mirror image; 1 for a flat picture."""
    centred = luma - luma.mean()
    energy = float((centred * centred).mean())
    if energy < 1e-5:
        return 1.0
    return float((centred * centred[:, ::-1]).mean() / energy)
