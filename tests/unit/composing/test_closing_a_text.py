"""A text that ran out of tokens is ended so that it can be read, wherever it was cut."""

from __future__ import annotations

from fractions import Fraction

import pytest
from grammar_walks import walk

from hartmann.composing.writing import closed
from hartmann.notation.checking import check
from hartmann.notation.score import Meter
from hartmann.vision.bar_grammar import body_grammar
from hartmann.vision.system_grammar import system_grammar
from hartmann.vision.voice_range import PitchRange

HEADER = "X:1\nT:Cut\nM:3/4\nL:1/8\nQ:1/4=90\nK:Gmaj\n"
VOICES = 'X:1\nT:Cut\nM:3/4\nL:1/8\nQ:1/4=90\nK:Gmaj\nV:1 name="Flute"\nV:2 name="Flute"\n'
FLUTE = PitchRange(60, 93)
EIGHTH = Fraction(1, 8)


@pytest.mark.parametrize("seed", range(6))
def test_one_voice_cut_anywhere_behind_its_second_bar_has_no_error(seed: int) -> None:
    body = walk(body_grammar(Meter(3, 4), EIGHTH, pitches=FLUTE, min_bars=8, max_bars=12), seed)
    assert check(HEADER + body).errors == ()
    start = [place for place, sign in enumerate(body) if sign == "|"][4]
    for cut in range(start + 1, len(body), 3):
        text = closed(HEADER + body[:cut])
        assert check(text).errors == (), text


def test_repeats_cut_anywhere_behind_their_first_bar_are_closed() -> None:
    body = "% [A]\n|:GABcde|c2B2A2|G6|A6:|\n% [B]\n|:B2c2d2|c6|d6|e6:|\n% [C]\ng6|a6|g6|]"
    for cut in range(body.index("c2B2A2"), len(body)):
        text = closed(HEADER + body[:cut])
        assert check(text).errors == (), text
        assert text.count("|:") == text.count(":|")


@pytest.mark.parametrize("seed", range(3))
def test_two_voices_cut_behind_their_second_system_have_no_error(seed: int) -> None:
    grammar = system_grammar(Meter(3, 4), EIGHTH, (FLUTE, FLUTE), min_bars=12, max_bars=16)
    body = walk(grammar, seed)
    start = [place for place in range(len(body)) if body.startswith("[V:1]", place)][1]
    for cut in range(start + len("[V:1]"), len(body), 7):
        text = closed(VOICES + body[:cut])
        assert check(text).errors == (), text


@pytest.mark.parametrize("seed", range(3))
def test_two_voices_cut_in_the_second_voices_first_line_keep_the_bars_that_both_have(seed: int) -> None:
    grammar = system_grammar(Meter(3, 4), EIGHTH, (FLUTE, FLUTE), min_bars=12, max_bars=16)
    body = walk(grammar, seed)
    start, end = body.index("|", body.index("[V:2]")), body.index("\n[V:1]", body.index("[V:2]"))
    for cut in range(start + 1, end):
        checked = check(closed(VOICES + body[:cut]))
        assert checked.errors == (), body[:cut]
        assert checked.score is not None
        whole = body[body.index("[V:2]") : cut].replace("||", "|").count("|")
        assert {len(voice.bars) for voice in checked.score.voices} == {whole}
