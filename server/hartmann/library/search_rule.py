"""Rules: how what is near the picture and what is near the text become one list.

All compare vectors of length 1 by their inner product, the cosine (Eq. 1 of the paper).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

RECIPROCAL_RANK_CONSTANT: Final = 60
"""k of G. V. Cormack, C. L. A. Clarke and S. Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual
rank learning methods", SIGIR 2009: a piece's score is the sum of 1 / (60 + its rank) over both searches."""


class SearchRule(StrEnum):
    """What to do where both a picture and a text are given; with one of them all rules are the same.

    - `united`, the paper's: the k nearest to each, united, ranked by the mean of both similarities; k to 2 k pieces.
    - `weighted_mean`: one search by the weighted mean of both vectors. The inner product is linear, so that finds
      the k greatest weighted means of both similarities among all pieces.
    - `reciprocal_rank`: both searches, fused by rank; k pieces.
    """

    UNITED = "united"
    WEIGHTED_MEAN = "weighted_mean"
    RECIPROCAL_RANK = "reciprocal_rank"
