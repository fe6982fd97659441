"""The raw A of Eq. 2: every token's attention to every image token, for each layer and head, as one safetensors file.

The tensor is large (8 billion parameters, 800 image tokens: 1.8 MB a token), so a model hands it over in blocks of
tokens and the file grows block by block: never is more than one block in memory. The size is known before anything is
computed, and refused above a limit.

In the file: `attention`, shape (tokens, layers, heads, |I|), and `cells`, float32, shape (|I|, grid rows, grid
columns), the share of each image token that falls on each cell of the picture, so that Â of any tokens is

    np.tensordot(attention[tokens].astype(np.float32).mean(axis=(0, 1, 2)), cells, 1)

The metadata says what the numbers are of; its values are JSON. The format: https://github.com/huggingface/safetensors
(the length of the header in 8 bytes, the header as JSON, then the tensors row-major, little-endian).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from hartmann.errors import AttentionUnavailable, InvalidRequest
from hartmann.vision.attention_selection import EVERYTHING, AttentionSelection
from hartmann.vision.image_attention import LayerRows, Recorder, image_shares
from hartmann.vision.image_grid import TokenLayout

if TYPE_CHECKING:
    from torch import Tensor

FORMAT = "hartmann raw attention 1"
BLOCK_BYTES = 1 << 25
"""Of one block in float32: 32 MiB."""
MEBIBYTE = 1 << 20


class RawType(StrEnum):
    """How each number is stored. Half precision keeps three digits, and values below 6e-8 become 0."""

    FLOAT16 = "float16"
    FLOAT32 = "float32"

    @property
    def item_bytes(self) -> int:
        """Bytes a number."""
        return 2 if self is RawType.FLOAT16 else 4


@dataclass(frozen=True, slots=True)
class RawAttention:
    """Raw attention as it is being read.

    `spans` are the tokens' (start, end) characters in `text`; `layers` and `heads` the numbers of those that are told;
    `blocks` gives float32 arrays of shape (some tokens, layers, heads, |I|), once.
    """

    text: str
    spans: tuple[tuple[int, int], ...]
    layout: TokenLayout
    layers: tuple[int, ...]
    heads: tuple[int, ...]
    blocks: Iterator[NDArray[np.float32]]

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(tokens, layers, heads, |I|)."""
        return len(self.spans), len(self.layers), len(self.heads), len(self.layout.shares)

    def bytes_as(self, kind: RawType) -> int:
        """How large the tensor is."""
        tokens, layers, heads, cells = self.shape
        return tokens * layers * heads * cells * kind.item_bytes


class RawRecorder(Recorder):
    """Keeps what one pass saw, until it is taken."""

    def __init__(self, columns: Tensor, selection: AttentionSelection = EVERYTHING) -> None:
        super().__init__(columns, selection)
        self._layers: list[Tensor] = []

    def take(self, layer: int, rows: LayerRows) -> None:
        """Every head of the layer."""
        self.take_shares(layer, image_shares(rows, self._columns))

    def take_shares(self, layer: int, shares: Tensor) -> None:
        """Every head that counts."""
        del layer
        heads = self._selection.heads
        self._layers.append((shares if heads is None else shares[list(heads)]).cpu())

    def block(self) -> NDArray[np.float32] | None:
        """The pass's rows, shape (tokens, layers, heads, |I|); None when there was no pass since the last block."""
        import torch

        if not self._layers:
            return None
        block = torch.stack(self._layers).permute(2, 0, 1, 3).numpy()
        self._layers = []
        return np.asarray(block, np.float32)


Replay = Callable[[Recorder, int], Iterator[float]]
"""Reads a finished text under a recorder, at most so many tokens a pass; yields something for every token."""


def read_raw(
    text: str,
    spans: tuple[tuple[int, int], ...],
    layout: TokenLayout,
    columns: Tensor,
    chosen: tuple[tuple[int, ...], tuple[int, ...]],
    replay: Replay,
) -> RawAttention:
    """Raw attention of a text, nothing of it read yet. `chosen`: numbers of the layers and of the heads."""
    layers, heads = chosen
    rows = max(1, BLOCK_BYTES // (4 * max(1, len(layers)) * len(heads) * len(columns)))
    recorder = RawRecorder(columns, AttentionSelection(layers, heads))

    def blocks() -> Iterator[NDArray[np.float32]]:
        for _ in replay(recorder, rows):
            if (block := recorder.block()) is not None:
                yield block

    return RawAttention(text, spans, layout, layers, heads, blocks())


def write_raw(raw: RawAttention, path: Path, about: Mapping[str, object], kind: RawType, limit: int) -> None:
    """Write a new file, block by block. `about` goes into the metadata as JSON; `limit` in bytes.

    Raises InvalidRequest, before anything is computed or written, where the tensor is larger than the limit,
    AttentionUnavailable where layers pass the text over, FileExistsError and other OSErrors for the path.
    """
    size = raw.bytes_as(kind)
    if size > limit:
        raise InvalidRequest(
            f"the raw attention takes {size / MEBIBYTE:,.0f} MiB ({_product(raw)} {kind.item_bytes} bytes each), "
            f"and {limit / MEBIBYTE:,.0f} MiB are allowed; choose fewer layers or heads, or allow more"
        )
    with path.open("xb") as file:
        try:
            _write(raw, file, about, kind)
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def _write(raw: RawAttention, file: BinaryIO, about: Mapping[str, object], kind: RawType) -> None:
    grid = raw.layout.grid
    cells = np.ascontiguousarray(raw.layout.shares, "<f4")
    file.write(_header(raw, {**_described(raw), **about}, kind, cells.nbytes))
    file.write(cells.reshape(-1, grid.rows, grid.columns).tobytes())
    written = 0
    for block in raw.blocks:
        if block.shape[1:] != raw.shape[1:]:
            raise AttentionUnavailable(
                f"{len(raw.layers)} layers were chosen, and {block.shape[1]} of them read the whole text; "
                "choose others"
            )
        file.write(np.ascontiguousarray(block, f"<f{kind.item_bytes}").tobytes())
        written += len(block)
    if written != len(raw.spans):
        raise AttentionUnavailable("the model's layers passed over the attention that should be recorded")


def _header(raw: RawAttention, about: Mapping[str, object], kind: RawType, cells: int) -> bytes:
    grid = raw.layout.grid
    header = {
        "__metadata__": {name: json.dumps(value, ensure_ascii=False) for name, value in about.items()},
        "cells": {
            "dtype": "F32",
            "shape": [raw.shape[3], grid.rows, grid.columns],
            "data_offsets": [0, cells],
        },
        "attention": {
            "dtype": f"F{8 * kind.item_bytes}",
            "shape": list(raw.shape),
            "data_offsets": [cells, cells + raw.bytes_as(kind)],
        },
    }
    body = json.dumps(header, ensure_ascii=False).encode()
    body += b" " * (-len(body) % 8)
    return len(body).to_bytes(8, "little") + body


def _described(raw: RawAttention) -> dict[str, object]:
    return {
        "format": FORMAT,
        "axes": ["tokens", "layers", "heads", "image tokens"],
        "grid": {"rows": raw.layout.grid.rows, "columns": raw.layout.grid.columns},
        "layers": raw.layers,
        "heads": raw.heads,
        "text": raw.text,
        "tokens": raw.spans,
    }


def _product(raw: RawAttention) -> str:
    tokens, layers, heads, cells = raw.shape
    return f"{tokens} tokens × {layers} layers × {heads} heads × {cells} image tokens:"
