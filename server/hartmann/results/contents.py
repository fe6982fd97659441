"""What goes into the files of a finished composition: suffix → bytes."""

from __future__ import annotations

from hartmann.results.explanation_page import explanation_page
from hartmann.results.record import Record, to_json_lines
from hartmann.results.sections import caption_sentences_of, motivation_sentences_of, sections_of
from hartmann.v1 import composition_pb2 as pb

ALREADY_TAKEN = 2**31
"""Pixels. The server took the picture, so its limits are kept; ours need not be the same."""


def contents_of(record: Record, picture: bytes) -> dict[str, bytes]:
    """The files in the order in which a person wants to see them; no `.attention.png` without attention.

    `picture` is the picture file's bytes, for the maps to lie upon. `record` must hold a score.
    """
    score = record.score
    if score is None:
        raise ValueError("the composition has no score yet")
    contents = {".musicxml": score.musicxml, ".abc": score.abc.encode(), ".mid": score.midi}
    if panels := _attention_panels(record.explanation, picture, score.title):
        contents[".attention.png"] = panels
    contents[".explanation.md"] = explanation_page(record).encode()
    contents[".events.jsonl"] = to_json_lines(record.events)
    return contents


def _attention_panels(explanation: pb.Explanation | None, picture: bytes, title: str) -> bytes:
    """The picture once for each section, and for each sentence about it, with its map over it, as PNG; empty without
    attention."""
    if explanation is None:
        return b""
    sections = [(f"section {part.label}", part.heat) for part in sections_of(explanation)]
    said = [(f"“{part.label}”", part.heat) for part in caption_sentences_of(explanation)]
    reasons = [(f"“{part.label}”", part.heat) for part in motivation_sentences_of(explanation)]
    if not sections + said + reasons:
        return b""
    from hartmann.vision.heatmap import panels
    from hartmann.vision.pictures import PictureLimits, read_picture

    shown = read_picture(picture, PictureLimits(len(picture), ALREADY_TAKEN)).image
    return panels(shown, sections + said + reasons, title)
