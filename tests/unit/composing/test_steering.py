"""What wishes, moods and difficulties leave a model that writes under a grammar: random texts of it, judged."""

from __future__ import annotations

import re

import pytest
from grammar_walks import accepts, walk

from hartmann.composing.difficulty import LIMITS, too_hard
from hartmann.composing.events import DraftKind, Wishes
from hartmann.composing.examining import Yardstick, examine
from hartmann.composing.headers import header_of, tempo_of
from hartmann.composing.steering import body_bounds, header_wishes
from hartmann.composing.wishes import read_wishes
from hartmann.notation.checking import check
from hartmann.notation.problems import Severity
from hartmann.notation.score import Score
from hartmann.vision.header_grammar import header_grammar

ASKED = [
    Wishes(key="F# minor", meter="9/8", tempo_bpm=66, bars=5, ensemble="cello"),
    Wishes(key="Bb", meter="5/4", tempo_bpm=180, bars=3, ensemble="flute"),
    Wishes(key="D dorian", meter="C|", tempo_bpm=300, bars=1, ensemble="contrabass"),
    Wishes(key="Cb", meter="7/8", tempo_bpm=20, bars=9, ensemble="piccolo", difficulty="medium"),
    Wishes(meter="6/8", tempo_bpm=90, bars=4, difficulty="easy"),
]


def written(wishes: Wishes, seed: int) -> Score:
    """A random piece of the grammars."""
    asked = read_wishes(wishes)
    header = walk(header_grammar(header_wishes(asked)), seed)
    score = check(header + walk(body_bounds(header, asked).grammar, seed)).score
    assert score is not None
    return score


ENSEMBLES = {
    "flute and cello": (Wishes(ensemble="flute, cello", bars=4, key="G", meter="3/4"), (73, 42)),
    "string quartet": (
        Wishes(ensemble="two violins, viola and cello", bars=3, tempo_bpm=80),
        (40, 40, 41, 42),
    ),
}


@pytest.mark.parametrize("name", ENSEMBLES)
def test_an_ensemble_gets_a_voice_for_each_instrument(name: str) -> None:
    wishes, programs = ENSEMBLES[name]
    asked = read_wishes(wishes)
    for seed in range(2):
        header = walk(header_grammar(header_wishes(asked, voices=8)), seed)
        text = header + walk(body_bounds(header, asked).grammar, seed)
        draft, score = examine(text, 1, DraftKind.INITIAL, against=Yardstick(asked))
        assert score is not None
        assert tuple(voice.program for voice in score.voices) == programs
        assert {len(voice.bars) for voice in score.voices} == {wishes.bars}
        assert [p.message for p in draft.problems if p.severity is Severity.ERROR] == []
        assert header_of(text) == header


def test_a_model_that_writes_one_voice_gets_the_first_instrument() -> None:
    asked = read_wishes(Wishes(ensemble="flute, cello", bars=4))
    assert "V:" not in walk(header_grammar(header_wishes(asked, voices=1)), 1)
    assert "%%MIDI program 73" in walk(header_grammar(header_wishes(asked, voices=1)), 1)


def header(wishes: Wishes, seed: int) -> str:
    return walk(header_grammar(header_wishes(read_wishes(wishes))), seed)


@pytest.mark.parametrize("wishes", ASKED, ids=str)
def test_whatever_the_model_chooses_the_wishes_are_met(wishes: Wishes) -> None:
    for seed in range(3):
        yardstick = Yardstick(read_wishes(wishes))
        draft, _ = examine(written(wishes, seed).source, 1, DraftKind.INITIAL, against=yardstick)
        unmet = [
            p.message for p in draft.problems if p.severity is Severity.ERROR and "leap" not in p.message
        ]
        assert unmet == []


@pytest.mark.parametrize("difficulty", ["easy", "medium"])
@pytest.mark.parametrize("seed", range(4))
def test_range_note_values_and_keys_of_a_difficulty_are_kept_by_construction(
    difficulty: str, seed: int
) -> None:
    score = written(Wishes(difficulty=difficulty, bars=4), seed)
    limits = LIMITS[difficulty]
    assert [fault for fault in too_hard(score, limits) if "leap" not in fault] == []
    assert abs(score.key.fifths) <= limits.accidentals


@pytest.mark.parametrize(
    ("mood", "modes"),
    [
        ("joyful", {"major", "mixolydian"}),
        ("sad", {"minor", "dorian"}),
        ("Mournful, quiet", {"minor", "dorian"}),
    ],
)
def test_a_moods_valence_decides_the_mode(mood: str, modes: set[str]) -> None:
    found = {check(header(Wishes(mood=mood), seed) + "C|]").score.key.mode for seed in range(8)}  # type: ignore[union-attr]
    assert found <= modes


def test_a_moods_arousal_decides_the_tempo() -> None:
    calm = [tempo_of(header(Wishes(mood="calm"), seed)) for seed in range(8)]
    stormy = [tempo_of(header(Wishes(mood="stormy"), seed)) for seed in range(8)]
    assert max(calm) <= 104
    assert min(stormy) >= 92


def test_a_key_and_a_tempo_asked_for_go_before_the_mood() -> None:
    text = header(Wishes(mood="mournful", key="G major", tempo_bpm=200), 1)
    assert "K:Gmaj" in text
    assert 190 <= tempo_of(text) <= 210


def test_words_that_are_no_moods_change_nothing() -> None:
    assert header_wishes(read_wishes(Wishes(mood="purple"))) == header_wishes(read_wishes(Wishes()))


@pytest.mark.parametrize(
    ("meter", "fitting", "other"),
    [("9/8", "slip jig", "jig"), ("3/8", "air", "hornpipe"), ("3/4", "waltz", "reel")],
)
def test_in_a_wished_meter_the_model_names_no_dance_of_another(meter: str, fitting: str, other: str) -> None:
    grammar = header_grammar(header_wishes(read_wishes(Wishes(meter=meter))))
    header = re.sub(r"R:.*\n", "", walk(grammar, 1))
    said = header.replace("\nM:", "\nR:{}\nM:", 1)
    assert accepts(grammar, said.format(fitting))
    assert not accepts(grammar, said.format(other))
