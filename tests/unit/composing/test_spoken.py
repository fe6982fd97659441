"""A person's words, where they speak of music in its own terms, steer the mini as wishes would."""

from __future__ import annotations

import pytest
from grammar_walks import walk

from hartmann.composing.spoken import Spoken, spoken
from hartmann.composing.steering import header_wishes
from hartmann.composing.wishes import MusicalWishes
from hartmann.library.genres import felt_beat
from hartmann.notation.checking import check
from hartmann.notation.score import Meter, Score
from hartmann.vision.header_grammar import METERS, felt, header_grammar

NO_WISHES = MusicalWishes()


def score_for(words: str, seed: int, wishes: MusicalWishes = NO_WISHES) -> Score:
    """A header that the words leave, chosen by chance, read back."""
    score = check(walk(header_grammar(header_wishes(wishes, words=words)), seed) + "C|]").score
    assert score is not None
    assert score.tempo is not None
    return score


def score_feeling(feeling: str, seed: int, words: str = "", wishes: MusicalWishes = NO_WISHES) -> Score:
    """The same where the description names moods."""
    grammar = header_grammar(header_wishes(wishes, words=words, feeling=feeling))
    score = check(walk(grammar, seed) + "C|]").score
    assert score is not None
    return score


def beats(score: Score) -> float:
    assert score.tempo is not None
    return score.tempo.quarters_per_minute / float(felt_beat(score.meter))


@pytest.mark.parametrize("seed", range(3))
def test_key_meter_and_tempo_that_are_named_are_in_the_header(seed: int) -> None:
    score = score_for("a slow waltz in D minor", seed)
    assert (score.key.tonic, score.key.mode, str(score.meter), score.rhythm) == ("D", "minor", "3/4", "waltz")
    assert 44 <= beats(score) < 74


@pytest.mark.parametrize(
    ("words", "mode", "meter", "slowest", "fastest"),
    [
        ("something fast in a major key", "major", None, 100, 161),
        ("a slow tune in minor", "minor", None, 43, 74),
        ("a slip jig", None, "9/8", 0, 999),
        ("write a lively jig in 6/8", None, "6/8", 100, 161),
        ("fast and joyful", None, None, 100, 161),
    ],
)
def test_what_is_said_holds_in_whatever_meter_the_model_takes(
    words: str, mode: str | None, meter: str | None, slowest: float, fastest: float
) -> None:
    for seed in range(4):
        score = score_for(words, seed)
        assert mode in {None, score.key.mode}
        assert meter in {None, str(score.meter)}
        assert slowest <= beats(score) < fastest


@pytest.mark.parametrize("seed", range(4))
def test_what_a_picture_feels_like_decides_the_side_of_modes_and_tempi(seed: int) -> None:
    glad, sad = score_feeling("joyful exuberant", seed), score_feeling("mournful sombre", seed)
    assert glad.key.mode in {"major", "mixolydian"}
    assert sad.key.mode in {"minor", "dorian"}
    assert beats(glad) > 91 > beats(sad) - 2


def test_words_and_wishes_come_before_what_a_picture_feels_like() -> None:
    assert score_feeling("mournful sombre", 1, "something joyful").key.mode in {"major", "mixolydian"}
    assert score_feeling("joyful exuberant", 1, "in D minor").key.name == "D minor"
    slow = score_feeling("joyful exuberant", 1, wishes=MusicalWishes(tempo_bpm=50, meter=(4, 4)))
    assert beats(slow) == pytest.approx(50, rel=0.06)
    assert beats(score_feeling("joyful exuberant", 1, "a slow tune")) < 74


def test_wishes_come_before_words() -> None:
    score = score_for(
        "a fast jig in G major", 1, MusicalWishes(key=("A", "minor"), meter=(3, 4), tempo_bpm=60)
    )
    assert (score.key.name, str(score.meter)) == ("A minor", "3/4")
    assert beats(score) == pytest.approx(60, rel=0.06)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "my grandmother's garden",
        "not too slow, not in minor, and no waltz",
        "slow, then fast",
        "from major to minor",
        "3/4 and 4/4 by turns",
        "19/7",
        "holiday by the sea, last summer",
    ],
)
def test_words_that_ask_for_nothing_or_for_two_things_at_once_leave_the_choice_to_the_model(
    words: str,
) -> None:
    assert spoken(words) == Spoken()


@pytest.mark.parametrize(
    ("words", "key"), [("in Bb major", "Bbmaj"), ("in F sharp minor", "F#min"), ("of E dorian", "Edor")]
)
def test_keys_are_read_as_people_write_them(words: str, key: str) -> None:
    assert spoken(words).key == key


def test_an_article_is_no_key() -> None:
    assert (spoken("a minor tune").key, spoken("a minor tune").mode) == ("", "min")
    assert spoken("in a minor key").key == ""


@pytest.mark.parametrize("meter", [choice.meter for choice in METERS])
def test_the_grammar_taps_the_beats_that_the_library_taps(meter: str) -> None:
    over, under = map(int, meter.split("/"))
    assert felt(meter) == felt_beat(Meter(over, under))
