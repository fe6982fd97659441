"""CLIP and LongCLIP checkpoints as they are published, brought to open_clip's names and its plain architecture.

Three layouts are known, by the names of the weights in them:

- OpenAI's, in one file (`longclip-L.pt`, or the same as safetensors): `positional_embedding`, `visual.conv1.weight`.
  LongCLIP's has a second table of positions, `positional_embedding_res`;
- transformers' `CLIPModel`, a folder with `config.json` and `model.safetensors` or `pytorch_model.bin`: queries, keys
  and values apart, projections transposed, LongCLIP's two tables already one;
- the same with a second `text_model.` and `vision_model.` before the names and the second table as
  `position_embedding_res`, as LongCLIP is published for transformers with code of its own, which is not run.

LongCLIP (Zhang et al., ECCV 2024, section 3.2) keeps the first 20 positions as CLIP trained them and trains the rest of
248 in the second table; both add up to one, masked at position 20, so that plain CLIP computes the same. Sizes are read
from the shapes; heads are 64 wide unless `config.json` says otherwise. Files are read without running code in them.
"""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hartmann.errors import ModelUnavailable

KEPT_POSITIONS: Final = 20
"""Positions that LongCLIP keeps as CLIP trained them."""
FOLDER_WEIGHTS: Final = ("model.safetensors", "pytorch_model.bin")
_HEAD_WIDTH: Final = 64
_TABLE, _SECOND_TABLE = "positional_embedding", "positional_embedding_res"
_NOT_WEIGHTS: Final = re.compile(
    r"input_resolution|context_length|vocab_size|mask[12]|(.*\.)?position_ids|text_model\.embeddings\.mask[12]"
)
"""Numbers and masks that stand among the weights of some checkpoints."""
_NEEDED: Final = (
    "token_embedding.weight",
    "text_projection",
    "visual.conv1.weight",
    "visual.positional_embedding",
)
_RENAMED: Final = (
    ("text_model.text_model.", "text_model."),
    ("vision_model.vision_model.", "vision_model."),
    ("text_model.embeddings.token_embedding", "token_embedding"),
    ("text_model.embeddings.position_embedding_res.weight", _SECOND_TABLE),
    ("text_model.embeddings.position_embedding_res", _SECOND_TABLE),
    ("text_model.embeddings.position_embedding.weight", _TABLE),
    ("text_model.encoder.layers", "transformer.resblocks"),
    ("text_model.final_layer_norm", "ln_final"),
    ("text_projection.weight", "text_projection"),
    ("visual_projection.weight", "visual.proj"),
    ("vision_model.embeddings.class_embedding", "visual.class_embedding"),
    ("vision_model.embeddings.patch_embedding", "visual.conv1"),
    ("vision_model.embeddings.position_embedding.weight", "visual.positional_embedding"),
    ("vision_model.encoder.layers", "visual.transformer.resblocks"),
    ("vision_model.pre_layrnorm", "visual.ln_pre"),
    ("vision_model.post_layernorm", "visual.ln_post"),
    (".self_attn.out_proj", ".attn.out_proj"),
    (".self_attn.", ".attn."),
    (".layer_norm", ".ln_"),
    (".mlp.fc1", ".mlp.c_fc"),
    (".mlp.fc2", ".mlp.c_proj"),
)
"""Beginnings and middles of transformers' names, and what open_clip calls the same."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """What shapes do not say: heads of both towers (0: as many as are 64 wide), the activation, the kept positions."""

    text_heads: int = 0
    vision_heads: int = 0
    quick_gelu: bool = True
    kept_positions: int = KEPT_POSITIONS


def is_transformers_folder(path: Path) -> bool:
    """Whether a folder is one that transformers would read, not open_clip."""
    return (path / "config.json").is_file() and not (path / "open_clip_config.json").is_file()


def load_checkpoint(path: Path) -> Any:
    """The model in a file or a transformers folder, as open_clip's CLIP in float32.

    Raises ModelUnavailable, naming the file and what was expected, for weights that are missing, of another shape, cut
    off, or not readable without running code.
    """
    file = _weights_file(path) if path.is_dir() else path
    config = _config(path / "config.json") if path.is_dir() else {}
    weights = _open_clip_names(read_weights(file), file)
    _require(file, weights, config)
    sizes = _sizes(config)
    return _filled(file, one_position_table(weights, sizes.kept_positions), sizes)


def read_weights(file: Path) -> dict[str, Any]:
    """The tensors in a file by name, without running any code in it. Raises ModelUnavailable."""
    try:
        held = _read(file)
    except pickle.UnpicklingError as error:
        raise ModelUnavailable(
            f"{file} holds more than weights: reading it would run code; save its state_dict, or safetensors"
        ) from error
    except Exception as error:  # safetensors and torch have errors of many kinds for a broken file
        reason = str(error).splitlines()[0] if str(error) else repr(error)
        raise ModelUnavailable(
            f"{file} can't be read as weights, it may be cut off ({reason}); download it again"
        ) from error
    held = held.get("state_dict", held) if isinstance(held, Mapping) else held
    if not isinstance(held, Mapping) or not all(hasattr(value, "shape") for value in held.values()):
        raise ModelUnavailable(f"{file} holds no weights by name (a state_dict)")
    return {name.removeprefix("module."): value for name, value in held.items()}


def one_position_table(weights: dict[str, Any], kept: int = KEPT_POSITIONS) -> dict[str, Any]:
    """LongCLIP's two position tables as the one that CLIP knows: the first up to position `kept`, then the other."""
    if _SECOND_TABLE not in weights:
        return weights
    table = weights[_TABLE].clone()
    table[kept:] = weights[_SECOND_TABLE][kept:]
    rest = {name: value for name, value in weights.items() if name != _SECOND_TABLE}
    return rest | {_TABLE: table}


