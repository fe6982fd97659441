"""Heat over a picture: where a model looked while it wrote each part, as one PNG to look at.

The sheet shows the picture as it is, then one panel a part: the picture in grey, and over it the heat, smoothed
between the cells. Each panel's colours span its own least to its own most attention, because what is compared is
where, not how much; the legend says so. The colours rise evenly in lightness (linear in OKLab's L, Ottosson 2020),
so equal steps of heat look equal, in grey print and to colour-blind eyes too.

Only Pillow and numpy are needed, so the client can draw without a server's packages.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

PANEL_WIDTH = 380
"""Pixels; a sheet of four columns is about 1,650 wide."""
MAX_PANEL_HEIGHT = 460
MARGIN = 28
LABEL_LINES = 3
"""A sentence longer than so many lines below its panel ends in an ellipsis."""
LINE_HEIGHT = 21
LEGEND_HEIGHT = 54
FONT_SIZE = 17
_PAPER, _INK, _FAINT = (255, 255, 255), (34, 34, 40), (120, 120, 130)
_OPACITY = 0.62
"""Of the colours over the grey picture: strong enough to read the heat, weak enough to see what lies below."""
_PLAIN_SIGNS = str.maketrans({"–": "-", "—": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "♯": "#", "♭": "b"})
_OKLAB_TO_LMS = np.array(
    [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.2914855480]]
)
_LMS_TO_LINEAR = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


def colours(heat: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Heat 0…1 of any shape as sRGB, shape (…, 3): dark violet over red and orange to light yellow."""
    heat = np.clip(np.asarray(heat, np.float64), 0, 1)
    lightness = 0.22 + 0.74 * heat
    chroma = 0.085 + 0.13 * np.sin(np.pi * np.clip(heat * 1.05, 0, 1)) ** 0.9
    hue = np.radians(300 + 168 * heat)
    lab = np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=-1)
    linear = np.clip((lab @ _OKLAB_TO_LMS.T) ** 3 @ _LMS_TO_LINEAR.T, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(255 * encoded), np.uint8)


def overlay(picture: Image.Image, heat: NDArray[np.floating]) -> Image.Image:
    """The picture in grey under its heat, at the picture's size. `heat` has shape (rows, columns), any scale.

    Raises ValueError for anything but a finite, non-empty plane.
    """
    heat = np.asarray(heat, np.float32)
    if heat.ndim != 2 or not heat.size or not np.isfinite(heat).all():
        raise ValueError(f"expected a finite plane of heat, got shape {heat.shape}")
    low, high = float(heat.min()), float(heat.max())
    scaled = (heat - low) / (high - low) if high > low else np.zeros_like(heat)
    smooth = Image.fromarray(scaled.astype(np.float32)).resize(picture.size, Image.Resampling.BICUBIC)
    tint = Image.fromarray(colours(np.asarray(smooth)))
    grey = picture.convert("L").convert("RGB")
    return Image.blend(grey, tint, _OPACITY)


def panels(picture: Image.Image, parts: Sequence[tuple[str, NDArray[np.floating]]], title: str = "") -> bytes:
    """A sheet of one panel for each (label, heat) after the picture itself, as PNG bytes."""
    small = _to_panel(picture.convert("RGB"))
    font = ImageFont.load_default(FONT_SIZE)
    pictures = [small, *(overlay(small, heat) for _, heat in parts)]
    labels = [_wrapped(label, font, small.width) for label in ("the picture", *(label for label, _ in parts))]
    lines = max(map(len, labels))
    return _png(
        _Sheet(len(pictures), small.size, lines, title).draw(list(zip(labels, pictures, strict=True)))
    )


