"""Pictures and tunes that meet: alike in mood, playable on their instrument, and obeying what was wished."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from tune_samples import checked, lessons

from hartmann.composing.difficulty import LIMITS, too_hard
from hartmann.composing.headers import header_of
from hartmann.composing.steering import body_bounds, header_wishes
from hartmann.composing.wishes import MusicalWishes
from hartmann.library.features import measure_features
from hartmann.notation.instruments import playing_range
from hartmann.training.asking import difficulty_of, wishes_of, words_for
from hartmann.training.gallery import Gallery, build_gallery
from hartmann.training.matching import MINOR_SIDE, Match, Matcher
from hartmann.training.tune_text import write_tune
from hartmann.training.tunes import variants

PICTURES = 40


@pytest.fixture(scope="module")
def matcher(tmp_path_factory: pytest.TempPathFactory) -> Matcher:
    folder = tmp_path_factory.mktemp("gallery")
    build_gallery(folder, PICTURES, (), workers=1)
    taught = [variant for lesson in lessons() for variant in variants(lesson)]
    return Matcher(Gallery(folder), range(PICTURES), taught)


@pytest.fixture(scope="module")
def matches(matcher: Matcher) -> list[tuple[int, Match]]:
    rng = Random(1)
    return [matcher.meet(rng) for _ in range(150)]


def ranks(values: list[float]) -> list[int]:
    return [int(rank) for rank in np.argsort(np.argsort(values))]


def test_tunes_follow_their_pictures_in_valence_and_arousal(
    matcher: Matcher, matches: list[tuple[int, Match]]
) -> None:
    pictures = [matcher.features(picture) for picture, _ in matches]
    tunes = [measure_features(checked(write_tune(m.melody, m.heading))) for _, m in matches]
    for mood in ("valence", "arousal"):
        seen, heard = ([getattr(x, mood) for x in some] for some in (pictures, tunes))
        assert np.corrcoef(ranks(seen), ranks(heard))[0, 1] > 0.85


def test_mode_is_on_the_side_of_a_picture_whose_valence_is_clear(
    matcher: Matcher, matches: list[tuple[int, Match]]
) -> None:
    clear = [(matcher.features(p).valence, m.melody.mode) for p, m in matches]
    sides = [(v < 0) == (mode in MINOR_SIDE) for v, mode in clear if abs(v) > 0.25]
    assert len(sides) > 50
    assert np.mean(sides) >= 0.95


def test_feeling_of_a_match_is_what_is_measured_in_its_tune(matches: list[tuple[int, Match]]) -> None:
    for _, match in matches[:40]:
        measured = measure_features(checked(write_tune(match.melody, match.heading)))
        assert match.valence == pytest.approx(measured.valence, abs=0.05)
        assert match.arousal == pytest.approx(measured.arousal, abs=0.05)


def test_every_note_is_within_the_range_of_its_instrument(matches: list[tuple[int, Match]]) -> None:
    for _, match in matches:
        low, high = playing_range(match.heading.program)
        pitches = [e.midi for e in match.melody.events() if e.step >= 0]
        assert low <= min(pitches)
        assert max(pitches) <= high


def test_keys_have_at_most_four_sharps_or_flats_and_vary(matches: list[tuple[int, Match]]) -> None:
    assert {abs(match.melody.signature) for _, match in matches} <= {0, 1, 2, 3, 4}
    assert len({match.melody.key for _, match in matches}) > 8


def test_wished_moods_and_difficulties_are_ones_that_the_header_may_have(
    matches: list[tuple[int, Match]],
) -> None:
    for _, match in matches:
        wishes = wishes_of(match)
        header = header_of(write_tune(match.melody, match.heading))
        offered = header_wishes(MusicalWishes(mood=wishes["mood"], difficulty=wishes["difficulty"]))
        assert not offered.keys or match.melody.key in offered.keys
        assert offered.tempo[0] <= match.heading.tempo <= offered.tempo[1]
        assert body_bounds(header, MusicalWishes(difficulty=wishes["difficulty"])).most_bars == 32


def test_difficulty_is_the_easiest_whose_limits_are_kept(matches: list[tuple[int, Match]]) -> None:
    said = set()
    for _, match in matches:
        name = difficulty_of(match.melody, match.heading)
        said.add(name)
        if name in LIMITS:
            score = checked(write_tune(match.melody, match.heading))
            assert list(too_hard(score, LIMITS[name])) == []
    assert len(said) > 1


def test_words_ask_for_chords_only_where_there_are_some(matches: list[tuple[int, Match]]) -> None:
    rng = Random(2)
    for _, match in matches[:30]:
        assert "chord" in words_for(match, rng, chords=True)
        assert "chord" not in words_for(match, rng)
