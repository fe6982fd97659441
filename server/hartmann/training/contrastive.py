"""Training of the mini CLIP: pictures, their descriptions and captions of music in one space.

Two things pull. A picture and its description are a pair like no other in the batch (the usual contrastive loss, both
ways). A caption of music has no such partner: it should lie near pictures and descriptions of like mood, so its
targets are soft, spread over the batch by distance in (valence, arousal). The folder that is written is what
`open_clip` reads as `local-dir:`; pictures are squashed to 64 × 64, so that nothing at the edge is lost.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hartmann.training import checkpoints
from hartmann.training.gallery import Gallery
from hartmann.vision.picture_words import describe

SIDE: Final = 64
CONTEXT: Final = 248
"""LongCLIP's context (Zhang et al. 2024), so that captions of a paragraph fit."""
MOOD_SPREAD: Final = 0.22
"""Standard deviation, in (valence, arousal), of the soft targets between pictures and music."""

MODEL: Final[dict[str, Any]] = {
    "embed_dim": 128,
    "vision_cfg": {"image_size": SIDE, "layers": 4, "width": 128, "head_width": 32, "patch_size": 8},
    "text_cfg": {"context_length": CONTEXT, "vocab_size": 49408, "width": 128, "heads": 4, "layers": 3},
}
PREPROCESS: Final[dict[str, Any]] = {
    "mean": [0.48145466, 0.4578275, 0.40821073],
    "std": [0.26862954, 0.26130258, 0.27577711],
    "interpolation": "bicubic",
    "resize_mode": "squash",
}


@dataclass(frozen=True, slots=True)
class MusicCaption:
    """A caption of a piece with the mood it was written from."""

    text: str
    valence: float
    arousal: float


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast to train. `seconds` bounds the wall clock of the whole run, resumed parts included."""

    steps: int = 1500
    batch: int = 192
    rate: float = 2e-3
    warm_up: int = 100
    seed: int = 1


def make_model() -> Any:
    """The architecture with random weights."""
    from open_clip.model import CLIP  # type: ignore[import-untyped]

    return CLIP(**MODEL)


def thumbnails(gallery: Gallery, numbers: Sequence[int]) -> NDArray[np.float32]:
    """Pictures as the image tower takes them: (n, 3, 64, 64), normalised."""
    stack = [np.asarray(squash(Image.fromarray(gallery.pixels(i)))) for i in numbers]
    return normalise(np.stack(stack))


def squash(picture: Image.Image) -> Image.Image:
    """The picture as a square of 64 pixels, sides kept whole."""
    return picture.resize((SIDE, SIDE), Image.Resampling.BICUBIC)


def normalise(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(n, 64, 64, 3) bytes to (n, 3, 64, 64) floats around zero."""
    mean, deviation = (np.array(PREPROCESS[k], np.float32) for k in ("mean", "std"))
    return np.ascontiguousarray(((pixels / np.float32(255) - mean) / deviation).transpose(0, 3, 1, 2))


def train(
    folder: Path, gallery: Gallery, music: Sequence[MusicCaption], plan: Plan, *, held_out: int = 1000
) -> None:
    """Train from the checkpoint in `folder`, or from the start, to `plan.steps`; checkpoints every 100 steps.

    The last `held_out` pictures of the gallery are never seen.
    """
    import torch
    from open_clip.tokenizer import SimpleTokenizer  # type: ignore[import-untyped]

    torch.manual_seed(plan.seed)
    model, tokenizer = make_model(), SimpleTokenizer(context_length=CONTEXT)
    optimizer = torch.optim.AdamW(model.parameters(), lr=plan.rate, betas=(0.9, 0.98), weight_decay=0.05)
    step = checkpoints.resume(folder / "checkpoint.pt", model, optimizer)
    squares = np.stack(
        [np.asarray(squash(Image.fromarray(gallery.pixels(i)))) for i in range(len(gallery) - held_out)]
    )
    began = time.time()
    while step < plan.steps:
        rng = Random(plan.seed * 1_000_003 + step)
        numbers = rng.sample(range(len(squares)), plan.batch)
        features = [gallery.exhibits[i].features for i in numbers]
        pieces = rng.sample(music, plan.batch)
        texts = tokenizer([describe(f, rng) for f in features] + [m.text for m in pieces])
        texts = texts[:, : int((texts != 0).sum(1).max())]
        mood = _soft_targets(
            [(f.valence, f.arousal) for f in features], [(m.valence, m.arousal) for m in pieces]
        )
        for group in optimizer.param_groups:
            group["lr"] = _rate(plan, step)
        with torch.autocast("cpu", torch.bfloat16):
            loss, parts = _loss(
                model, torch.from_numpy(normalise(squares[numbers])), texts, torch.from_numpy(mood)
            )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0, 4.2)
        step += 1
        if step % 25 == 0:
            print(f"clip step {step} {parts} {time.time() - began:.0f} s", flush=True)
        if step % 100 == 0 or step == plan.steps:
            checkpoints.keep(folder / "checkpoint.pt", model, optimizer, step)


