"""Engraves MusicXML in a process of its own: `python -m hartmann_bridge.engraving_worker`.

Verovio's toolkit is C++ that is not thread-safe and may crash on what it did not expect; here a crash or an endless
loop costs one preview. On standard input and output go blocks, each four bytes of length (big-endian) and as many
bytes: MusicXML in; SVG and then PNG out, both empty when there is nothing to see.

Verovio reads the MusicXML that the server makes of a draft, not the draft's ABC: its own ABC reader knows one voice
and little more, so the picture would show other notes than the score.
"""

from __future__ import annotations

import struct
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from hartmann_bridge.smufl_text import draw_signs, text_font

PAGE_WIDTH = 2100
"""Verovio's units, tenths of a millimetre: A4 without its margins."""
SCALE = 40
"""Percent: 840 pixels wide at 100 %."""
PNG_WIDTH = 1680
MOST_MEMORY = 4 * 2**30
LENGTH = struct.Struct(">I")
OPTIONS: dict[str, Any] = {
    "pageWidth": PAGE_WIDTH,
    "pageHeight": 60000,
    "adjustPageHeight": True,
    "pageMarginLeft": 40,
    "pageMarginRight": 40,
    "pageMarginTop": 40,
    "pageMarginBottom": 40,
    "scale": SCALE,
    "svgViewBox": True,
    "svgFormatRaw": True,
    "header": "none",
    "footer": "none",
    "breaks": "auto",
    "xmlIdSeed": 1,
}


def main() -> None:
    """Answers blocks until standard input ends."""
    _limit_memory()
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while (block := read_block(source)) is not None:
        for answer in engrave(block):
            target.write(LENGTH.pack(len(answer)) + answer)
        target.flush()


def engrave(musicxml: bytes) -> tuple[bytes, bytes]:
    """SVG and PNG of the whole piece on one page as high as it needs; two empty ones when Verovio can't read it."""
    import verovio

    verovio.enableLog(verovio.LOG_OFF)
    toolkit = verovio.toolkit()
    toolkit.setOptions(OPTIONS)
    if not toolkit.loadData(musicxml.decode()):
        return b"", b""
    svg: str = toolkit.renderToSVG(1)
    return svg.encode(), _png(svg)


def read_block(source: IO[bytes]) -> bytes | None:
    """The next block; None at the end."""
    head = source.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    return source.read(LENGTH.unpack(head)[0])


def _png(svg: str) -> bytes:
    import resvg_py

    family, file = _text_font()
    drawn = resvg_py.svg_to_bytes(
        svg_string=draw_signs(svg),
        background="#ffffff",
        width=PNG_WIDTH,
        skip_system_fonts=True,
        font_files=[str(file)],
        font_family=family,
        serif_family=family,
        sans_serif_family=family,
    )
    return bytes(drawn)


@lru_cache(maxsize=1)
def _text_font() -> tuple[str, Path]:
    """The font's family and a file of it, which goes with the process."""
    body, family = text_font()
    file = Path(_folder().name) / "text.ttf"
    file.write_bytes(body)
    return family, file


@lru_cache(maxsize=1)
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="hartmann-engraving-")


def _limit_memory() -> None:
    """A piece that makes Verovio ask for more than this ends the process, and that is that."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


if __name__ == "__main__":
    main()
