"""Attention to the picture at no cost: only what Eq. 2 needs is computed, and nothing is kept but its sum.

`output_attentions=True` keeps every matrix of every layer and forces the slow attention. Here the model runs
with PyTorch's fused attention under a name of our own, and while a recorder is at work, the rows that
predict text are computed once more in float32: softmax(q·Kᵀ) with the image columns kept, averaged over heads,
added up over layers. The result is one row of |I| numbers for each predicted token: the inner mean of Eq. 2,
so that any Â is a sum over rows.

While a model writes token by token, a layer's queries wait until there are `WAITING_ROWS` of them: keys stay as they
were when they were read, so a row can be computed later with the keys up to its own place, and one large product is
much quicker than many small ones. Memory is bounded by `BLOCK` whatever the context's length.

The row of a token is the one that *predicted* it: the query at the token before. Layers whose keys are not the
whole sequence (the vision tower's) are passed over. Against `output_attentions=True` with eager attention the rows
agree within 1e-4 relative (tests), which is float32 rounding.

A model whose code has an attention of its own can't be overheard; where it shows its matrices (`output_attentions`),
those of each pass are read and dropped, which is slower and forces its slow attention.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hartmann.vision.attention_selection import EVERYTHING, AttentionSelection

if TYPE_CHECKING:
    from torch import Tensor

RECORDING_ATTENTION = "hartmann_recording"
"""The name under which transformers knows our attention."""
WAITING_ROWS = 32
"""Queries of a layer that wait to be computed together."""
BLOCK = 1 << 20
"""Scores that are computed at once, in floats: 4 MiB, and as much again for their softmax."""
HIDDEN = float("-inf")
"""What a mask adds to the score of a key that is not to be seen."""
_at_work = threading.local()


class LayerRows(NamedTuple):
    """What one layer computes from: query (1, heads, rows, size), key (1, key heads, keys, size), a mask that is
    broadcastable to (1, heads, rows, keys) or None, and the scaling of the scores (None: 1 / √size)."""

    query: Tensor
    key: Tensor
    mask: Tensor | None = None
    scaling: float | None = None


class Recorder(ABC):
    """Overhears the layers of a model. `columns`: positions of the image tokens, shape (|I|,)."""

    def __init__(self, columns: Tensor, selection: AttentionSelection = EVERYTHING) -> None:
        self._columns = columns
        self._selection = selection
        self._keys = 0
        self._layers_passed = 0

    @contextmanager
    def forward(self, keys: int) -> Iterator[None]:
        """Record one forward pass of the model whose sequence is `keys` tokens long, cache included."""
        self._keys, self._layers_passed = keys, 0
        _at_work.recorder = self
        try:
            yield
        finally:
            _at_work.recorder = None

    def see(self, layer: int | None, rows: LayerRows) -> None:
        """One layer of the pass; without a number it is the one after those that passed before it."""
        if rows.key.shape[2] != self._keys or rows.query.shape[0] != 1:
            return
        number = self._layers_passed if layer is None else layer
        self._layers_passed += 1
        if self._selection.has_layer(number):
            self.take(number, rows)

    def see_matrices(self, matrices: Sequence[Tensor]) -> None:
        """One pass of a model that shows its attention instead, layer by layer: each (1, heads, rows, keys)."""
        for layer, shares in enumerate(matrices):
            if self._selection.has_layer(layer):
                self.take_shares(layer, shares[0].float().index_select(2, self._columns.to(shares.device)))

    @abstractmethod
    def take(self, layer: int, rows: LayerRows) -> None:
        """Keep what is wanted of one layer that counts."""

    @abstractmethod
    def take_shares(self, layer: int, shares: Tensor) -> None:
        """The same where it was computed already: every head's attention to the image tokens, (heads, rows, |I|)."""


class AttentionRecorder(Recorder):
    """Adds up the rows of one generation or one replay: means over the heads and layers that count."""

    def __init__(self, columns: Tensor, selection: AttentionSelection = EVERYTHING) -> None:
        import torch

        super().__init__(columns, selection)
        self._waiting: dict[int, _Waiting] = {}
        self._done: dict[int, int] = {}
        self._sum = columns.new_zeros((WAITING_ROWS, len(columns)), dtype=torch.float32)

    def take(self, layer: int, rows: LayerRows) -> None:
        """Let the rows wait, or compute them with all that waited."""
        waiting = self._waiting.setdefault(layer, _Waiting())
        waiting.add(rows)
        if waiting.count >= WAITING_ROWS:
            self._add(layer)

    def take_shares(self, layer: int, shares: Tensor) -> None:
        """Add the mean over the heads that count."""
        heads = self._selection.heads
        self._add_rows(layer, (shares if heads is None else shares[list(heads)]).mean(dim=0))

    def weights(self) -> NDArray[np.float32]:
        """All rows so far, shape (tokens, |I|)."""
        for layer in tuple(self._waiting):
            self._add(layer)
        if not self._done:
            return np.zeros((0, len(self._columns)), np.float32)
        rows = self._sum[: max(self._done.values())] / len(self._done)
        return np.asarray(rows.cpu().numpy(), np.float32)

    def _add(self, layer: int) -> None:
        """Compute what waits of a layer, and add it to the sum."""
        import torch

        with torch.inference_mode():
            waited = self._waiting.pop(layer).together()
            self._add_rows(layer, image_rows(*waited, columns=self._columns, heads=self._selection.heads))

    def _add_rows(self, layer: int, rows: Tensor) -> None:
        """Add a layer's next rows to the sum at their places."""
        import torch

        with torch.inference_mode():
            first = self._done.get(layer, 0)
            last = first + len(rows)
            if last > len(self._sum):
                more = max(last - len(self._sum), len(self._sum))
                self._sum = torch.cat([self._sum, self._sum.new_zeros((more, len(self._columns)))])
            self._sum[first:last] += rows.to(self._sum.device)
        self._done[layer] = last


