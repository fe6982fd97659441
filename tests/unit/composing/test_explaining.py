"""Attention as maps, and whether they mean something."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from composing_doubles import ScriptedModel, picture

from hartmann.composing.explaining import heat_of, tokens_between
from hartmann.composing.faithfulness import Falls, hide, measure_faithfulness, measure_falls
from hartmann.vision.language_model import AttentionRecord, ImageGrid, Message, Role

DESCRIBED = (Message(Role.USER, "?", picture=True), Message(Role.ASSISTANT, "blue"))


def test_heat_is_equation_2_over_the_tokens_of_a_span() -> None:
    weights = np.array([[0.1, 0.3], [0.2, 0.2], [0.9, 0.0]], np.float32)
    record = AttentionRecord(weights, ((0, 1), (1, 2), (2, 3)), ImageGrid(1, 2))
    np.testing.assert_allclose(heat_of(record, 0, 2), [[0.375, 0.625]], atol=1e-6)


def test_a_span_without_tokens_has_no_preference() -> None:
    record = AttentionRecord(np.ones((1, 4), np.float32), ((0, 1),), ImageGrid(2, 2))
    np.testing.assert_allclose(heat_of(record, 0, 0), np.full((2, 2), 0.25))


@pytest.mark.parametrize(
    ("start", "end", "tokens"), [(0, 3, (0, 1)), (2, 4, (0, 2)), (3, 9, (1, 3)), (20, 30, (0, 0))]
)
def test_tokens_that_touch_the_characters_are_counted(start: int, end: int, tokens: tuple[int, int]) -> None:
    assert tokens_between([(0, 3), (3, 6), (6, 9)], start, end) == tokens


def test_hiding_a_cell_paints_that_cell_alone() -> None:
    image = picture().image
    hidden = np.asarray(hide(image, (2, 3), np.array([0])))
    original = np.asarray(image)
    assert (hidden[:30, :30] != original[:30, :30]).any()
    np.testing.assert_array_equal(hidden[30:], original[30:])
    np.testing.assert_array_equal(hidden[:, 30:], original[:, 30:])


def test_a_map_of_what_matters_is_more_faithful_than_chance() -> None:
    heat = np.array([[1, 0, 0], [0, 0, 0]], np.float32)
    ratios = [
        asyncio.run(measure_faithfulness(ScriptedModel({}), DESCRIBED, picture().image, heat, seed))
        for seed in range(5)
    ]
    measured = [ratio for ratio in ratios if ratio is not None]
    assert measured
    assert min(measured) > 1


def test_a_map_of_what_does_not_matter_explains_nothing() -> None:
    heat = np.array([[0, 0, 0], [0, 0, 1]], np.float32)
    ratios = [
        asyncio.run(measure_faithfulness(ScriptedModel({}), DESCRIBED, picture().image, heat, seed))
        for seed in range(5)
    ]
    assert {ratio for ratio in ratios if ratio is not None} <= {0.0}


def test_both_falls_are_told_so_that_a_benchmark_can_gather_them() -> None:
    heat = np.array([[1, 0, 0], [0, 0, 0]], np.float32)
    falls = asyncio.run(measure_falls(ScriptedModel({}), DESCRIBED, picture().image, heat, 1, draws=60))
    assert falls is not None
    assert falls.random == pytest.approx(falls.attended / 6, rel=0.5)


def test_without_a_fall_to_compare_with_there_is_no_ratio() -> None:
    assert Falls(3.0, 0.1).ratio is None
    assert Falls(3.0, 1.5).ratio == 2.0
