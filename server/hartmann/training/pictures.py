"""Pictures to train on: procedural scenes of many kinds, and crops of free photographs, changed at random.

Every picture is a function of a `Random`, so a seed names it. Scenes are painted small (at most 300 pixels a side)
in numpy and PIL; they need not fool anybody, but must cover the space of what is measured: every colour in every
region, every light, contrast, horizon and direction of line.
"""

from __future__ import annotations

import colorsys
import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Plane = NDArray[np.float32]
Ink = tuple[int, int, int]

SHAPES: Final = ((4, 3), (3, 2), (16, 9), (1, 1), (3, 4), (2, 3), (4, 3), (3, 2))


def paint(rng: Random) -> Image.Image:
    """One procedural scene, RGB, 130 to 300 pixels a side."""
    across, down = rng.choice(SHAPES)
    long = rng.randint(220, 300)
    size = (round(long * across / max(across, down)), round(long * down / max(across, down)))
    picture = rng.choice(SCENES)(size, rng)
    return alter(picture, rng) if rng.random() < 0.8 else picture


def crop(photograph: Image.Image, rng: Random) -> Image.Image:
    """A random part of a photograph (at least a quarter of each side), perhaps mirrored, its colours changed."""
    across, down = rng.choice(SHAPES)
    width, height = photograph.size
    most = min(width / across, height / down)
    scale = most * rng.uniform(0.25, 1.0)
    w, h = max(8, int(across * scale)), max(8, int(down * scale))
    left, top = rng.randint(0, width - w), rng.randint(0, height - h)
    part = photograph.crop((left, top, left + w, top + h))
    part = part.resize((round(280 * w / max(w, h)), round(280 * h / max(w, h))), Image.Resampling.BILINEAR)
    if rng.random() < 0.5:
        part = part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return alter(part, rng) if rng.random() < 0.75 else part


def photographs(folders: list[Path]) -> list[Image.Image]:
    """Photographs from scikit-image's wheel and from `folders`, RGB, at most 900 pixels a side."""
    from skimage import data as bundled

    kept = (
        "astronaut",
        "brick",
        "cat",
        "coffee",
        "coins",
        "grass",
        "gravel",
        "hubble_deep_field",
        "moon",
        "rocket",
    )
    found = [Image.fromarray(getattr(bundled, name)()).convert("RGB") for name in kept]
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in {".jpg", ".jpeg", ".png"}):
            with Image.open(path) as opened:
                opened.draft("RGB", (900, 900))
                picture = opened.convert("RGB")
            picture.thumbnail((900, 900))
            if min(picture.size) >= 120:
                found.append(picture)
    return found


def alter(picture: Image.Image, rng: Random) -> Image.Image:
    """Change light, contrast, saturation, hue and grain at random, within what a photograph may look like."""
    rgb = np.asarray(picture, np.float32) / 255
    if rng.random() < 0.45:
        rgb = rgb ** rng.choice((0.4, 0.6, 0.75, 1.4, 1.9, 2.8))
    if rng.random() < 0.4:
        rgb = (rgb - 0.5) * rng.uniform(0.3, 1.6) + rng.uniform(0.25, 0.75)
    if rng.random() < 0.4:
        grey = rgb.mean(-1, keepdims=True)
        rgb = grey + (rgb - grey) * rng.choice((0.0, 0.3, 0.6, 1.5, 2.0))
    if rng.random() < 0.3:
        rgb = rgb * np.array([rng.uniform(0.6, 1.15) for _ in range(3)], np.float32)
    if rng.random() < 0.2:
        rgb = rgb[..., list(rng.choice(((1, 2, 0), (2, 0, 1), (2, 1, 0), (0, 2, 1), (1, 0, 2))))]
    if rng.random() < 0.3:
        noise = np.random.default_rng(rng.getrandbits(32)).normal(0, rng.uniform(0.01, 0.08), rgb.shape)
        rgb = rgb + noise.astype(np.float32)
    altered = Image.fromarray((np.clip(rgb, 0, 1) * 255).astype(np.uint8))
    return altered.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 3))) if rng.random() < 0.2 else altered