@dataclass(frozen=True, slots=True)
class _Sheet:
    """Where everything stands. `panel` is (width, height) in pixels, `lines` how many each label may take."""

    count: int
    panel: tuple[int, int]
    lines: int
    title: str

    @property
    def columns(self) -> int:
        """As square a sheet as goes with at most four columns."""
        return min(4, self.count, max(2, math.ceil(math.sqrt(self.count))))

    @property
    def top(self) -> int:
        return MARGIN + (2 * FONT_SIZE if self.title else 0)

    @property
    def row_height(self) -> int:
        """A panel with its label and the space below."""
        return self.panel[1] + 13 + self.lines * LINE_HEIGHT + MARGIN // 2

    @property
    def size(self) -> tuple[int, int]:
        rows = math.ceil(self.count / self.columns)
        width = MARGIN + self.columns * (self.panel[0] + MARGIN)
        return width, self.top + rows * self.row_height + LEGEND_HEIGHT

    def place(self, index: int) -> tuple[int, int]:
        """The upper left corner of a panel."""
        row, column = divmod(index, self.columns)
        return (
            MARGIN + column * (self.panel[0] + MARGIN),
            self.top + row * self.row_height,
        )

    def draw(self, shown: Sequence[tuple[Sequence[str], Image.Image]]) -> Image.Image:
        sheet = Image.new("RGB", self.size, _PAPER)
        pen = ImageDraw.Draw(sheet)
        if self.title:
            bold = ImageFont.load_default(FONT_SIZE + 4)
            pen.text((MARGIN, MARGIN - 8), _fit(self.title, bold, self.size[0] - 2 * MARGIN), _INK, bold)
        font = ImageFont.load_default(FONT_SIZE)
        for index, (label, image) in enumerate(shown):
            left, top = self.place(index)
            sheet.paste(image, (left, top))
            for number, line in enumerate(label):
                pen.text((left, top + self.panel[1] + 7 + number * LINE_HEIGHT), line, _INK, font)
        self._draw_legend(sheet, pen)
        return sheet

    def _draw_legend(self, sheet: Image.Image, pen: ImageDraw.ImageDraw) -> None:
        font = ImageFont.load_default(FONT_SIZE - 3)
        bar = colours(np.tile(np.linspace(0, 1, self.panel[0] // 2), (12, 1)))
        middle = self.size[1] - LEGEND_HEIGHT // 2 - 4
        left = MARGIN
        for text, width in (
            ("least attention", None),
            ("", bar.shape[1]),
            ("most attention in the panel", None),
        ):
            if width is None:
                pen.text((left, middle), text, _FAINT, font, anchor="lm")
                left += int(font.getlength(text)) + 12
            else:
                sheet.paste(Image.fromarray(bar), (left, middle - 6))
                left += width + 12


def _to_panel(picture: Image.Image) -> Image.Image:
    scale = min(PANEL_WIDTH / picture.width, MAX_PANEL_HEIGHT / picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS)


def _wrapped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    """At most LABEL_LINES lines; the last one is shortened where the text goes on."""
    lines: list[str] = []
    rest = _drawable(" ".join(text.split()), font).split(" ")
    while rest and len(lines) < LABEL_LINES - 1:
        count = next((n for n in range(len(rest), 1, -1) if font.getlength(" ".join(rest[:n])) <= width), 1)
        lines.append(_fit(" ".join(rest[:count]), font, width))
        rest = rest[count:]
    return [*lines, _fit(" ".join(rest), font, width)] if rest else lines


def _fit(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """One line, shortened with an ellipsis where it would pass the width."""
    text = _drawable(" ".join(text.split()), font)
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "…") > width:
        text = text[:-1]
    return text.rstrip() + "…"


def _drawable(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """The text without letters that Pillow's own font lacks: plain signs instead, or no accent, or a question mark."""
    lacking = bytes(font.getmask("\uffff"))

    def known(letter: str) -> bool:
        return letter.isascii() or bytes(font.getmask(letter)) != lacking

    def plain(letter: str) -> str:
        bare = unicodedata.normalize("NFKD", letter)[:1]
        return bare if known(bare) else "?"

    return "".join(letter if known(letter) else plain(letter) for letter in text.translate(_PLAIN_SIGNS))


def _png(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "PNG", compress_level=4)
    return buffer.getvalue()
