"""Sinks: cells that every token looks at, found and damped; whatever else is looked at stays as it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hartmann.vision.attention_sinks import damped, sinks_of
from hartmann.vision.language_model import AttentionRecord, ImageGrid

SINK = 5


def record(tokens: int = 30, sink: float = 20.0, seed: int = 1) -> AttentionRecord:
    """A 4 × 6 picture. Token t looks at cell t mod 24 three times as much as at others, and all look at the sink."""
    random = np.random.default_rng(seed)
    weights = random.lognormal(-5, 0.2, (tokens, 24)).astype(np.float32)
    weights[np.arange(tokens), np.arange(tokens) % 24] *= 3
    weights[:, SINK] *= sink
    return AttentionRecord(weights, tuple((t, t + 1) for t in range(tokens)), ImageGrid(4, 6))


def test_the_cell_that_every_token_looks_at_is_the_sink() -> None:
    assert np.flatnonzero(sinks_of(record().weights)).tolist() == [SINK]


def test_without_a_sink_none_is_found_and_nothing_changes() -> None:
    plain = record(sink=1.0)
    assert not sinks_of(plain.weights).any()
    assert damped(plain) is plain


def test_a_damped_sink_has_the_median_cells_attention() -> None:
    means = damped(record()).weights.mean(axis=0)
    assert means[SINK] == pytest.approx(np.median(record().weights.mean(axis=0)), rel=1e-5)


def test_other_cells_keep_theirs() -> None:
    others = np.arange(24) != SINK
    np.testing.assert_array_equal(damped(record()).weights[:, others], record().weights[:, others])


def test_a_token_that_looks_at_the_sinks_cell_more_than_others_do_still_shows_it() -> None:
    rows = damped(record()).weights
    assert int(rows[SINK].argmax()) == SINK
    looking = np.arange(30) % 24 == SINK
    assert rows[looking, SINK].min() > rows[~looking, SINK].max()


def test_the_map_of_a_bar_without_the_sink_is_the_map_of_a_model_that_has_none() -> None:
    seen, true = damped(record()).weights[7], record(sink=1.0).weights[7]
    assert np.corrcoef(seen, true)[0, 1] > 0.99
    assert np.corrcoef(record().weights[7], true)[0, 1] < 0.5


def test_one_cell_brighter_than_equal_others_is_a_sink_only_from_twice_as_much_on() -> None:
    weights = np.full((3, 9), 0.01, np.float32)
    weights[:, 4] = 0.019
    assert not sinks_of(weights).any()
    weights[:, 4] = 0.021
    assert np.flatnonzero(sinks_of(weights)).tolist() == [4]


@pytest.mark.parametrize("weights", [np.zeros((0, 6), np.float32), np.zeros((4, 6), np.float32)])
def test_where_nothing_is_looked_at_there_are_no_sinks(weights: np.ndarray) -> None:
    assert not sinks_of(weights).any()


@given(st.floats(1e-6, 1e6), st.integers(0, 1000))
def test_sinks_do_not_depend_on_how_much_attention_the_picture_gets(scale: float, seed: int) -> None:
    weights = record(seed=seed).weights.astype(np.float64)
    np.testing.assert_array_equal(sinks_of(weights), sinks_of(weights * scale))
