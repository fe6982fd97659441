"""LongCLIP checkpoints of small sizes with random weights, in each layout that is published, and what they compute.

The formula is written out from the paper's description (Zhang et al., ECCV 2024) and CLIP's (Radford et al., 2021) in
plain torch over OpenAI's names of weights: no module of open_clip or transformers takes part in it.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch

Weights = dict[str, torch.Tensor]

POSITIONS, KEPT, WIDTH, EMBEDDING, LAYERS, TOKENS = 248, 20, 64, 32, 2, 49408
IMAGE, PATCH = 32, 16
VISION_WIDTH = 64


def openai_weights(seed: int = 2) -> Weights:
    """Both towers and both position tables under OpenAI's names."""
    generator = torch.Generator().manual_seed(seed)

    def random(*shape: int, scale: float = 0.1) -> torch.Tensor:
        return torch.randn(*shape, generator=generator) * scale

    weights = {
        "token_embedding.weight": random(TOKENS, WIDTH),
        "positional_embedding": random(POSITIONS, WIDTH),
        "positional_embedding_res": random(POSITIONS, WIDTH),
        "text_projection": random(WIDTH, EMBEDDING),
        "logit_scale": torch.tensor(4.6),
        "visual.class_embedding": random(VISION_WIDTH),
        "visual.conv1.weight": random(VISION_WIDTH, 3, PATCH, PATCH),
        "visual.positional_embedding": random((IMAGE // PATCH) ** 2 + 1, VISION_WIDTH),
        "visual.proj": random(VISION_WIDTH, EMBEDDING),
    }
    for norm in ("ln_final", "visual.ln_pre", "visual.ln_post"):
        weights |= {f"{norm}.weight": 1 + random(WIDTH), f"{norm}.bias": random(WIDTH)}
    for tower in ("", "visual."):
        for layer in range(LAYERS):
            at = f"{tower}transformer.resblocks.{layer}"
            for norm in ("ln_1", "ln_2"):
                weights |= {f"{at}.{norm}.weight": 1 + random(WIDTH), f"{at}.{norm}.bias": random(WIDTH)}
            for name, rows, columns in (
                ("attn.in_proj_", 3 * WIDTH, WIDTH),
                ("attn.out_proj.", WIDTH, WIDTH),
                ("mlp.c_fc.", 4 * WIDTH, WIDTH),
                ("mlp.c_proj.", WIDTH, 4 * WIDTH),
            ):
                weights |= {f"{at}.{name}weight": random(rows, columns), f"{at}.{name}bias": random(rows)}
    return weights


def merged(weights: Weights) -> Weights:
    """Both tables as the one of transformers' own CLIPModel."""
    one = torch.cat([weights["positional_embedding"][:KEPT], weights["positional_embedding_res"][KEPT:]])
    rest = {name: value for name, value in weights.items() if name != "positional_embedding_res"}
    return rest | {"positional_embedding": one}


def transformers_weights(weights: Weights, *, nested: bool = False) -> Weights:
    """The same under transformers' names; `nested` as LongCLIP's own classes for transformers nest their towers."""
    text = "text_model." * (2 if nested else 1)
    vision = "vision_model." * (2 if nested else 1)
    named = {
        "logit_scale": weights["logit_scale"],
        f"{text}embeddings.token_embedding.weight": weights["token_embedding.weight"],
        f"{text}embeddings.position_embedding.weight": weights["positional_embedding"],
        f"{text}embeddings.position_ids": torch.arange(POSITIONS)[None],
        "text_projection.weight": weights["text_projection"].T,
        f"{vision}embeddings.class_embedding": weights["visual.class_embedding"],
        f"{vision}embeddings.patch_embedding.weight": weights["visual.conv1.weight"],
        f"{vision}embeddings.position_embedding.weight": weights["visual.positional_embedding"],
        "visual_projection.weight": weights["visual.proj"].T,
    }
    if "positional_embedding_res" in weights:
        named[f"{text}embeddings.position_embedding_res"] = weights["positional_embedding_res"]
    for kind in ("weight", "bias"):
        named[f"{text}final_layer_norm.{kind}"] = weights[f"ln_final.{kind}"]
        named[f"{vision}pre_layrnorm.{kind}"] = weights[f"visual.ln_pre.{kind}"]
        named[f"{vision}post_layernorm.{kind}"] = weights[f"visual.ln_post.{kind}"]
        for prefix, tower in ((text, ""), (vision, "visual.")):
            for layer in range(LAYERS):
                theirs, ours = f"{prefix}encoder.layers.{layer}", f"{tower}transformer.resblocks.{layer}"
                parts = weights[f"{ours}.attn.in_proj_{kind}"].chunk(3)
                for letter, part in zip("qkv", parts, strict=True):
                    named[f"{theirs}.self_attn.{letter}_proj.{kind}"] = part
                named[f"{theirs}.self_attn.out_proj.{kind}"] = weights[f"{ours}.attn.out_proj.{kind}"]
                named[f"{theirs}.layer_norm1.{kind}"] = weights[f"{ours}.ln_1.{kind}"]
                named[f"{theirs}.layer_norm2.{kind}"] = weights[f"{ours}.ln_2.{kind}"]
                named[f"{theirs}.mlp.fc1.{kind}"] = weights[f"{ours}.mlp.c_fc.{kind}"]
                named[f"{theirs}.mlp.fc2.{kind}"] = weights[f"{ours}.mlp.c_proj.{kind}"]
    return {name: value.contiguous() for name, value in named.items()}


def config(kind: str = "clip") -> dict[str, object]:
    """What `config.json` says beside such weights; `kind` is `clip` or `longclip`."""
    tower = {"num_attention_heads": 1, "num_hidden_layers": LAYERS, "intermediate_size": 4 * WIDTH}
    text = {**tower, "hidden_size": WIDTH, "max_position_embeddings": POSITIONS, "vocab_size": TOKENS}
    if kind == "longclip":
        text["interpolation_keep_length"] = KEPT
    vision = {**tower, "hidden_size": VISION_WIDTH, "image_size": IMAGE, "patch_size": PATCH}
    return {
        "architectures": ["CLIPModel"],
        "model_type": kind,
        "projection_dim": EMBEDDING,
        "text_config": text,
        "vision_config": vision,
    }


def save_file(weights: Weights, path: Path) -> Path:
    """One file: safetensors, or what `torch.save` writes."""
    from safetensors.torch import save_file as save

    if path.suffix == ".safetensors":
        save(weights, path)
    else:
        torch.save(weights, path)
    return path


def save_folder(folder: Path, weights: Weights, kind: str, file: str = "model.safetensors") -> Path:
    """A folder as transformers reads it."""
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config(kind)))
    save_file(weights, folder / file)
    return folder


