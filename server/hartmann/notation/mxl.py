"""Compressed MusicXML (`.mxl`): the document in a zip archive, as the MusicXML 4.0 container format asks.

The archive holds, in this order: `mimetype`, stored plain so that the first bytes tell what the file is;
`META-INF/container.xml`, which names the document; and the document. The same document gives the same
bytes: every entry carries zip's earliest date and the same permissions.
"""

from __future__ import annotations

import io
import zipfile

MEDIA_TYPE = "application/vnd.recordare.musicxml"
DOCUMENT_MEDIA_TYPE = "application/vnd.recordare.musicxml+xml"

_CONTAINER = f"""\
<?xml version="1.0" encoding="UTF-8"?>
<container>
  <rootfiles>
    <rootfile full-path="score.musicxml" media-type="{DOCUMENT_MEDIA_TYPE}"/>
  </rootfiles>
</container>
"""


def compressed(document: bytes) -> bytes:
    """A `.mxl` file with this MusicXML document in it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(_entry("mimetype", zipfile.ZIP_STORED), MEDIA_TYPE)
        archive.writestr(_entry("META-INF/container.xml", zipfile.ZIP_DEFLATED), _CONTAINER)
        archive.writestr(_entry("score.musicxml", zipfile.ZIP_DEFLATED), document)
    return packed.getvalue()


def _entry(name: str, compression: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.compress_type = compression
    entry.external_attr = 0o644 << 16
    entry.create_system = 3
    return entry
