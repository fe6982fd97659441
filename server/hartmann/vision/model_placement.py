"""Where a model's weights go and what they are kept as: device, device map, dtype, quantisation.

The wishes come from the settings in words and become what `from_pretrained` takes. Whatever they need that is not here
(accelerate, bitsandbytes, a GPU) is said before gigabytes are read, with what to install or to set instead.

Quantisation is bitsandbytes': weights of linear layers are kept in 8 bits (LLM.int8, Dettmers et al. 2022) or in 4
(NF4 with quantised constants, Dettmers et al. 2023) and computed with in the dtype; on NVIDIA GPUs and on CPUs.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from typing import Any

from hartmann.errors import MissingExtra, ModelUnavailable

_WHOLE_MAPS = ("auto", "balanced", "balanced_low_0", "sequential")
"""What accelerate distributes by itself."""


class Quantisation(StrEnum):
    """How many bits a weight of a linear layer takes."""

    NONE = "none"
    EIGHT_BIT = "8bit"
    FOUR_BIT = "4bit"


@dataclass(frozen=True, slots=True)
class Placement:
    """Wishes about the weights.

    `device`: as torch names it (`cpu`, `cuda:1`), or `auto` for the best there is. `device_map`: empty for that one
    device; `auto`, `balanced`, `balanced_low_0` or `sequential` for accelerate to spread the layers over all GPUs and
    what does not fit over the CPU; or a JSON object from module names to devices. `dtype`: as torch names it, or
    `auto` for that of the checkpoint.
    """

    device: str = "cpu"
    device_map: str = ""
    dtype: str = "float32"
    quantisation: Quantisation = Quantisation.NONE

    def options(self) -> dict[str, Any]:
        """What `from_pretrained` takes. Raises ModelUnavailable and MissingExtra for what is not to be had."""
        options: dict[str, Any] = {"dtype": self.dtype}
        placed = self._map()
        if placed is not None:
            options["device_map"] = placed
        if self.quantisation is not Quantisation.NONE:
            options["quantization_config"] = self._quantised()
        return options

    def _map(self) -> str | dict[str, Any] | None:
        if self.device_map:
            _need("accelerate", "server")
            return read_device_map(self.device_map)
        device = device_of(self.device)
        if device == "cpu" and self.quantisation is Quantisation.NONE:
            return None
        _need("accelerate", "server")
        return {"": device}

    def _quantised(self) -> Any:
        import torch
        from transformers import BitsAndBytesConfig

        _need("bitsandbytes", "quantisation")
        # It warns of every cast of every layer at every token.
        logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
        if self.quantisation is Quantisation.EIGHT_BIT:
            return BitsAndBytesConfig(load_in_8bit=True)  # type: ignore[no-untyped-call]
        compute = torch.bfloat16 if self.dtype == "auto" else getattr(torch, self.dtype)
        return BitsAndBytesConfig(  # type: ignore[no-untyped-call]
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=compute,
        )


def read_device_map(text: str) -> str | dict[str, Any]:
    """`auto` and its kin as they are, or a JSON object as a dict. Raises ModelUnavailable for anything else."""
    if text in _WHOLE_MAPS:
        return text
    try:
        modules = json.loads(text)
    except ValueError as error:
        raise _bad_map(text) from error
    places = modules.values() if isinstance(modules, dict) else [None]
    if not all(isinstance(place, str | int) and not isinstance(place, bool) for place in places):
        raise _bad_map(text)
    return dict(modules)


def device_of(wish: str) -> str:
    """A device that is there; `auto` is the first GPU, else the CPU. Raises ModelUnavailable for one that is not."""
    import torch

    has_mps = torch.backends.mps.is_available()
    if wish == "auto":
        return "cuda" if torch.cuda.is_available() else "mps" if has_mps else "cpu"
    try:
        device = torch.device(wish)
    except RuntimeError as error:
        raise ModelUnavailable(
            f"{wish!r} is no device of torch's; use cpu, cuda, cuda:1, mps or auto (HARTMANN_DEVICE)"
        ) from error
    gpus = torch.cuda.device_count() if device.type == "cuda" else 0
    if device.type == "cuda" and (device.index or 0) >= gpus:
        raise ModelUnavailable(
            f"there is no device {wish}: torch {torch.__version__} sees {gpus or 'no'} GPU{'s' * (gpus != 1)}; "
            "set HARTMANN_DEVICE=cpu (or auto), or install the GPU's driver and a torch built for it"
        )
    if device.type == "mps" and not has_mps:
        raise ModelUnavailable("there is no device mps: it is that of Apple's chips; set HARTMANN_DEVICE=cpu")
    return wish


def devices_of(model: Any) -> str:
    """Where the weights are, such as `cpu`, or `cuda:0, cuda:1`."""
    spread = getattr(model, "hf_device_map", None) or {}
    places = {f"cuda:{place}" if isinstance(place, int) else str(place) for place in spread.values()}
    return ", ".join(sorted(places)) if len(places) > 1 else str(model.device)


def _need(package: str, extra: str) -> None:
    if find_spec(package) is None:
        raise MissingExtra(package, extra)


def _bad_map(text: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"{text!r} is no device map (HARTMANN_DEVICE_MAP): use {', '.join(_WHOLE_MAPS)}, or a JSON object such as "
        '{"model.visual": "cuda:0", "model.language_model": "cuda:1", "lm_head": "cuda:1"}'
    )
