"""Distance to real music: the eight metrics of the paper (`notation.metrics`) over tunes of the mini and of the corpus.

Each set is compared with the held-out tunes by the overlapping area of its metrics (`overlapping_area`). Beside the
mini under the grammars stand the corpus itself (other tunes of it: as near as one can come), the mini writing freely,
and a bigram model. Metrics that are undefined for a piece are left out for that piece.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, fields

import numpy as np
from numpy.typing import NDArray

from hartmann.notation.checking import check
from hartmann.notation.metrics import Metrics, measure
from hartmann.training.evaluation.overlapping_area import relative_overlap, value_overlap

METRICS = tuple(field.name for field in fields(Metrics))


def measured(tunes: Iterable[str]) -> NDArray[np.float64]:
    """The eight metrics of each tune that holds music; shape (tunes, 8), NaN where undefined."""
    scores = (check(tune).score for tune in tunes)
    rows = [astuple(measure(score)) for score in scores if score is not None]
    return np.array([[np.nan if v is None else v for v in row] for row in rows], np.float64).reshape(-1, 8)


def overlaps(made: NDArray[np.float64], corpus: NDArray[np.float64]) -> dict[str, float]:
    """Overlapping areas of one set with the corpus: `mean` over the eight metrics, `mean of values` of the plainer
    figure, and each metric's own."""
    by_metric, values = {}, []
    for column, name in enumerate(METRICS):
        one, other = (_defined(rows[:, column]) for rows in (made, corpus))
        by_metric[name] = round(relative_overlap(one, other), 3)
        values.append(value_overlap(one, other))
    mean, plain = float(np.mean(list(by_metric.values()))), float(np.mean(values))
    return {"mean": round(mean, 3), "mean of values": round(plain, 3), "tunes": len(made)} | by_metric


def distance_figures(sets: Mapping[str, Sequence[str]], corpus: Sequence[str]) -> dict[str, dict[str, float]]:
    """Every set of tunes against the corpus' tunes; sets with fewer than two tunes that hold music are left out."""
    target = measured(corpus)
    found = {name: measured(tunes) for name, tunes in sets.items()}
    return {name: overlaps(rows, target) for name, rows in found.items() if len(rows) > 1}


def _defined(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[~np.isnan(values)]
