"""MusicXML that an editor would stumble over is told with its place; what we write passes."""

from __future__ import annotations

import pytest

from hartmann.notation.checking import check
from hartmann.notation.musicxml import to_musicxml
from hartmann_bridge.musicxml_checks import check_musicxml
from hartmann_bridge.refusals import Refused

TUNES = (
    "X:1\nT:One voice\nM:6/8\nL:1/8\nK:D\nz3|: DEF (3ABA B | [DF]3 {/g}f3 :|\n",
    "X:1\nT:Two voices\nM:3/4\nL:1/4\nQ:1/4=100\nK:Am\nV:1\nABc|d3|]\nV:2 clef=bass\nA,3|D,3|]\n",
    "X:1\nT:Sum\nM:3+2/8\nL:1/8\nK:C\nCDE FG|c3 G2|]\n",
)
NOTE = "<note><pitch><step>C</step><octave>4</octave></pitch><duration>4</duration></note>"
PARTS = '<part-list><score-part id="P1"><part-name>P</part-name></score-part></part-list>'


def score(measure: str = NOTE, parts: str = PARTS, attributes: str = "<divisions>1</divisions>") -> bytes:
    """The smallest score, with something of it replaced."""
    body = (
        f'<part id="P1"><measure number="1"><attributes>{attributes}</attributes>{measure}</measure></part>'
    )
    return f"<score-partwise>{parts}{body}</score-partwise>".encode()


def fault(data: bytes) -> str:
    with pytest.raises(Refused) as caught:
        check_musicxml(data)
    assert caught.value.reason == "MUSICXML_INVALID"
    return caught.value.message.partition("is faulty: ")[2]


@pytest.mark.parametrize("abc", TUNES)
def test_what_we_write_passes(abc: str) -> None:
    written = check(abc).score
    assert written is not None
    check_musicxml(to_musicxml(written))


def test_smallest_score_passes() -> None:
    check_musicxml(score())


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not well-formed"),
        (b"<score-partwise>", "not well-formed"),
        (b"\xff\xfe<\0", "not UTF-8"),
        (b"<score-timewise/>", "the root is 'score-timewise'"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><score-partwise>&a;</score-partwise>', "defines entities"),
        (b'<!DOCTYPE x [<!ENTITY a SYSTEM "/etc/passwd">]><score-partwise>&a;</score-partwise>', "entities"),
        (b"<score-partwise/>", "the part list names []"),
        (
            score(parts='<part-list><score-part id="P2"/></part-list>'),
            "names ['P2'] where the parts are ['P1']",
        ),
        (score("<note><duration>4</duration></note>"), "neither pitch nor rest"),
        (score(NOTE.replace("<step>C", "<step>H")), "part P1, measure 1, a pitch is 'H' in octave '4'"),
        (score(NOTE.replace("<octave>4", "<octave>12")), "a pitch is 'C' in octave '12'"),
        (score(NOTE.replace("<duration>4", "<duration>0")), "a duration is '0'"),
        (score(NOTE.replace("<duration>4", "<duration>-4")), "a duration is '-4'"),
        (score(NOTE.replace("<duration>4", "<duration>1.5")), "a duration is '1.5'"),
        (score(NOTE.replace("<duration>4</duration>", "")), "a duration is None"),
        (score("<backup><duration>1</duration></backup>"), "a backup leads before"),
        (score(attributes="<divisions>0</divisions>"), "divisions is '0'"),
        (score(attributes="<time><beats>3</beats><beat-type>0</beat-type></time>"), "beat-type is '0'"),
    ],
)
def test_fault_is_told(data: bytes, said: str) -> None:
    assert said in fault(data)


def test_parts_of_different_length_are_told() -> None:
    two = '<part-list><score-part id="P1"/><score-part id="P2"/></part-list>'
    data = score(parts=two).replace(
        b"</part></score", b'</part><part id="P2"><measure/><measure/></part></score'
    )
    assert fault(data).startswith("parts have [1, 2] measures")


def test_grace_notes_need_no_duration_and_chords_take_no_time() -> None:
    grace = NOTE.replace("<note>", "<note><grace/>").replace("<duration>4</duration>", "")
    chord = NOTE.replace("<note>", "<note><chord/>")
    check_musicxml(score(grace + NOTE + chord + "<backup><duration>4</duration></backup>" + NOTE))


def test_chord_is_not_counted_twice_by_a_backup() -> None:
    chord = NOTE.replace("<note>", "<note><chord/>")
    assert "a backup leads" in fault(score(NOTE + chord + "<backup><duration>8</duration></backup>"))
