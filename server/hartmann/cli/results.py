"""What goes into the files of a finished composition: suffix → bytes."""

from __future__ import annotations

import io

from hartmann.cli.explanation_page import explanation_page
from hartmann.cli.record import Record, to_json_lines
from hartmann.cli.sections import sections_of
from hartmann.v1 import composition_pb2 as pb


def contents_of(record: Record, picture: bytes) -> dict[str, bytes]:
    """The files in the order in which a person wants to see them; no `.attention.png` without attention.

    `picture` is the picture file's bytes, for the maps to lie upon. `record` must hold a score.
    """
    score = record.score
    if score is None:
        raise ValueError("the composition has no score yet")
    contents = {".musicxml": score.musicxml, ".abc": score.abc.encode(), ".mid": score.midi}
    if panels := _attention_panels(record.explanation, picture):
        contents[".attention.png"] = panels
    contents[".explanation.md"] = explanation_page(record).encode()
    contents[".events.jsonl"] = to_json_lines(record.events)
    return contents


def _attention_panels(explanation: pb.Explanation | None, picture: bytes) -> bytes:
    """The picture once for each section with the section's map over it, as PNG; empty without attention."""
    sections = sections_of(explanation) if explanation is not None else ()
    if not sections:
        return b""
    from PIL import Image, ImageOps

    from hartmann.vision.heatmap import panels

    with Image.open(io.BytesIO(picture)) as opened:
        upright = ImageOps.exif_transpose(opened).convert("RGB")
    drawn = panels(upright, [(section.label, section.heat) for section in sections])
    png = io.BytesIO()
    drawn.save(png, "PNG")
    return png.getvalue()