def _colour(
    rng: Random, hues: tuple[float, float] = (0, 360), light: tuple[float, float] = (0.1, 1.0)
) -> Ink:
    saturation = rng.choice((0.0, rng.uniform(0.05, 0.35), rng.uniform(0.3, 0.7), rng.uniform(0.6, 1.0)))
    r, g, b = colorsys.hsv_to_rgb(rng.uniform(*hues) % 360 / 360, saturation, rng.uniform(*light))
    return round(255 * r), round(255 * g), round(255 * b)


def _gradient(size: tuple[int, int], first: Ink, last: Ink, angle: float = 90.0) -> Image.Image:
    x, y = np.meshgrid(np.linspace(-0.5, 0.5, size[0]), np.linspace(-0.5, 0.5, size[1]))
    along = x * math.cos(math.radians(angle)) + y * math.sin(math.radians(angle))
    share = ((along - along.min()) / max(1e-6, float(np.ptp(along))))[..., None]
    rgb = (1 - share) * np.array(first) + share * np.array(last)
    return Image.fromarray(rgb.astype(np.uint8))


def _noise(size: tuple[int, int], rng: Random, finest: int = 5) -> Plane:
    """Clouds in 0…1: value noise in octaves, shape (height, width)."""
    made = np.random.default_rng(rng.getrandbits(32))
    total = np.zeros((size[1], size[0]), np.float32)
    for octave in range(1, finest + 1):
        grid = made.random((2**octave + 1, 2 ** (octave + 1) + 1)).astype(np.float32)
        total += np.asarray(Image.fromarray(grid).resize(size, Image.Resampling.BICUBIC)) / 2**octave
    return np.asarray((total - total.min()) / max(1e-6, float(np.ptp(total))), np.float32)


def _blend(picture: Image.Image, ink: Ink, mask: Plane) -> Image.Image:
    over = Image.new("RGB", picture.size, ink)
    return Image.composite(over, picture, Image.fromarray((np.clip(mask, 0, 1) * 255).astype(np.uint8)))


def _ridge(size: tuple[int, int], base: float, rough: float, rng: Random) -> list[tuple[float, float]]:
    """The outline of a range of hills at height `base` (share from the top), closed along the bottom edge."""
    waves = [(rng.uniform(0.5, 9), rng.uniform(0, 6.3), rng.random()) for _ in range(6)]
    points = []
    for x in np.linspace(0, 1, 60):
        y = sum(math.sin(f * x * 3 + p) * a / (1 + f) for f, p, a in waves)
        points.append((float(x) * size[0], (base - rough * y) * size[1]))
    return [*points, (size[0], size[1]), (0, size[1])]


def _disc(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, ink: Ink) -> None:
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)


def _sky(size: tuple[int, int], rng: Random) -> Image.Image:
    looks: tuple[Callable[[], tuple[Ink, Ink]], ...] = (
        lambda: (_colour(rng, (200, 230), (0.5, 0.9)), _colour(rng, (190, 220), (0.8, 1.0))),
        lambda: (_colour(rng, (220, 290), (0.2, 0.5)), _colour(rng, (5, 45), (0.8, 1.0))),
        lambda: (_colour(rng, (220, 250), (0.02, 0.15)), _colour(rng, (210, 260), (0.1, 0.35))),
        lambda: (_colour(rng, (200, 220), (0.35, 0.6)), _colour(rng, (200, 220), (0.55, 0.8))),
        lambda: (_colour(rng), _colour(rng)),
    )
    first, last = rng.choice(looks)()
    picture = _gradient(size, first, last, rng.uniform(75, 105))
    if rng.random() < 0.5:
        cover = rng.uniform(0.35, 0.7)
        picture = _blend(picture, _colour(rng, (0, 360), (0.6, 1)), (_noise(size, rng) - cover) * 3)
    return picture


