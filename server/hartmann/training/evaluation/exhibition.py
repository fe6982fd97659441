"""The exhibition: the held-out pictures, the same ones in every process and at every time.

Every third picture is a part of a held-out photograph (none where no photographs are given), the others are painted
from seeds that no training picture has. Picture `n` depends on `n` and the photographs alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random

from PIL import Image

from hartmann.training.gallery import HELD_OUT_SEED
from hartmann.training.pictures import crop, paint

PHOTOGRAPH_EVERY = 3


def is_photograph(number: int, photographs: Sequence[Path]) -> bool:
    """Whether picture `number` is a part of a photograph."""
    return bool(photographs) and number % PHOTOGRAPH_EVERY == 0


def held_out_picture(number: int, photographs: tuple[Path, ...]) -> Image.Image:
    """Picture `number`, RGB."""
    random = Random(HELD_OUT_SEED + number)
    if not is_photograph(number, photographs):
        return paint(random)
    return crop(_opened(photographs[number // PHOTOGRAPH_EVERY % len(photographs)]), random)


@cache
def _opened(photograph: Path) -> Image.Image:
    return Image.open(photograph).convert("RGB")
