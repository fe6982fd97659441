"""Tiny models of real architectures with random weights, made on the spot and saved as their folders are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

BYTES_ONLY = 0
"""A vocabulary without merges: any text has exactly one tokenization."""


def tiny_tokenizer(merges: int = BYTES_ONLY) -> Any:
    """Byte-level BPE with the mini's special tokens and template, and at most so many merges learned from scales."""
    from hartmann.training.tokenizer import SPECIAL, train_tokenizer

    texts = ["X:1\nT:Scales\nM:6/8\nL:1/8\nK:Gmaj\nGAB d2B|AFD DFA|G3 G3|]\n", "a bright picture, warm above"]
    return train_tokenizer(texts * 3, vocabulary=256 + len(SPECIAL) + merges)


def save_tiny_model(folder: Path, *, seed: int = 1, merges: int = BYTES_ONLY) -> Path:
    """The mini's architecture with random weights, as a folder that `from_pretrained` reads."""
    from hartmann.training.mini_architecture import make_model, save_folder

    tokenizer = tiny_tokenizer(merges)
    save_folder(folder, louder(make_model(tokenizer, seed)), tokenizer)
    return folder


def louder(model: Any) -> Any:
    """The model, changed: random weights of their usual size attend to everything alike; five times as large they take
    sides. The tower's stay as they are."""
    import torch

    with torch.no_grad():
        for name, weights in model.named_parameters():
            if "vis" not in name and name.endswith(("q_proj.weight", "k_proj.weight", "v_proj.weight")):
                weights *= 5
    return model


def photograph(width: int = 280, height: int = 168, seed: int = 3) -> Image.Image:
    """A picture with something different everywhere."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 255, (6, 10, 3), np.uint8))
    return coarse.resize((width, height), Image.Resampling.BICUBIC)
