"""From a score's file and a selection to an excerpt, or to a refusal that names the field."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hartmann.composing.excerpting import Selection, read_excerpt
from hartmann.composing.own_score import Excerpt, ExcerptUse
from hartmann.composing.wishes import read_wishes
from hartmann.errors import InvalidRequest
from hartmann.notation.checking import check
from hartmann.notation.musicxml import to_musicxml
from hartmann.notation.mxl import compressed

CONTINUE, VARY = ExcerptUse.CONTINUE, ExcerptUse.VARY
WALTZ = """X:1
T:Harbour Waltz
M:3/4
L:1/8
Q:1/4=120
K:D
V:1
%%MIDI program 73
V:2
%%MIDI program 0
[V:1] A2|d3e f2|e2d2B2|[M:2/4][K:Bm][Q:1/4=80]B2 F2|B4|
[V:2] z2|D2F2A2|G2B2d2|[M:2/4][K:Bm]B,4|B,4|
"""


def excerpt(
    use: ExcerptUse = CONTINUE, first: int = 0, last: int = 0, *staves: int, abc: str = WALTZ
) -> Excerpt:
    return read_excerpt(abc.encode(), Selection(use, "", first, last, staves))


def musicxml() -> bytes:
    score = check(WALTZ).score
    assert score is not None
    return to_musicxml(score)


def test_bars_to_continue_give_what_holds_at_their_end() -> None:
    said = excerpt().wishes
    assert (said.key, said.meter, said.tempo_bpm) == ("B minor", "2/4", 80)
    assert (said.ensemble, said.bars) == ("flute, acoustic grand piano", 0)


def test_bars_to_vary_give_what_holds_at_their_beginning_and_how_many_full_ones_they_are() -> None:
    said = excerpt(VARY, 1, 3).wishes
    assert (said.key, said.meter, said.tempo_bpm, said.bars) == ("D major", "3/4", 120, 2)


def test_what_an_excerpt_says_can_be_wished() -> None:
    for use in ExcerptUse:
        assert read_wishes(excerpt(use).wishes).programs == (73, 0)


def test_an_excerpt_says_which_bars_of_which_score_it_is() -> None:
    found = excerpt(CONTINUE, 2, 99)
    assert (found.title, found.first_bar, found.last_bar) == ("Harbour Waltz", 2, 5)
    assert found.source == 'your own score "Harbour Waltz", bars 2 to 5, continued'
    checked = check(found.abc)
    assert checked.score is not None
    assert checked.problems == ()


@pytest.mark.parametrize("pack", [bytes, compressed])
def test_musicxml_and_abc_of_the_same_bars_are_the_same_notes(pack: type[bytes]) -> None:
    from_xml = read_excerpt(pack(musicxml()), Selection(VARY, first_bar=2, last_bar=4))
    from_abc = excerpt(VARY, 2, 4)
    pitches = [
        [[p.midi for bar in voice.bars for note in bar.notes for p in note.pitches] for voice in score.voices]
        for score in (check(from_xml.abc).score, check(from_abc.abc).score)
        if score
    ]
    assert pitches[0] == pitches[1]
    assert from_xml.wishes == from_abc.wishes


def test_a_title_given_goes_before_the_files() -> None:
    assert read_excerpt(WALTZ.encode(), Selection(VARY, "  Mine \n too ")).title == "Mine too"


def test_one_staff_leaves_one_instrument() -> None:
    assert excerpt(CONTINUE, 0, 0, 1).wishes.ensemble == "flute"


def test_instruments_are_left_open_where_one_is_not_known() -> None:
    assert excerpt(abc=WALTZ.replace("%%MIDI program 0\n", "")).wishes.ensemble == ""


def test_long_stretches_are_continued_from_their_last_bars() -> None:
    long = "X:1\nM:2/4\nL:1/4\nK:C\n" + "CD|" * 100
    found = excerpt(abc=long)
    assert (found.first_bar, found.last_bar) == (37, 100)


def zip_bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("score.musicxml", b"<score-partwise>" + b" " * 200_000_000)
    return file.getvalue()


REFUSED = {
    "nothing": (b"", Selection(VARY), "excerpt.content", "empty"),
    "no score": (b"\x89PNG\r\n\x1a\n" + bytes(200), Selection(VARY), "excerpt.content", "neither"),
    "prose": (b"Dear Sir or Madam,", Selection(VARY), "excerpt.content", "MusicXML"),
    "other XML": (b"<html><body/></html>", Selection(VARY), "excerpt.content", "html"),
    "half a document": (b"<score-partwise><part>", Selection(VARY), "excerpt.content", "MusicXML"),
    "entities": (
        b'<!DOCTYPE a [<!ENTITY b "c">]><score-partwise>&b;</score-partwise>',
        Selection(VARY),
        "excerpt.content",
        "entities",
    ),
    "a zip bomb": (zip_bomb(), Selection(VARY), "excerpt.content", "unpacks"),
    "MIDI": (b"MThd" + bytes(100), Selection(VARY), "excerpt.content", "MIDI"),
    "too many bytes": (b"X:1\n" + b" " * 2_000_000, Selection(VARY), "excerpt.content", "1,000,000"),
    "a bar behind the end": (WALTZ.encode(), Selection(VARY, first_bar=6), "excerpt.first_bar", "5 bars"),
    "no bars": (
        WALTZ.encode(),
        Selection(VARY, first_bar=4, last_bar=3),
        "excerpt.first_bar",
        "at least one",
    ),
    "a negative bar": (WALTZ.encode(), Selection(VARY, last_bar=-1), "excerpt.last_bar", "from 1"),
    "staff 0": (WALTZ.encode(), Selection(VARY, staves=(0,)), "excerpt.staves", "from 1"),
    "staff 9": (WALTZ.encode(), Selection(VARY, staves=(9,)), "excerpt.staves", "2 voices"),
    "staff 9 of MusicXML": (musicxml(), Selection(VARY, staves=(9,)), "excerpt.staves", "2 staves"),
    "rests alone": (
        b"X:1\nM:4/4\nL:1/4\nK:C\nCDEF|z4|z4|]\n",
        Selection(VARY, first_bar=2),
        "excerpt.first_bar",
        "no music",
    ),
    "a symphony to vary": (
        b"X:1\nM:2/4\nL:1/4\nK:C\n" + b"CD|" * 100,
        Selection(VARY),
        "excerpt.last_bar",
        "at most 64",
    ),
    "a long title": (WALTZ.encode(), Selection(VARY, "t" * 201), "excerpt.title", "200"),
}


@pytest.mark.parametrize(("content", "selection", "field", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_used_is_refused_with_its_field(
    content: bytes, selection: Selection, field: str, says: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_excerpt(content, selection, max_bytes=1_000_000)
    assert refused.value.field == field
    assert says in refused.value.message


@settings(max_examples=40)
@given(st.binary(max_size=300), st.integers(-2, 9), st.integers(-2, 9), st.sampled_from(ExcerptUse))
def test_any_bytes_are_read_or_refused(content: bytes, first: int, last: int, use: ExcerptUse) -> None:
    for data in (content, WALTZ.encode()[:200] + content):
        try:
            found = read_excerpt(data, Selection(use, "", first, last))
        except InvalidRequest as refused:
            assert refused.field.startswith("excerpt.")
        else:
            assert check(found.abc).score is not None
            read_wishes(found.wishes)