def _sun(picture: Image.Image, rng: Random) -> Image.Image:
    x, y = rng.uniform(0.1, 0.9) * picture.size[0], rng.uniform(0.08, 0.5) * picture.size[1]
    radius = rng.uniform(0.03, 0.12) * picture.size[0]
    ink = rng.choice(((255, 244, 200), (255, 200, 90), (250, 250, 250), (255, 120, 60)))
    yy, xx = np.mgrid[: picture.size[1], : picture.size[0]].astype(np.float32)
    glow = np.exp(-np.hypot(xx - x, yy - y) / (radius * rng.uniform(1, 4)))
    picture = _blend(picture, ink, np.asarray(glow * 0.8, np.float32))
    _disc(ImageDraw.Draw(picture), x, y, radius, ink)
    return picture


def _stars(picture: Image.Image, rng: Random) -> None:
    draw = ImageDraw.Draw(picture)
    for _ in range(rng.randint(20, 200)):
        x, y = rng.random() * picture.size[0], rng.random() * picture.size[1] * 0.7
        _disc(draw, x, y, rng.choice((0.6, 0.6, 1.2)), (230, 230, 255))


def landscape(size: tuple[int, int], rng: Random) -> Image.Image:
    """Sky, perhaps a sun or stars, one to four ranges of hills, each darker or lighter than the one behind."""
    picture = _sky(size, rng)
    if rng.random() < 0.5:
        picture = _sun(picture, rng)
    elif rng.random() < 0.3:
        _stars(picture, rng)
    draw = ImageDraw.Draw(picture)
    hue = rng.choice(((60, 150), (60, 150), (200, 260), (10, 50), (0, 360)))
    for base in sorted(rng.uniform(0.3, 0.95) for _ in range(rng.randint(1, 4))):
        draw.polygon(_ridge(size, base, rng.uniform(0.01, 0.35), rng), fill=_colour(rng, hue, (0.05, 0.85)))
    return _ground_texture(picture, rng)


def _ground_texture(picture: Image.Image, rng: Random) -> Image.Image:
    if rng.random() < 0.5:
        return picture
    noise = (_noise(picture.size, rng, 7) - 0.5)[..., None] * rng.uniform(0.1, 0.7)
    fade = np.linspace(-0.5, 1, picture.size[1], dtype=np.float32).clip(0, 1)[:, None, None]
    rgb = np.asarray(picture, np.float32) * (1 + noise * fade)
    return Image.fromarray(rgb.clip(0, 255).astype(np.uint8))


def seascape(size: tuple[int, int], rng: Random) -> Image.Image:
    """Sky over water with a level horizon, waves, and the light's path on them."""
    picture = _sky(size, rng)
    if rng.random() < 0.6:
        picture = _sun(picture, rng)
    level = round(size[1] * rng.uniform(0.25, 0.8))
    sea = _gradient(
        (size[0], size[1] - level),
        _colour(rng, (170, 240), (0.2, 0.9)),
        _colour(rng, (180, 250), (0.05, 0.6)),
    )
    picture.paste(sea, (0, level))
    draw = ImageDraw.Draw(picture)
    ink = _colour(rng, (0, 360), (0.6, 1.0))
    for _ in range(rng.randint(0, 160)):
        y = level + (size[1] - level) * rng.random() ** 1.5
        x, long = rng.random() * size[0], rng.uniform(2, 30) * (y - level + 8) / (size[1] - level)
        draw.line((x - long, y, x + long, y), fill=ink)
    if rng.random() < 0.3:
        draw.rectangle(
            (0, size[1] * rng.uniform(0.8, 0.95), size[0], size[1]), fill=_colour(rng, (30, 55), (0.6, 0.95))
        )
    return picture


