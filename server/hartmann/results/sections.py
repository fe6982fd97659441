"""The parts of an explained score and the sentences about it, each with its heat and the region that it names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hartmann.results.picture_regions import region_name, to_array
from hartmann.v1 import composition_pb2 as pb


@dataclass(frozen=True, slots=True)
class Section:
    """A section or a sentence: its `label`, the region looked at most, the heat of shape (grid rows, grid columns)."""

    label: str
    region: str
    heat: NDArray[np.float32]


def sections_of(explanation: pb.Explanation) -> tuple[Section, ...]:
    """The sections that have a heat, voice by voice where there are several; empty where the model records no
    attention."""
    return _parts(explanation, pb.SPAN_KIND_SECTION)


def caption_sentences_of(explanation: pb.Explanation) -> tuple[Section, ...]:
    """The sentences of the picture's description that have a heat."""
    return _parts(explanation, pb.SPAN_KIND_CAPTION)


def motivation_sentences_of(explanation: pb.Explanation) -> tuple[Section, ...]:
    """The sentences of the motivation that have a heat."""
    return _parts(explanation, pb.SPAN_KIND_MOTIVATION)


def _parts(explanation: pb.Explanation, kind: pb.SpanKind.ValueType) -> tuple[Section, ...]:
    spans = [span for span in explanation.spans if span.kind == kind and span.HasField("heat")]
    in_parts = len({span.voice for span in spans}) > 1
    found = []
    for span in spans:
        heat = to_array(span.heat)
        label = f"{span.label}, voice {span.voice}" if in_parts else span.label
        found.append(Section(label, region_name(heat), heat))
    return tuple(found)
