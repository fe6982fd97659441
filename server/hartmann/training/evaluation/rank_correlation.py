"""Spearman's rank correlation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Spearman's, -1…1, rounded to thousandths; ties take the mean of their ranks. NaN where one side is all alike."""
    one, other = _ranks(np.asarray(first, np.float64)), _ranks(np.asarray(second, np.float64))
    if min(np.ptp(one), np.ptp(other)) == 0:
        return float("nan")
    return round(float(np.corrcoef(one, other)[0, 1]), 3)


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse], np.float64)
