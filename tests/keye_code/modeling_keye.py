"""A tower, a projector and a text model, with an attention of their own and positions in three dimensions."""

from types import SimpleNamespace
from typing import Any

import torch
from torch import nn
from transformers import GenerationMixin, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutputWithPast
from transformers.models.paddleocr_vl.modeling_paddleocr_vl import PaddleOCRProjector, PaddleOCRVisionModel
from transformers.models.qwen3_vl.modeling_qwen3_vl import Qwen3VLTextAttention, Qwen3VLTextModel

from .configuration_keye import KeyeConfig

KEYE_ATTENTION_CLASSES = {"eager": Qwen3VLTextAttention}
"""As in the published code, an implementation that is not listed is a KeyError."""


class KeyeForConditionalGeneration(PreTrainedModel, GenerationMixin):
    """Sees and writes."""

    config_class = KeyeConfig
    base_model_prefix = "model"
    _supports_sdpa = True
    _supports_flash_attn = True

    def __init__(self, config: KeyeConfig) -> None:
        super().__init__(config)
        KEYE_ATTENTION_CLASSES[config._attn_implementation]
        self.visual = PaddleOCRVisionModel._from_config(config.vision_config)
        self.mlp_AR = PaddleOCRProjector(
            SimpleNamespace(vision_config=config.vision_config, text_config=config)
        )
        self.model = Qwen3VLTextModel._from_config(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.post_init()

    def get_image_features(self, pixel_values: Any, image_grid_thw: Any) -> Any:
        """One vector for each square of 28 pixels, shape (squares, size)."""
        seen = self.visual(pixel_values=pixel_values.unsqueeze(0), grid_thw=image_grid_thw)
        return self.mlp_AR(seen.last_hidden_state, image_grid_thw)

    def get_rope_index(
        self,
        input_ids: Any,
        image_grid_thw: Any = None,
        video_grid_thw: Any = None,
        attention_mask: Any = None,
    ) -> tuple[Any, Any]:
        """Positions (time, row, column), shape (3, 1, length), of a text with at most one picture."""
        ids = input_ids[0]
        at = (ids == self.config.image_token_id).nonzero().flatten()
        rows, columns = (
            int(side) // self.config.vision_config.spatial_merge_size for side in image_grid_thw[0, 1:]
        )
        first, last = int(at[0]), int(at[-1])
        squares = torch.arange(rows * columns)
        inside = torch.stack([torch.zeros_like(squares), squares // columns, squares % columns]) + first
        after = torch.arange(len(ids) - last - 1) + first + max(rows, columns)
        positions = torch.cat([torch.arange(first).expand(3, -1), inside, after.expand(3, -1)], dim=1)
        return positions[:, None].to(ids.device), positions.max() + 1 - len(ids)

    def forward(
        self,
        input_ids: Any = None,
        attention_mask: Any = None,
        position_ids: Any = None,
        past_key_values: Any = None,
        use_cache: bool | None = None,
        pixel_values: Any = None,
        image_grid_thw: Any = None,
        **options: Any,
    ) -> CausalLMOutputWithPast:
        """Logits behind every token."""
        embeddings = self.model.embed_tokens(input_ids)
        if pixel_values is not None:
            seen = self.get_image_features(pixel_values, image_grid_thw).to(embeddings.dtype)
            places = (input_ids == self.config.image_token_id).unsqueeze(-1)
            embeddings = embeddings.masked_scatter(places, seen)
            if position_ids is None:
                position_ids, _ = self.get_rope_index(input_ids, image_grid_thw)
        output = self.model(
            inputs_embeds=embeddings,
            attention_mask=attention_mask,
            position_ids=position_ids,
            past_key_values=past_key_values,
            use_cache=use_cache,
            **options,
        )
        return CausalLMOutputWithPast(
            logits=self.lm_head(output.last_hidden_state),
            past_key_values=output.past_key_values,
            hidden_states=output.hidden_states,
            attentions=output.attentions,
        )
