"""What a model's folder must hold, looked at before and after loading: a wrong one is refused with what is wrong in it.

Before, cheaply, without reading weights: a configuration of a model that reads pictures, weights that are whole.
After: every tensor came from the files (transformers fills in what is missing with random numbers), and the tokenizer
knows the token that stands for the picture.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from hartmann.errors import ModelUnavailable

SINGLE_WEIGHTS: Final = ("model.safetensors", "pytorch_model.bin")
SHARDED_WEIGHTS: Final = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
PROCESSORS: Final = ("processor_config.json", "preprocessor_config.json")
_LARGEST_HEADER: Final = 100 * 2**20
"""Bytes; the same bound as the safetensors library's."""
_NAMED: Final = 3
_ADVICE: Final = "use a model that reads pictures and writes, such as mini or Qwen/Qwen2.5-VL-7B-Instruct"


def check_folder(folder: Path) -> None:
    """Refuse a folder without its configurations, or with weights missing or cut off. Raises ModelUnavailable."""
    if not (folder / "config.json").is_file():
        raise ModelUnavailable(
            f"{folder} has no config.json, so it is no model's folder; name the folder that holds a model's files"
        )
    if not any((folder / name).is_file() for name in PROCESSORS):
        raise ModelUnavailable(
            f"{folder} has no processor of pictures; expected {' or '.join(PROCESSORS)} beside the tokenizer's files"
        )
    files = _weights(folder)
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise ModelUnavailable(f"{folder} lacks {_some(missing)}, which its index names; download it again")
    for file in files:
        if file.suffix == ".safetensors":
            check_safetensors(file)


def check_config(source: str | Path, config: Mapping[str, Any]) -> None:
    """Refuse a configuration of a model that reads no pictures. Raises ModelUnavailable."""
    from transformers import CONFIG_MAPPING
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

    kind = str(config.get("model_type") or "")
    if kind in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES or config.get("auto_map"):
        return
    classes = ", ".join(config.get("architectures") or ()) or "unnamed"
    if kind and kind not in CONFIG_MAPPING:
        raise ModelUnavailable(
            f"{source} holds a model of type {kind} ({classes}), which the installed transformers does not know; "
            "a newer one may"
        )
    raise ModelUnavailable(
        f"{source} holds a model of type {kind or 'unknown'} ({classes}), which does not read pictures and write; "
        f"{_ADVICE}"
    )


def check_safetensors(file: Path) -> None:
    """Refuse a file that ends before its tensors do. Reads its header alone. Raises ModelUnavailable."""
    there = file.stat().st_size
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            if length > min(_LARGEST_HEADER, there):
                raise ValueError("its header is longer than the file")
            header = json.loads(stream.read(length))
        ends = [tensor["data_offsets"][1] for name, tensor in header.items() if name != "__metadata__"]
    except (struct.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelUnavailable(
            f"{file} is no safetensors file, or cut off ({error}); download it again"
        ) from error
    needed = 8 + length + max(ends, default=0)
    if there < needed:
        raise ModelUnavailable(
            f"{file} is cut off: {there:,} of {needed:,} bytes are there; download it again"
        )


def check_loaded(source: str | Path, report: Mapping[str, Any]) -> None:
    """Refuse a model with tensors that its files don't hold, or hold in another shape.

    `report` is what `from_pretrained` gives with `output_loading_info`. Raises ModelUnavailable.
    """
    wrong = report.get("mismatched_keys") or ()
    if wrong:
        shapes = (
            f"{name} is {tuple(found)}, expected {tuple(asked)}" for name, found, asked in sorted(wrong)
        )
        raise ModelUnavailable(
            f"{source} holds weights of other shapes than its config.json says: {_some(shapes)}; "
            "the files belong to different models"
        )
    missing = report.get("missing_keys") or ()
    if missing:
        raise ModelUnavailable(
            f"{source} lacks weights that its config.json asks for: {_some(sorted(missing))}; "
            "download it again, or use a folder whose files belong together"
        )


def check_image_token(source: str | Path, token: int, processor: Any) -> None:
    """Refuse a tokenizer that does not know the token which stands for the picture. Raises ModelUnavailable."""
    if token in getattr(processor.tokenizer, "added_tokens_decoder", {token: None}):
        return
    raise ModelUnavailable(
        f"{source} has a tokenizer without the model's image token, {token} in its configuration; use the tokenizer "
        "files that belong to the model"
    )


def _weights(folder: Path) -> list[Path]:
    """The files of weights that will be read, in the order in which transformers looks for them."""
    for single, sharded in zip(SINGLE_WEIGHTS, SHARDED_WEIGHTS, strict=True):
        if (folder / single).is_file():
            return [folder / single]
        if (folder / sharded).is_file():
            return sorted(set(_shards(folder / sharded)))
    raise ModelUnavailable(
        f"{folder} has a config.json but no weights; expected {SINGLE_WEIGHTS[0]}, or its parts with "
        f"{SHARDED_WEIGHTS[0]}"
    )


def _shards(index: Path) -> Iterator[Path]:
    try:
        for name in json.loads(index.read_text(encoding="utf-8"))["weight_map"].values():
            yield index.parent / name
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelUnavailable(f"{index} is no index of weights ({error}); download it again") from error


def _some(names: Iterable[str]) -> str:
    """The first few names, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - _NAMED} more" if len(every) > _NAMED else ""
    return f"{', '.join(every[:_NAMED])}{more}"
