"""The architectures people bring, tiny and random: each saved as its folder is, with the mini's tokenizer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from keye_folder import save_keye
from models import louder, tiny_tokenizer

IMAGE, VIDEO = "<|image_pad|>", "<|video_pad|>"
START, END = "<|vision_start|>", "<|vision_end|>"


def _text(tokenizer: Any, **changes: Any) -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 1024,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": None,
        **changes,
    }


def _qwen_tokens(tokenizer: Any) -> dict[str, int]:
    names = {"image": IMAGE, "video": VIDEO, "vision_start": START, "vision_end": END}
    return {f"{name}_token_id": tokenizer.convert_tokens_to_ids(token) for name, token in names.items()}


def _qwen2_vl(tokenizer: Any) -> tuple[Any, Any]:
    import transformers as hf
    from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor

    rope = {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 10000.0}
    vision = {
        "depth": 2,
        "embed_dim": 32,
        "hidden_size": 64,
        "num_heads": 2,
        "patch_size": 14,
        "mlp_ratio": 2,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
    }
    config = hf.Qwen2VLConfig(
        text_config=_text(tokenizer, rope_parameters=rope), vision_config=vision, **_qwen_tokens(tokenizer)
    )
    images = hf.Qwen2VLImageProcessor(size={"shortest_edge": 784 * 9, "longest_edge": 784 * 40})
    processor = hf.Qwen2VLProcessor(
        images, tokenizer, Qwen2VLVideoProcessor(), chat_template=tokenizer.chat_template
    )
    return hf.Qwen2VLForConditionalGeneration(config), processor


def _qwen2_5_vl(tokenizer: Any) -> tuple[Any, Any]:
    import transformers as hf
    from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor

    rope = {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 10000.0}
    vision = {
        "depth": 3,
        "hidden_size": 32,
        "intermediate_size": 64,
        "out_hidden_size": 64,
        "num_heads": 2,
        "patch_size": 14,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "window_size": 56,
        "fullatt_block_indexes": [1],
    }
    config = hf.Qwen2_5_VLConfig(
        text_config=_text(tokenizer, rope_parameters=rope), vision_config=vision, **_qwen_tokens(tokenizer)
    )
    images = hf.Qwen2VLImageProcessor(size={"shortest_edge": 784 * 9, "longest_edge": 784 * 40})
    processor = hf.Qwen2_5_VLProcessor(
        images, tokenizer, Qwen2VLVideoProcessor(), chat_template=tokenizer.chat_template
    )
    return hf.Qwen2_5_VLForConditionalGeneration(config), processor


def _qwen3_vl(tokenizer: Any) -> tuple[Any, Any]:
    import transformers as hf
    from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor

    rope = {
        "rope_type": "default",
        "mrope_section": [2, 3, 3],
        "rope_theta": 10000.0,
        "mrope_interleaved": True,
    }
    vision = {
        "depth": 3,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_heads": 2,
        "patch_size": 16,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "out_hidden_size": 64,
        "num_position_embeddings": 64,
        "deepstack_visual_indexes": [0, 1],
    }
    text = _text(tokenizer, head_dim=16, rope_parameters=rope)
    config = hf.Qwen3VLConfig(text_config=text, vision_config=vision, **_qwen_tokens(tokenizer))
    images = hf.Qwen2VLImageProcessor(
        patch_size=16, size={"shortest_edge": 1024 * 9, "longest_edge": 1024 * 40}
    )
    processor = hf.Qwen3VLProcessor(
        images, tokenizer, Qwen3VLVideoProcessor(), chat_template=tokenizer.chat_template
    )
    return hf.Qwen3VLForConditionalGeneration(config), processor


def _llava(tokenizer: Any) -> tuple[Any, Any]:
    import transformers as hf

    vision = {
        "model_type": "clip_vision_model",
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 3,
        "num_attention_heads": 2,
        "image_size": 56,
        "patch_size": 14,
        "projection_dim": 32,
    }
    config = hf.LlavaConfig(
        vision_config=vision,
        text_config={"model_type": "llama", **_text(tokenizer)},
        image_token_index=tokenizer.convert_tokens_to_ids(IMAGE),
    )
    images = hf.CLIPImageProcessor(size={"shortest_edge": 56}, crop_size={"height": 56, "width": 56})
    processor = hf.LlavaProcessor(
        images,
        tokenizer,
        patch_size=14,
        vision_feature_select_strategy="default",
        image_token=IMAGE,
        num_additional_image_tokens=1,
        chat_template=tokenizer.chat_template,
    )
    return hf.LlavaForConditionalGeneration(config), processor


def _gemma3(tokenizer: Any) -> tuple[Any, Any]:
    import transformers as hf

    named = _named(tokenizer, boi_token=START, eoi_token=END, image_token=IMAGE)
    text = _text(
        tokenizer,
        head_dim=16,
        sliding_window=32,
        layer_types=["sliding_attention", "full_attention", "full_attention"],
    )
    vision = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 56,
        "patch_size": 7,
    }
    config = hf.Gemma3Config(
        text_config=text,
        vision_config=vision,
        mm_tokens_per_image=16,
        image_token_index=tokenizer.convert_tokens_to_ids(IMAGE),
        boi_token_index=tokenizer.convert_tokens_to_ids(START),
        eoi_token_index=tokenizer.convert_tokens_to_ids(END),
    )
    template = tokenizer.chat_template.replace(START + IMAGE + END, START)
    images = hf.Gemma3ImageProcessor(size={"height": 56, "width": 56})
    processor = hf.Gemma3Processor(images, named, image_seq_length=16, chat_template=template)
    model = hf.Gemma3ForConditionalGeneration(config)
    # Zero as made: every picture would look alike.
    model.model.multi_modal_projector.mm_input_projection_weight.data.normal_(std=0.1)
    return model, processor


def _tiled(tokenizer: Any, family: str) -> tuple[Any, Any, dict[str, Any]]:
    """Configuration, image processor and processor's options that Idefics 3 and SmolVLM have in common."""
    import transformers as hf

    names = ["<fake_token_around_image>", "<image>", "<end_of_utterance>", "<global-img>"]
    names += [f"<row_{row}_col_{column}>" for row in range(1, 4) for column in range(1, 4)]
    tokenizer.add_tokens(names, special_tokens=True)
    vision = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 64,
        "patch_size": 8,
    }
    config = getattr(hf, f"{family}Config")(
        text_config={"model_type": "llama", **_text(tokenizer)},
        vision_config=vision,
        scale_factor=2,
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        pad_token_id=tokenizer.pad_token_id,
    )
    images = getattr(hf, f"{family}ImageProcessor")(
        size={"longest_edge": 192}, max_image_size={"longest_edge": 64}
    )
    template = tokenizer.chat_template.replace(START + IMAGE + END, "<image>")
    return config, images, {"image_seq_len": 16, "chat_template": template}


