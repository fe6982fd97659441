"""Attention as it is trained is the attention that runs: torch's own fused one is the judge."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("heads", [2, 4])
@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("masked", [True, False])
def test_it_gives_what_torchs_fused_attention_gives(heads: int, causal: bool, masked: bool) -> None:
    from torch.nn import functional

    from hartmann.training.fast_attention import _attend

    torch.manual_seed(1)
    query, key, value = (torch.randn(2, n, 9, 8) for n in (4, heads, heads))
    mask = torch.rand(2, 1, 9, 9) > 0.3 if masked else None
    if mask is not None:
        mask[..., 0] = True
    ours, _ = _attend(SimpleNamespace(is_causal=causal), query, key, value, mask, scaling=0.5)
    theirs = functional.scaled_dot_product_attention(
        query, key, value, mask, is_causal=causal and mask is None, scale=0.5, enable_gqa=True
    )
    assert torch.allclose(ours, theirs.transpose(1, 2), atol=1e-6)
