"""Heat over a picture, said in words: `upper left`, `the middle`.

A heat is a tensor of shape (grid rows, grid columns); the picture is divided into nine equal regions and the
one with the largest mean heat is named.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hartmann.v1.tensor_pb2 import (
    TENSOR_DATATYPE_FP16,
    TENSOR_DATATYPE_FP32,
    TENSOR_DATATYPE_FP64,
    Tensor,
)

_DTYPES = {TENSOR_DATATYPE_FP16: "<f2", TENSOR_DATATYPE_FP32: "<f4", TENSOR_DATATYPE_FP64: "<f8"}

_NAMES = (
    ("the upper left", "the top", "the upper right"),
    ("the left", "the middle", "the right"),
    ("the lower left", "the bottom", "the lower right"),
)


def to_array(tensor: Tensor) -> NDArray[np.float32]:
    """The tensor's numbers as float32 in its shape. Raises ValueError when bytes and shape do not agree."""
    numbers = np.frombuffer(tensor.contents, _DTYPES[tensor.datatype])
    return numbers.reshape(tuple(tensor.shape)).astype(np.float32)


def region_name(heat: NDArray[np.float32]) -> str:
    """The region looked at most; `the whole picture` when all of it was looked at alike."""
    if heat.size == 0 or float(heat.max() - heat.min()) <= 1e-6 * float(abs(heat).max()):
        return "the whole picture"
    rows, columns = (_weights(length) for length in heat.shape)
    means = rows @ heat @ columns.T
    row, column = np.unravel_index(int(np.argmax(means)), means.shape)
    return _NAMES[int(row)][int(column)]


def _weights(cells: int) -> NDArray[np.float64]:
    """How much of each of `cells` equal cells lies in each third: shape (3, cells), rows summing to 1."""
    edges = np.arange(cells + 1, dtype=np.float64) * 3 / cells
    thirds = np.arange(3, dtype=np.float64)[:, None]
    shares = np.clip(np.minimum(edges[1:], thirds + 1) - np.maximum(edges[:-1], thirds), 0, None)
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), dtype=np.float64)
