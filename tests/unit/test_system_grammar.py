"""Several voices under the grammar: every bar exact, all voices alike in length, each in its range."""

import re
from fractions import Fraction

import pytest
from grammar_walks import accepts, walk

from hartmann.notation.checking import check
from hartmann.notation.problems import Severity
from hartmann.notation.score import Meter
from hartmann.vision.header_grammar import METERS, MeterChoice
from hartmann.vision.system_grammar import system_grammar
from hartmann.vision.voice_range import PitchRange

EIGHTH = Fraction(1, 8)
VIOLIN, CELLO = PitchRange(55, 88), PitchRange(36, 67)


def read(body: str, meter: str = "6/8", unit: str = "1/8", voices: int = 2) -> object:
    declared = "".join(f"V:{number}\n" for number in range(1, voices + 1))
    return check(f"X:1\nT:Walk\nM:{meter}\nL:{unit}\nQ:1/4=100\n{declared}K:Gmaj\n{body}\n")


@pytest.mark.parametrize("choice", METERS, ids=lambda choice: choice.meter)
def test_every_bar_of_every_voice_fills_the_meter(choice: MeterChoice) -> None:
    over, under = map(int, choice.meter.split("/"))
    unit = choice.units[0]
    grammar = system_grammar(
        Meter(over, under), Fraction(unit), (VIOLIN, CELLO), min_bars=3, max_bars=9, bars_per_line=3
    )
    for seed in range(2):
        body = walk(grammar, seed)
        checked = read(body, choice.meter, unit)
        assert checked.score is not None
        for voice in checked.score.voices:
            assert {bar.duration for bar in voice.bars} == {Meter(over, under).bar_duration}, body
        assert not [p for p in checked.problems if p.severity is Severity.ERROR], body


@pytest.mark.parametrize("seed", range(6))
def test_all_voices_have_the_same_bars_within_the_bounds(seed: int) -> None:
    ranges = (VIOLIN, VIOLIN, CELLO)
    body = walk(system_grammar(Meter(2, 4), EIGHTH, ranges, min_bars=5, max_bars=7, bars_per_line=4), seed)
    checked = read(body, "2/4", voices=3)
    assert checked.score is not None
    counts = {len(voice.bars) for voice in checked.score.voices}
    assert len(counts) == 1
    assert 5 <= counts.pop() <= 7


def test_each_voice_keeps_to_its_range() -> None:
    body = walk(system_grammar(Meter(4, 4), EIGHTH, (VIOLIN, CELLO), min_bars=6, max_bars=8), 3)
    checked = read(body, "4/4")
    assert checked.score is not None
    for voice, pitches in zip(checked.score.voices, (VIOLIN, CELLO), strict=True):
        heard = [pitch.midi for bar in voice.bars for note in bar.notes for pitch in note.pitches]
        assert min(heard) >= pitches.lowest - 1
        assert max(heard) <= pitches.highest + 1


TAKEN = {
    "two systems": "[V:1] GAB d2B|AFD DFA|\n[V:2] G,3 G,3|D,3 D,3|\n[V:1] G6|]\n[V:2] G,6|]",
    "named sections": "% [A]\n[V:1] G6||\n[V:2] G,6||\n% [B]\n[V:1] c6|]\n[V:2] C6|]",
    "chord symbols above": '[V:1] "G"GAB "D7"d2B|]\n[V:2] G,6|]',
    "chords and ties": "[V:1] [GBd]3 G2-G|]\n[V:2] [G,D]6|]",
}
REFUSED = {
    "a voice with a bar too few": "[V:1] GAB d2B|AFD DFA|]\n[V:2] G,6|]",
    "a voice with a bar too many": "[V:1] GAB d2B|]\n[V:2] G,6|G,6|]",
    "a voice that is missing": "[V:1] GAB d2B|]",
    "a short bar": "[V:1] GAB d2B|]\n[V:2] G,3|]",
    "voices in the wrong order": "[V:2] G,6|]\n[V:1] GAB d2B|]",
    "an end in one voice alone": "[V:1] GAB d2B|]\n[V:2] G,6|\n",
    "a note out of the second voice's range": "[V:1] GAB d2B|]\n[V:2] c'6|]",
    "chord symbols below": '[V:1] GAB d2B|]\n[V:2] "G"G,6|]',
}


@pytest.mark.parametrize("name", TAKEN)
def test_the_shapes_of_systems_are_taken(name: str) -> None:
    grammar = system_grammar(Meter(6, 8), EIGHTH, (VIOLIN, CELLO), min_bars=1, max_bars=8)
    assert accepts(grammar, TAKEN[name])


@pytest.mark.parametrize("name", REFUSED)
def test_voices_that_do_not_fit_together_are_refused(name: str) -> None:
    grammar = system_grammar(Meter(6, 8), EIGHTH, (VIOLIN, CELLO), min_bars=1, max_bars=8)
    assert not accepts(grammar, REFUSED[name])


@pytest.mark.parametrize(
    ("ranges", "bounds", "said"),
    [
        ((VIOLIN,), {}, "expected 2 to 8 voices, got 1"),
        ((VIOLIN,) * 9, {}, "expected 2 to 8 voices, got 9"),
        ((VIOLIN, CELLO), {"min_bars": 9, "max_bars": 8}, "expected 1 <= min_bars"),
        ((VIOLIN, CELLO), {"bars_per_line": 9}, "expected 1 to 8 bars a line"),
    ],
)
def test_what_no_body_can_be_is_refused(
    ranges: tuple[PitchRange, ...], bounds: dict[str, int], said: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        system_grammar(Meter(4, 4), EIGHTH, ranges, **bounds)
