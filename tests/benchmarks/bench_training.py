"""What training gains by attention as plain products (`training/fast_attention.py`): forth and back, in bfloat16.

    python tests/benchmarks/bench_training.py

One thread, 4 texts of 512 tokens, 4 heads of 64: a layer of the mini. Rounds of both take turns.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median
from types import SimpleNamespace
from typing import Any

import torch
from torch.nn import functional

from hartmann.training.fast_attention import _attend

SHAPE = (4, 4, 512, 64)
CAUSAL = SimpleNamespace(is_causal=True)


def fused(query: Any, key: Any, value: Any) -> Any:
    """Torch's own kernel."""
    return functional.scaled_dot_product_attention(query, key, value, is_causal=True)


def plain(query: Any, key: Any, value: Any) -> Any:
    """Ours."""
    return _attend(CAUSAL, query, key, value, None)[0]


def seconds(attend: Callable[[Any, Any, Any], Any]) -> float:
    """One pass forth and back."""
    tensors = [torch.randn(SHAPE, dtype=torch.bfloat16, requires_grad=True) for _ in range(3)]
    began = time.perf_counter()
    made = attend(*tensors)
    made.backward(torch.ones_like(made))
    return time.perf_counter() - began


def main() -> None:
    """The figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    taken = [(seconds(fused), seconds(plain)) for _ in range(rounds + 1)][1:]
    one, other = (1000 * median(column) for column in zip(*taken, strict=True))
    print(
        f"a layer's attention, forth and back: fused {one:.1f} ms, plain {other:.1f} ms, ratio {one / other:.1f}"
    )


if __name__ == "__main__":
    main()
