"""Mood words lie where their valence and arousal say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hartmann.moods import MOODS, mood_words


@pytest.mark.parametrize("word", sorted(MOODS))
def test_every_word_is_the_first_word_at_its_own_place(word: str) -> None:
    assert mood_words(*MOODS[word])[0] == word


@pytest.mark.parametrize(
    ("valence", "arousal", "word"),
    [(0.8, 0.5, "joyful"), (0.5, -0.7, "serene"), (-0.8, -0.6, "mournful"), (-0.6, 0.9, "stormy")],
)
def test_each_quadrant_has_its_own_feeling(valence: float, arousal: float, word: str) -> None:
    assert word in mood_words(valence, arousal)


@given(st.floats(-3, 3), st.floats(-3, 3), st.integers(1, 5))
def test_any_point_has_as_many_different_words_as_asked(valence: float, arousal: float, count: int) -> None:
    words = mood_words(valence, arousal, count)
    assert len(set(words)) == count
    assert set(words) <= MOODS.keys()


@pytest.mark.parametrize(("valence", "arousal"), [(0.6, 0.6), (0.6, -0.6), (-0.6, -0.6), (-0.6, 0.6)])
def test_far_from_the_axes_all_words_share_the_quadrant(valence: float, arousal: float) -> None:
    for word in mood_words(valence, arousal):
        assert MOODS[word][0] * valence > 0
        assert MOODS[word][1] * arousal > 0
