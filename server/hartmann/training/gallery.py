"""The gallery: the training pictures, painted and measured once, kept at the size that the model sees.

A folder with `pixels.bin` (uint8, each picture row-major (rows, columns, 3), one after the other) and `index.json`.
Picture `i` is painted from seed `i` alone, so any number of processes make the same gallery. Three fifths are
procedural, the rest crops of photographs (all procedural where no photographs are found).
"""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hartmann.training.mini_architecture import CELL, MAX_CELLS, MIN_CELLS
from hartmann.training.pictures import crop, paint, photographs
from hartmann.vision.picture_features import Colour, Direction, PictureFeatures, Region, measure

PHOTOGRAPH_SHARE = 0.4
HELD_OUT_SEED = 10_000_000
"""Held-out pictures take seeds from here on; training seeds stay below."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One picture: where its pixels lie, its size in pixels, and what was measured (at full size)."""

    start: int
    rows: int
    columns: int
    features: PictureFeatures


class Gallery:
    """The pictures of a folder, mapped into memory."""

    def __init__(self, folder: Path) -> None:
        self._pixels = np.memmap(folder / "pixels.bin", np.uint8, mode="r")
        self.exhibits = [_exhibit(e) for e in json.loads((folder / "index.json").read_text())]

    def __len__(self) -> int:
        return len(self.exhibits)

    def pixels(self, number: int) -> NDArray[np.uint8]:
        """Picture `number`, shape (rows, columns, 3)."""
        e = self.exhibits[number]
        size = e.rows * e.columns * 3
        return np.asarray(self._pixels[e.start : e.start + size]).reshape(e.rows, e.columns, 3)


def build_gallery(folder: Path, count: int, photograph_folders: tuple[Path, ...], workers: int = 2) -> None:
    """Paint `count` pictures into `folder`, unless it is there already."""
    if (folder / "index.json").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    index, start = [], 0
    with (folder / "pixels.bin").open("wb") as out, ProcessPoolExecutor(workers) as pool:
        make = partial(_hang, photograph_folders)
        for pixels, features in pool.map(make, range(count), chunksize=100):
            out.write(pixels.tobytes())
            index.append(asdict(Exhibit(start, pixels.shape[0], pixels.shape[1], features)))
            start += pixels.size
    (folder / "index.json").write_text(json.dumps(index))


def make_picture(seed: int, photos: list[Image.Image]) -> Image.Image:
    """The picture of a seed: a scene, or a crop of one of `photos`."""
    rng = Random(seed)
    if photos and rng.random() < PHOTOGRAPH_SHARE:
        return crop(rng.choice(photos), rng)
    return paint(rng)


def fit(picture: Image.Image) -> NDArray[np.uint8]:
    """The picture at the size the image processor would give it (whole cells, 60 to 88 of them)."""
    from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize

    area = CELL * CELL
    rows, columns = smart_resize(picture.height, picture.width, CELL, MIN_CELLS * area, MAX_CELLS * area)
    return np.asarray(picture.resize((columns, rows), Image.Resampling.BICUBIC), np.uint8)


def patches(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], tuple[int, int, int]]:
    """What the image processor makes of pixels already fitted: (patches, 588) in merge order, and (1, rows, columns)
    in patches."""
    mean = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
    deviation = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
    normal = ((pixels.astype(np.float32) / 255 - mean) / deviation).transpose(2, 0, 1)
    rows, columns = pixels.shape[0] // 14, pixels.shape[1] // 14
    cut = normal.reshape(3, rows // 2, 2, 14, columns // 2, 2, 14).transpose(1, 4, 2, 5, 0, 3, 6)
    return np.ascontiguousarray(cut.reshape(rows * columns, 588)), (1, rows, columns)


@cache
def _photos(folders: tuple[Path, ...]) -> list[Image.Image]:
    return photographs(list(folders))


def _hang(folders: tuple[Path, ...], seed: int) -> tuple[NDArray[np.uint8], PictureFeatures]:
    picture = make_picture(seed, _photos(folders))
    return fit(picture), measure(picture)


def _exhibit(row: dict[str, Any]) -> Exhibit:
    f = row.pop("features")
    f["palette"] = {Colour(k): v for k, v in f["palette"].items()}
    f["regions"] = {Region(r): {Colour(k): v for k, v in s.items()} for r, s in f["regions"].items()}
    f["lines"] = Direction(f["lines"]) if f["lines"] else None
    f["cell_light"], f["cell_detail"] = tuple(f["cell_light"]), tuple(f["cell_detail"])
    return Exhibit(**row, features=PictureFeatures(**f))
