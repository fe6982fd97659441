"""The eight metrics on tiny pieces, against values worked out by hand from MusPy's definitions."""

from __future__ import annotations

import math
from dataclasses import astuple, fields, replace

import pytest
from score_building import bar, score, voice

from hartmann.notation.metrics import EXPLANATIONS, Metrics, measure
from hartmann.notation.score import Score

TINY: dict[str, tuple[Score, Metrics]] = {
    # Four quarters, 12 semitones, the classes C (twice), E, G. Pitches: four of ¼ each, log2 4 = 2 bits; classes
    # ½, ¼, ¼: ½·1 + 2·¼·2 = 1.5 bits. The end touches beat 4: five beats, all touched.
    "broken chord": (score(["C4:1 E4:1 G4:1 C5:1"]), Metrics(12, 4, 3, 1, 1, 2, 1.5, 0)),
    # One pitch: no range, no entropy.
    "one note": (score(["C4:4"]), Metrics(0, 1, 1, 1, 1, 0, 0, 0)),
    # C sounds 2 beats, E and G one each: 4 beats of pitches in 2 beats of sound. C is 2 of 4 notes: 1.5 bits.
    # The rests at the end do not count: the last end is beat 2.
    "chord, then one of its notes": (
        score(["[C4 E4 G4]:1 C4:1 z:2"]),
        Metrics(7, 3, 3, 2, 1, 1.5, 1.5, 0),
    ),
    # A chord that holds under a moving voice: C 4 beats, E 2: (4 + 2) / 4. Two notes: 1 bit.
    "two voices": (score(["C4:4"], ["E3:2 z:2"]), Metrics(8, 2, 2, 1.5, 1, 1, 1, 0)),
    # All twelve: a scale holds seven of them; log2 12 bits.
    "chromatic scale": (
        score(["C4:1 C#4:1 D4:1 D#4:1", "E4:1 F4:1 F#4:1 G4:1", "G#4:1 A4:1 A#4:1 B4:1"]),
        Metrics(11, 12, 12, 1, 7 / 12, math.log2(12), math.log2(12), 0),
    ),
    # Two pitches, ½ each: 1 bit. One class: 0 bits.
    "octave leap": (score(["C4:1 C5:1"]), Metrics(12, 2, 1, 1, 1, 1, 0, 0)),
    # ¾ and ¼: ¾·log2(4/3) + ¼·2 = 2 − ¾·log2 3 bits.
    "three to one": (
        score(["C4:1 C4:1 C4:1 D4:1"]),
        Metrics(2, 2, 2, 1, 1, 2 - 0.75 * math.log2(3), 2 - 0.75 * math.log2(3), 0),
    ),
    # C D E F F#: no scale holds all five (C, F and F# are in no one), C major holds four of the five.
    "one note outside the scale": (
        score(["C4:1 D4:1 E4:1 F4:1", "F#4:4"]),
        Metrics(6, 5, 5, 1, 4 / 5, math.log2(5), math.log2(5), 0),
    ),
    # Beats 0…7 and the one that the last end touches: 9. Sound touches 0, 1 (an end), 7, 8; five are empty.
    "silence in the middle": (score(["C4:1 z:3", "z:3 C4:1"]), Metrics(0, 1, 1, 1, 1, 0, 0, 5 / 9)),
    # 6/8: sound in 0…1½ (beats 0, 1) and 3…3½ (beat 3) of four beats; a beat is a quarter there too.
    "six eight": (score(["C4:3/2 z:3/2 C4:1/2"]), Metrics(0, 1, 1, 1, 1, 0, 0, 1 / 4)),
    # Drums sound in every beat but have no pitch.
    "drums and a note": (
        score(voice(["C4:1 z:3"]), voice(["C2:1 C2:1 C2:1 C2:1"], number=2, percussion=True)),
        Metrics(0, 1, 1, 1, 1, 0, 0, 0),
    ),
}


@pytest.mark.parametrize("name", TINY)
def test_tiny_pieces_have_the_values_worked_out_by_hand(name: str) -> None:
    piece, by_hand = TINY[name]
    assert astuple(measure(piece)) == pytest.approx(astuple(by_hand), abs=1e-12)


def test_tied_notes_are_one_note() -> None:
    # Without the tie C would be two of three notes.
    assert measure(score(["C4:2~ C4:1 D4:1"])).pitch_entropy == 1.0


def test_transposing_instruments_are_measured_as_they_sound() -> None:
    both = score(voice(["C4:4"]), voice(["C4:4"], number=2, transpose=-14))
    assert measure(both).pitch_range == 14


def test_drums_alone_have_no_pitch_metrics() -> None:
    metrics = measure(score(voice(["C2:4"], percussion=True)))
    assert metrics == Metrics(0, 0, 0, None, None, None, None, 0.0)


@pytest.mark.parametrize("silent", [[], ["z:4"]], ids=["no bars", "only a rest"])
def test_silence_leaves_ratios_undefined(silent: list[str]) -> None:
    assert measure(score(silent)) == Metrics(0, 0, 0)


def test_repeats_count_once_as_written() -> None:
    written = measure(score([bar("C4:2 D4:2", repeat_end=2), bar("E4:4")]))
    assert written.pitch_entropy == pytest.approx(math.log2(3))


def test_repeats_are_unfolded_when_asked() -> None:
    # Played: C D C D E = 2/5, 2/5, 1/5.
    played = measure(score([bar("C4:2 D4:2", repeat_end=2), bar("E4:4")]), played=True)
    assert played.pitch_entropy == pytest.approx(-(0.8 * math.log2(0.4) + 0.2 * math.log2(0.2)))


def test_absurdly_high_notes_are_folded_into_the_range_of_midi() -> None:
    assert measure(score(["C20:4"])).pitches_used == 1


def test_an_absurdly_long_piece_is_measured_wholly() -> None:
    metrics = measure(score(["C4:1", "z:10000000", "D4:1"]))
    # Two beats sound and the end of each touches one more, of 10,000,003.
    assert (metrics.pitches_used, metrics.empty_beat_rate) == (2, pytest.approx(1 - 4 / 10_000_003))


def test_a_score_without_voices_is_silence() -> None:
    assert measure(replace(score(["C4:4"]), voices=())) == Metrics(0, 0, 0)


def test_every_metric_is_explained_in_one_sentence() -> None:
    assert set(EXPLANATIONS) == {field.name for field in fields(Metrics)}
    assert all(text.endswith(".") and text.count(". ") == 0 for text in EXPLANATIONS.values())