def _idefics3(tokenizer: Any) -> tuple[Any, Any]:
    import transformers as hf

    config, images, options = _tiled(tokenizer, "Idefics3")
    return hf.Idefics3ForConditionalGeneration(config), hf.Idefics3Processor(images, tokenizer, **options)


def _smolvlm(tokenizer: Any) -> tuple[Any, Any]:
    import transformers as hf
    from transformers.models.smolvlm.video_processing_smolvlm import SmolVLMVideoProcessor

    config, images, options = _tiled(tokenizer, "SmolVLM")
    videos = SmolVLMVideoProcessor(
        video_sampling={"fps": 1, "max_frames": 4, "video_size": {"longest_edge": 64}}
    )
    processor = hf.SmolVLMProcessor(images, tokenizer, videos, **options)
    return hf.SmolVLMForConditionalGeneration(config), processor


def _internvl(tokenizer: Any) -> tuple[Any, Any]:
    import transformers as hf
    from transformers.models.internvl.video_processing_internvl import InternVLVideoProcessor

    named = _named(
        tokenizer,
        start_image_token=START,
        end_image_token=END,
        context_image_token=IMAGE,
        video_token=VIDEO,
    )
    vision = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": [56, 56],
        "patch_size": [7, 7],
    }
    config = hf.InternVLConfig(
        vision_config=vision,
        text_config={"model_type": "qwen2", **_text(tokenizer)},
        image_token_id=tokenizer.convert_tokens_to_ids(IMAGE),
        image_seq_length=16,
        downsample_ratio=0.5,
    )
    images = hf.GotOcr2ImageProcessor(size={"height": 56, "width": 56}, crop_to_patches=True, max_patches=6)
    template = tokenizer.chat_template.replace(START + IMAGE + END, IMAGE)
    processor = hf.InternVLProcessor(
        images, named, InternVLVideoProcessor(), image_seq_length=16, chat_template=template
    )
    return hf.InternVLForConditionalGeneration(config), processor


