"""Where image tokens lie: in squares, windows, tiles and lines."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hartmann.errors import AttentionUnavailable
from hartmann.vision.image_grid import Lines, TokenLayout, layout_of
from hartmann.vision.language_model import ImageGrid
from hartmann.vision.picture_cutting import nearest_cut


def spread(layout: TokenLayout) -> np.ndarray:
    """Each token's share of each cell, shape (tokens, rows, columns)."""
    return layout.shares.reshape(-1, layout.grid.rows, layout.grid.columns)


def test_merged_patches_and_squares_are_their_own_cells() -> None:
    weights = np.random.default_rng(1).random((3, 15), np.float32)
    merged = layout_of(15, {"image_grid_thw": np.array([[1, 6, 10]])}, 2)
    assert merged.grid == ImageGrid(3, 5)
    assert merged.on_cells(weights) is weights
    assert layout_of(576, {"blocks": 1}, 1).grid == ImageGrid(24, 24)


def test_a_cropped_window_leaves_the_rest_without_weight() -> None:
    layout = layout_of(16, {"window": (0.0, 0.25, 1.0, 0.75)}, 1)
    assert layout.grid == ImageGrid(4, 8)
    on_cells = layout.on_cells(np.ones((1, 16), np.float32)).reshape(4, 8)
    np.testing.assert_allclose(on_cells, np.tile([0, 0, 1, 1, 1, 1, 0, 0], (4, 1)), atol=1e-6)


def test_an_overview_and_lines_cover_the_picture_and_line_ends_nothing() -> None:
    layout = layout_of(4 + 3 * 5, {"lines": Lines(side=2, rows=3, columns=4)}, 1)
    shares = spread(layout)
    assert layout.grid == ImageGrid(3, 4)
    assert shares[4, 0, 0] == pytest.approx(1)
    assert shares[4 + 5 + 2, 1, 2] == pytest.approx(1)
    assert not shares[[8, 13, 18]].any()
    np.testing.assert_allclose(
        shares[1], [[0, 0, 1 / 3, 1 / 3], [0, 0, 1 / 6, 1 / 6], [0, 0, 0, 0]], atol=1e-6
    )


def test_weight_on_padding_falls_nowhere() -> None:
    layout = layout_of(1 + 2 * 2, {"lines": Lines(1, 2, 1, window=(-0.5, 0.0, 1.5, 1.0))}, 1)
    np.testing.assert_allclose(spread(layout)[1][:, 0], [0.5, 0], atol=1e-6)


@given(
    rows=st.integers(1, 4),
    columns=st.integers(1, 4),
    side=st.integers(1, 5),
    seed=st.integers(0, 99),
)
def test_cells_have_all_the_weight_of_tiles_and_overview(
    rows: int, columns: int, side: int, seed: int
) -> None:
    tokens = side**2 * (rows * columns + 1)
    layout = layout_of(tokens, {"rows": rows, "cols": columns, "blocks": rows * columns + 1}, 1)
    weights = np.random.default_rng(seed).random((2, tokens), np.float32)
    on_cells = layout.on_cells(weights)
    np.testing.assert_allclose(on_cells.sum(axis=1), weights.sum(axis=1), rtol=1e-5)
    np.testing.assert_allclose(on_cells, weights @ layout.shares, rtol=1e-4)


@pytest.mark.parametrize(
    ("tiles", "size", "cut"),
    [
        (6, (168, 280), (2, 3)),
        (6, (280, 168), (3, 2)),
        (2, (100, 210), (1, 2)),
        (12, (300, 400), (3, 4)),
        (5, (10, 60), (1, 5)),
    ],
)
def test_tiles_without_names_are_cut_as_the_picture_is_shaped(
    tiles: int, size: tuple[int, int], cut: tuple[int, int]
) -> None:
    assert nearest_cut(tiles, size) == cut


@pytest.mark.parametrize(
    ("tokens", "inputs"),
    [(0, {}), (7, {}), (1024, {"blocks": 4}), (15, {"image_grid_thw": np.array([[1, 6, 12]])})],
)
def test_tokens_that_form_no_known_grid_are_refused(tokens: int, inputs: dict[str, object]) -> None:
    with pytest.raises(AttentionUnavailable, match=f"{tokens} image tokens form no grid"):
        layout_of(tokens, inputs, 2)
