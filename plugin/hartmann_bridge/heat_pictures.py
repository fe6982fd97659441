"""The picture, small, as it is and under the heat of a part: PNG.

Heats come from the server with the explanation (Eq. 2 of the paper, one plane for each span), so nothing is
computed here but colours. `whole` is the mean over the sections, each as long as its music is: the tokens behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hartmann.results.picture_regions import region_name, to_array
from hartmann.v1 import composition_pb2 as pb
from hartmann.vision.heatmap import overlay
from hartmann.vision.pictures import PictureLimits, read_picture

THUMBNAIL = 480
"""Pixels of the longer side: sharp in a plugin 480 wide, and at 200 % still pleasant."""
HEAT = 960
LARGEST_PIXELS = 2**31
"""The server took the picture, so its limits were kept."""


@dataclass(frozen=True, slots=True)
class Span:
    """A section or a bar with its heat, shape (grid rows, grid columns)."""

    label: str
    voice: int
    bar: int | None
    tokens: int
    heat: NDArray[np.float32]

    @property
    def region(self) -> str:
        """Where it is hottest: `the upper left`."""
        return region_name(self.heat)


def sections_of(explanation: pb.Explanation) -> tuple[Span, ...]:
    """The sections that have a heat, in the order of the text."""
    return _spans(explanation, pb.SPAN_KIND_SECTION)


def bars_of(explanation: pb.Explanation) -> tuple[Span, ...]:
    """The bars that have a heat, in the order of the text."""
    return tuple(span for span in _spans(explanation, pb.SPAN_KIND_BAR) if span.bar is not None)


def whole_of(spans: Sequence[Span]) -> NDArray[np.float32]:
    """The mean heat of the spans, weighted by their tokens."""
    weights = np.array([max(1, span.tokens) for span in spans], np.float32)
    planes = np.stack([span.heat for span in spans])
    return np.asarray(np.tensordot(weights / weights.sum(), planes, 1), np.float32)


def thumbnail(picture: bytes) -> bytes:
    """The picture as a small PNG. Raises InvalidPicture."""
    return _png(_small(picture, THUMBNAIL))


def heated(picture: bytes, heat: NDArray[np.float32]) -> bytes:
    """The picture in grey with a heat over it, as PNG. Raises InvalidPicture."""
    return _png(overlay(_small(picture, HEAT), heat))


def _spans(explanation: pb.Explanation, kind: pb.SpanKind.ValueType) -> tuple[Span, ...]:
    return tuple(
        Span(
            span.label,
            span.voice,
            span.bar if span.HasField("bar") else None,
            span.last_token - span.first_token,
            to_array(span.heat),
        )
        for span in explanation.spans
        if span.kind == kind and span.HasField("heat")
    )


def _small(picture: bytes, longest: int) -> Image.Image:
    image = read_picture(picture, PictureLimits(max(len(picture), 1), LARGEST_PIXELS)).image
    image.thumbnail((longest, longest), Image.Resampling.LANCZOS, reducing_gap=3)
    return image


def _png(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()
