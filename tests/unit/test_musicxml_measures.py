"""Measures of a MusicXML document: bar lines, repeats, endings, jumps, and what changes at them."""

from __future__ import annotations

from fractions import Fraction

import pytest
from musicxml_reading import document, marked, measures, sounding, texts
from score_building import bar, score, tempo, voice

from hartmann.notation.score import Change, Key, Meter


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


@pytest.mark.parametrize("mode", ["dorian", "phrygian", "lydian", "mixolydian", "locrian", "minor"])
def test_modes_are_stated_with_their_signature(mode: str) -> None:
    root = document(score(["D4:4"], key=Key("D", mode, -1)))
    assert (root.findtext(".//key/fifths"), root.findtext(".//key/mode")) == ("-1", mode)


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


@pytest.mark.parametrize(
    ("decoration", "words", "attribute"),
    [
        ("D.C.", "D.C.", "dacapo"), ("D.C.alfine", "D.C. al Fine", "dacapo"),
        ("D.S.alcoda", "D.S. al Coda", "dalsegno"), ("fine", "Fine", "fine"), ("dacoda", "To Coda", "tocoda"),
    ],
)  # fmt: skip
def test_jumps_are_words_at_the_end_of_the_bar_and_say_what_they_do(
    decoration: str, words: str, attribute: str
) -> None:
    [measure] = measures(score([marked("C4:2 D4:2", decorations=(decoration,))]))
    tags = [child.tag for child in measure if child.tag in {"note", "direction"}]
    assert tags == ["note", "note", "direction"]
    assert measure.findtext("direction/direction-type/words") == words
    sound = measure.find("direction/sound")
    assert sound is not None
    assert sound.get(attribute)


@pytest.mark.parametrize("sign", ["segno", "coda"])
def test_places_to_jump_to_are_signs_before_the_first_note(sign: str) -> None:
    [measure] = measures(score([marked("C4:2 D4:2", decorations=(sign,))]))
    direction = measure.find("direction")
    assert direction is not None
    assert direction.find(f"direction-type/{sign}") is not None
    assert list(measure).index(direction) < [child.tag for child in measure].index("note")


def test_a_jump_of_any_voice_is_shown_once() -> None:
    voices = [voice([marked("C4:4", decorations=("D.C.",))], number=n) for n in (1, 2)]
    assert texts(document(score(*voices)), ".//direction/direction-type/words") == ["D.C."]
