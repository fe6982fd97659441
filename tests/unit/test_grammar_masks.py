"""Grammars as a model meets them: read once, kept for the next text, and no text disturbs another."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from models import tiny_tokenizer

from hartmann.errors import ModelFailed
from hartmann.notation.score import Meter
from hartmann.vision.bar_grammar import body_grammar
from hartmann.vision.sampling import GRAMMARS_KEPT, GrammarTokenizer
from hartmann.vision.system_grammar import system_grammar
from hartmann.vision.voice_range import PitchRange

VIOLIN = PitchRange(55, 88)
JIG = "% [A]\nGAB d2B|AFD DFA|GAB d2B|A3 G3|]"


def fresh() -> GrammarTokenizer:
    """A tokenizer that has read no grammar yet."""
    tokenizer = tiny_tokenizer()
    return GrammarTokenizer(tokenizer, len(tokenizer), [tokenizer.eos_token_id])


@cache
def jigs() -> str:
    return body_grammar(Meter(6, 8), Fraction(1, 8), min_bars=4, max_bars=8)


def masks_along(tokenizer: GrammarTokenizer, text: str) -> list[list[int]]:
    """What may come at every place of a text."""
    mask, found = tokenizer.start(jigs()), []
    for token in tiny_tokenizer().encode(text, add_special_tokens=False):
        found.append(np.flatnonzero(mask.allowed()).tolist())
        mask.take(token)
    return found


def test_a_grammar_that_was_kept_allows_what_a_grammar_just_read_allows() -> None:
    used = fresh()
    first = masks_along(used, JIG)
    assert masks_along(used, JIG) == first == masks_along(fresh(), JIG)


def test_texts_under_one_grammar_do_not_disturb_each_other() -> None:
    tokenizer, alone = fresh(), masks_along(fresh(), JIG)
    one, other = tokenizer.start(jigs()), tokenizer.start(jigs())
    for place, token in enumerate(tiny_tokenizer().encode(JIG, add_special_tokens=False)):
        assert np.flatnonzero(one.allowed()).tolist() == alone[place]
        one.take(token)
        assert np.flatnonzero(other.allowed()).tolist() == alone[0]


@pytest.mark.parametrize("voices", [1, 2])
def test_a_body_of_thousands_of_notes_can_be_ended(voices: int) -> None:
    meter, eighth, bars = Meter(12, 8), Fraction(1, 8), 64
    bar = "A/2B/2" * 12
    line = "|".join([bar] * 4)
    if voices == 1:
        grammar = body_grammar(meter, eighth, min_bars=8, max_bars=bars)
        text = "|\n".join([line] * (bars // 4)) + "|]"
    else:
        grammar = system_grammar(meter, eighth, (VIOLIN,) * voices, min_bars=8, max_bars=bars)
        systems = [f"[V:{voice}] {line}" for _ in range(bars // 4) for voice in range(1, voices + 1)]
        text = "|\n".join(systems[:-voices]) + "|\n" + "|]\n".join(systems[-voices:]) + "|]"
    mask = (tokenizer := fresh()).start(grammar)
    for token in tiny_tokenizer().encode(text, add_special_tokens=False):
        mask.take(token)
    assert mask.allowed()[tiny_tokenizer().eos_token_id] or mask.finished
    assert tokenizer.accepts(grammar, text)


def test_only_so_many_grammars_are_kept_and_the_first_can_be_read_again() -> None:
    tokenizer = fresh()
    for bars in range(1, GRAMMARS_KEPT + 3):
        tokenizer.start(_notes(bars))
    assert tokenizer.accepts(_notes(1), "A|")
    assert not tokenizer.accepts(_notes(1), "A|A|")


def _notes(bars: int) -> str:
    return f'start: "{"A|" * bars}"\n'


def test_a_grammar_that_cannot_be_read_fails_each_time_it_is_asked_for() -> None:
    tokenizer = fresh()
    for _ in range(2):
        with pytest.raises(ModelFailed, match="the grammar can't be used"):
            tokenizer.start("start: nothing_of_that_name\n")
