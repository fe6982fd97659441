"""Parts of a MusicXML document: names, instruments, channels, clefs, transposition, groups."""

from __future__ import annotations

from fractions import Fraction

from musicxml_reading import document, measures, sounding, texts
from score_building import bar, score, tempo, voice

from hartmann.notation.score import Change


def test_parts_carry_name_sound_and_program() -> None:
    root = document(score(voice(["C4:4"], program=40), voice(["C3:4"], number=2, program=42, name="Cello I")))
    assert texts(root, "part-list/score-part/part-name") == ["Violin", "Cello I"]
    assert texts(root, ".//instrument-sound") == ["strings.violin", "strings.cello"]
    assert texts(root, ".//midi-program") == ["41", "43"]
    assert texts(root, ".//midi-channel") == ["1", "2"]


def test_the_tenth_channel_is_left_to_percussion() -> None:
    voices = [voice(["C4:4"], number=n, percussion=n in {2, 5}) for n in range(1, 20)]
    channels = texts(document(score(*voices)), ".//midi-channel")
    assert [n for n, channel in enumerate(channels, 1) if channel == "10"] == [2, 5]
    assert channels[:6] == ["1", "10", "2", "3", "10", "4"]


def test_percussion_is_unpitched_with_a_drum_for_each_pitch() -> None:
    root = document(score(voice(["C2:1 D2:1 F#2:1 C2:1"], percussion=True)))
    assert root.find(".//pitch") is None
    assert texts(root, ".//midi-unpitched") == ["37", "39", "43"]
    assert texts(root, ".//score-instrument/instrument-name") == ["Bass Drum", "Snare", "Closed Hi-Hat"]
    used = [element.get("id") for element in root.iter("instrument")]
    assert used == ["P1-D36", "P1-D38", "P1-D42", "P1-D36"]


def test_low_voices_get_a_bass_clef() -> None:
    root = document(score(["C5:4"], ["C3:4"]))
    assert texts(root, ".//clef/sign") == ["G", "F"]


def test_a_named_clef_is_kept() -> None:
    root = document(score(voice(["C5:4"], clef="alto")))
    assert (root.findtext(".//clef/sign"), root.findtext(".//clef/line")) == ("C", "3")


def test_an_octave_clef_carries_its_octave() -> None:
    root = document(score(voice(["C4:4"], clef="treble-8", transpose=-12)))
    assert root.findtext(".//clef/clef-octave-change") == "-1"
    assert sounding(root) == [("C3", 40320)]
    assert root.find(".//transpose") is None


def test_a_transposing_instrument_is_written_as_it_reads() -> None:
    root = document(score(voice(["C4:4"], transpose=-2)))
    assert root.findtext(".//transpose/chromatic") == "-2"
    assert sounding(root) == [("C4", 40320)]


def test_shorter_voices_are_filled_with_rests() -> None:
    second = measures(score(["C4:4", "D4:3"], ["C3:4"]), part=2)
    assert len(second) == 2
    assert second[1].findtext("note/duration") == "30240"


def test_a_clef_that_changes_stands_where_it_changes() -> None:
    changes = (Change(Fraction(2), clef="alto"),)
    first, second = measures(
        score(voice(["C4:4", bar("C3:2 C4:2", clef="bass", changes=changes)], clef="treble"))
    )
    assert texts(first, ".//clef/sign") == ["G"]
    assert texts(second, ".//clef/sign") == ["F", "C"]
    assert [e.tag for e in second if e.tag in {"attributes", "note"}] == ["attributes", "note"] * 2


def test_the_octave_of_a_clef_is_not_counted_as_transposition() -> None:
    root = document(score(voice(["C4:4"], clef="treble-8", transpose=-14)))
    assert root.findtext(".//clef/clef-octave-change") == "-1"
    assert (root.findtext(".//transpose/chromatic"), root.findtext(".//transpose/diatonic")) == ("-2", "-1")
    assert sounding(root) == [("C3", 40320)]


def test_a_voice_that_sounds_an_octave_away_says_so() -> None:
    root = document(score(voice(["C4:4"], transpose=12)))
    assert root.findtext(".//transpose/octave-change") == "1"
    assert root.findtext(".//transpose/chromatic") == "0"


def test_staves_are_grouped_and_ordered_as_the_text_wishes() -> None:
    lower, upper = voice(["C3:4"], number=1), voice(["C5:4"], number=2)
    root = document(score(lower, upper, staves="{ 2 1 }"))
    assert [entry.get("id") for entry in root.findall("part-list/score-part")] == ["P2", "P1"]
    assert texts(root, "part-list/part-group/group-symbol") == ["brace"]


def test_tempo_and_section_stand_above_the_top_staff() -> None:
    lower = voice([bar("C3:4", tempo=tempo(80), section="A")], number=1)
    root = document(score(lower, voice(["C5:4"], number=2), staves="{ 2 1 }"))
    assert root.find("part[@id='P2']//metronome") is not None
    assert root.find("part[@id='P1']//metronome") is None
