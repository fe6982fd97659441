"""A folder as Keye-VL-8B-Preview's is: tiny random weights, a flat configuration, and code of its own."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from models import louder

CODE = Path(__file__).parent / "keye_code"
AUTO_MAPS = {
    "config.json": {
        "AutoConfig": "configuration_keye.KeyeConfig",
        "AutoModel": "modeling_keye.KeyeForConditionalGeneration",
        "AutoModelForCausalLM": "modeling_keye.KeyeForConditionalGeneration",
    },
    "preprocessor_config.json": {
        "AutoProcessor": "processing_keye.KeyeProcessor",
        "AutoImageProcessor": "image_processing_keye.SiglipImageProcessor",
    },
    "processor_config.json": {"AutoProcessor": "processing_keye.KeyeProcessor"},
}
TOKENS = {
    "image": "<|image_pad|>",
    "video": "<|video_pad|>",
    "vision_start": "<|vision_start|>",
    "vision_end": "<|vision_end|>",
}
PICTURES = {
    "min_pixels": 784 * 9,
    "max_pixels": 784 * 40,
    "patch_size": 14,
    "temporal_patch_size": 1,
    "merge_size": 2,
    "image_mean": [0.5, 0.5, 0.5],
    "image_std": [0.5, 0.5, 0.5],
    "processor_class": "KeyeProcessor",
}


def save_keye(folder: Path, tokenizer: Any, text: dict[str, Any]) -> Path:
    """Write the folder. `text`: the text model's sizes."""
    from keye_code.configuration_keye import KeyeConfig
    from keye_code.modeling_keye import KeyeForConditionalGeneration

    vision = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 112,
        "patch_size": 14,
        "spatial_merge_size": 2,
    }
    rope = {
        "rope_type": "default",
        "mrope_section": [2, 3, 3],
        "rope_theta": 10000.0,
    }
    config = KeyeConfig(
        **text,
        head_dim=16,
        rope_parameters=rope,
        vision_config=vision,
        **{f"{name}_token_id": tokenizer.convert_tokens_to_ids(token) for name, token in TOKENS.items()},
        attn_implementation="eager",
    )
    model = louder(KeyeForConditionalGeneration(config))
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    for file in CODE.glob("*_keye.py"):
        shutil.copy(file, folder)
    _write(folder / "preprocessor_config.json", PICTURES)
    _write(folder / "processor_config.json", {"processor_class": "KeyeProcessor"})
    for name, auto_map in AUTO_MAPS.items():
        known = json.loads((folder / name).read_text(encoding="utf-8"))
        _write(folder / name, {**known, "auto_map": auto_map})
    return folder


def _write(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content), encoding="utf-8")
