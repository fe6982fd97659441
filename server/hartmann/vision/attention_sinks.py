"""Attention sinks: places that are looked at much, whatever is said, and that show nothing.

Softmax has to put its weight somewhere, and trained transformers park what they don't need on few tokens: on the first
of a text (Xiao et al. 2024, "Efficient streaming language models with attention sinks"), on patches of a plain
background (Darcet et al. 2024, "Vision transformers need registers"), and on image tokens that have nothing to do
with the text (Kang et al. 2025, "See what you are told: visual attention sink in large multimodal models"). The
paper's plain mean shows them as bright spots that are the same for every bar.

What is done about them here needs the record alone. A sink is a cell of the picture whose mean attention over all
tokens of the text is an outlier upwards: its logarithm has a modified z-score, 0.6745 (x - median) / MAD, above 3.5
(Iglewicz & Hoaglin 1993), and it has more than twice the median's attention. A sink's attention is divided by so much
that its mean becomes the median cell's. What is left is how it varies from token to token, and the surplus goes, by
the scaling of every map to 1, to all cells in proportion, as Kang et al. give it back. Other cells keep theirs.

It is an option and not the default: a thing that the whole text is about can be an outlier too.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hartmann.vision.language_model import AttentionRecord

OUTLIER_SCORE = 3.5
LEAST_SURPLUS = 2.0
"""Times the median. Where most cells are looked at alike, the MAD is near 0 and everything else an outlier."""


def damped(record: AttentionRecord) -> AttentionRecord:
    """The record with its sinks looked at as much as the median cell is, over the whole text."""
    found = sinks_of(record.weights)
    if not found.any():
        return record
    mean = record.weights.mean(axis=0, dtype=np.float64)
    factors = np.ones_like(mean)
    factors[found] = np.median(mean[mean > 0]) / mean[found]
    return replace(record, weights=np.asarray(record.weights * factors, np.float32))


def sinks_of(weights: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which cells are sinks: shape (cells,), from rows of shape (tokens, cells). None where there is no row."""
    mean = weights.mean(axis=0, dtype=np.float64) if len(weights) else np.zeros(weights.shape[1])
    seen = mean > 0
    if not seen.any():
        return seen
    logarithms = np.log(mean, where=seen, out=np.full_like(mean, -np.inf))
    middle = np.median(logarithms[seen])
    spread = np.median(np.abs(logarithms[seen] - middle))
    above = logarithms - middle
    return np.asarray((0.6745 * above > OUTLIER_SCORE * spread) & (above > np.log(LEAST_SURPLUS)), np.bool_)
