"""Heat over a picture: the colours mean what the legend says, and the sheet holds every panel."""

import io

import numpy as np
import pytest
from PIL import Image

from hartmann.vision.heatmap import LABEL_LINES, LINE_HEIGHT, colours, overlay, panels


def lightness(rgb: np.ndarray) -> np.ndarray:
    """CIE L* of sRGB colours, by the standard's formula (an oracle apart from OKLab)."""
    linear = np.where(rgb / 255 <= 0.04045, rgb / 255 / 12.92, ((rgb / 255 + 0.055) / 1.055) ** 2.4)
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722])
    return 116 * np.cbrt(luminance) - 16


def test_colours_rise_evenly_in_lightness() -> None:
    steps = np.diff(lightness(colours(np.linspace(0, 1, 11))))
    assert (steps > 0).all()
    assert steps.max() < 2.5 * steps.min()


def test_heat_outside_the_scale_is_held_to_its_ends() -> None:
    assert (colours(np.array([-1.0, 2.0])) == colours(np.array([0.0, 1.0]))).all()


def test_the_hottest_cell_is_the_lightest_place() -> None:
    heat = np.zeros((4, 4))
    heat[3, 0] = 7.0
    image = np.asarray(overlay(Image.new("RGB", (80, 80), "grey"), heat)).astype(float)
    brightest = np.unravel_index(lightness(image).argmax(), (80, 80))
    assert brightest[0] >= 60
    assert brightest[1] < 20


def test_even_heat_is_one_colour() -> None:
    image = np.asarray(overlay(Image.new("RGB", (20, 20), "grey"), np.full((3, 5), 0.2)))
    assert (image == image[0, 0]).all()


@pytest.mark.parametrize("heat", [np.zeros((0, 0)), np.zeros(4), np.full((2, 2), np.nan)])
def test_what_is_no_plane_of_heat_is_refused(heat: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected a finite plane of heat"):
        overlay(Image.new("RGB", (8, 8)), heat)


@pytest.mark.parametrize("count", [0, 1, 3, 8])
def test_a_sheet_grows_by_a_panel_for_each_part(count: int) -> None:
    parts = [(f"part {number}", np.eye(4)) for number in range(count)]
    sheet = Image.open(io.BytesIO(panels(Image.new("RGB", (300, 200), "navy"), parts, "Title")))
    assert sheet.format == "PNG"
    coloured = (np.asarray(sheet.convert("RGB")) != 255).any(axis=-1).mean()
    assert coloured > 0.3


@pytest.mark.parametrize("size", [(1, 1), (3000, 2), (2, 3000)])
def test_pictures_of_any_shape_make_a_sheet(size: tuple[int, int]) -> None:
    data = panels(Image.new("RGB", size, "red"), [("with — signs ♯ the font lacks 漢", np.eye(2))])
    assert data.startswith(b"\x89PNG")


def test_the_same_input_gives_the_same_bytes() -> None:
    picture = Image.new("RGB", (60, 40), "olive")
    assert panels(picture, [("a", np.eye(3))]) == panels(picture, [("a", np.eye(3))])


def test_a_sentence_below_a_panel_takes_lines_of_its_own_and_no_more_than_three() -> None:
    picture = Image.new("RGB", (300, 200), "navy")

    def height(label: str) -> int:
        return Image.open(io.BytesIO(panels(picture, [(label, np.eye(4))]))).height

    word, sentence = height("A"), height("A low sun over dark water, with a boat that nobody rows, far out.")
    assert sentence == word + LINE_HEIGHT
    assert height("Water. " * 200) == word + (LABEL_LINES - 1) * LINE_HEIGHT
