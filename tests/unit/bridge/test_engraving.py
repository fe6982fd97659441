"""Drafts as pictures: every music sign is drawn, on machines without any font; a worker that fails harms nobody."""

from __future__ import annotations

import io
import sys
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from hartmann.notation.checking import check
from hartmann.notation.musicxml import to_musicxml
from hartmann_bridge.engraving_worker import OPTIONS, PNG_WIDTH, engrave
from hartmann_bridge.previews import Engraver, Preview
from hartmann_bridge.refusals import Refused
from hartmann_bridge.smufl_text import SVG, draw_signs

ABC = 'X:1\nT:Signs\nM:3/4\nL:1/4\nQ:1/4=90\nK:F\n"Bb7"!mf!FGA|^f3|]\n'


def musicxml(abc: str = ABC) -> bytes:
    score = check(abc).score
    assert score is not None
    return to_musicxml(score)


@pytest.fixture(scope="module")
def engraved() -> tuple[bytes, bytes]:
    return engrave(musicxml())


def pixels(png: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"))


def test_svg_scales_and_has_a_note_head_for_every_note(engraved: tuple[bytes, bytes]) -> None:
    root = ET.fromstring(engraved[0])
    assert root.get("viewBox")
    assert sum(1 for group in root.iter(f"{{{SVG}}}g") if group.get("class") == "note") == 4


def test_png_is_as_wide_as_said_and_shows_ink_on_white(engraved: tuple[bytes, bytes]) -> None:
    shown = pixels(engraved[1])
    assert shown.shape[1] == PNG_WIDTH
    assert shown[0, 0] == 255
    assert 0.01 < float((shown < 128).mean()) < 0.3


def test_music_signs_inside_text_become_outlines_where_they_stood(engraved: tuple[bytes, bytes]) -> None:
    svg = engraved[0].decode()
    signs = [letter for letter in svg if 0xE000 <= ord(letter) < 0xF900]
    drawn = draw_signs(svg)
    assert len(signs) >= 2  # the quarter note of the tempo, the flat of the chord
    assert not any(0xE000 <= ord(letter) < 0xF900 for letter in drawn)
    assert drawn.count("<path") - svg.count("<path") == len(signs)


def test_words_after_a_sign_keep_their_order_from_left_to_right(engraved: tuple[bytes, bytes]) -> None:
    root = ET.fromstring(draw_signs(engraved[0].decode()))
    for text in root.iter(f"{{{SVG}}}text"):
        places = [float(part.get("x", "nan")) for part in text.iter(f"{{{SVG}}}tspan") if part.get("x")]
        assert places == sorted(places)


def test_text_without_signs_is_left_alone() -> None:
    assert draw_signs("<svg><text>A</text></svg>") == "<svg><text>A</text></svg>"


def test_page_is_as_high_as_the_music_needs() -> None:
    short = pixels(engrave(musicxml())[1])
    long = pixels(engrave(musicxml(ABC.replace("|]", "|" + "FGA|" * 20 + "F3|]")))[1])
    assert OPTIONS["adjustPageHeight"]
    assert long.shape[0] > 2 * short.shape[0]


@pytest.mark.parametrize("content", [b"", b"garbage", b"<score-partwise/>"])
def test_what_verovio_cant_read_has_no_picture(content: bytes) -> None:
    assert engrave(content) == (b"", b"")


async def preview(engraver: Engraver, answer: bytes = b"") -> Preview:
    async def converted(abc: str) -> bytes:
        return answer or musicxml(abc)

    return await engraver.preview(ABC, converted)


async def test_worker_engraves_once_and_remembers() -> None:
    engraver = Engraver()
    try:
        first = await preview(engraver)
        assert first.png.startswith(b"\x89PNG")
        assert await preview(engraver, b"not asked again") is first
    finally:
        await engraver.close()


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import os; os.abort()", "could not cope"),
        ("import sys; sys.stdin.buffer.read(4); sys.exit(1)", "could not cope"),
        ("import sys; sys.stdin.buffer.read()", "took too long"),
        (
            "import sys; sys.stdin.buffer.read(4); sys.stdout.buffer.write(bytes(8)); sys.stdout.flush()",
            "nothing to see",
        ),
    ],
)
async def test_worker_that_crashes_or_hangs_costs_one_preview(program: str, said: str) -> None:
    engraver = Engraver((sys.executable, "-c", program), time_limit_seconds=1.0)
    try:
        with pytest.raises(Refused, match=said):
            await preview(engraver)
        engraver._command = Engraver()._command
        engraver._limit = 30.0
        assert (await preview(engraver)).svg.startswith(b"<svg")
    finally:
        await engraver.close()
