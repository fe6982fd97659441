"""The oracle of attention: a model's own matrices, by transformers' eager attention over the whole sequence at once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from model_families import in_one_pass
from PIL import Image

from hartmann.vision.language_model import Message
from hartmann.vision.transformers_model import TransformersModel


def eager_matrices(
    model: TransformersModel, asked: Sequence[Message], picture: Image.Image, answer: str
) -> torch.Tensor:
    """What each token of the answer sees of the image's tokens, shape (tokens, layers, heads, image tokens)."""
    prompt = model._prompter.build(tuple(asked), picture)
    tokens = model._prompter.tokens(answer)
    before = model._model.config._attn_implementation
    model._model.set_attn_implementation("eager")
    try:
        output = in_one_pass(model, prompt.followed_by(tokens), output_attentions=True)
    finally:
        model._model.set_attn_implementation(before)
    first = len(prompt.ids) - 1
    matrices = torch.stack([layer[0] for layer in output.attentions])
    rows = matrices[:, :, first : first + len(tokens)][..., list(prompt.columns)]
    return rows.permute(2, 0, 1, 3)
