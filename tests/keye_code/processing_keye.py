"""The picture's token, repeated as often as the picture has squares of 28 pixels."""

from typing import Any

from transformers import BatchFeature
from transformers.processing_utils import ProcessorMixin


class KeyeProcessor(ProcessorMixin):
    """A tokenizer and an image processor."""

    attributes = ["image_processor", "tokenizer"]  # noqa: RUF012
    image_processor_class = "AutoImageProcessor"
    tokenizer_class = "AutoTokenizer"

    def __init__(
        self, image_processor: Any = None, tokenizer: Any = None, chat_template: Any = None, **_: Any
    ) -> None:
        self.image_token = "<|image_pad|>"
        super().__init__(image_processor, tokenizer, chat_template=chat_template)

    def __call__(self, images: Any = None, text: Any = None, **options: Any) -> BatchFeature:
        """Token ids, patches and their grid."""
        seen = self.image_processor(images=images, return_tensors="pt")
        squares = int(seen["image_grid_thw"][0].prod()) // self.image_processor.merge_size**2
        written = [one.replace(self.image_token, self.image_token * squares) for one in text]
        return BatchFeature({**self.tokenizer(written, **options), **seen})
