"""MIDI files of scores built by hand, read back by symusic."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
import symusic
from score_building import NOWHERE, bar, pitch, score, tempo, voice

from hartmann.notation.midi import to_midi
from hartmann.notation.performing import DEFAULT_VELOCITY, VELOCITIES
from hartmann.notation.score import Bar, Change, Key, Meter, Score, Tuplet


def played(made: Score) -> list[list[tuple[float, float, int]]]:
    """For each track, (onset, duration, pitch) in quarters."""
    file = symusic.Score.from_midi(to_midi(made))
    return [[(n.time / 480, n.duration / 480, n.pitch) for n in track.notes] for track in file.tracks]


def with_first_note(text: str, **fields: object) -> Bar:
    made = bar(text)
    return replace(made, notes=(replace(made.notes[0], **fields), *made.notes[1:]))  # type: ignore[arg-type]


def test_notes_sound_at_their_places() -> None:
    assert played(score(["C4:1 z:1 F#5:1/2 Bb3:3/2"])) == [[(0, 1, 60), (2, 0.5, 78), (2.5, 1.5, 58)]]


def test_the_notes_of_a_chord_sound_together() -> None:
    assert played(score(["[C4 E4]:2 z:2"])) == [[(0, 2, 60), (0, 2, 64)]]


def test_tied_notes_sound_once() -> None:
    assert played(score(["C4:4~", "C4:2 C4:2"])) == [[(0, 6, 60), (6, 2, 60)]]


def test_a_tie_joins_only_the_pitches_that_it_holds() -> None:
    assert played(score(["[C4 E4]:4~", "[C4 F4]:4"])) == [[(0, 8, 60), (0, 4, 64), (4, 4, 65)]]


def test_a_tie_into_another_note_changes_nothing() -> None:
    assert played(score(["C4:4~", "D4:4"])) == [[(0, 4, 60), (4, 4, 62)]]


def test_repeats_and_endings_are_played() -> None:
    bars = [
        bar("C4:1", repeat_start=True),
        bar("D4:1", endings=(1,), repeat_end=2, ending_stop=True),
        bar("E4:1", endings=(2,), ending_stop=True),
    ]
    assert [n[2] for n in played(score(bars))[0]] == [60, 62, 60, 64]


def test_voices_are_tracks_with_name_and_program() -> None:
    made = score(voice(["C4:4"], program=40, name="Geige"), voice(["C3:4"], number=2, program=42))
    tracks = symusic.Score.from_midi(to_midi(made)).tracks
    assert [(t.name, t.program, t.is_drum) for t in tracks] == [("Geige", 40, False), ("Cello", 42, False)]


def test_percussion_is_on_channel_ten() -> None:
    data = to_midi(score(voice(["C2:4"], percussion=True)))
    assert bytes([0x99, 36]) in data


def test_transposition_is_applied() -> None:
    assert played(score(voice(["C4:4"], transpose=-2))) == [[(0, 4, 58)]]


def test_a_stated_tempo_counts_its_own_beat() -> None:
    made = score([bar("C4:3", tempo=tempo(80, Fraction(3, 2)))])
    assert [t.qpm for t in symusic.Score.from_midi(to_midi(made)).tempos] == [pytest.approx(120)]


def test_without_a_tempo_midis_own_is_written() -> None:
    assert [t.qpm for t in symusic.Score.from_midi(to_midi(score(["C4:4"]))).tempos] == [120]


def test_a_repeat_brings_back_the_tempo_of_the_place_it_returns_to() -> None:
    bars = [bar("C4:4", tempo=tempo(60)), bar("D4:4", tempo=tempo(120), repeat_end=2)]
    changes = symusic.Score.from_midi(to_midi(score(bars))).tempos
    assert [(t.time / 480, round(t.qpm)) for t in changes] == [(0, 60), (4, 120), (8, 60), (12, 120)]


def test_changes_inside_a_bar_come_at_their_place() -> None:
    changes = (Change(Fraction(2), key=Key("D", "major", 2), tempo=tempo(90)),)
    file = symusic.Score.from_midi(to_midi(score([bar("C4:4", tempo=tempo(60), changes=changes)])))
    assert [(t.time / 480, round(t.qpm)) for t in file.tempos] == [(0, 60), (2, 90)]
    assert [(k.time / 480, k.key) for k in file.key_signatures] == [(0, 0), (2, 2)]


def test_keys_and_meters_are_stated_where_they_change() -> None:
    bars = [bar("C4:4"), bar("C4:3", key=Key("E", "minor", 1), meter=Meter(6, 8)), bar("C4:3")]
    file = symusic.Score.from_midi(to_midi(score(bars)))
    assert [(k.time / 480, k.key, k.tonality) for k in file.key_signatures] == [(0, 0, 0), (4, 1, 1)]
    meters = [(m.time / 480, m.numerator, m.denominator) for m in file.time_signatures]
    assert meters == [(0, 4, 4), (4, 6, 8)]


def test_free_meter_states_none() -> None:
    made = score(["C4:5"], meter=Meter(4, 4, "free"))
    assert len(symusic.Score.from_midi(to_midi(made)).time_signatures) == 0


def test_a_grace_note_takes_a_quarter_of_the_unit_from_the_note_it_leads_to() -> None:
    graced = with_first_note("C4:1 D4:1", grace=(pitch("E4"),))
    assert played(score([graced])) == [[(0, 0.125, 64), (0.125, 0.875, 60), (1, 1, 62)]]


def test_grace_notes_never_take_more_than_half() -> None:
    graced = with_first_note("C4:1/4", grace=(pitch("E4"), pitch("D4")))
    assert played(score([graced])) == [[(0, 1 / 16, 64), (1 / 16, 1 / 16, 62), (1 / 8, 1 / 8, 60)]]


def test_staccato_sounds_for_half() -> None:
    assert played(score([with_first_note("C4:1 D4:1", decorations=("staccato",))]))[0][0] == (0, 0.5, 60)


def test_dynamics_hold_until_the_next_and_accents_do_not() -> None:
    loud, accented = (
        with_first_note("C4:1 D4:1", decorations=("f",)),
        with_first_note("C4:1 D4:1", decorations=("p", "accent")),
    )
    [track] = symusic.Score.from_midi(to_midi(score(["C4:1", loud, accented]))).tracks
    piano = VELOCITIES["p"]
    assert [n.velocity for n in track.notes] == [
        DEFAULT_VELOCITY, VELOCITIES["f"], VELOCITIES["f"], piano + 16, piano,
    ]  # fmt: skip


def test_a_key_is_struck_again_only_after_it_was_let_go() -> None:
    lower = replace(bar("C4:4").notes[0], layer=0)
    upper = [replace(n, layer=1) for n in bar("z:1 C4:1 z:2").notes]
    both = replace(bar("C4:4"), notes=(lower, *upper))
    assert played(score([both])) == [[(0, 1, 60), (1, 1, 60)]]


def test_triplets_fall_on_exact_ticks() -> None:
    third = Fraction(1, 3)
    group = tuple(
        replace(
            n, onset=i * third, duration=third, written=Fraction(1, 2), tuplet=Tuplet(3, 2, i == 0, i == 2)
        )
        for i, n in enumerate(bar("C4:1/2 D4:1/2 E4:1/2").notes)
    )
    made = score([Bar(1, Fraction(0), Fraction(1), group, NOWHERE)])
    [track] = symusic.Score.from_midi(to_midi(made)).tracks
    assert [(n.time, n.duration) for n in track.notes] == [(0, 160), (160, 160), (320, 160)]


def test_the_same_score_gives_the_same_bytes() -> None:
    made = score(["C4:1 [D4 F4]:1 E4:2", "G4:4"], ["C3:4", "G2:4"])
    assert to_midi(made) == to_midi(made)


def test_a_score_without_voices_is_a_silent_file() -> None:
    file = symusic.Score.from_midi(to_midi(replace(score(["C4:4"]), voices=())))
    assert sum(len(track.notes) for track in file.tracks) == 0
