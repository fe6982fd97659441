"""Faithfulness: whether the picture's attended parts matter to the caption (section 5.6 of the design).

The fifth of the picture with most attention is hidden (painted in the picture's mean colour), and so, for
comparison, are random fifths; the caption's log-probability falls by so much each time. A ratio well above 1
says that the map shows what the caption rests on; near 1 it explains nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hartmann.composing.events import Stage
from hartmann.composing.seeds import derive_seed
from hartmann.vision.language_model import Message

HIDDEN_SHARE = 0.2
RANDOM_DRAWS = 5
LEAST_FALL = 0.25
"""Nats. With a smaller fall for random parts the ratio is noise."""


class Judge(Protocol):
    """What is asked how likely a text is, such as `vision.model_thread.ModelThread`."""

    def log_probability(
        self, conversation: tuple[Message, ...], picture: Image.Image
    ) -> Awaitable[float]: ...


@dataclass(frozen=True, slots=True)
class Falls:
    """How far a text's log-probability falls, in nats: with the `attended` fifth of the picture hidden, and with a
    `random` fifth, mean over draws. Either can be negative: a text may be likelier without a part of the picture."""

    attended: float
    random: float

    @property
    def ratio(self) -> float | None:
        """What section 5.6 reports; None where hiding random parts hardly makes the text less likely."""
        return self.attended / self.random if self.random >= LEAST_FALL else None


async def measure_faithfulness(
    vision: Judge,
    described: tuple[Message, ...],
    picture: Image.Image,
    heat: NDArray[np.float32],
    seed: int,
) -> float | None:
    """Fall of log-probability with the most attended fifth hidden over the mean fall with random fifths hidden.

    None where hiding random parts hardly makes the caption less likely, or the grid is too small to hide a fifth.
    """
    falls = await measure_falls(vision, described, picture, heat, seed)
    return falls.ratio if falls else None


async def measure_falls(
    vision: Judge,
    described: tuple[Message, ...],
    picture: Image.Image,
    heat: NDArray[np.float32],
    seed: int,
    draws: int = RANDOM_DRAWS,
) -> Falls | None:
    """Both falls of the text that ends `described` (the assistant's last message); None where no cell is a fifth.

    `heat`, shape (grid rows, grid columns), any scale, says what was attended to: for a caption it is
    `explaining.heat_of(record, 0, len(record.spans))` of `record = await vision.attend(described, picture)`. The
    pipeline calls this, and so may a benchmark over many pictures, with a `ModelThread` around its model.
    """
    hidden = round(HIDDEN_SHARE * heat.size)
    if hidden == 0:
        return None
    generator = np.random.default_rng(derive_seed(seed, Stage.EXPLAIN, "faithfulness"))
    whole = await vision.log_probability(described, picture)
    attended = np.argsort(heat, axis=None, kind="stable")[::-1][:hidden]
    fall = whole - await vision.log_probability(described, hide(picture, heat.shape, attended))
    falls = []
    for _ in range(draws):
        chosen = generator.choice(heat.size, hidden, replace=False)
        falls.append(whole - await vision.log_probability(described, hide(picture, heat.shape, chosen)))
    return Falls(fall, float(np.mean(falls)))


def hide(picture: Image.Image, grid: tuple[int, ...], cells: NDArray[np.intp]) -> Image.Image:
    """The picture with the given cells (row-major, of a rows × columns grid) painted in its mean colour."""
    pixels = np.asarray(picture.convert("RGB")).copy()
    mean = pixels.reshape(-1, 3).mean(axis=0).round().astype(np.uint8)
    rows, columns = grid
    tops = np.linspace(0, pixels.shape[0], rows + 1).round().astype(int)
    lefts = np.linspace(0, pixels.shape[1], columns + 1).round().astype(int)
    for cell in cells:
        row, column = divmod(int(cell), columns)
        pixels[tops[row] : tops[row + 1], lefts[column] : lefts[column + 1]] = mean
    return Image.fromarray(pixels)
