"""Overlapping area, held against closed forms and SciPy's own kernel densities."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from hartmann.training.evaluation.overlapping_area import overlapping_area, relative_overlap, value_overlap


def normal(mean: float, count: int, seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(mean, 1.0, count)


def by_scipy(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """The definition, point by point, with SciPy's densities on a wide and fine grid."""
    from scipy.stats import gaussian_kde  # type: ignore[import-untyped]

    low, high = min(one.min(), other.min()) - 5, max(one.max(), other.max()) + 5
    grid = np.linspace(low, high, 4001)
    lower = np.minimum(gaussian_kde(one)(grid), gaussian_kde(other)(grid))
    return float(np.trapezoid(lower, grid))


@pytest.mark.parametrize("distance", [0.0, 0.5, 1.0, 2.0])
def test_two_normal_distributions_overlap_as_the_closed_form_says(distance: float) -> None:
    expected = math.erfc(distance / 2 / math.sqrt(2))
    found = overlapping_area(normal(0, 20_000, 1), normal(distance, 20_000, 2))
    assert found == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("distance", [0.0, 0.7, 3.0])
def test_densities_are_those_of_scipy(distance: float) -> None:
    one, other = normal(0, 60, 3), 1.5 * normal(distance, 80, 4)
    assert overlapping_area(one, other) == pytest.approx(by_scipy(one, other), abs=2e-3)


def test_distances_within_and_across_sets_are_those_of_the_definition() -> None:
    made, corpus = normal(0.5, 30, 5), normal(0, 40, 6)
    intra = np.array([abs(a - b) for i, a in enumerate(corpus) for b in corpus[:i]])
    inter = np.array([abs(a - b) for a in made for b in corpus])
    assert relative_overlap(made, corpus) == pytest.approx(by_scipy(intra, inter), abs=5e-3)


def test_a_set_overlaps_with_itself_wholly_and_with_a_far_one_not_at_all() -> None:
    sample = normal(0, 300, 7)
    assert value_overlap(sample, sample) == pytest.approx(1.0, abs=1e-6)
    assert relative_overlap(sample, sample) > 0.98
    assert value_overlap(sample, sample + 100) < 1e-9
    assert relative_overlap(sample + 100, sample) < 1e-3


def test_sets_without_spread_overlap_wholly_or_not_at_all() -> None:
    melodies = np.ones(50)
    assert relative_overlap(melodies, melodies) == 1.0
    assert value_overlap(melodies, melodies + 1) == 0.0


def test_a_few_outliers_beside_a_set_without_spread_change_little() -> None:
    melodies, with_chords = np.ones(200), np.array([1.0] * 196 + [1.5] * 4)
    assert value_overlap(with_chords, melodies) > 0.95


def test_too_few_pieces_are_refused() -> None:
    with pytest.raises(ValueError, match="expected 2 pieces of the corpus and 1 made, got 1 and 3"):
        relative_overlap(np.ones(3), np.ones(1))
