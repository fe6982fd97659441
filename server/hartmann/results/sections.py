"""The sections of an explained score, each with its heat over the picture and the region it names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hartmann.results.picture_regions import region_name, to_array
from hartmann.v1 import composition_pb2 as pb


@dataclass(frozen=True, slots=True)
class Section:
    """A section: its `label`, the region looked at most, and the heat, shape (grid rows, grid columns)."""

    label: str
    region: str
    heat: NDArray[np.float32]


def sections_of(explanation: pb.Explanation) -> tuple[Section, ...]:
    """The sections that have a heat, in the order of the text; empty where the model records no attention."""
    found = []
    for span in explanation.spans:
        if span.kind == pb.SPAN_KIND_SECTION and span.HasField("heat"):
            heat = to_array(span.heat)
            found.append(Section(span.label, region_name(heat), heat))
    return tuple(found)
