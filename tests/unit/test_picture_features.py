"""What is measured in a picture, on pictures whose truth is known because they were made for it."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hartmann.training.pictures import paint
from hartmann.vision.picture_features import (
    CELLS,
    Colour,
    Direction,
    PictureFeatures,
    Region,
    measure,
    mood_of,
)
from hartmann.vision.picture_words import Claim, claims, describe, is_true

PLAIN = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "grey": (128, 128, 128),
    "red": (220, 20, 20),
    "orange": (240, 140, 20),
    "brown": (110, 70, 30),
    "beige": (235, 220, 180),
    "yellow": (240, 230, 40),
    "green": (40, 160, 60),
    "teal": (20, 170, 170),
    "blue": (40, 80, 220),
    "purple": (120, 40, 200),
    "pink": (240, 130, 190),
}


def halves(top: str, bottom: str, share: float = 0.5) -> Image.Image:
    picture = Image.new("RGB", (240, 160), PLAIN[bottom])
    picture.paste(PLAIN[top], (0, 0, 240, round(160 * share)))
    return picture


def measured(rgb: np.ndarray) -> PictureFeatures:
    return measure(Image.fromarray(rgb.astype(np.uint8)))


@pytest.mark.parametrize("name", PLAIN)
def test_plain_picture_is_of_its_colour_everywhere(name: str) -> None:
    features = measure(Image.new("RGB", (50, 40), PLAIN[name]))
    assert features.palette[Colour(name)] == 1.0
    assert all(shares[Colour(name)] == 1.0 for shares in features.regions.values())


def test_shares_of_a_palette_are_shares_of_the_area() -> None:
    features = measure(halves("blue", "green", 0.25))
    assert features.palette[Colour.BLUE] == pytest.approx(0.25, abs=0.02)
    assert features.palette[Colour.GREEN] == pytest.approx(0.75, abs=0.02)


def test_regions_have_the_colours_that_lie_there() -> None:
    features = measure(halves("blue", "green"))
    assert features.regions[Region.TOP][Colour.BLUE] == 1.0
    assert features.regions[Region.BOTTOM][Colour.GREEN] == 1.0
    assert features.regions[Region.LEFT][Colour.BLUE] == pytest.approx(0.5, abs=0.03)


def test_brightness_is_rec_709_luma() -> None:
    features = measure(Image.new("RGB", (9, 9), (0, 255, 0)))
    assert features.brightness == pytest.approx(0.7152, abs=1e-4)


def test_contrast_of_a_chessboard_is_half() -> None:
    board = np.kron(np.indices((8, 8)).sum(0) % 2, np.ones((12, 12)))[..., None].repeat(3, 2) * 255
    assert measured(board).contrast == pytest.approx(0.5, abs=0.01)


def test_horizon_lies_where_light_meets_dark() -> None:
    features = measure(halves("white", "black", 0.7))
    assert features.horizon == pytest.approx(0.7, abs=0.02)


def test_picture_without_a_level_edge_has_no_horizon() -> None:
    shade = np.tile(np.linspace(0, 255, 200), (150, 1))[..., None].repeat(3, 2)
    assert measured(shade).horizon is None


@pytest.mark.parametrize(
    ("axis", "direction"), [(0, Direction.HORIZONTAL), (1, Direction.VERTICAL), (None, Direction.DIAGONAL)]
)
def test_stripes_give_the_direction_of_lines(axis: int | None, direction: Direction) -> None:
    y, x = np.mgrid[:120, :120]
    along = {0: y, 1: x, None: x + y}[axis]
    stripes = (along // 8 % 2 * 255)[..., None].repeat(3, 2)
    assert measured(stripes).lines is direction


def test_mirrored_picture_is_symmetrical_and_a_slope_is_not() -> None:
    half = np.random.default_rng(1).integers(0, 255, (60, 48, 3))
    assert measured(np.concatenate([half, half[:, ::-1]], axis=1)).symmetry > 0.99
    slope = np.tile(np.linspace(0, 255, 100), (60, 1))[..., None].repeat(3, 2)
    assert measured(slope).symmetry < -0.99


@pytest.mark.parametrize("cell", CELLS)
def test_light_stands_in_the_cell_where_the_lamp_is(cell: str) -> None:
    row, column = divmod(CELLS.index(cell), 3)
    picture = Image.new("RGB", (90, 90), (20, 20, 20))
    picture.paste((250, 250, 250), (30 * column, 30 * row, 30 * column + 30, 30 * row + 30))
    features = measure(picture)
    assert max(features.cell_light) == features.cell_light[CELLS.index(cell)]
    assert is_true(Claim("light cell", "", cell), features)


def test_valdez_and_mehrabian_brighter_is_more_pleasant_and_more_saturated_more_exciting() -> None:
    assert mood_of(0.7, 0.4, 0.1, 0.1)[0] > mood_of(0.3, 0.4, 0.1, 0.1)[0]
    assert mood_of(0.5, 0.7, 0.1, 0.1)[1] > mood_of(0.5, 0.2, 0.1, 0.1)[1]
    assert mood_of(0.7, 0.4, 0.1, 0.1)[1] < mood_of(0.3, 0.4, 0.1, 0.1)[1]


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_any_picture_can_be_measured_and_shares_sum_to_one(width: int, height: int, seed: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3))
    features = measured(noise)
    for shares in (features.palette, *features.regions.values()):
        assert sum(shares.values()) == pytest.approx(1.0)
    assert -1 <= features.valence <= 1
    assert -1 <= features.arousal <= 1


@pytest.mark.parametrize("seed", range(40))
def test_description_says_only_what_is_true(seed: int) -> None:
    features = measure(paint(Random(seed)))
    said = claims(describe(features, Random(seed)))
    assert said
    assert [claim for claim in said if not is_true(claim, features)] == []


def test_description_has_two_to_four_sentences_and_ends_with_the_mood() -> None:
    for seed in range(30):
        text = describe(measure(paint(Random(seed))), Random(seed))
        assert 2 <= text.count(".") <= 4
        assert {c.word for c in claims(text.split(". ")[-1]) if c.kind == "mood"}


def test_descriptions_vary_in_words_but_not_for_the_same_seed() -> None:
    features = measure(halves("blue", "green"))
    assert len({describe(features, Random(seed)) for seed in range(20)}) > 10
    assert describe(features, Random(3)) == describe(features, Random(3))


def test_claims_are_read_from_a_sentence() -> None:
    text = "A very dark, vivid picture in blue and black. The top is blue, brightest in the lower left. Mood: calm."
    assert {(c.kind, c.about, c.word) for c in claims(text)} == {
        ("light", "", "very dark"),
        ("saturation", "", "vivid"),
        ("palette", "", "blue"),
        ("palette", "", "black"),
        ("region", "top", "blue"),
        ("light cell", "", "lower left"),
        ("mood", "", "calm"),
    }


@pytest.mark.parametrize(
    "false",
    [
        Claim("palette", "", "red"),
        Claim("region", "top", "green"),
        Claim("light", "", "very dark"),
        Claim("horizon", "", "low"),
        Claim("lines", "", "vertical"),
        Claim("mood", "", "stormy"),
    ],
)
def test_false_claims_are_judged_false(false: Claim) -> None:
    assert not is_true(false, measure(halves("white", "green", 0.3)))
