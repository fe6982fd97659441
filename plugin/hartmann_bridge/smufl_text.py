"""Music signs inside an SVG's text, drawn as outlines: the quarter note in `♩ = 90`, the flat in `B♭7`.

Verovio draws heads and clefs as outlines, but writes signs within text as characters of its own music font, which
only a browser loads from inside the SVG. For PNG each such character is replaced by the outline that Verovio ships,
and the words around it are given the places that they would have had.

Lengths are measured with the same font that the PNG is drawn with: the one inside Pillow, so that previews look alike
on machines with any fonts, or none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

SVG = "http://www.w3.org/2000/svg"
MUSIC_FONT = "Leipzig"
UNITS_PER_EM = 1000
_PRIVATE_USE = range(0xE000, 0xF900)
_MEASURED_AT = 100
_ANCHORS = {"middle": 0.5, "end": 1.0}


def draw_signs(svg: str) -> str:
    """The SVG with every music sign in its text as an outline; as it was where there is none."""
    if not any(ord(letter) in _PRIVATE_USE for letter in svg):
        return svg
    ET.register_namespace("", SVG)
    ET.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    root = ET.fromstring(svg)
    for parent in tuple(root.iter()):
        for text in [child for child in parent if child.tag == f"{{{SVG}}}text"]:
            if any(ord(letter) in _PRIVATE_USE for letter in "".join(text.itertext())):
                _place(parent, text)
    return ET.tostring(root, encoding="unicode")


def text_font() -> tuple[bytes, str]:
    """The file and the family name of the font that text is drawn and measured with."""
    font = _font()
    file = font.path
    return (file.getvalue() if isinstance(file, BytesIO) else Path(str(file)).read_bytes()), str(
        font.getname()[0]
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """A piece of text without pieces inside, with its size in the SVG's units."""

    element: ET.Element
    size: float

    @property
    def words(self) -> str:
        return self.element.text or ""

    @property
    def is_sign(self) -> bool:
        return any(ord(letter) in _PRIVATE_USE for letter in self.words)

    @property
    def width(self) -> float:
        if self.is_sign:
            return sum(_advance(letter) for letter in self.words) * self.size / UNITS_PER_EM
        return _font().getlength(self.words.replace("\xa0", " ")) * self.size / _MEASURED_AT


def _place(parent: ET.Element, text: ET.Element) -> None:
    """Gives every run of a text its place, and draws those that are signs."""
    runs = list(_runs(text, 0.0))
    width = sum(run.width for run in runs)
    x = float(text.get("x", "0")) - width * _ANCHORS.get(text.get("text-anchor", ""), 0.0)
    y = float(text.get("y", "0"))
    text.set("text-anchor", "start")
    for run in runs:
        following = x + run.width
        if run.is_sign:
            for letter in run.words:
                parent.append(_outline(letter, x, y, run.size))
                x += _advance(letter) * run.size / UNITS_PER_EM
            run.element.text = ""
        else:
            _set_words(run, x)
        x = following


def _set_words(run: _Run, x: float) -> None:
    """Words at a place of their own. Spaces at a beginning would be dropped, so they become part of the place."""
    words = run.words.replace("\xa0", " ")
    spaces = words[: len(words) - len(words.lstrip())]
    x += _font().getlength(spaces) * run.size / _MEASURED_AT
    run.element.set("x", f"{x:g}")
    run.element.text = words.strip()


def _runs(element: ET.Element, size: float) -> Iterator[_Run]:
    own = element.get("font-size", "").removesuffix("px")
    size = float(own) if own else size
    if not len(element):
        yield _Run(element, size)
    for child in element:
        yield from _runs(child, size)


def _outline(letter: str, x: float, y: float, size: float) -> ET.Element:
    scale = size / UNITS_PER_EM
    group = ET.Element(f"{{{SVG}}}g", {"transform": f"translate({x:g} {y:g}) scale({scale:g})"})
    glyph = _fonts() / MUSIC_FONT / f"{ord(letter):04X}.xml"
    if glyph.is_file():
        for path in ET.parse(glyph).getroot().iter("path"):
            ET.SubElement(group, f"{{{SVG}}}path", dict(path.attrib))
    return group


def _advance(letter: str) -> float:
    return _advances().get(f"{ord(letter):04X}", 0.0)


@lru_cache(maxsize=1)
def _advances() -> dict[str, float]:
    """Code point in hex → width in the font's units."""
    boxes = ET.parse(_fonts() / f"{MUSIC_FONT}.xml").getroot()
    return {glyph.get("c", ""): float(glyph.get("h-a-x", "0")) for glyph in boxes.iter("g")}


@lru_cache(maxsize=1)
def _font() -> FreeTypeFont:
    from PIL import ImageFont

    font = ImageFont.load_default(_MEASURED_AT)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError("Pillow was built without FreeType")
    return font


def _fonts() -> Path:
    import verovio

    return Path(str(verovio.__file__)).parent / "data"