def _llava_onevision(tokenizer: Any) -> tuple[Any, Any]:
    import transformers as hf
    from transformers.models.llava_onevision.video_processing_llava_onevision import (
        LlavaOnevisionVideoProcessor,
    )

    canvases = [[56 * rows, 56 * columns] for rows in range(1, 4) for columns in range(1, 4)]
    vision = {
        "model_type": "siglip_vision_model",
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 56,
        "patch_size": 14,
        "vision_use_head": False,
    }
    config = hf.LlavaOnevisionConfig(
        vision_config=vision,
        text_config={"model_type": "qwen2", **_text(tokenizer)},
        image_token_id=tokenizer.convert_tokens_to_ids(IMAGE),
        video_token_id=tokenizer.convert_tokens_to_ids(VIDEO),
        image_grid_pinpoints=canvases,
        vision_aspect_ratio="anyres_max_9",
        vision_feature_layer=-1,
        vision_feature_select_strategy="full",
    )
    images = hf.LlavaOnevisionImageProcessor(size={"height": 56, "width": 56}, image_grid_pinpoints=canvases)
    template = tokenizer.chat_template.replace(START + IMAGE + END, IMAGE)
    processor = hf.LlavaOnevisionProcessor(
        images,
        tokenizer,
        LlavaOnevisionVideoProcessor(),
        num_image_tokens=16,
        vision_feature_select_strategy="full",
        chat_template=template,
        image_token=IMAGE,
        video_token=VIDEO,
    )
    return hf.LlavaOnevisionForConditionalGeneration(config), processor


def _named(tokenizer: Any, **names: str) -> Any:
    """The tokenizer with names for special tokens, as processors ask for them."""
    import transformers as hf

    return hf.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer.backend_tokenizer,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        extra_special_tokens=names,
    )


FAMILIES: dict[str, Callable[[Any], tuple[Any, Any]]] = {
    "qwen2-vl": _qwen2_vl,
    "qwen2.5-vl": _qwen2_5_vl,
    "qwen3-vl": _qwen3_vl,
    "llava": _llava,
    "llava-onevision": _llava_onevision,
    "gemma3": _gemma3,
    "idefics3": _idefics3,
    "smolvlm": _smolvlm,
    "internvl": _internvl,
}
"""The families that transformers knows."""
WITH_CODE = ("keye",)
"""The families whose folders bring code of their own."""


def save_family(name: str, folder: Path) -> Path:
    """One family's tiny model as a folder. Attention takes sides, as that of trained weights does."""
    import torch

    torch.manual_seed(1)
    tokenizer = tiny_tokenizer()
    if name in WITH_CODE:
        return save_keye(folder, tokenizer, _text(tokenizer))
    model, processor = FAMILIES[name](tokenizer)
    louder(model)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


@contextmanager
def modules_of_folders(place: Path) -> Iterator[None]:
    """Copies of the code that folders bring are kept here, and not in the user's cache."""
    from transformers import dynamic_module_utils as dynamic

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dynamic, "HF_MODULES_CACHE", str(place))
        patch.setattr(sys, "path", [*sys.path])
        _forget_modules_of_folders()
        yield
        _forget_modules_of_folders()


def _forget_modules_of_folders() -> None:
    """What was imported from another place would be looked for there again."""
    for name in [name for name in sys.modules if name.split(".")[0] == "transformers_modules"]:
        del sys.modules[name]


def in_one_pass(model: Any, prompt: Any, **options: bool) -> Any:
    """Transformers' own forward over a whole sequence: no cache, and no positions but those it finds itself."""
    import torch

    kinds = {
        name: torch.tensor([[*values, *[0] * (len(prompt.ids) - len(values))]])
        for name, values in prompt.per_token.items()
    }
    with torch.no_grad():
        return model._model(
            input_ids=torch.tensor([prompt.ids]), **kinds, **prompt.tensors, use_cache=False, **options
        )
