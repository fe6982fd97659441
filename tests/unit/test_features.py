"""Features and captions say true things about hand-made tunes."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from hartmann.library.captions import caption, clean_title, short_caption
from hartmann.library.features import MusicFeatures, measure_features
from hartmann.library.genres import felt_beat, named_genre
from hartmann.library.melody import Contour
from hartmann.moods import MOODS
from hartmann.notation.score import Bar, Key, Meter, Note, Pitch, Place, Score, Tempo, Voice

NOWHERE = Place(1, 1, 0, 0)
STEPS = {0: ("C", 0), 1: ("C", 1), 2: ("D", 0), 3: ("E", -1), 4: ("E", 0), 5: ("F", 0),
         6: ("F", 1), 7: ("G", 0), 8: ("A", -1), 9: ("A", 0), 10: ("B", -1), 11: ("B", 0)}  # fmt: skip
G_MAJOR = Key("G", "major", 1)
JIG = [67, 69, 71, 74, 71, 67, 69, 71, 72, 74, 79, 78] * 4
LAMENT = [55, 58, 57, 55, 50, 51, 50, 50] * 2


def pitch(midi: int) -> Pitch:
    step, alter = STEPS[midi % 12]
    return Pitch(step, alter, midi // 12 - 1)


def tune(
    midis: list[int],
    *,
    meter: Meter,
    value: Fraction,
    key: Key = G_MAJOR,
    rhythm: str = "",
    tempo: Tempo | None = None,
    title: str = "",
    program: int | None = None,
) -> Score:
    """Equal notes of `value` quarters in bars of `meter`; -1 is a rest."""
    per_bar = int(meter.bar_duration / value)
    bars = []
    for number, start in enumerate(range(0, len(midis), per_bar), start=1):
        notes = tuple(
            Note(i * value, value, value, () if midi < 0 else (pitch(midi),), NOWHERE)
            for i, midi in enumerate(midis[start : start + per_bar])
        )
        bars.append(Bar(number, (number - 1) * meter.bar_duration, meter.bar_duration, notes, NOWHERE))
    voice = Voice(1, "1", tuple(bars), program=program)
    return Score(title, "", key, meter, value, tempo, (voice,), rhythm=rhythm)


@pytest.fixture
def jig() -> MusicFeatures:
    return measure_features(tune(JIG, meter=Meter(6, 8), value=Fraction(1, 2), rhythm="jig"), origin="Irish")


@pytest.fixture
def lament() -> MusicFeatures:
    score = tune(
        LAMENT, meter=Meter(3, 4), value=Fraction(1), key=Key("G", "minor", -2), title="Lament for Owen"
    )
    return measure_features(score)


def test_a_jig_is_named_by_its_rhythm_and_counted_in_dotted_quarters(jig: MusicFeatures) -> None:
    assert (jig.genre, jig.meter, jig.key, jig.bars) == ("jig", "6/8", "G major", 8)
    assert jig.beat == Fraction(3, 2)
    assert jig.tempo_word == "fast"
    assert not jig.tempo_given


def test_notes_per_second_follow_from_tempo_and_note_values(jig: MusicFeatures) -> None:
    assert jig.notes_per_second == pytest.approx(3 * jig.bpm / 60, abs=0.01)
    assert jig.seconds == pytest.approx(16 * 60 / jig.bpm, abs=0.1)


def test_range_is_counted_in_semitones(jig: MusicFeatures) -> None:
    assert (jig.lowest, jig.highest, jig.range) == (67, 79, 12)


def test_a_major_jig_is_glad_and_lively_and_a_minor_lament_sad_and_still(
    jig: MusicFeatures, lament: MusicFeatures
) -> None:
    assert jig.valence > 0.3
    assert jig.arousal > 0.3
    assert lament.valence < -0.3
    assert lament.arousal < -0.3
    assert all(MOODS[word][0] > 0 for word in jig.moods)
    assert all(MOODS[word][0] < 0 for word in lament.moods)


def test_a_title_names_the_kind_where_no_rhythm_does(lament: MusicFeatures) -> None:
    assert lament.genre == "lament"


def test_a_hint_counts_only_when_the_tune_says_nothing_itself() -> None:
    plain = tune(JIG, meter=Meter(6, 8), value=Fraction(1, 2))
    assert measure_features(plain, rhythm="slip jig").genre == "slip jig"
    assert measure_features(replace(plain, rhythm="Reel"), rhythm="slip jig").genre == "reel"


def test_a_stated_tempo_is_told_in_felt_beats() -> None:
    tempo = Tempo(Fraction(1), Fraction(180))
    features = measure_features(tune(JIG, meter=Meter(6, 8), value=Fraction(1, 2), tempo=tempo))
    assert features.bpm == 120
    assert features.tempo_given


def test_the_same_notes_in_minor_feel_darker_and_slower_ones_stiller(jig: MusicFeatures) -> None:
    minor = [midi - (midi % 12 == 11) for midi in JIG]
    darker = measure_features(
        tune(minor, meter=Meter(6, 8), value=Fraction(1, 2), rhythm="jig", key=Key("G", "minor", -2))
    )
    slower = measure_features(
        tune(
            JIG,
            meter=Meter(6, 8),
            value=Fraction(1, 2),
            rhythm="jig",
            tempo=Tempo(Fraction(3, 2), Fraction(50)),
        )
    )
    assert darker.valence < jig.valence - 0.5
    assert slower.arousal < jig.arousal - 0.5


def test_a_stated_program_names_the_instrument() -> None:
    score = tune(JIG, meter=Meter(6, 8), value=Fraction(1, 2), program=42)
    features = measure_features(score)
    assert (features.instrument, features.program, features.program_given) == ("cello", 42, True)
    assert "cello" in caption(features)


def test_rests_are_a_share_of_the_whole_line() -> None:
    features = measure_features(tune([67, -1, 69, -1], meter=Meter(4, 4), value=Fraction(1)))
    assert features.rest_share == 0.5
    assert features.notes == 2


def test_tied_notes_are_one_onset() -> None:
    score = tune([67, 67, 69, 71], meter=Meter(4, 4), value=Fraction(1))
    bar = score.voices[0].bars[0]
    tied = replace(bar, notes=(replace(bar.notes[0], ties=(True,)), *bar.notes[1:]))
    voice = replace(score.voices[0], bars=(tied,))
    assert measure_features(replace(score, voices=(voice,))).notes == 3


@pytest.mark.parametrize(
    ("midis", "contour"),
    [
        ([60, 62, 64, 65, 67, 69], Contour.RISING),
        ([69, 67, 65, 64, 62, 60], Contour.FALLING),
        ([60, 60, 72, 72, 60, 60], Contour.ARCHED),
        ([72, 72, 60, 60, 72, 72], Contour.DIPPING),
        ([60, 62, 60, 62, 60, 62], Contour.LEVEL),
    ],
)
def test_contour_tells_the_shape_of_the_line(midis: list[int], contour: Contour) -> None:
    assert measure_features(tune(midis, meter=Meter(3, 4), value=Fraction(1))).contour is contour


def test_a_score_without_notes_has_no_features() -> None:
    with pytest.raises(ValueError, match="at least one note"):
        measure_features(tune([-1, -1, -1], meter=Meter(3, 4), value=Fraction(1)))


@pytest.mark.parametrize(
    ("text", "genre"),
    [
        ("double jig", "jig"),
        ("slipjig", "slip jig"),
        ("Romanze, Ballade, Lied", "ballad"),
        ("Kinder -, Wiegen - Lied", "lullaby"),
        ("geistliches, religiöses Lied", "hymn"),
        ("Xiaodiao", "folk song"),
        ("???", None),
    ],
)
def test_genres_are_recognised_in_the_words_of_the_tune_books(text: str, genre: str | None) -> None:
    found = named_genre(text)
    assert (found.name if found else None) == genre


@pytest.mark.parametrize(
    ("meter", "beat"),
    [
        (Meter(6, 8), Fraction(3, 2)),
        (Meter(3, 8), Fraction(3, 2)),
        (Meter(4, 4), Fraction(1)),
        (Meter(2, 2, "C|"), Fraction(2)),
        (Meter(4, 4, "free"), Fraction(1)),
        (Meter(12, 8), Fraction(3, 2)),
    ],
)
def test_the_felt_beat_is_the_one_people_tap(meter: Meter, beat: Fraction) -> None:
    assert felt_beat(meter) == beat


def test_a_caption_names_mood_kind_key_meter_tempo_and_instrument(jig: MusicFeatures) -> None:
    text = caption(jig, "The Lark")
    for word in (*jig.moods, "Irish jig", "G major", "6/8", f"~{jig.bpm} bpm", jig.instrument, "8 bars"):
        assert word in text


def test_a_caption_is_the_same_for_the_same_music_and_varies_between_tunes(jig: MusicFeatures) -> None:
    assert caption(jig, "One") == caption(jig, "One")
    assert len({caption(jig, f"Tune {i}").replace(f"Tune {i}", "") for i in range(40)}) > 8


def test_the_short_caption_is_one_line(jig: MusicFeatures) -> None:
    text = short_caption(jig)
    assert "\n" not in text
    assert f"{jig.moods[0]}, {jig.moods[1]} Irish jig in G major, 6/8, fast" in text


@pytest.mark.parametrize(
    ("title", "clean"),
    [
        ('"Muenchen"', "Muenchen"),
        ("Lochness.", "Lochness"),
        ("DAS LIED", "Das Lied"),
        ("Owen  Roe", "Owen Roe"),
    ],
)
def test_titles_are_made_fit_for_a_sentence(title: str, clean: str) -> None:
    assert clean_title(title) == clean


def test_a_tune_without_a_key_is_said_to_have_none() -> None:
    features = measure_features(tune(JIG, meter=Meter(6, 8), value=Fraction(1, 2), key=Key("", "none", 0)))
    assert "without a key, 6/8" in caption(features)
    assert "without a key, 6/8" in short_caption(features)
