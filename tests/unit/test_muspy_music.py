"""`muspy.Music` of scores built by hand, and MusPy's metrics of it against ours."""

from __future__ import annotations

from dataclasses import asdict, replace
from fractions import Fraction

import muspy
from hypothesis import given, settings
from hypothesis import strategies as st
from muspy_oracle import by_muspy
from score_building import bar, score, tempo, voice

from hartmann.notation.metrics import measure
from hartmann.notation.muspy_music import to_muspy
from hartmann.notation.score import Change, Key, Meter, Score, Voice


def notes(made: Score, **options: bool) -> list[list[tuple[int, int, int]]]:
    """For each track, (time, pitch, duration) in ticks."""
    return [[(n.time, n.pitch, n.duration) for n in t.notes] for t in to_muspy(made, **options).tracks]


def test_notes_are_at_24_ticks_a_quarter() -> None:
    made = score(["C4:1 z:1/2 [E4 G4]:1/3"])
    assert to_muspy(made).resolution == 24
    assert notes(made) == [[(0, 60, 24), (36, 64, 8), (36, 67, 8)]]


def test_ties_are_joined_and_grace_notes_left_out() -> None:
    tied = bar("C4:4~")
    graced = replace(bar("C4:2 D4:2"), notes=tuple(
        replace(note, grace=note.pitches) for note in bar("C4:2 D4:2").notes))  # fmt: skip
    assert notes(score([tied, graced])) == [[(0, 60, 144), (144, 62, 48)]]


def test_repeats_are_unfolded_when_asked() -> None:
    made = score([bar("C4:1", repeat_end=2), "D4:1"])
    assert notes(made) == [[(0, 60, 24), (24, 62, 24)]]
    assert notes(made, played=True) == [[(0, 60, 24), (24, 60, 24), (48, 62, 24)]]


def test_voices_are_tracks_with_program_and_name_silent_ones_too() -> None:
    drums = voice(["C2:4"], number=2, percussion=True)
    made = to_muspy(score(voice(["C4:4"], program=40), drums, voice(["z:4"], number=3, name="Rest")))
    assert [(t.program, t.is_drum, t.name, len(t)) for t in made.tracks] == [
        (40, False, "Violin", 1), (0, True, "Percussion", 1), (0, False, "Rest", 0),
    ]  # fmt: skip


def test_tempo_key_and_meter_stand_where_they_change() -> None:
    changes = (Change(Fraction(2), key=Key("Eb", "major", -3), tempo=tempo(80, Fraction(3, 2))),)
    made = to_muspy(score([bar("C4:4", changes=changes), bar("C4:3", meter=Meter(3, 4))], tempo=tempo(90)))
    assert [(t.time, t.qpm) for t in made.tempos] == [(0, 90), (48, 120)]
    assert [(k.time, k.root, k.mode, k.fifths, k.root_str) for k in made.key_signatures] == [
        (0, 0, "major", 0, "C"), (48, 3, "major", -3, "Eb"),
    ]  # fmt: skip
    assert [(m.time, m.numerator, m.denominator) for m in made.time_signatures] == [(0, 4, 4), (96, 3, 4)]
    assert [line.time for line in made.barlines] == [0, 96]


def test_title_and_composer_are_kept() -> None:
    metadata = to_muspy(score(["C4:4"], title="Dawn", composer="A. Person")).metadata
    assert (metadata.title, metadata.creators) == ("Dawn", ["A. Person"])


def test_dynamics_are_velocities() -> None:
    loud = replace(bar("C4:1 D4:1"), notes=tuple(
        replace(note, decorations=("ff",)) for note in bar("C4:1 D4:1").notes))  # fmt: skip
    [track] = to_muspy(score(["C4:1", loud])).tracks
    assert [note.velocity for note in track.notes] == [80, 112, 112]


def test_muspy_finds_its_own_music_valid_and_can_write_it() -> None:
    made = to_muspy(score(["C4:1 [D4 F4]:3"], ["C3:4"], title="Dawn", tempo=tempo(90)))
    assert made.validate() is made
    assert muspy.to_note_representation(made).tolist()[0] == [0, 48, 96, 80]


def test_a_score_without_voices_is_music_without_tracks() -> None:
    assert to_muspy(replace(score(["C4:4"]), voices=())).tracks == []


pitches = st.sampled_from(["C4", "C#4", "Eb4", "E3", "G4", "[C4 E4]", "[D3 F#3 A3]", "C6", "z"])
lengths = st.sampled_from(["1/4", "1/3", "1/2", "2/3", "1", "3/2", "2", "7/2"])
music = st.lists(st.tuples(pitches, lengths).map(":".join), min_size=1, max_size=8).map(" ".join)


@settings(max_examples=80)
@given(st.lists(music, min_size=1, max_size=4), st.lists(music, max_size=3), st.lists(music, max_size=2))
def test_any_score_has_muspys_values(first: list[str], second: list[str], drums: list[str]) -> None:
    voices: list[Voice] = [voice(["C4:1", *first]), voice(second, number=2)]
    made = score(*voices, voice(drums, number=3, percussion=True))
    assert asdict(measure(made)) == by_muspy(to_muspy(made))
