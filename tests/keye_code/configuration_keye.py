"""A text configuration with the tower's inside, as Keye's `config.json` is."""

from typing import Any

from transformers import PreTrainedConfig
from transformers.models.paddleocr_vl.configuration_paddleocr_vl import PaddleOCRVisionConfig
from transformers.models.qwen3_vl.configuration_qwen3_vl import Qwen3VLTextConfig


class KeyeVisionConfig(PaddleOCRVisionConfig):
    """Patches of 14 pixels, merged by two."""

    model_type = "keye_vision"


class KeyeConfig(Qwen3VLTextConfig):
    """Qwen3's text at the top, the tower in `vision_config`."""

    model_type = "Keye"
    base_config_key = ""
    sub_configs_defaults = {"vision_config": KeyeVisionConfig}  # noqa: RUF012

    vision_config: dict[str, Any] | PreTrainedConfig | None = None
    image_token_id: int = 151655
    video_token_id: int = 151656
    vision_start_token_id: int = 151652
    vision_end_token_id: int = 151653
