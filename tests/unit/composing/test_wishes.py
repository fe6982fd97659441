"""What people may wish for, and how it is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hartmann.composing.events import Wishes
from hartmann.composing.wishes import in_words, read_wishes
from hartmann.errors import InvalidWish


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("G", ("G", "major")),
        ("Bb", ("Bb", "major")),
        ("e minor", ("E", "minor")),
        ("Em", ("E", "minor")),
        ("F♯ minor", ("F#", "minor")),
        ("F sharp minor", ("F#", "minor")),
        ("D dorian", ("D", "dorian")),
        ("Dmix", ("D", "mixolydian")),
        ("", None),
    ],
)
def test_keys_are_read_as_people_write_them(written: str, key: tuple[str, str] | None) -> None:
    assert read_wishes(Wishes(key=written)).key == key


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        (Wishes(key="H"), "wishes.key"),
        (Wishes(key="G# major"), "wishes.key"),
        (Wishes(meter="0/4"), "wishes.meter"),
        (Wishes(meter="4/3"), "wishes.meter"),
        (Wishes(meter="fast"), "wishes.meter"),
        (Wishes(tempo_bpm=5), "wishes.tempo_bpm"),
        (Wishes(tempo_bpm=float("nan")), "wishes.tempo_bpm"),
        (Wishes(bars=-1), "wishes.bars"),
        (Wishes(ensemble="theremin"), "wishes.ensemble"),
        (Wishes(ensemble=",".join(["flute"] * 9)), "wishes.ensemble"),
        (Wishes(difficulty="impossible"), "wishes.difficulty"),
        (Wishes(mood="x" * 201), "wishes.mood"),
    ],
)
def test_a_wish_that_no_score_can_meet_is_refused_with_its_field(wishes: Wishes, field: str) -> None:
    with pytest.raises(InvalidWish) as refused:
        read_wishes(wishes)
    assert refused.value.field == field


def test_instruments_become_general_midi_programs() -> None:
    assert read_wishes(Wishes(ensemble="two violins, Viola and cello")).programs == (40, 40, 41, 42)


@pytest.mark.parametrize(("symbol", "meter"), [("C", (4, 4)), ("C|", (2, 2)), (" 6 / 8 ", (6, 8))])
def test_meters_may_be_symbols(symbol: str, meter: tuple[int, int]) -> None:
    assert read_wishes(Wishes(meter=symbol)).meter == meter


@given(st.text(max_size=30), st.text(max_size=30), st.floats(), st.integers())
def test_any_text_is_read_or_refused(key: str, meter: str, tempo: float, bars: int) -> None:
    try:
        wishes = read_wishes(Wishes(key=key, meter=meter, tempo_bpm=tempo, bars=bars))
    except InvalidWish as refused:
        assert refused.message
    else:
        assert set(in_words(wishes)) >= {"key", "meter", "tempo_bpm", "bars"}
