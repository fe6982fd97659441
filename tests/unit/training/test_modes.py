"""Tunes in another mode: other thirds, sixths and sevenths over the same tonic, everything else as it was."""

from __future__ import annotations

from itertools import pairwise

import pytest
from tune_samples import checked, lessons, melody_of, pitches, rhythm

from hartmann.library.features import measure_features
from hartmann.training.melodies import Melody, UnfitError, read_melody
from hartmann.training.modes import in_mode
from hartmann.training.tune_text import Heading, write_tune
from hartmann.training.tunes import variants

HEADING = Heading("A", "", 90, 0)


def written(melody: Melody) -> str:
    return write_tune(melody, HEADING)


def of(abc: str, key: str) -> Melody:
    return read_melody(checked(f"X:1\nT:T\nM:4/4\nL:1/4\nK:{key}\n{abc}\n"))


SCALE = "CDEF|GABc|cBAG|FEDC|CEGE|FAcA|GGGF|EDC2|]"


@pytest.mark.parametrize(("mode", "lowered"), [("major", set()), ("mixolydian", {11}), ("dorian", {4, 11})])
def test_notes_of_the_scale_go_down_a_semitone_where_the_mode_is_flatter(
    mode: str, lowered: set[int]
) -> None:
    before = pitches(checked(written(of(SCALE, "C"))))
    after = pitches(checked(written(in_mode(of(SCALE, "C"), mode))))
    assert [b - a for b, a in zip(before, after, strict=True)] == [int(p % 12 in lowered) for p in before]


def test_in_minor_the_seventh_leads_up_to_the_tonic_and_falls_away_from_it() -> None:
    bars = written(in_mode(of(SCALE, "C"), "minor")).splitlines()[-2].split("|")
    assert bars[:3] == ["C2 D2 E2 F2", "G2 =A2 =B2 c2", "c2 B2 A2 G2"]


@pytest.mark.parametrize("mode", ["mixolydian", "dorian", "minor"])
@pytest.mark.parametrize("name", ["Jig", "Song", "Dance"])
def test_rhythm_and_contour_stay(name: str, mode: str) -> None:
    melody = melody_of(name)
    one, other = checked(written(melody)), checked(written(in_mode(melody, mode)))
    assert rhythm(one) == rhythm(other)
    steps = [list(pairwise(p)) for p in (pitches(one), pitches(other))]
    assert all((b - a) * (d - c) >= 0 for (a, b), (c, d) in zip(*steps, strict=True))


@pytest.mark.parametrize("name", ["Jig", "Song", "Dance"])
def test_there_and_back_again_is_the_tune(name: str) -> None:
    melody = melody_of(name)
    for mode in ("mixolydian", "dorian", "minor"):
        assert in_mode(in_mode(melody, mode), "major") == melody


def test_too_chromatic_tunes_keep_their_mode() -> None:
    with pytest.raises(UnfitError, match="chromatic"):
        in_mode(of("C^CD^D|EF^FG|" * 4, "C"), "minor")


def test_variants_have_the_features_and_the_caption_of_the_tune_as_it_is_written() -> None:
    for lesson in lessons():
        own, *others = variants(lesson)
        assert own.melody == lesson.melody
        assert others
        for variant in others:
            score = checked(
                write_tune(
                    variant.melody,
                    Heading(
                        lesson.title, lesson.features.genre, float(own.features.bpm * own.features.beat), 0
                    ),
                )
            )
            measured = measure_features(score)
            assert (measured.key, measured.valence) == (variant.features.key, variant.features.valence)
            assert variant.features.key in variant.caption
            assert variant.held_out == lesson.held_out


def test_a_major_tune_darkens_and_a_minor_one_brightens() -> None:
    for lesson in lessons():
        own, other = variants(lesson)[:2]
        assert (other.features.valence < own.features.valence) == (own.melody.mode == "major")