class _Waiting:
    """The queries of one layer, call after call of consecutive tokens, and the keys up to the last of them."""

    def __init__(self) -> None:
        self._calls: list[tuple[Tensor, Tensor | None, int]] = []

    @property
    def count(self) -> int:
        return sum(query.shape[2] for query, _, _ in self._calls)

    def add(self, rows: LayerRows) -> None:
        self._key, self._scaling = rows.key, rows.scaling
        self._calls.append((rows.query, rows.mask, rows.key.shape[2]))

    def together(self) -> LayerRows:
        """All of them as if they had been read in one call."""
        import torch

        query = torch.cat([query for query, _, _ in self._calls], dim=2)
        mask = None
        if any(mask is not None for _, mask, _ in self._calls):
            keys = self._key.shape[2]
            spread = [
                torch.nn.functional.pad(
                    _added(mask, query.shape[2], then, query), (0, keys - then), value=HIDDEN
                )
                for query, mask, then in self._calls
            ]
            mask = torch.cat(spread, dim=1)[None]
        return LayerRows(query, self._key, mask, self._scaling)


def image_rows(
    query: Tensor,
    key: Tensor,
    mask: Tensor | None,
    scaling: float | None,
    columns: Tensor,
    heads: Sequence[int] | None = None,
) -> Tensor:
    """Attention of every query row to the image columns, mean over heads; shape (rows, |I|), float32.

    Arguments as in `LayerRows`; without a mask the rows are those of the last keys. `heads`: which count, all if None.
    """
    import torch

    rows, keys = query.shape[2], key.shape[2]
    step = max(1, BLOCK // (query.shape[1] * keys))
    done = []
    for start in range(0, rows, step):
        end = min(start + step, rows)
        seen = keys - rows + end if mask is None else keys
        part = None if mask is None else mask[:, :, start:end]
        shares = image_shares(
            LayerRows(query[:, :, start:end], key[:, :, :seen], part, scaling), columns, heads
        )
        done.append(shares.mean(dim=0))
    return torch.cat(done)


def image_shares(rows: LayerRows, columns: Tensor, heads: Sequence[int] | None = None) -> Tensor:
    """Attention of every head and query row to the image columns; shape (heads, rows, |I|), float32."""
    import torch

    query, key = rows.query, rows.key
    count, size = query.shape[1], query.shape[3]
    packed = query[0].reshape(key.shape[1], -1, size)
    scores = torch.matmul(packed, key[0].transpose(1, 2)).float().reshape(count, query.shape[2], -1)
    scores *= rows.scaling if rows.scaling is not None else size**-0.5
    if rows.mask is not None or query.shape[2] > 1:
        scores += _added(rows.mask, query.shape[2], key.shape[2], scores)
    shares = torch.softmax(scores, dim=-1).index_select(2, columns.to(scores.device))
    return shares if heads is None else shares[list(heads)]


def _added(mask: Tensor | None, rows: int, keys: int, like: Tensor) -> Tensor:
    """What a mask adds to scores, shape (1 or heads, rows, keys), float32. Without one, row i of n sees all keys but
    the n - 1 - i last ones."""
    import torch

    if mask is None:
        ahead = torch.full((rows, keys), HIDDEN, dtype=torch.float32, device=like.device)
        return ahead.triu(keys - rows + 1)[None]
    mask = mask[0, :, -rows:, :keys].to(like.device)
    if mask.dtype == torch.bool:
        return torch.zeros_like(mask, dtype=torch.float32).masked_fill_(~mask, HIDDEN)
    return mask.float()


def register_recording_attention() -> None:
    """Make `attn_implementation=RECORDING_ATTENTION` known to transformers. Idempotent."""
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    AttentionInterface.register(RECORDING_ATTENTION, _recording_attention)
    AttentionMaskInterface.register(RECORDING_ATTENTION, sdpa_mask)


def _recording_attention(
    module: Any, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **options: Any
) -> tuple[Tensor, None]:
    """The fused attention of transformers, overheard by the recorder at work in this thread, if any."""
    from transformers.integrations.sdpa_attention import sdpa_attention_forward

    recorder: Recorder | None = getattr(_at_work, "recorder", None)
    if recorder is not None:
        rows = LayerRows(query, key, attention_mask, options.get("scaling"))
        recorder.see(getattr(module, "layer_idx", None), rows)
    output, _ = sdpa_attention_forward(module, query, key, value, attention_mask, **options)
    return output, None
