"""Bars and staves cut out of MusicXML: counted by the reader of XML alone."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from hartmann.notation.musicxml_range import cut, has_notes, measure_count, span_of, staff_count, title_of

PIANO = """<score-partwise><work><work-title>Two Hands</work-title></work>
<part-list><score-part id="P1"><part-name>Flute</part-name></score-part>
<score-part id="P2"><part-name>Piano</part-name></score-part></part-list>
<part id="P1">
<measure number="0" implicit="yes"><attributes><divisions>2</divisions><key><fifths>1</fifths></key>
<time><beats>3</beats><beat-type>4</beat-type></time><clef><sign>G</sign><line>2</line></clef></attributes>
<direction><direction-type><metronome><beat-unit>quarter</beat-unit><per-minute>90</per-minute></metronome>
</direction-type><sound tempo="90"/></direction>
<note><pitch><step>D</step><octave>5</octave></pitch><duration>2</duration></note></measure>
<measure number="1"><barline location="left"><repeat direction="forward"/></barline>
<note><pitch><step>G</step><octave>5</octave></pitch><duration>6</duration></note></measure>
<measure number="2"><attributes><key><fifths>-2</fifths></key></attributes>
<note><pitch><step>A</step><octave>5</octave></pitch><duration>6</duration></note></measure>
<measure number="3"><note><rest/><duration>6</duration></note>
<barline location="right"><ending number="1" type="stop"/><repeat direction="backward"/></barline></measure>
</part>
<part id="P2">
<measure number="0" implicit="yes"><attributes><divisions>2</divisions><key><fifths>1</fifths></key>
<time><beats>3</beats><beat-type>4</beat-type></time><staves>2</staves>
<clef number="1"><sign>G</sign><line>2</line></clef><clef number="2"><sign>F</sign><line>4</line></clef></attributes>
<note><rest/><duration>2</duration><staff>1</staff></note><backup><duration>2</duration></backup>
<note><rest/><duration>2</duration><staff>2</staff></note></measure>
<measure number="1">
<note><pitch><step>B</step><octave>4</octave></pitch><duration>4</duration><voice>1</voice><staff>1</staff></note>
<note><chord/><pitch><step>D</step><octave>5</octave></pitch><duration>4</duration><voice>1</voice><staff>1</staff></note>
<note><pitch><step>C</step><octave>5</octave></pitch><duration>2</duration><voice>1</voice><staff>1</staff></note>
<backup><duration>6</duration></backup>
<forward><duration>2</duration></forward>
<note><pitch><step>G</step><octave>3</octave></pitch><duration>4</duration><voice>5</voice><staff>2</staff></note>
</measure>
<measure number="2"><note><rest/><duration>6</duration><staff>1</staff></note><backup><duration>6</duration></backup>
<note><pitch><step>F</step><octave>3</octave></pitch><duration>6</duration><voice>5</voice><staff>2</staff></note></measure>
<measure number="3"><note><rest/><duration>6</duration><staff>1</staff></note></measure>
</part></score-partwise>"""


def piano() -> Element:
    return ElementTree.fromstring(PIANO)


def cut_out(first: int, last: int, staves: tuple[int, ...] = ()) -> Element:
    return ElementTree.fromstring(cut(piano(), span_of(4, first, last), staves))


def onsets(measure: Element) -> list[tuple[str, int]]:
    """(step and octave, divisions from the start) of each note, as any reader of MusicXML counts."""
    at, start, found = 0, 0, []
    for child in measure:
        length = int(child.findtext("duration", "0"))
        if child.tag == "note":
            start = start if child.find("chord") is not None else at
            if child.find("pitch") is not None:
                found.append((child.findtext("pitch/step", "") + child.findtext("pitch/octave", ""), start))
            at = start + length
        elif child.tag in {"backup", "forward"}:
            at += length if child.tag == "forward" else -length
    return found


def test_measures_and_staves_are_counted_over_the_whole_score() -> None:
    assert (measure_count(piano()), staff_count(piano()), title_of(piano())) == (4, 3, "Two Hands")


@pytest.mark.parametrize(
    ("first", "last", "bars"),
    [(0, 0, (1, 12)), (5, 8, (5, 8)), (5, 99, (5, 12)), (0, 3, (1, 3)), (12, 0, (12, 12))],
)
def test_bars_left_open_are_the_ends(first: int, last: int, bars: tuple[int, int]) -> None:
    span = span_of(12, first, last)
    assert (span.first, span.last) == bars


def test_bars_are_counted_in_the_order_of_the_file() -> None:
    parts = cut_out(2, 3).findall("part")
    assert [[m.get("number") for m in part.findall("measure")] for part in parts] == [["1", "2"], ["1", "2"]]


def test_attributes_in_force_open_the_first_bar_once() -> None:
    flute = cut_out(2, 3).findall("part")[0].findall("measure")
    [opening] = flute[0].findall("attributes")
    assert [child.tag for child in opening] == ["divisions", "key", "time", "clef"]
    assert opening.findtext("key/fifths") == "1"
    assert flute[1].findtext("attributes/key/fifths") == "-2"


def test_the_first_bars_own_attributes_go_before_those_in_force() -> None:
    [opening] = cut_out(3, 4).findall("part")[0].findall("measure")[0].findall("attributes")
    assert opening.findtext("key/fifths") == "-2"
    assert opening.findtext("divisions") == "2"


def test_the_last_tempo_before_the_bars_is_stated_once() -> None:
    sounds = [sound.get("tempo") for sound in cut_out(3, 4).iter("sound")]
    assert sounds == ["90"]
    assert [sound.get("tempo") for sound in cut_out(1, 4).iter("sound")] == ["90"]


def test_repeats_and_endings_are_left_out() -> None:
    root = cut_out(2, 4)
    assert list(root.iter("repeat")) == []
    assert list(root.iter("ending")) == []


def test_parts_of_which_no_staff_is_chosen_are_gone() -> None:
    root = cut_out(2, 3, (1,))
    assert [part.get("id") for part in root.findall("part")] == ["P1"]
    assert [part.get("id") for part in root.findall("part-list/score-part")] == ["P1"]


@pytest.mark.parametrize(
    ("staves", "notes"),
    [
        ((2,), [("B4", 0), ("D5", 0), ("C5", 4)]),
        ((3,), [("G3", 2)]),
        ((2, 3), [("B4", 0), ("D5", 0), ("C5", 4), ("G3", 2)]),
    ],
)
def test_the_notes_of_chosen_staves_keep_their_times(
    staves: tuple[int, ...], notes: list[tuple[str, int]]
) -> None:
    root = cut_out(2, 3, staves)
    [part] = root.findall("part")
    assert onsets(part.findall("measure")[0]) == notes


def test_staves_that_are_left_are_counted_from_1() -> None:
    [part] = cut_out(2, 3, (3,)).findall("part")
    opening = part.find("measure/attributes")
    assert opening is not None
    assert opening.findtext("staves") == "1"
    assert [(clef.get("number"), clef.findtext("sign")) for clef in opening.findall("clef")] == [("1", "F")]
    assert list(part.iter("staff")) == []


def test_bars_of_rests_alone_have_no_notes() -> None:
    assert not has_notes(cut_out(4, 4))
    assert has_notes(cut_out(3, 4))
