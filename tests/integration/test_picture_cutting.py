"""How pictures of any size are cut is worked out as the families' own processors do it, with their published sizes."""

from functools import partial
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hartmann.vision.picture_cutting import nearest_cut, picture_cutting

pytestmark = pytest.mark.integration

SIDES = st.integers(24, 3000)
CANVASES = [[384 * rows, 384 * columns] for rows in range(1, 7) for columns in range(1, 7)]
"""LLaVA-OneVision's, for a tower that sees 384 pixels as 27 × 27 tokens."""


@given(height=SIDES, width=SIDES)
def test_llava_onevision_makes_as_many_tokens_as_there_are_boxes(height: int, width: int) -> None:
    from PIL import Image
    from transformers import LlavaOnevisionProcessor

    processor = SimpleNamespace(
        image_processor=SimpleNamespace(image_grid_pinpoints=CANVASES, size={"height": 384, "width": 384}),
        num_image_tokens=27**2,
        vision_aspect_ratio="anyres_max_9",
    )
    processor._get_unpadded_features = partial(LlavaOnevisionProcessor._get_unpadded_features, processor)
    expected = LlavaOnevisionProcessor._get_number_of_features(processor, height, width, 384, 384)
    lines = picture_cutting(processor, {}, [], [0], Image.new("L", (width, height)))["lines"]
    assert lines.side**2 + lines.rows * (lines.columns + 1) == expected
    top, left, bottom, right = lines.window
    line, token = (bottom - top) / lines.rows, (right - left) / lines.columns
    assert max(abs(top), abs(bottom - 1)) <= line + 1e-9
    assert max(abs(left), abs(right - 1)) <= token + 1e-9


@given(height=SIDES, width=SIDES, most=st.integers(1, 12))
def test_internvls_tiles_lie_as_its_processor_puts_them(height: int, width: int, most: int) -> None:
    from transformers.models.got_ocr2.image_processing_got_ocr2 import get_optimal_tiled_canvas

    columns, rows = get_optimal_tiled_canvas((height, width), (448, 448), 1, most)
    assert nearest_cut(rows * columns, (height, width)) == (rows, columns)