def forest(size: tuple[int, int], rng: Random) -> Image.Image:
    """Trunks or firs in front of mist, ground below."""
    picture = _sky(size, rng)
    draw = ImageDraw.Draw(picture)
    hue = rng.choice(((70, 160), (70, 160), (15, 50), (0, 360)))
    for depth in range(3):
        ink = _colour(rng, hue, (0.05 + 0.1 * (2 - depth), 0.75 - 0.2 * depth))
        for _ in range(rng.randint(3, 14)):
            x, width = rng.random() * size[0], size[0] * rng.uniform(0.01, 0.03) * (1 + depth)
            foot, top = size[1] * rng.uniform(0.75, 1.0), size[1] * rng.uniform(-0.1, 0.5)
            if rng.random() < 0.5:
                draw.polygon(((x - 4 * width, foot), (x + 4 * width, foot), (x, top)), fill=ink)
            else:
                draw.rectangle((x - width / 2, top, x + width / 2, foot), fill=ink)
    if rng.random() < 0.7:
        draw.polygon(
            _ridge(size, rng.uniform(0.75, 0.95), 0.05, rng), fill=_colour(rng, (20, 140), (0.05, 0.7))
        )
    return _ground_texture(picture, rng)


def city(size: tuple[int, int], rng: Random) -> Image.Image:
    """A skyline with windows, by day or night."""
    picture = _sky(size, rng)
    draw = ImageDraw.Draw(picture)
    window = _colour(rng, (30, 60), (0.7, 1.0))
    x = -10.0
    while x < size[0]:
        width, top = size[0] * rng.uniform(0.05, 0.18), size[1] * rng.uniform(0.1, 0.8)
        draw.rectangle((x, top, x + width, size[1]), fill=_colour(rng, (0, 360), (0.05, 0.8)))
        if rng.random() < 0.6:
            for wy in np.arange(top + 5, size[1], rng.uniform(8, 14)):
                for wx in np.arange(x + 3, x + width - 4, rng.uniform(6, 10)):
                    if rng.random() < 0.5:
                        draw.rectangle((wx, wy, wx + 3, wy + 4), fill=window)
        x += width * rng.uniform(0.8, 1.2)
    return picture


def fields(size: tuple[int, int], rng: Random) -> Image.Image:
    """Land in perspective: furrows that run to one point on the horizon, sky above."""
    picture = _sky(size, rng)
    level, far = size[1] * rng.uniform(0.15, 0.6), size[0] * rng.uniform(-0.2, 1.2)
    draw = ImageDraw.Draw(picture)
    inks = [_colour(rng, rng.choice(((20, 140), (0, 360))), (0.15, 0.95)) for _ in range(rng.randint(2, 4))]
    draw.rectangle((0, level, *size), fill=inks[0])
    edges = np.linspace(-1.5, 2.5, rng.randint(8, 40)) * size[0]
    for i, (a, b) in enumerate(pairwise(edges)):
        draw.polygon(((far, level), (float(a), size[1]), (float(b), size[1])), fill=inks[i % len(inks)])
    return picture


def still_life(size: tuple[int, int], rng: Random) -> Image.Image:
    """Round and tall things on a table before a wall."""
    picture = _gradient(size, _colour(rng), _colour(rng), rng.uniform(0, 180))
    draw = ImageDraw.Draw(picture)
    level = size[1] * rng.uniform(0.5, 0.8)
    draw.rectangle((0, level, *size), fill=_colour(rng))
    for _ in range(rng.randint(1, 8)):
        x, foot, r = (
            rng.random() * size[0],
            level + rng.uniform(0, 0.25) * size[1],
            size[1] * rng.uniform(0.05, 0.2),
        )
        ink = _colour(rng)
        light = (min(255, ink[0] + 70), min(255, ink[1] + 70), min(255, ink[2] + 70))
        if rng.random() < 0.6:
            _disc(draw, x, foot - r, r, ink)
            _disc(draw, x - r / 3, foot - 1.3 * r, r / 4, light)
        else:
            draw.rounded_rectangle((x - r / 2, foot - 3 * r, x + r / 2, foot), r / 3, fill=ink)
            draw.line((x - r / 3, foot - 2.8 * r, x - r / 3, foot - r), fill=light, width=3)
    return picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 2)))


