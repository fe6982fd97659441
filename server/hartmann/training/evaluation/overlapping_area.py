"""Overlapping area: how alike two collections of pieces are, after Yang and Lerch.

L.-C. Yang and A. Lerch, "On the evaluation of generative models in music", Neural Computing and Applications 32 (2020),
section on relative measurements: for every metric the distances between all pairs of pieces inside the one set
(intra-set) and between all pairs across the two sets (inter-set) are made into densities by kernels (Gaussian, Scott's
rule), and the overlapping area of the two densities, 0…1, says how alike the sets are: where pieces of the one lie
among the pieces of the other as these lie among themselves, it is near 1. A distance of two numbers is their absolute
difference. The intra-set distances are those of the corpus, the target.

Where we depart from their toolbox (`mgeval`): it integrates between the smallest and the largest distance, which cuts
off the kernels' tails and keeps equal sets below 1; we integrate over the whole line. A set without any spread (every
melody has polyphony 1) has no density; its kernel is then as wide as the other set's, and two such sets overlap
wholly or not at all. Densities are worked out on a grid an eighth of the narrower kernel wide, by FFT.

`value_overlap` is the plainer figure: the overlapping area of the two densities of the metric's own values.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
STEPS_A_KERNEL: Final = 8
MOST_STEPS: Final = 1 << 18
TAIL: Final = 6.0
"""Kernel widths that the grid goes on beyond the outermost values."""


def relative_overlap(made: Values, corpus: Values) -> float:
    """Overlapping area of the corpus' intra-set distances and the inter-set distances of one metric; shapes (n,), (m,).

    Raises ValueError for fewer than two pieces of the corpus or none made.
    """
    if len(corpus) < 2 or not len(made):
        raise ValueError(f"expected 2 pieces of the corpus and 1 made, got {len(corpus)} and {len(made)}")
    above = np.triu_indices(len(corpus), 1)
    intra = np.abs(corpus[:, None] - corpus[None, :])[above]
    inter = np.abs(made[:, None] - corpus[None, :]).ravel()
    return overlapping_area(intra, inter)


def value_overlap(made: Values, corpus: Values) -> float:
    """Overlapping area of the densities of the values themselves; shapes (n,), (m,)."""
    return overlapping_area(made, corpus)


def overlapping_area(one: Values, other: Values) -> float:
    """Area under the lower of the Gaussian kernel densities of two samples, 0…1; shapes (n,), (m,), neither empty."""
    widths = [width for width in (_scott(one), _scott(other)) if width]
    if not widths:
        return float(one[0] == other[0])
    narrow, wide = min(widths), max(widths)
    low, high = min(one.min(), other.min()) - TAIL * wide, max(one.max(), other.max()) + TAIL * wide
    steps = int(min(MOST_STEPS, np.ceil((high - low) / narrow * STEPS_A_KERNEL)))
    step = (high - low) / steps
    densities = [_density(sample, _scott(sample) or wide, low, step, steps) for sample in (one, other)]
    return float(np.minimum(*densities).sum() * step)


def _scott(sample: Values) -> float:
    """The kernel's width: deviation · n^(-1/5) (Scott 1992); 0 without spread."""
    spread = float(np.std(sample, ddof=1)) if len(sample) > 1 else 0.0
    return 0.0 if spread < 1e-12 else spread * len(sample) ** -0.2


def _density(sample: Values, width: float, low: float, step: float, steps: int) -> Values:
    """The density at the grid's points: the sample shared out linearly among them, and convolved with the kernel."""
    place = (sample - low) / step
    left = np.floor(place).astype(np.int64)
    share = place - left
    counts = np.bincount(left, 1 - share, steps + 1) + np.bincount(left + 1, share, steps + 1)
    frequencies = np.fft.rfftfreq(steps + 1, step)
    kernel = np.exp(-2 * (np.pi * frequencies * width) ** 2)
    smooth = np.fft.irfft(np.fft.rfft(counts) * kernel, steps + 1)
    return np.asarray(smooth / (len(sample) * step), np.float64)
