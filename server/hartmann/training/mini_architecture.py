"""The mini model: Qwen3-VL's architecture, a thousand times smaller, in a folder that `from_pretrained` reads.

Six layers of 256 with four heads of 64 (two for keys and values) write; four layers of 192 see 14-pixel patches,
merged by two: one image token is a square of 28 pixels. A picture becomes at most 88 such squares (4:3 is 10 × 8),
aspect kept. Qwen3-VL's tower knows where a patch lies in the picture (a learned grid of positions, stretched over every
picture), which Qwen2.5-VL's, with relative positions alone, has to guess: one of that kind learned colours well and
places hardly at all. DeepStack is left out: four layers are too few to need a way around them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

CELL: Final = 28
MIN_CELLS, MAX_CELLS = 60, 88
CONTEXT: Final = 2048
WIDTH: Final = 256
"""Of the language model's hidden states, and so of image tokens."""


def make_config(tokenizer: Any) -> Any:
    """The configuration for a vocabulary; about 7 M parameters at 2,048."""
    from transformers import Qwen3VLConfig

    def token(text: str) -> int:
        return int(tokenizer.convert_tokens_to_ids(text))

    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": WIDTH,
        "intermediate_size": 768,
        "num_hidden_layers": 6,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 64,
        "attention_bias": True,
        "max_position_embeddings": CONTEXT,
        "rope_parameters": {
            "rope_type": "default",
            "mrope_section": [12, 10, 10],
            "mrope_interleaved": True,
            "rope_theta": 10000.0,
        },
        "bos_token_id": None,
        "eos_token_id": token("<|im_end|>"),
        "pad_token_id": token("<|endoftext|>"),
        "tie_word_embeddings": True,
    }
    vision = {
        "depth": 4,
        "hidden_size": 192,
        "intermediate_size": 512,
        "num_heads": 4,
        "patch_size": 14,
        "spatial_merge_size": 2,
        "temporal_patch_size": 1,
        "out_hidden_size": WIDTH,
        "num_position_embeddings": 256,
        "deepstack_visual_indexes": [],
    }
    return Qwen3VLConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=token("<|image_pad|>"),
        video_token_id=token("<|video_pad|>"),
        vision_start_token_id=token("<|vision_start|>"),
        vision_end_token_id=token("<|vision_end|>"),
        tie_word_embeddings=True,
    )


def make_model(tokenizer: Any, seed: int) -> Any:
    """A model with random weights, the same for the same seed."""
    import torch
    from transformers import Qwen3VLForConditionalGeneration

    torch.manual_seed(seed)
    return Qwen3VLForConditionalGeneration(make_config(tokenizer))


def make_image_processor() -> Any:
    """The picture's way into patches: bicubic to whole cells, then OpenAI CLIP's mean and deviation."""
    from transformers import Qwen2VLImageProcessor

    return Qwen2VLImageProcessor(
        patch_size=14,
        merge_size=2,
        temporal_patch_size=1,
        size={"shortest_edge": MIN_CELLS * CELL * CELL, "longest_edge": MAX_CELLS * CELL * CELL},
    )


def make_processor(tokenizer: Any) -> Any:
    """Tokenizer and image processor together, as `AutoProcessor` loads them."""
    from transformers import Qwen3VLProcessor
    from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor

    wrapped: Any = Qwen3VLProcessor
    return wrapped(
        image_processor=make_image_processor(),
        tokenizer=tokenizer,
        video_processor=Qwen3VLVideoProcessor(),
        chat_template=tokenizer.chat_template,
    )


def save_folder(folder: Path, model: Any, tokenizer: Any) -> None:
    """Write configuration, weights (float16), tokenizer and processor so that the Auto classes load them."""
    import copy

    import torch

    small = copy.deepcopy(model).to(torch.float16)
    small.generation_config.eos_token_id = model.config.text_config.eos_token_id
    small.generation_config.pad_token_id = model.config.text_config.pad_token_id
    small.save_pretrained(folder)
    make_processor(tokenizer).save_pretrained(folder)
