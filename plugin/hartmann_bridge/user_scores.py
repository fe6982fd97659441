"""Scores of the person's own, to continue or to vary: a file or the MusicXML itself, told by its first bytes.

Whether it can be read as music is the server's to say; that nothing but a score leaves the machine is ours.
"""

from __future__ import annotations

import re
from http import HTTPStatus

from hartmann_bridge import bodies
from hartmann_bridge.refusals import Refused
from hartmann_bridge.user_files import read_user_file

LARGEST_SCORE = 20 * 2**20
_ZIP = b"PK\x03\x04"
_MXL_ENTRY = b"META-INF/container.xml"
_MUSICXML = re.compile(rb"<score-(partwise|timewise)\b")
_ABC = re.compile(rb"(?m)^K:")
_LOOKED_AT = 65536


def read_excerpt(excerpt: bodies.Excerpt) -> bytes:
    """The score's bytes. Raises Refused."""
    if bool(excerpt.path) == bool(excerpt.musicxml):
        raise _refused("EXCERPT_INVALID", "give the excerpt as a path or as MusicXML, one of them", "excerpt")
    if excerpt.musicxml:
        content, field = excerpt.musicxml.encode("utf-8", "replace"), "excerpt.musicxml"
    else:
        _, content = read_user_file(excerpt.path, LARGEST_SCORE, field="excerpt.path")
        field = "excerpt.path"
    if not is_score(content):
        raise _refused("SCORE_UNREADABLE", "this is no score in MusicXML (.musicxml, .mxl) or ABC", field)
    return content


def is_score(content: bytes) -> bool:
    """Whether the bytes are MusicXML, compressed or not, or ABC text."""
    start = content[:_LOOKED_AT]
    if start.startswith(_ZIP):
        return _MXL_ENTRY in content
    return bool(_MUSICXML.search(start) or (b"\0" not in start and _ABC.search(start)))


def _refused(reason: str, message: str, field: str) -> Refused:
    return Refused(HTTPStatus.UNPROCESSABLE_ENTITY, reason, message, field=field)
