"""Rows that wait and are computed together are the rows of a plain softmax, call by call and layer by layer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hartmann.vision import image_attention
from hartmann.vision.attention_selection import AttentionSelection
from hartmann.vision.image_attention import AttentionRecorder, LayerRows

SIZE, BEFORE = 4, 5
COLUMNS = torch.tensor([1, 2, 4])


class Layer:
    """Random queries and keys of a whole sequence, told to a recorder call by call; None sees all keys before it."""

    def __init__(self, seed: int, rows: int, key_heads: int, group: int, window: int | None) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.query = torch.randn(1, key_heads * group, rows, SIZE, generator=generator)
        self.key = torch.randn(1, key_heads, BEFORE + rows, SIZE, generator=generator)
        self.window = window

    def sees(self, row: int, key: int) -> bool:
        place = BEFORE + row
        return key <= place and (self.window is None or key > place - self.window)

    def call(self, first: int, last: int) -> LayerRows:
        keys = BEFORE + last
        mask = None
        if self.window is not None or last - first > 1:
            seen = [[self.sees(row, key) for key in range(keys)] for row in range(first, last)]
            mask = torch.tensor(seen)[None, None]
        return LayerRows(self.query[:, :, first:last], self.key[:, :, :keys], mask, 0.7)

    def expected(self, head: int, row: int) -> np.ndarray:
        """A softmax as the textbooks write it, in double precision."""
        group = self.query.shape[1] // self.key.shape[1]
        query, key = self.query[0, head, row].double(), self.key[0, head // group].double()
        scores = {k: float(query @ key[k]) * 0.7 for k in range(len(key)) if self.sees(row, k)}
        total = sum(np.exp(score) for score in scores.values())
        return np.array([np.exp(scores[k]) / total if k in scores else 0.0 for k in COLUMNS.tolist()])


def told(recorder: AttentionRecorder, layers: Sequence[Layer], calls: Sequence[int]) -> np.ndarray:
    first = 0
    for rows in calls:
        with recorder.forward(BEFORE + first + rows):
            for number, layer in enumerate(layers):
                recorder.see(number, layer.call(first, first + rows))
        first += rows
    return recorder.weights()


@settings(max_examples=25, deadline=None)
@given(
    calls=st.lists(st.sampled_from([1, 1, 1, 2, 7, 40]), min_size=1, max_size=12),
    key_heads=st.integers(1, 2),
    group=st.integers(1, 3),
    windows=st.lists(st.sampled_from([None, None, 3, 9]), min_size=1, max_size=3),
    seed=st.integers(0, 99),
)
def test_rows_are_those_of_a_softmax_however_they_come(
    calls: list[int], key_heads: int, group: int, windows: list[int | None], seed: int
) -> None:
    layers = [Layer(seed + n, sum(calls), key_heads, group, window) for n, window in enumerate(windows)]
    expected = [
        np.mean([layer.expected(head, row) for layer in layers for head in range(key_heads * group)], axis=0)
        for row in range(sum(calls))
    ]
    np.testing.assert_allclose(
        told(AttentionRecorder(COLUMNS), layers, calls), expected, rtol=1e-4, atol=1e-7
    )


def test_only_the_layers_and_heads_that_count_are_averaged() -> None:
    layers = [Layer(n, 50, 2, 2, None) for n in range(4)]
    chosen = AttentionRecorder(COLUMNS, AttentionSelection(layers=(1, 3), heads=(0, 2)))
    expected = [
        np.mean([layers[layer].expected(head, row) for layer in (1, 3) for head in (0, 2)], axis=0)
        for row in range(50)
    ]
    np.testing.assert_allclose(told(chosen, layers, [1] * 50), expected, rtol=1e-4)


def test_large_products_are_computed_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    layers = [Layer(n, 40, 1, 2, window) for n, window in enumerate((None, 6))]
    whole = told(AttentionRecorder(COLUMNS), layers, [40])
    monkeypatch.setattr(image_attention, "BLOCK", 100)
    np.testing.assert_allclose(told(AttentionRecorder(COLUMNS), layers, [40]), whole, rtol=1e-5)


def test_layers_that_read_something_else_are_passed_over() -> None:
    tower, text = Layer(1, 3, 1, 1, None), Layer(2, 3, 1, 1, None)
    recorder = AttentionRecorder(COLUMNS)
    with recorder.forward(BEFORE + 3):
        recorder.see(None, tower.call(0, 2))
        recorder.see(None, text.call(0, 3))
    np.testing.assert_allclose(recorder.weights()[2], text.expected(0, 2), rtol=1e-4)


def test_weights_may_be_asked_for_between_two_calls() -> None:
    layer = Layer(5, 9, 1, 1, None)
    recorder = AttentionRecorder(COLUMNS)
    half = told(recorder, [layer], [1] * 4)
    for row in range(4, 9):
        with recorder.forward(BEFORE + row + 1):
            recorder.see(0, layer.call(row, row + 1))
    assert half.shape == (4, 3)
    np.testing.assert_allclose(recorder.weights()[8], layer.expected(0, 8), rtol=1e-4)
    np.testing.assert_array_equal(recorder.weights()[:4], half)
