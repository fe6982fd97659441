"""The eight metrics on tiny pieces, against values worked out by hand from MusPy's definitions."""

from __future__ import annotations

import math
from dataclasses import fields, replace

import pytest
from score_building import bar, score, voice

from hartmann.notation.metrics import EXPLANATIONS, Metrics, measure


def test_four_different_notes_of_c_major() -> None:
    # C4 E4 G4 C5, one quarter each: 12 semitones, 4 pitches, 3 classes. Entropies: 4 × ¼·2 bits = 2 bits;
    # classes ½, ¼, ¼ = 1.5 bits. It ends on beat 4, which MusPy counts: 5 beats, all touched.
    assert measure(score(["C4:1 E4:1 G4:1 C5:1"])) == Metrics(12, 4, 3, 1.0, 1.0, 2.0, 1.5, 0.0)


def test_one_note_has_no_range_and_no_entropy() -> None:
    metrics = measure(score(["C4:4"]))
    assert (metrics.pitch_range, metrics.pitches_used, metrics.pitch_entropy) == (0, 1, 0)


def test_chords_count_in_polyphony_only_where_something_sounds() -> None:
    # Three pitches for one beat, one pitch for one beat, two beats of rest: (3 + 1) / 2.
    assert measure(score(["[C4 E4 G4]:1 C4:1 z:2"])).polyphony == 2.0


def test_voices_sound_together() -> None:
    assert measure(score(["C4:4"], ["E3:2 z:2"])).polyphony == 1.5


def test_notes_outside_the_best_scale_lower_scale_consistency() -> None:
    # C D E F fit C major; F# does not, and no other scale holds all five of C D E F F#.
    assert measure(score(["C4:1 D4:1 E4:1 F4:1", "F#4:4"])).scale_consistency == pytest.approx(4 / 5)


def test_entropy_of_three_to_one() -> None:
    by_hand = -(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25))
    metrics = measure(score(["C4:1 C4:1 C4:1 D4:1"]))
    assert metrics.pitch_entropy == pytest.approx(by_hand)
    assert metrics.pitch_class_entropy == pytest.approx(by_hand)


def test_beats_without_sound_are_empty() -> None:
    # Beats 0…7 and the one that the end of the last note touches: 9. Beat 0 and (inclusive end) 1 sound,
    # beats 2…6 are empty, beats 7 and 8 sound.
    assert measure(score(["C4:1 z:3", "z:3 C4:1"])).empty_beat_rate == pytest.approx(5 / 9)


def test_a_beat_is_a_quarter_in_six_eight_too() -> None:
    # A dotted quarter of sound (beats 0 and 1), a dotted quarter of rest, then an eighth at 3.0…3.5 (beat 3).
    assert measure(score(["C4:3/2 z:3/2 C4:1/2"])).empty_beat_rate == pytest.approx(1 / 4)


def test_tied_notes_are_one_note() -> None:
    # Without the tie C would be two of three notes.
    assert measure(score(["C4:2~ C4:1 D4:1"])).pitch_entropy == 1.0


def test_transposing_instruments_are_measured_as_they_sound() -> None:
    both = score(voice(["C4:4"]), voice(["C4:4"], number=2, transpose=-14))
    assert measure(both).pitch_range == 14


def test_percussion_is_left_out_of_pitch_and_counts_as_sound() -> None:
    drums = voice(["C2:1 C2:1 C2:1 C2:1"], number=2, percussion=True)
    metrics = measure(score(voice(["C4:1 z:3"]), drums))
    assert (metrics.pitch_range, metrics.pitches_used, metrics.polyphony) == (0, 1, 1.0)
    assert metrics.empty_beat_rate == 0.0


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
