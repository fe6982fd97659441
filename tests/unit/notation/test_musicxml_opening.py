"""MusicXML files are opened without trust: what is no score, or no honest one, is refused with a reason."""

from __future__ import annotations

import io
import zipfile

import pytest

from hartmann.errors import UnreadableScore
from hartmann.notation.checking import check
from hartmann.notation.from_musicxml import Limits, musicxml_to_abc
from hartmann.notation.from_musicxml.opening import open_musicxml

NOTE = "<note><pitch><step>C</step><octave>4</octave></pitch><duration>4</duration><type>whole</type></note>"
ATTRIBUTES = (
    "<attributes><divisions>1</divisions><key><fifths>0</fifths></key>"
    "<time><beats>4</beats><beat-type>4</beat-type></time></attributes>"
)
PARTS = "<part-list><score-part id='P1'><part-name>Flute</part-name></score-part></part-list>"
SCORE = (
    f"<score-partwise version='4.0'>{PARTS}<part id='P1'><measure number='1'>{ATTRIBUTES}{NOTE}</measure>"
    "</part></score-partwise>"
)
DOCTYPE = (
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">'
)
CONTAINER = "<container><rootfiles><rootfile full-path='{}'/></rootfiles></container>"


def packed(files: dict[str, str | bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def body(data: bytes) -> str:
    abc = musicxml_to_abc(data)
    assert check(abc).problems == ()
    return abc.splitlines()[-1]


@pytest.mark.parametrize(
    "data",
    [
        SCORE.encode(),
        (f'<?xml version="1.0" encoding="UTF-8"?>\n{DOCTYPE}\n{SCORE}').encode(),
        (f'<?xml version="1.0" encoding="UTF-16"?>\n{SCORE}').encode("utf-16"),
        b"\xef\xbb\xbf" + SCORE.encode(),
        packed(
            {
                "META-INF/container.xml": CONTAINER.format("a/score.xml"),
                "other.xml": "<x/>",
                "a/score.xml": SCORE,
            }
        ),
        packed({"score.musicxml": SCORE}),
        packed({"../../etc/score.xml": SCORE}),
    ],
    ids=[
        "bare",
        "with its DTD",
        "UTF-16",
        "byte order mark",
        "mxl",
        "mxl without container",
        "mxl with a path",
    ],
)
def test_a_score_is_read_however_it_is_packed(data: bytes) -> None:
    assert body(data) == "C8|]"


def test_timewise_scores_are_turned_to_partwise() -> None:
    two = PARTS.replace(
        "</part-list>", "<score-part id='P2'><part-name>Oboe</part-name></score-part></part-list>"
    )
    first, second = (
        f"<part id='P{n}'>{ATTRIBUTES if m == 1 else ''}{NOTE}</part>" for n, m in ((1, 1), (2, 1))
    )
    text = (
        f"<score-timewise>{two}<measure number='1'>{first}{second}</measure>"
        f"<measure number='2'><part id='P1'>{NOTE}</part><part id='P2'>{NOTE}</part></measure></score-timewise>"
    )
    abc = musicxml_to_abc(text.encode())
    assert abc.splitlines()[-2:] == ["[V:1] C8|C8|]", "[V:2] C8|C8|]"]


LAUGHS = "<!DOCTYPE x [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {chr(98 + i)} '{f'&{chr(97 + i)};' * 10}'>" for i in range(9)
)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no MusicXML file"),
        (b"MThd\x00\x00", "no MusicXML file"),
        (SCORE.encode()[:200], "no MusicXML file"),
        (b"<html><body/></html>", "XML file of `html`"),
        (f"<score-partwise>{PARTS}<part id='P1'><measure/></part></score-partwise>".encode(), "no notes"),
        ((LAUGHS + "]><score-partwise>&j;</score-partwise>").encode(), "entities"),
        (b"<!DOCTYPE x [<!ENTITY f SYSTEM 'file:///etc/passwd'>]><score-partwise>&f;</score-partwise>", "entities"),
        (b"<a>" * 5000, "nested deeper"),
        (b"PK\x03\x04 and nothing else", "damaged"),
        (packed({"picture.png": b"\x89PNG"}), "no MusicXML score"),
        (packed({"score.xml": b" " * 30_000_000}), "no honest score"),
    ],
    ids=[
        "empty", "MIDI", "cut off", "HTML", "no notes", "billion laughs", "external entity", "deep", "broken zip",
        "no score", "zip bomb",
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableScore, match=reason):
        musicxml_to_abc(data)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (Limits(bytes=100), "bytes"),
        (Limits(elements=10), "elements"),
        (Limits(depth=3), "nested deeper"),
        (Limits(notes=0), "1 notes"),
    ],
)
def test_files_beyond_the_limits_are_refused(limits: Limits, reason: str) -> None:
    with pytest.raises(UnreadableScore, match=reason):
        musicxml_to_abc(SCORE.encode(), limits=limits)


@pytest.mark.parametrize(
    ("right", "wrong", "reason"),
    [
        ("<duration>4<", "<duration>999999999<", "measure 1 lasts 999,999,999 quarters"),
        ("<duration>4<", "<duration>abc<", "can't be read"),
        ("<step>C<", "<step>H<", "can't be read"),
        ("<divisions>1<", "<divisions>0<", "can't be read"),
    ],
)
def test_absurd_values_are_refused(right: str, wrong: str, reason: str) -> None:
    with pytest.raises(UnreadableScore, match=reason):
        musicxml_to_abc(SCORE.replace(right, wrong).encode())


def test_absurd_octaves_do_not_make_absurd_text() -> None:
    abc = musicxml_to_abc(SCORE.replace("<octave>4<", "<octave>999999999<").encode())
    assert len(abc) < 200


def test_a_packed_file_that_lies_about_its_size_is_counted_as_it_comes_out() -> None:
    with pytest.raises(UnreadableScore, match="unpacks to more than"):
        open_musicxml(packed({"score.xml": SCORE + " " * 3_000_000}), Limits(unpacked=1_000_000))
