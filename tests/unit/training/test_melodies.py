"""Corpus tunes reduced to melodies and written again as the mini writes."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest

from hartmann.composing.facts import facts_of
from hartmann.notation.checking import check
from hartmann.notation.score import Score
from hartmann.training.melodies import Melody, UnfitError, fifths_name, read_melody, transposed
from hartmann.training.tune_text import Heading, write_body, write_tune

HEAD = "X:1\nT:Test\nM:6/8\nL:1/8\nK:G\n"
JIG = HEAD + "|:D|GAB d2B|c3 c2d|edc BAG|A3 A2D|GAB d2B|c3 c2d|edc BAF|G3 G2:|\n"


def melody_of(abc: str) -> Melody:
    score = check(abc).score
    assert score is not None
    return read_melody(score)


def sounding(score: Score | None) -> list[tuple[int, Fraction]]:
    """(MIDI pitch, length) of the first voice, tied notes joined."""
    assert score is not None
    line: list[tuple[int, Fraction]] = []
    tied = False
    for note in (n for bar in score.voices[0].bars for n in bar.notes):
        pitch = note.pitches[0].midi if note.pitches else -1
        if tied and line[-1][0] == pitch:
            line[-1] = (pitch, line[-1][1] + note.duration)
        else:
            line.append((pitch, note.duration))
        tied = bool(note.ties and note.ties[0])
    return line


def test_written_jig_is_the_jig_that_was_read() -> None:
    written = write_tune(melody_of(JIG), Heading("Blue Jig", "jig", 165, 73))
    assert written == (
        "X:1\nT:Blue Jig\nR:jig\nM:6/8\nL:1/8\nQ:3/8=110\nK:Gmaj\n%%MIDI program 73\n"
        "% [A]\n|:D|GAB d2B|c3 c2d|edc BAG|A3 A2D|\nGAB d2B|c3 c2d|edc BAF|G3 G2:|"
    )
    assert check(written).problems == ()
    assert sounding(check(written).score) == sounding(check(JIG).score)


@pytest.mark.parametrize("fifths", [-5, -3, -1, 1, 2, 4, 6])
def test_transposed_melody_moves_every_note_by_the_same_interval(fifths: int) -> None:
    melody = melody_of(JIG)
    moved = transposed(melody, fifths)
    before, after = (sounding(check(write_tune(m, Heading("A", "", 90, 0))).score) for m in (melody, moved))
    assert [length for _, length in before] == [length for _, length in after]
    shifts = {b - a for (a, _), (b, _) in zip(before, after, strict=True) if a >= 0}
    assert len(shifts) == 1
    assert (shifts.pop() - 7 * fifths) % 12 == 0


def test_transposed_key_is_named_by_its_new_tonic() -> None:
    assert transposed(melody_of(JIG), 1).key == "Dmaj"
    assert transposed(melody_of(JIG), -3).key == "Bbmaj"


def test_accidentals_are_written_until_they_are_cancelled_within_the_bar() -> None:
    body = "^CDE =CDE|c3 c3|" * 4
    text = write_tune(melody_of(HEAD + body + "\n"), Heading("A", "", 90, 0))
    assert "^CDE =CDE" in text
    assert sounding(check(text).score) == sounding(check(HEAD + body + "\n").score)


def test_mode_is_the_one_that_needs_the_fewest_accidentals() -> None:
    minor = "X:1\nT:T\nM:4/4\nL:1/4\nK:G\n" + "G _B d G|_e d c _B|" * 4 + "\n"
    assert melody_of(minor).key == "Gmin"


def sections(melody: Melody) -> list[tuple[str, int, int]]:
    """Name, first and last bar of each section of the tune as written."""
    score = check(write_tune(melody, Heading("A", "", 90, 0))).score
    assert score is not None
    return [(s.name, s.first, s.last) for s in facts_of(score).sections]


def test_long_song_is_cut_into_phrases_of_eight_bars() -> None:
    song = "X:1\nT:T\nM:2/4\nL:1/8\nK:C\n" + "CD EF|" * 16 + "\n"
    assert sections(melody_of(song)) == [("A", 1, 8), ("A", 9, 16)]


def test_sections_that_repeat_are_kept_apart() -> None:
    tune = JIG + "|:B|d2e dBG|d2e dBG|edc BAG|A3 A2B|d2e dBG|d2e dBG|edc BAF|G3 G2:|\n"
    melody = melody_of(tune)
    assert [name for name, _, _ in sections(melody)] == ["A", "B"]
    assert melody.written_bars == 16


@pytest.mark.parametrize(
    ("abc", "reason"),
    [
        (HEAD + "GAB d2B|" * 3, "too short"),
        (HEAD.replace("6/8", "7/8") + "GAB d2B G|" * 8, "meter 7/8"),
        (HEAD + "GAB d2B|" * 4 + "GAB d|" + "GAB d2B|" * 4, "a bar that does not add up"),
        (HEAD + "G,,AB d2B|" * 8, "out of range"),
        (HEAD.replace("K:G", "K:G phr") + "GAB d2B|" * 8, "mode phrygian"),
    ],
)
def test_unfit_tune_is_refused_with_the_reason(abc: str, reason: str) -> None:
    with pytest.raises(UnfitError, match=reason):
        melody_of(abc + "\n")


def test_lengths_of_five_are_written_as_tied_notes() -> None:
    song = "X:1\nT:T\nM:4/4\nL:1/8\nK:C\n" + "C5 DEF|" * 8 + "\n"
    body = write_body(melody_of(song))
    assert "C4-C" in body
    assert sounding(check("X:1\nT:T\nM:4/4\nL:1/8\nK:C\n" + body).score) == sounding(check(song).score)


def test_line_of_fifths_names_are_a_fifth_apart() -> None:
    names = [fifths_name(place) for place in range(-7, 8)]
    assert names == ["Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#"]
    assert len(set(pairwise(names))) == 14
