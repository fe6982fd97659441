"""The mini models that Hartmann ships: a small vision-language model and a small CLIP, trained by `hartmann.training`.

`weights/vlm/` is a Hugging Face folder (Qwen2.5-VL's architecture in miniature), `weights/clip/` a folder that
`open_clip` loads by `local-dir:`. `weights/MODEL_CARD.md` says what they were trained on and how good they are.
"""

from __future__ import annotations

from pathlib import Path

from hartmann.errors import ModelUnavailable

_WEIGHTS = Path(__file__).parent / "weights"


def vlm_folder() -> Path:
    """The mini vision-language model's folder. Raises ModelUnavailable where this copy was built without weights."""
    return _existing(_WEIGHTS / "vlm", "model.safetensors")


def clip_folder() -> Path:
    """The mini CLIP's folder. Raises ModelUnavailable where this copy was built without weights."""
    return _existing(_WEIGHTS / "clip", "open_clip_model.safetensors")


def _existing(folder: Path, weights: str) -> Path:
    if not (folder / weights).exists():
        raise ModelUnavailable(
            f"{folder} holds no {weights}; install Hartmann from a wheel or a full checkout, or train the "
            "mini models with python -m hartmann.training"
        )
    return folder