def _read(file: Path) -> Any:
    if file.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(file)
    import torch

    return torch.load(file, map_location="cpu", weights_only=True)


def _weights_file(folder: Path) -> Path:
    found = next((folder / name for name in FOLDER_WEIGHTS if (folder / name).is_file()), None)
    if found is None:
        raise ModelUnavailable(
            f"{folder} has a config.json but no weights; expected {' or '.join(FOLDER_WEIGHTS)}"
        )
    return found


def _config(file: Path) -> dict[str, Any]:
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelUnavailable(f"{file} is no JSON: {error}") from error
    kind = config.get("model_type") if isinstance(config, dict) else None
    if kind not in {"clip", "longclip"}:
        raise ModelUnavailable(f"{file} describes a model of type {kind}; expected clip or longclip")
    return dict(config)


def _sizes(config: Mapping[str, Any]) -> Sizes:
    text, vision = config.get("text_config") or {}, config.get("vision_config") or {}
    return Sizes(
        text_heads=int(text.get("num_attention_heads", 0)),
        vision_heads=int(vision.get("num_attention_heads", 0)),
        quick_gelu=text.get("hidden_act", "quick_gelu") == "quick_gelu",
        kept_positions=int(text.get("interpolation_keep_length", KEPT_POSITIONS)),
    )


