"""The head of a MusicXML document: title, composer, motivation, provenance; and the document as a whole."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from musicxml_reading import document, texts
from score_building import score, voice

from hartmann.errors import InvalidNotation
from hartmann.notation.musicxml import GENERATED, to_musicxml, to_mxl


def test_the_document_is_musicxml_4() -> None:
    data = to_musicxml(score(["C4:4"]))
    assert data.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE score-partwise')
    assert ET.fromstring(data).get("version") == "4.0"


def test_the_same_score_gives_the_same_bytes() -> None:
    made = score(["C4:1 [D4 F4]:1 E4:2", "G4:4"], voice(["C2:4"], number=2, percussion=True))
    assert to_musicxml(made, motivation="why") == to_musicxml(made, motivation="why")


def test_nothing_says_when_it_was_written() -> None:
    assert b"encoding-date" not in to_musicxml(score(["C4:4"]))


def test_title_and_composer_are_stated_and_shown() -> None:
    root = document(score(["C4:4"], title="Dawn <&> dusk", composer="A. Person"))
    assert root.findtext("work/work-title") == "Dawn <&> dusk"
    assert root.findtext("identification/creator[@type='composer']") == "A. Person"
    assert texts(root, "credit/credit-words") == ["Dawn <&> dusk", "A. Person"]


def test_a_generated_score_says_so_and_carries_its_provenance() -> None:
    root = document(
        score(["C4:4"], composer="Mozart"), provenance=[("hartmann-seed", "7"), ("prompt", "<b>")]
    )
    assert texts(root, "identification/creator[@type='composer']") == [GENERATED]
    assert texts(root, "identification/creator[@type='hartmann-seed']") == ["7"]
    fields = root.findall("identification/miscellaneous/miscellaneous-field")
    assert [(field.get("name"), field.text) for field in fields] == [
        ("hartmann-seed", "7"),
        ("prompt", "<b>"),
    ]


def test_the_motivation_is_shown_on_the_first_page_in_short_lines() -> None:
    root = document(score(["C4:4"]), motivation="The sky is blue. " * 30)
    [shown] = [c for c in root.findall("credit") if c.findtext("credit-type") == "lyricist"]
    lines = shown.findtext("credit-words", "").split("\n")
    assert len(lines) >= 3
    assert max(map(len, lines)) <= 160


def test_a_motivation_without_end_is_cut_where_it_would_fill_the_page() -> None:
    root = document(score(["C4:4"]), motivation="word " * 10_000)
    assert root.findall("credit")[-1].findtext("credit-words", "").endswith("word …")


def test_characters_that_xml_cannot_carry_are_left_out() -> None:
    root = document(
        score(["C4:4"], title="a\x00b\x1bc\ud800d"), motivation="x\x07y", provenance=[("n", "\x01z")]
    )
    assert root.findtext("work/work-title") == "abcd"
    assert root.findtext("identification/miscellaneous/miscellaneous-field") == "z"


def test_a_score_without_voices_is_a_valid_document_of_one_silent_bar() -> None:
    root = document(replace(score(["C4:4"]), voices=()))
    assert len(root.findall("part/measure/note/rest")) == 1


def test_music_that_would_fill_a_book_is_refused() -> None:
    with pytest.raises(InvalidNotation, match="30000 is the most"):
        to_musicxml(score(["C4:4000000"]))


def test_a_compressed_file_holds_the_same_document() -> None:
    made = score(["C4:4"], title="Dawn")
    with zipfile.ZipFile(io.BytesIO(to_mxl(made, motivation="why"))) as archive:
        assert archive.namelist() == ["mimetype", "META-INF/container.xml", "score.musicxml"]
        assert archive.read("score.musicxml") == to_musicxml(made, motivation="why")
        container = ET.fromstring(archive.read("META-INF/container.xml"))
    [named] = container.iter("rootfile")
    assert named.get("full-path") == "score.musicxml"


def test_a_compressed_file_tells_by_its_first_bytes_what_it_is() -> None:
    data = to_mxl(score(["C4:4"]))
    assert data[30:].startswith(b"mimetypeapplication/vnd.recordare.musicxml")


def test_the_same_score_gives_the_same_compressed_bytes() -> None:
    assert to_mxl(score(["C4:4"])) == to_mxl(score(["C4:4"]))
