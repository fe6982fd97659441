"""Attention for training on processors: plain matrix products, twice as fast in bfloat16 as torch's fused kernel.

The fused kernel of torch 2.15 saves memory that sequences of a thousand tokens don't need.
`tests/benchmarks/bench_training.py` compares both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from torch import Tensor

FAST_ATTENTION: Final = "hartmann_training"


def use_fast_attention(model: Any) -> None:
    """Let a model of transformers attend this way from now on: for whole texts, padded at the right, without cache."""
    from transformers import AttentionInterface, AttentionMaskInterface
    from transformers.masking_utils import sdpa_mask

    AttentionInterface.register(FAST_ATTENTION, _attend)
    AttentionMaskInterface.register(FAST_ATTENTION, sdpa_mask)
    model.set_attn_implementation(FAST_ATTENTION)


def _attend(
    module: Any, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **options: Any
) -> tuple[Tensor, None]:
    """softmax(q kᵀ s) v for (batch, heads, tokens, size), causal where the module is and no mask is given."""
    import torch

    groups = query.shape[1] // key.shape[1]
    if groups > 1:
        key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    scale = options.get("scaling") or query.shape[-1] ** -0.5
    scores = torch.matmul(query * scale, key.transpose(-1, -2))
    causal = options.get("is_causal")
    if attention_mask is not None:
        hidden = ~attention_mask if attention_mask.dtype == torch.bool else attention_mask < 0
        scores = scores.masked_fill(hidden, float("-inf"))
    elif module.is_causal if causal is None else causal:
        ahead = torch.full(scores.shape[-2:], float("-inf"), dtype=scores.dtype).triu(1)
        scores = scores + ahead
    shares = torch.softmax(scores, dim=-1, dtype=scores.dtype)
    return torch.matmul(shares, value).transpose(1, 2).contiguous(), None
