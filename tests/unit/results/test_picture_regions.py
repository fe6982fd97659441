"""Heat over a picture said in words."""

from __future__ import annotations

import numpy as np
import pytest
from composed_events import tensor
from hypothesis import given, settings
from hypothesis import strategies as st

from hartmann.results.picture_regions import region_name, to_array


@pytest.mark.parametrize(
    ("row", "column", "name"),
    [
        (0, 0, "the upper left"),
        (0, 9, "the upper right"),
        (5, 5, "the middle"),
        (9, 5, "the bottom"),
        (5, 0, "the left"),
    ],
)
def test_region_with_the_heat_is_named(row: int, column: int, name: str) -> None:
    heat = np.zeros((10, 10), np.float32)
    heat[row, column] = 1
    assert region_name(heat) == name


def test_even_heat_names_no_region() -> None:
    assert region_name(np.full((4, 6), 0.04, np.float32)) == "the whole picture"


def test_no_heat_names_no_region() -> None:
    assert region_name(np.zeros((0, 0), np.float32)) == "the whole picture"


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 40))
def test_every_grid_has_a_region_for_its_upper_left_cell(rows: int, columns: int) -> None:
    heat = np.zeros((rows, columns), np.float32)
    heat[0, 0] = 1
    if rows * columns > 1:
        assert region_name(heat) in ("the upper left", "the top", "the left")


def test_tensor_is_read_row_by_row() -> None:
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert np.array_equal(to_array(tensor(values)), values)


def test_tensor_whose_bytes_do_not_fit_its_shape_is_refused() -> None:
    broken = tensor(np.zeros((2, 3), np.float32))
    broken.shape[0] = 5
    with pytest.raises(ValueError, match="reshape"):
        to_array(broken)
