"""MusicXML bytes, bare or compressed (.mxl), as one tree; nothing in them is trusted.

Entities are refused and external ones never loaded (defusedxml), a compressed file is unpacked in memory up to a
limit whatever it says of itself, and no name in it becomes a path. `score-timewise` is turned into
`score-partwise`, the only form music21 reads. The limits keep time and memory bounded.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from hartmann.errors import UnreadableScore

_CONTAINER = "META-INF/container.xml"
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a file may be: `bytes` as given, `unpacked` bytes and their `ratio` to the packed ones in an .mxl,
    XML `elements`, their `depth`, and `notes` that are read."""

    bytes: int = 16 * 1024 * 1024
    unpacked: int = 64 * 1024 * 1024
    ratio: int = 200
    elements: int = 1_500_000
    depth: int = 64
    notes: int = 20_000


def open_musicxml(data: bytes, limits: Limits) -> ET.Element:
    """The `score-partwise` element. Raises `UnreadableScore`, which says why."""
    if len(data) > limits.bytes:
        raise UnreadableScore(f"the file has {len(data):,} bytes; {limits.bytes:,} is the most that is read")
    root = _tree(_unpacked(data, limits) if data[:4] == _ZIP else data, limits)
    if root.tag == "score-timewise":
        root = _partwise(root)
    if root.tag != "score-partwise":
        raise UnreadableScore(f"this is no MusicXML score but an XML file of `{root.tag[:40]}`")
    if next(root.iter("note"), None) is None:
        raise UnreadableScore("the MusicXML file holds no notes")
    return root


# -- .mxl --------------------------------------------------------------------------------------------------


def _unpacked(data: bytes, limits: Limits) -> bytes:
    """The score inside a compressed file: what its container names, or the first XML file in it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _member(archive, _score_name(archive, limits), limits)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, ValueError) as broken:
        raise UnreadableScore("the .mxl file is damaged, cut off or encrypted; export it anew") from broken


def _score_name(archive: zipfile.ZipFile, limits: Limits) -> str:
    names = archive.namelist()
    if _CONTAINER in names:
        container = _tree(_member(archive, _CONTAINER, limits), limits)
        stated = next(
            (file.get("full-path", "") for file in container.iter() if _local(file) == "rootfile"), ""
        )
        if stated in names:
            return stated
    for name in names:
        if name.lower().endswith((".xml", ".musicxml")) and not name.startswith("META-INF/"):
            return name
    raise UnreadableScore("the compressed file holds no MusicXML score")


def _member(archive: zipfile.ZipFile, name: str, limits: Limits) -> bytes:
    """One file of the archive, unpacked; its stated sizes are only hints, so what really comes out is counted."""
    packed = archive.getinfo(name).compress_size
    most = min(limits.unpacked, max(packed * limits.ratio, 1024 * 1024))
    with archive.open(name) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise UnreadableScore(
            f"`{name[:60]}` in the .mxl file unpacks to more than {most:,} bytes from {packed:,}; "
            "that is no honest score"
        )
    return content


# -- XML ---------------------------------------------------------------------------------------------------


def _tree(content: bytes, limits: Limits) -> ET.Element:
    root: ET.Element | None = None
    depth = 0
    try:
        for count, (event, element) in enumerate(_events(content)):
            root = element if root is None else root
            depth += 1 if event == "start" else -1
            if depth > limits.depth or count > 2 * limits.elements:
                raise UnreadableScore(
                    f"the XML is nested deeper than {limits.depth} levels or has more than "
                    f"{limits.elements:,} elements; no score needs that"
                )
    except DefusedXmlException as forbidden:
        raise UnreadableScore(
            "the file defines XML entities, which scores do not need; export it anew"
        ) from forbidden
    except (ET.ParseError, ValueError, LookupError) as broken:
        raise UnreadableScore(f"this is no MusicXML file: {broken}") from broken
    if root is None:
        raise UnreadableScore("this is no MusicXML file: it is empty")
    return root


def _events(content: bytes) -> Iterator[tuple[str, ET.Element]]:
    return iter(iterparse(io.BytesIO(content), events=("start", "end")))


def _local(element: ET.Element) -> Any:
    """The tag without its namespace."""
    return element.tag.rpartition("}")[2]


def _partwise(root: ET.Element) -> ET.Element:
    """The same score with measures inside parts instead of parts inside measures."""
    turned = ET.Element("score-partwise", root.attrib)
    parts: dict[str, ET.Element] = {}
    for child in root:
        if child.tag != "measure":
            turned.append(child)
            continue
        for part in child.findall("part"):
            identity = part.get("id", "")
            if identity not in parts:
                parts[identity] = ET.SubElement(turned, "part", id=identity)
            measure = ET.SubElement(parts[identity], "measure", child.attrib)
            measure.extend(list(part))
    return turned
