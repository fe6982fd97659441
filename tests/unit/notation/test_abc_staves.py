"""Clefs, octaves, transposition, drums, the layout of staves, and directives: what holds for whole voices."""

import pytest

from hartmann.notation.checking import Checked, check
from hartmann.notation.clefs import clef_octaves, parse_staff, plain_clef
from hartmann.notation.layout import GroupSign, VoiceGroup, layout_of
from hartmann.notation.score import Score
from hartmann.notation.writing import to_abc, without_places


def checked(body: str, header: str = "", key: str = "C") -> Checked:
    """A tune in quarters; what is read of it must survive being written."""
    found = check(f"X:1\nM:4/4\nL:1/4\n{header}K:{key}\n{body}\n")
    assert found.score is not None
    again = check(to_abc(found.score)).score
    assert again is not None
    assert without_places(again) == without_places(found.score)
    return found


def read(body: str, header: str = "", key: str = "C") -> Score:
    score = checked(body, header, key).score
    assert score is not None
    return score


def heard(score: Score, voice: int = 0) -> list[int]:
    """The MIDI numbers of a voice as it sounds."""
    part = score.voices[voice]
    return [p.midi + part.transpose for bar in part.bars for note in bar.notes for p in note.pitches]


@pytest.mark.parametrize(
    ("clef", "octaves", "plain"),
    [("treble", 0, "treble"), ("treble-8", -1, "treble"), ("bass+8", 1, "bass"), ("treble-15", -2, "treble"),
     ("alto1", 0, "alto1"), ("", 0, "")],
)  # fmt: skip
def test_a_clef_with_a_little_eight_moves_by_octaves(clef: str, octaves: int, plain: str) -> None:
    assert (clef_octaves(clef), plain_clef(clef)) == (octaves, plain)


def test_what_stands_beside_a_key_is_read_in_any_order() -> None:
    staff = parse_staff(" octave=-1 bass transpose = 2 middle=d")
    assert (staff.clef, staff.octave, staff.transpose, staff.rest.strip()) == ("bass", -1, 2, "")


def test_a_clef_in_a_key_field_is_no_accidental() -> None:
    assert read("CDEF|", key="C clef=bass").key.extra == ()
    assert read("CDEF|[K:clef=bass]B4|").voices[0].bars[1].key is None


@pytest.mark.parametrize(
    ("key", "first"),
    [("C treble-8", 48), ("C clef=treble+8", 72), ("C clef=treble_8", 60), ("C bass", 60), ("C octave=-1", 48),
     ("C treble-8 octave=-1", 36), ("C transpose=-2", 58), ("C clef=treble-8 transpose=-2", 46)],
)  # fmt: skip
def test_clefs_octaves_and_transposition_move_what_is_heard(key: str, first: int) -> None:
    assert heard(read("C4|", key=key)) == [first]


def test_a_clef_that_changes_is_kept_where_it_changes() -> None:
    (voice,) = read("CDEF|[K:clef=bass-8]CDEF|CD[K:treble]EF|").voices
    assert (voice.clef, voice.bars[1].clef) == ("", "bass")
    assert [change.clef for change in voice.bars[2].changes] == ["treble"]
    assert heard(read("C4|[K:clef=bass-8]C4|[K:treble]C4|")) == [60, 48, 60]


def test_a_transposition_that_changes_by_octaves_is_followed() -> None:
    assert heard(read("C4|\n%%MIDI transpose 12\nC4|\n%%MIDI transpose 0\nC4|")) == [60, 72, 60]


def test_a_transposition_that_changes_by_less_is_reported() -> None:
    found = checked("C4|\n%%MIDI transpose 5\nC4|")
    assert [(p.code, p.voice, p.bar) for p in found.problems] == [("unread_directive", 1, 2)]


def test_an_instrument_that_changes_is_reported_and_the_first_is_kept() -> None:
    found = checked("%%MIDI program 40\nC4|\n%%MIDI program 41\nC4|")
    assert [p.code for p in found.problems] == ["unread_directive"]
    assert found.score is not None
    assert found.score.voices[0].program == 40


def test_drums_are_mapped_in_percussion_voices_alone() -> None:
    score = read("V:1\nCDEF|\nV:2\n%%MIDI channel 10\n%%MIDI drummap C 36\n%%MIDI drummap ^D 38\nC^DEF|")
    assert heard(score, 0) == [60, 62, 64, 65]
    assert heard(score, 1) == [36, 38, 64, 65]
    assert [voice.percussion for voice in score.voices] == [False, True]


def test_a_percussion_clef_makes_a_percussion_voice() -> None:
    assert read("V:1 clef=perc\nCDEF|").voices[0].percussion


def test_directives_in_information_fields_count_too() -> None:
    assert read("CDEF|", header="I:MIDI program 12\n").voices[0].program == 12
    assert read("[I:MIDI program 13]CDEF|").voices[0].program == 13


def test_directives_that_would_add_notes_are_hints_once() -> None:
    found = checked("%%MIDI gchord fzfz\nCDEF|\n%%MIDI gchord fzfz\nCDEF|\n%%MIDI drum d4 35\n%%scale 0.7")
    assert [p.message for p in found.problems] == [
        "`%%MIDI gchord` is not followed; the notes are read as they stand",
        "`%%MIDI drum` is not followed; the notes are read as they stand",
    ]


def test_attributes_that_nobody_knows_are_hints() -> None:
    found = checked("V:1 clef=treble shift=CD\nCDEF|")
    assert [p.message for p in found.problems] == ["`shift=CD` was left out"]


def test_accidentals_bind_as_far_as_a_directive_says() -> None:
    assert heard(read("^CcCc|", header="%%propagate-accidentals octave\n")) == [61, 72, 61, 72]
    assert heard(read("^CcCc|", header="%%propagate-accidentals not\n")) == [61, 72, 60, 72]
    assert heard(read("^CcCc|", header="%%propagate-accidentals pitch\n")) == [61, 73, 61, 73]


def test_a_layout_orders_and_groups_the_voices() -> None:
    score = read("V:A\nC4|\nV:B\nC4|\nV:C\nC4|\nV:D\nC4|", header="%%score [C {(A B)}]\n")
    layout = layout_of(score)
    assert layout.order == (3, 1, 2, 4)
    assert layout.groups == (
        VoiceGroup(GroupSign.BRACKET, (3, 1, 2)),
        VoiceGroup(GroupSign.BRACE, (1, 2)),
        VoiceGroup(GroupSign.ONE_STAFF, (1, 2)),
    )


@pytest.mark.parametrize("layout", ["", "((((", "}}1", "{1", "[1 2)", "nobody", "1 1 2 2"])
def test_a_layout_that_makes_no_sense_changes_nothing(layout: str) -> None:
    assert layout_of(read("V:1\nC4|\nV:2\nC4|", header=f"%%staves {layout}\n")).order == (1, 2)


def test_a_second_layout_is_a_hint() -> None:
    found = checked("%%score 2 1\nV:1\nC4|\nV:2\nC4|", header="%%score 1 2\n")
    assert [p.code for p in found.problems] == ["unread_directive"]
