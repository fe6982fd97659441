"""Attention to the picture at no cost: only what Eq. 2 needs is computed, and nothing is kept but its sum.

`output_attentions=True` keeps every matrix of every layer and forces the slow attention. Here the model runs
with PyTorch's fused attention under a name of our own, and while an `AttentionRecorder` is at work, the rows that
predict text are computed once more in float32: softmax(q·Kᵀ) with the image columns kept, averaged over heads,
added up over layers. The result is one row of |I| numbers for each predicted token: the inner mean of Eq. 2,
so that any Â is a sum over rows.

The row of a token is the one that *predicted* it: the query at the token before. Layers whose keys are not the
whole sequence (the vision tower's) are passed over. Against `output_attentions=True` with eager attention the rows
agree within 1e-4 relative (tests), which is float32 rounding.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

RECORDING_ATTENTION = "hartmann_recording"
"""The name under which transformers knows our attention."""
_at_work = threading.local()


class AttentionRecorder:
    """Collects the rows of one generation or one replay. `columns`: positions of the image tokens, shape (|I|,)."""

    def __init__(self, columns: Tensor) -> None:
        self._columns = columns
        self._rows: list[Tensor] = []
        self._sum: Tensor | None = None
        self._layers = 0
        self._keys = 0

    @contextmanager
    def forward(self, keys: int) -> Iterator[None]:
        """Record one forward pass of the model whose sequence is `keys` tokens long, cache included."""
        self._sum, self._layers, self._keys = None, 0, keys
        _at_work.recorder = self
        try:
            yield
        finally:
            _at_work.recorder = None
        if self._sum is not None:
            self._rows.append(self._sum / self._layers)

    def see(self, query: Tensor, key: Tensor, mask: Tensor | None, scaling: float | None) -> None:
        """One layer: query (1, heads, rows, size), key (1, key heads, keys, size), mask broadcastable or None."""
        if key.shape[2] != self._keys or query.shape[0] != 1:
            return
        rows = image_rows(query, key, mask, scaling, self._columns)
        self._sum = rows if self._sum is None else self._sum + rows
        self._layers += 1

    def weights(self) -> NDArray[np.float32]:
        """All rows so far, shape (tokens, |I|)."""
        import torch

        if not self._rows:
            return np.zeros((0, len(self._columns)), np.float32)
        return np.asarray(torch.cat(self._rows).float().cpu().numpy(), np.float32)


def image_rows(
    query: Tensor, key: Tensor, mask: Tensor | None, scaling: float | None, columns: Tensor
) -> Tensor:
    """Attention of every query row to the image columns, mean over heads; shape (rows, |I|), float32."""
    import torch

    heads, rows, size = query.shape[1:]
    groups = heads // key.shape[1]
    packed = query[0].reshape(key.shape[1], groups * rows, size)
    scores = torch.matmul(packed, key[0].transpose(1, 2)).float().reshape(heads, rows, -1)
    scores = scores * (scaling if scaling is not None else size**-0.5)
    scores = _masked(scores, mask)
    shares = torch.softmax(scores, dim=-1)
    return shares[:, :, columns.to(scores.device)].mean(dim=0)


def _masked(scores: Tensor, mask: Tensor | None) -> Tensor:
    """Hide the future. Without a mask, row i of n sees all keys but the n - 1 - i last ones."""
    import torch

    rows, keys = scores.shape[-2:]
    if mask is None:
        ahead = torch.ones(rows, keys, dtype=torch.bool, device=scores.device).triu(keys - rows + 1)
        return scores.masked_fill(ahead, float("-inf"))
    mask = mask[0, :, -rows:, :keys]
    if mask.dtype == torch.bool:
        return scores.masked_fill(~mask, float("-inf"))
    return scores + mask.float()


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

    recorder: AttentionRecorder | None = getattr(_at_work, "recorder", None)
    if recorder is not None:
        recorder.see(query, key, attention_mask, options.get("scaling"))
    output, _ = sdpa_attention_forward(module, query, key, value, attention_mask, **options)
    return output, None
