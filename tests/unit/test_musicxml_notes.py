"""Notes in a MusicXML document: values, ties, tuplets, beams, and what belongs to notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from xml.etree import ElementTree as ET

import pytest
from musicxml_reading import document, marked, measures, sounding, texts
from score_building import bar, pitch, score

from hartmann.notation.score import Bar, Key, Meter, Note, Tuplet


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


def beams(root: ET.Element) -> list[list[str | None]]:
    """For each note its beams, from the eighth's on."""
    return [texts(note, "beam") for note in root.iter("note")]


def test_notes_within_a_beat_are_joined_by_beams() -> None:
    root = document(score(["C4:3/4 D4:1/4 E4:1/2 F4:1/2"], meter=Meter(2, 4)))
    assert beams(root) == [["begin"], ["end", "backward hook"], ["begin"], ["end"]]


def test_each_layer_has_beams_of_its_own() -> None:
    lower = [replace(n, layer=1) for n in bar("C3:1/2 D3:1/2").notes]
    both = replace(bar("G4:1"), notes=(*bar("G4:1").notes, *lower))
    assert beams(document(score([both], meter=Meter(1, 4)))) == [[], ["begin"], ["end"]]


def test_several_grace_notes_are_joined() -> None:
    root = document(score([marked("C4:4", grace=(pitch("D4"), pitch("E4")))]))
    assert beams(root) == [["begin", "begin"], ["end", "end"], []]


def slurred(*marks: tuple[int, int]) -> list[list[str | None]]:
    """The slurs at each of as many quarters as there are (slurs begun, slurs ended)."""
    plain = bar(" ".join(["C4:1"] * len(marks)))
    notes = tuple(
        replace(note, slurs_begun=begun, slurs_ended=ended)
        for note, (begun, ended) in zip(plain.notes, marks, strict=True)
    )
    root = document(score([replace(plain, notes=notes)]))
    return [[slur.get("type") for slur in n.findall("notations/slur")] for n in root.iter("note")]


def test_slurs_that_meet_on_a_note_end_and_begin_there() -> None:
    assert slurred((1, 0), (1, 1), (0, 1)) == [["start"], ["stop", "start"], ["stop"]]


def test_a_slur_over_one_note_alone_is_none_and_closes_no_later_one() -> None:
    assert slurred((1, 1), (1, 0), (0, 1)) == [[], ["start"], ["stop"]]