def export(checkpoint: Path, folder: Path) -> None:
    """Write the checkpoint's weights (float16) as a folder that `open_clip` reads."""
    import torch
    from safetensors.torch import save_file

    weights = torch.load(checkpoint, weights_only=True)["model"]
    folder.mkdir(parents=True, exist_ok=True)
    half = {k: v.to(torch.float16).contiguous() for k, v in weights.items() if v.is_floating_point()}
    save_file(half, folder / "open_clip_model.safetensors", metadata={"format": "pt"})
    config = {"model_cfg": MODEL, "preprocess_cfg": PREPROCESS}
    (folder / "open_clip_config.json").write_text(json.dumps(config, indent=1) + "\n")


def _loss(model: Any, pictures: Any, texts: Any, mood: Any) -> tuple[Any, str]:
    import torch
    from torch.nn import functional

    n = len(pictures)
    image = model.encode_image(pictures, normalize=True)
    text = _encode_text(model, texts)
    description, music = text[:n], text[n:]
    scale = model.logit_scale.exp()
    own = torch.arange(n)
    logits = scale * image @ description.T
    pair = (functional.cross_entropy(logits, own) + functional.cross_entropy(logits.T, own)) / 2
    kindred = torch.zeros(())
    for side in (image, description):
        near = scale * side @ music.T
        kindred = kindred - (mood * near.log_softmax(-1)).sum(-1).mean() / 4
        kindred = kindred - (_columns(mood) * near.T.log_softmax(-1)).sum(-1).mean() / 4
    return pair + 0.5 * kindred, f"pair {pair.item():.3f} mood {kindred.item():.3f}"


def _columns(mood: Any) -> Any:
    return mood.T / mood.T.sum(-1, keepdim=True)


def _encode_text(model: Any, texts: Any) -> Any:
    """`encode_text` for texts cut to the longest of the batch, which spares two thirds of the work."""
    from open_clip.transformer import text_global_pool  # type: ignore[import-untyped]
    from torch.nn import functional

    length = texts.shape[1]
    x = model.token_embedding(texts) + model.positional_embedding[:length]
    x = model.transformer(x, attn_mask=model.attn_mask[:length, :length])
    x = text_global_pool(model.ln_final(x), texts, model.text_pool_type)
    return functional.normalize(x @ model.text_projection, dim=-1)


def _soft_targets(
    pictures: Sequence[tuple[float, float]], pieces: Sequence[tuple[float, float]]
) -> NDArray[np.float32]:
    gap = np.asarray(pictures, np.float32)[:, None] - np.asarray(pieces, np.float32)[None]
    near = np.exp(-(gap**2).sum(-1) / (2 * MOOD_SPREAD**2)) + 1e-6
    return np.asarray(near / near.sum(-1, keepdims=True), np.float32)


def _rate(plan: Plan, step: int) -> float:
    if step < plan.warm_up:
        return plan.rate * (step + 1) / plan.warm_up
    done = (step - plan.warm_up) / max(1, plan.steps - plan.warm_up)
    return float(plan.rate * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * done))))
