"""The MusicXML of scores built by hand, read as XML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from score_building import bar, pitch, score, tempo, voice

from hartmann.errors import InvalidNotation
from hartmann.notation.musicxml import GENERATED, to_musicxml
from hartmann.notation.score import Bar, Change, Key, Meter, Note, Score, Tuplet


def document(made: Score, **options: Any) -> ET.Element:
    return ET.fromstring(to_musicxml(made, **options))


def measures(made: Score, part: int = 1) -> list[ET.Element]:
    return document(made).findall(f"part[@id='P{part}']/measure")


def texts(root: ET.Element, path: str) -> list[str | None]:
    return [element.text for element in root.findall(path)]


def marked(text: str, **fields: object) -> Bar:
    """A bar whose first note has these fields."""
    made = bar(text)
    return replace(made, notes=(replace(made.notes[0], **fields), *made.notes[1:]))  # type: ignore[arg-type]


def sounding(root: ET.Element) -> list[tuple[str, int]]:
    """(step with alteration and octave, duration in divisions) of every pitched note."""
    return [
        (
            f"{note.findtext('pitch/step')}{note.findtext('pitch/alter', '')}{note.findtext('pitch/octave')}",
            int(note.findtext("duration", "0")),
        )
        for note in root.iter("note")
        if note.find("pitch") is not None
    ]


# -- the head of the document ------------------------------------------------------------------------------


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
    assert texts(root, "identification/creator") == [GENERATED]
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


# -- parts and instruments ---------------------------------------------------------------------------------


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


# -- measures ----------------------------------------------------------------------------------------------


def test_an_anacrusis_is_measure_0_and_implicit() -> None:
    found = measures(score(voice(["G4:1", "C4:4"], first_number=0)))
    assert [(m.get("number"), m.get("implicit")) for m in found] == [("0", "yes"), ("1", "no")]


def test_a_lone_repeat_end_gets_its_start() -> None:
    first, second, third = measures(score(["C4:4", bar("D4:4", repeat_end=2), "E4:4"]))
    assert first.find("barline[@location='left']/repeat[@direction='forward']") is not None
    assert second.find("barline[@location='right']/repeat[@direction='backward']") is not None
    assert third.find("barline/repeat") is None


def test_a_second_lone_repeat_end_starts_after_the_first() -> None:
    found = measures(score([bar("C4:4", repeat_end=2), bar("D4:4", repeat_end=2)]))
    assert all(m.find("barline/repeat[@direction='forward']") is not None for m in found)


def test_a_repeat_start_that_nothing_closes_is_not_engraved() -> None:
    assert document(score([bar("C4:4", repeat_start=True), "D4:4"])).find(".//repeat") is None


def test_endings_begin_and_end() -> None:
    bars = [
        bar("C4:4", repeat_start=True),
        bar("D4:4", endings=(1, 2), repeat_end=2, ending_stop=True),
        bar("E4:4", endings=(3,)),
        bar("F4:4", ending_stop=True),
    ]
    endings = document(score(bars)).iter("ending")
    assert [(e.get("number"), e.get("type")) for e in endings] == [
        ("1,2", "start"), ("1,2", "stop"), ("3", "start"), ("3", "stop"),
    ]  # fmt: skip


def test_three_passes_are_stated() -> None:
    found = document(score([bar("C4:4", repeat_end=3), "D4:4"]))
    assert [r.get("times") for r in found.iter("repeat")] == [None, "3"]


def test_parts_in_an_order_of_their_own_are_written_out() -> None:
    bars = [bar("C4:4", section="A"), bar("D4:4", section="B")]
    made = score(bars, header=(("P", "ABA"),))
    assert [name for name, _ in sounding(document(made))] == ["C4", "D4", "C4"]


def test_the_last_bar_ends_with_a_final_bar_line() -> None:
    found = measures(score([bar("C4:4", barline="||"), "D4:4"]))
    assert [m.findtext("barline[@location='right']/bar-style") for m in found] == [
        "light-light",
        "light-heavy",
    ]


def test_every_bar_line_says_how_it_looks() -> None:
    root = document(
        score([bar("C4:4", endings=(1,), repeat_end=2), bar("D4:4", endings=(2,), ending_stop=True)])
    )
    assert all(barline.find("bar-style") is not None for barline in root.iter("barline"))


def test_key_and_meter_are_stated_where_they_change() -> None:
    bars = [bar("C4:4"), bar("C4:3", key=Key("E", "minor", 1), meter=Meter(6, 8)), bar("C4:3")]
    first, second, third = measures(score(bars))
    assert (first.findtext(".//fifths"), first.findtext(".//beats")) == ("0", "4")
    assert (second.findtext(".//fifths"), second.findtext(".//mode")) == ("1", "minor")
    assert (second.findtext(".//beats"), second.findtext(".//beat-type")) == ("6", "8")
    assert third.find("attributes") is None


def test_church_modes_state_no_mode() -> None:
    assert document(score(["D4:4"], key=Key("D", "dorian", 0))).find(".//mode") is None


def test_explicit_keys_state_each_altered_step() -> None:
    root = document(score(["D4:4"], key=Key("D", "none", 0, (("B", -1), ("F", 1)))))
    assert sorted(zip(texts(root, ".//key-step"), texts(root, ".//key-alter"), strict=True)) == [
        ("B", "-1"), ("F", "1"),
    ]  # fmt: skip


@pytest.mark.parametrize(("symbol", "shown"), [("C", "common"), ("C|", "cut")])
def test_common_and_cut_time_keep_their_signs(symbol: str, shown: str) -> None:
    time = document(score(["C4:4"], meter=Meter(4, 4, symbol))).find(".//time")
    assert time is not None
    assert time.get("symbol") == shown


def test_free_meter_shows_none() -> None:
    time = document(score(["C4:5"], meter=Meter(4, 4, "free"))).find(".//time")
    assert time is not None
    assert time.get("print-object") == "no"


def test_a_tempo_is_shown_with_its_beat_and_played_in_quarters() -> None:
    root = document(score([bar("C4:3", tempo=tempo(80, Fraction(3, 2)))]))
    assert root.findtext(".//metronome/per-minute") == "80"
    assert root.find(".//metronome/beat-unit-dot") is not None
    [sound] = root.findall(".//direction/sound")
    assert sound.get("tempo") == "120"


def test_a_tempo_is_shown_in_the_first_part_alone() -> None:
    root = document(
        score(voice([bar("C4:4", tempo=tempo(80))]), voice([bar("C3:4", tempo=tempo(80))], number=2))
    )
    assert len(root.findall(".//metronome")) == 1


def test_changes_inside_a_bar_stand_at_their_place() -> None:
    changes = (Change(Fraction(2), key=Key("D", "major", 2)),)
    [measure] = measures(score([bar("C4:2 D4:2", changes=changes)]))
    order = [child.tag for child in measure if child.tag in {"note", "attributes"}]
    assert order == ["attributes", "note", "attributes", "note"]


def test_section_names_are_rehearsal_marks() -> None:
    assert texts(document(score([bar("C4:4", section="intro")])), ".//rehearsal") == ["intro"]


# -- notes -------------------------------------------------------------------------------------------------


def test_notes_have_pitch_duration_and_value() -> None:
    root = document(score(["F#4:1 Bb3:3/2 z:3/2"]))
    assert sounding(root) == [("F14", 10080), ("B-13", 15120)]
    assert texts(root, ".//note/type") == ["quarter", "quarter", "quarter"]
    assert len(root.findall(".//note/rest")) == 1


def test_accidentals_are_printed_where_key_and_bar_do_not_imply_them() -> None:
    root = document(score(["F#4:1 F4:1 F4:1 F#4:1", "F#4:4"], key=Key("G", "major", 1)))
    printed = [note.findtext("accidental") for note in root.iter("note")]
    assert printed == [None, "natural", None, "sharp", None]


def test_a_length_without_a_value_is_tied_together() -> None:
    root = document(score(["C4:5/2 D4:3/2"]))
    notes = list(root.iter("note"))
    assert [n.findtext("type") for n in notes] == ["half", "eighth", "quarter"]
    assert [[t.get("type") for t in n.findall("tie")] for n in notes] == [["start"], ["stop"], []]


def test_ties_over_the_bar_line_need_no_second_accidental() -> None:
    notes = list(document(score(["F#4:4~", "F#4:4"])).iter("note"))
    assert [n.findtext("accidental") for n in notes] == ["sharp", None]
    assert [[t.get("type") for t in n.findall("tie")] for n in notes] == [["start"], ["stop"]]


def test_a_tie_into_nothing_is_not_written() -> None:
    assert document(score(["C4:4~", "D4:4"])).find(".//tie") is None


def test_chords_share_one_stem() -> None:
    notes = list(document(score(["[C4 E4 G4]:4"])).iter("note"))
    assert [n.find("chord") is not None for n in notes] == [False, True, True]


def triplet() -> Bar:
    third = Fraction(1, 3)
    notes = tuple(
        replace(n, onset=third * i, duration=third, tuplet=Tuplet(3, 2, i == 0, i == 2))
        for i, n in enumerate(bar("C4:1/2 D4:1/2 E4:1/2").notes)
    )
    return replace(bar("z:1"), notes=notes)


def test_tuplets_have_their_ratio_and_their_bracket() -> None:
    notes = list(document(score([triplet()])).iter("note"))
    assert [n.findtext("time-modification/actual-notes") for n in notes] == ["3", "3", "3"]
    assert [n.findtext("duration") for n in notes] == ["3360", "3360", "3360"]
    assert [[t.get("type") for t in n.findall("notations/tuplet")] for n in notes] == [
        ["start"],
        [],
        ["stop"],
    ]


def test_layers_are_voices_of_one_measure() -> None:
    lower = [replace(n, layer=1) for n in bar("C4:2").notes]
    both = replace(bar("G4:4"), notes=(*bar("G4:4").notes, *lower))
    [measure] = measures(score([both]))
    assert texts(measure, "note/voice") == ["1", "2", "2"]
    assert measure.findtext("backup/duration") == "40320"
    hidden = measure.findall("note")[-1]
    assert hidden.get("print-object") == "no"


def test_grace_notes_take_no_time() -> None:
    made = score([marked("C4:4", grace=(pitch("D4"),), acciaccatura=True)])
    grace, main = document(made).iter("note")
    assert grace.find("duration") is None
    slash = grace.find("grace")
    assert slash is not None
    assert slash.get("slash") == "yes"
    assert main.findtext("duration") == "40320"


def test_slurs_begin_and_end_on_their_notes() -> None:
    first, second = bar("C4:2 D4:2").notes
    slurred = replace(bar("C4:2 D4:2"), notes=(replace(first, slurs_begun=1), replace(second, slurs_ended=1)))
    notes = list(document(score([slurred])).iter("note"))
    assert [[s.get("type") for s in n.findall("notations/slur")] for n in notes] == [["start"], ["stop"]]


@pytest.mark.parametrize(
    ("decoration", "path"),
    [
        ("staccato", "articulations/staccato"), ("accent", "articulations/accent"),
        ("tenuto", "articulations/tenuto"), ("marcato", "articulations/strong-accent"),
        ("trill", "ornaments/trill-mark"), ("roll", "ornaments/turn"), ("fermata", "fermata"),
        ("lowermordent", "ornaments/mordent"), ("uppermordent", "ornaments/inverted-mordent"),
        ("upbow", "technical/up-bow"), ("downbow", "technical/down-bow"), ("3", "technical/fingering"),
    ],
)  # fmt: skip
def test_decorations_stand_on_their_note(decoration: str, path: str) -> None:
    root = document(score([marked("C4:4", decorations=(decoration,))]))
    assert root.find(f".//note/notations/{path}") is not None


def test_dynamics_are_directions() -> None:
    assert document(score([marked("C4:4", decorations=("mf",))])).find(".//dynamics/mf") is not None


def test_hairpins_open_and_close() -> None:
    first, second = bar("C4:2 D4:2").notes
    notes = (replace(first, decorations=("crescendo(",)), replace(second, decorations=("crescendo)",)))
    root = document(score([replace(bar("C4:4"), notes=notes)]))
    assert [wedge.get("type") for wedge in root.iter("wedge")] == ["crescendo", "stop"]


def test_unknown_decorations_are_left_out() -> None:
    assert sounding(document(score([marked("C4:4", decorations=("nonsense",))]))) == [("C4", 40320)]


def test_chord_symbols_are_harmonies() -> None:
    root = document(score([marked("C4:4", chord_symbol="F#m7/A")]))
    assert root.findtext(".//harmony/root/root-step") == "F"
    assert root.findtext(".//harmony/root/root-alter") == "1"
    assert root.findtext(".//harmony/kind") == "minor-seventh"
    assert root.findtext(".//harmony/bass/bass-step") == "A"
    assert root.find(".//harmony/inversion") is None


def test_words_that_are_no_chord_are_shown_as_words() -> None:
    root = document(score([marked("C4:4", chord_symbol="Drums in", annotations=("_below", "^"))]))
    assert texts(root, ".//words") == ["Drums in", "below"]


def test_lyrics_are_joined_by_hyphens() -> None:
    syllables = [("Hel-",), ("lo",), ("my",), ("_",)]
    sung: list[Note] = [
        replace(n, lyrics=s) for n, s in zip(bar("C4:1 D4:1 E4:1 F4:1").notes, syllables, strict=True)
    ]
    root = document(score([replace(bar("C4:4"), notes=tuple(sung))]))
    assert list(zip(texts(root, ".//syllabic"), texts(root, ".//lyric/text"), strict=True)) == [
        ("begin", "Hel"), ("end", "lo"), ("single", "my"),
    ]  # fmt: skip


def durations_fill(root: ET.Element) -> Sequence[int]:
    return [sum(int(n.findtext("duration", "0")) for n in m.iter("note")) for m in root.iter("measure")]


def test_invisible_rests_are_hidden_and_keep_their_time() -> None:
    root = document(score([marked("z:2 C4:2", invisible=True)]))
    assert [n.get("print-object") for n in root.iter("note")] == ["no", None]
    assert durations_fill(root) == [40320]


def test_a_rest_that_is_alone_is_a_rest_of_the_whole_bar() -> None:
    rest = document(score(["z:3", "C4:4"])).find(".//rest")
    assert rest is not None
    assert rest.get("measure") == "yes"