def shapes(size: tuple[int, int], rng: Random) -> Image.Image:
    """Abstract: discs, boxes and lines over a plain or shaded ground."""
    picture = _gradient(size, _colour(rng), _colour(rng), rng.uniform(0, 180))
    draw = ImageDraw.Draw(picture)
    for _ in range(rng.randint(1, 14)):
        x, y, r = rng.random() * size[0], rng.random() * size[1], size[0] * rng.uniform(0.03, 0.3)
        ink, kind = _colour(rng, light=(0.0, 1.0)), rng.random()
        if kind < 0.4:
            _disc(draw, x, y, r, ink)
        elif kind < 0.75:
            draw.rectangle((x, y, x + r, y + r * rng.uniform(0.3, 2)), fill=ink)
        else:
            draw.line(
                (x, y, rng.random() * size[0], rng.random() * size[1]), fill=ink, width=rng.randint(1, 14)
            )
    return picture


def stripes(size: tuple[int, int], rng: Random) -> Image.Image:
    """Bands in any direction, of two to five colours."""
    yy, xx = np.mgrid[: size[1], : size[0]].astype(np.float32)
    angle = math.radians(rng.choice((0, 90, 45, 135, rng.uniform(0, 180))))
    along = xx * math.cos(angle) + yy * math.sin(angle) + rng.uniform(0, 12) * _noise(size, rng, 3)
    inks = np.array([_colour(rng) for _ in range(rng.randint(2, 5))], np.uint8)
    return Image.fromarray(inks[(along / rng.uniform(4, 90)).astype(int) % len(inks)])


def clouds(size: tuple[int, int], rng: Random) -> Image.Image:
    """Two or three colours mixed by noise, from broad to fine."""
    picture = _gradient(size, _colour(rng), _colour(rng), rng.uniform(0, 180))
    for _ in range(rng.randint(1, 3)):
        sharp = rng.choice((1, 3, 12))
        picture = _blend(
            picture, _colour(rng), (_noise(size, rng, rng.randint(2, 7)) - rng.uniform(0.3, 0.6)) * sharp
        )
    return picture


def patches(size: tuple[int, int], rng: Random) -> Image.Image:
    """A grid or a few big blocks of colour: what lies in which region."""
    columns, rows = rng.choice(((1, 2), (2, 1), (1, 3), (3, 1), (2, 2), (3, 3), (6, 4), (12, 9)))
    few = [_colour(rng, light=(0.0, 1.0)) for _ in range(rng.randint(2, 5))]
    grid = np.array([[rng.choice(few) for _ in range(columns)] for _ in range(rows)], np.uint8)
    how = Image.Resampling.NEAREST if rng.random() < 0.6 else Image.Resampling.BICUBIC
    return Image.fromarray(grid).resize(size, how)


def mirrored(size: tuple[int, int], rng: Random) -> Image.Image:
    """Another scene, its left half mirrored to the right."""
    picture = rng.choice((landscape, shapes, clouds, still_life))(size, rng)
    half = picture.crop((0, 0, size[0] // 2, size[1])).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    picture.paste(half, (size[0] - size[0] // 2, 0))
    return picture


def plain(size: tuple[int, int], rng: Random) -> Image.Image:
    """Nearly one colour."""
    return _gradient(
        size, (ink := _colour(rng, light=(0.0, 1.0))), ink if rng.random() < 0.5 else _colour(rng)
    )


SCENES: Final[tuple[Callable[[tuple[int, int], Random], Image.Image], ...]] = (
    landscape,
    landscape,
    landscape,
    seascape,
    seascape,
    forest,
    city,
    fields,
    still_life,
    shapes,
    stripes,
    clouds,
    patches,
    mirrored,
    plain,
)
