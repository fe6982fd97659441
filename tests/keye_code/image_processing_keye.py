"""Pictures as patches of 14 pixels in row-major order, with their grid."""

from transformers.models.paddleocr_vl.image_processing_paddleocr_vl import PaddleOCRVLImageProcessor


class SiglipImageProcessor(PaddleOCRVLImageProcessor):
    """Named as the published one is, though transformers has another of that name."""
