"""What a model's configuration and tokenizer say of its tokens: the picture's, those that end, those it may write."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hartmann.errors import ModelUnavailable


def image_token(model: Any, processor: Any) -> int:
    for owner, name in (
        (model.config, "image_token_id"),
        (model.config, "image_token_index"),
        (processor, "image_token_id"),
    ):
        token = getattr(owner, name, None)
        if token is not None:
            return int(token)
    raise ModelUnavailable(
        "the model's configuration names no image token; it is no model that reads pictures"
    )


def merge_size(model: Any) -> int:
    return int(getattr(getattr(model.config, "vision_config", None), "spatial_merge_size", 1))


def end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    stated = model.generation_config.eos_token_id
    ends = stated if isinstance(stated, list) else [stated, tokenizer.eos_token_id]
    return frozenset(int(end) for end in ends if end is not None)


def writable(tokenizer: Any, width: int, ends: frozenset[int]) -> NDArray[np.bool_]:
    """Every token but the special ones that end nothing, and the padding of the vocabulary."""
    writable = np.zeros(width, np.bool_)
    writable[: len(tokenizer)] = True
    writable[[token for token in tokenizer.all_special_ids if token < width]] = False
    writable[list(ends)] = True
    return writable