def text_vectors(weights: Weights, tokens: torch.Tensor) -> torch.Tensor:
    """LongCLIP's text tower: both tables masked at 20, causal layers, read off at the end of the text."""
    kept = (torch.arange(POSITIONS) < KEPT).float()[:, None]
    x = weights["token_embedding.weight"][tokens]
    x = x + weights["positional_embedding"] * kept + weights["positional_embedding_res"] * (1 - kept)
    x = _layers(x, weights, "", torch.ones(POSITIONS, POSITIONS).triu(1).bool())
    x = _norm(x, weights, "ln_final")
    ends = x[torch.arange(len(x)), tokens.argmax(-1)] @ weights["text_projection"]
    return ends / ends.norm(dim=-1, keepdim=True)


def picture_vectors(weights: Weights, pixels: torch.Tensor) -> torch.Tensor:
    """CLIP's picture tower: patches and a class token through the layers, read off at the class token."""
    side = IMAGE // PATCH
    patches = pixels.unfold(2, PATCH, PATCH).unfold(3, PATCH, PATCH)
    patches = patches.permute(0, 2, 3, 1, 4, 5).reshape(len(pixels), side * side, -1)
    x = patches @ weights["visual.conv1.weight"].flatten(1).T
    begun = weights["visual.class_embedding"].expand(len(x), 1, -1)
    x = torch.cat([begun, x], 1) + weights["visual.positional_embedding"]
    x = _layers(_norm(x, weights, "visual.ln_pre"), weights, "visual.", None)
    first = _norm(x[:, 0], weights, "visual.ln_post") @ weights["visual.proj"]
    return first / first.norm(dim=-1, keepdim=True)


def _layers(x: torch.Tensor, weights: Weights, tower: str, hidden: torch.Tensor | None) -> torch.Tensor:
    for layer in range(LAYERS):
        at = f"{tower}transformer.resblocks.{layer}."
        q, k, v = _linear(_norm(x, weights, f"{at}ln_1"), weights, f"{at}attn.in_proj_").chunk(3, -1)
        scores = q @ k.transpose(-1, -2) / WIDTH**0.5
        scores = scores if hidden is None else scores.masked_fill(hidden, -torch.inf)
        x = x + _linear(scores.softmax(-1) @ v, weights, f"{at}attn.out_proj.")
        h = _linear(_norm(x, weights, f"{at}ln_2"), weights, f"{at}mlp.c_fc.")
        x = x + _linear(h * torch.sigmoid(1.702 * h), weights, f"{at}mlp.c_proj.")
    return x


def _linear(x: torch.Tensor, weights: Weights, name: str) -> torch.Tensor:
    return x @ weights[f"{name}weight"].T + weights[f"{name}bias"]


def _norm(x: torch.Tensor, weights: Weights, name: str) -> torch.Tensor:
    centred = x - x.mean(-1, keepdim=True)
    scaled = centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()
    return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]