def _open_clip_names(held: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """Weights in float32 under open_clip's names, whichever layout they have."""
    is_transformers = any(name.startswith("text_model.") for name in held)
    weights: dict[str, Any] = {}
    for name, value in held.items():
        renamed = _renamed(name) if is_transformers else name
        if not _NOT_WEIGHTS.fullmatch(renamed):
            weights[renamed] = value.float() if value.is_floating_point() else value
    if not is_transformers:
        return weights
    for projection in ("text_projection", "visual.proj"):
        if projection in weights:
            weights[projection] = weights[projection].T.contiguous()
    return _fused(weights, file)


def _renamed(name: str) -> str:
    for theirs, ours in _RENAMED:
        name = name.replace(theirs, ours)
    return name


def _fused(weights: dict[str, Any], file: Path) -> dict[str, Any]:
    """Queries, keys and values of each layer as the one projection that open_clip has."""
    import torch

    for name in [name for name in weights if ".attn.q_proj." in name]:
        parts = [name.replace(".q_proj.", f".{part}_proj.") for part in "qkv"]
        missing = [part for part in parts if part not in weights]
        if missing:
            raise ModelUnavailable(f"{file} lacks {', '.join(missing)}")
        fused = torch.cat([weights.pop(part) for part in parts])
        weights[name.replace("q_proj.", "in_proj_")] = fused
    return weights


def _require(file: Path, weights: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    """Refuse what lacks the weights that sizes are read from, or one of LongCLIP's two tables."""
    needed = (*_NEEDED, _TABLE, *((_SECOND_TABLE,) if config.get("model_type") == "longclip" else ()))
    missing = [name for name in needed if name not in weights]
    if missing:
        raise ModelUnavailable(
            f"{file} is no CLIP checkpoint that is known here: it lacks {', '.join(missing)}; expected OpenAI's names "
            "of weights or those of transformers' CLIPModel"
        )
    tables = [tuple(weights[name].shape) for name in (_TABLE, _SECOND_TABLE) if name in weights]
    if len(set(tables)) > 1:
        raise ModelUnavailable(
            f"{file} has position tables of shapes {tables[0]} and {tables[1]}; LongCLIP's two are of one shape"
        )
    positions = (config.get("text_config") or {}).get("max_position_embeddings")
    if positions not in {None, tables[0][0]}:
        raise ModelUnavailable(
            f"{file} has a table of {tables[0][0]} text positions, but its config.json says {positions}"
        )


def _filled(file: Path, weights: dict[str, Any], sizes: Sizes) -> Any:
    """The architecture of the weights' sizes with the weights in it."""
    try:
        model = _clip_like(weights, sizes)
    except (KeyError, ValueError, IndexError, AssertionError, ZeroDivisionError) as error:
        raise ModelUnavailable(f"{file} has weights of sizes that no CLIP has: {error}") from error
    expected = model.state_dict()
    wrong = [
        f"{name} is missing"
        if name not in weights
        else f"{name} has the shape {tuple(weights[name].shape)}, expected {tuple(value.shape)}"
        for name, value in expected.items()
        if name not in weights or weights[name].shape != value.shape
    ]
    wrong += [f"{name} is unknown" for name in weights if name not in expected]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise ModelUnavailable(f"{file} does not fit the CLIP architecture: {'; '.join(wrong[:3])}{more}")
    model.load_state_dict(weights)
    return model


def _clip_like(weights: Mapping[str, Any], sizes: Sizes) -> Any:
    """A CLIP with a vision transformer, its sizes read from the shapes of the weights."""
    from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg  # type: ignore[import-untyped]

    width, _, patch, _ = weights["visual.conv1.weight"].shape
    grid = round((len(weights["visual.positional_embedding"]) - 1) ** 0.5)
    vision = CLIPVisionCfg(
        layers=_layers(weights, "visual."),
        width=width,
        patch_size=patch,
        image_size=patch * grid,
        head_width=width // sizes.vision_heads if sizes.vision_heads else _HEAD_WIDTH,
        mlp_ratio=_mlp_ratio(weights, "visual.", width),
    )
    context, text_width = weights[_TABLE].shape
    text = CLIPTextCfg(
        context_length=context,
        vocab_size=len(weights["token_embedding.weight"]),
        width=text_width,
        heads=sizes.text_heads or max(1, text_width // _HEAD_WIDTH),
        layers=_layers(weights, ""),
        mlp_ratio=_mlp_ratio(weights, "", text_width),
    )
    return CLIP(weights["text_projection"].shape[1], vision, text, quick_gelu=sizes.quick_gelu)


def _layers(weights: Mapping[str, Any], tower: str) -> int:
    block = re.compile(re.escape(f"{tower}transformer.resblocks.") + r"(\d+)\.")
    return 1 + max(int(found.group(1)) for name in weights if (found := block.match(name)))


def _mlp_ratio(weights: Mapping[str, Any], tower: str, width: int) -> float:
    return float(len(weights[f"{tower}transformer.resblocks.0.mlp.c_fc.bias"]) / width)
