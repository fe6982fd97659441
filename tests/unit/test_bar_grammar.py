"""Drafts under the grammar add up. The judge is a small reader of its own: it sums what would be played."""

import re
from fractions import Fraction

import pytest
from grammar_walks import accepts, walk

from hartmann.notation.checking import check
from hartmann.notation.problems import Severity
from hartmann.notation.score import Meter
from hartmann.vision.bar_grammar import body_grammar
from hartmann.vision.bar_ticks import ticks_for
from hartmann.vision.header_grammar import METERS, MeterChoice
from hartmann.vision.voice_range import PitchRange

EIGHTH = Fraction(1, 8)
ITEM = re.compile(
    r'(?P<symbol>"[^"]+")|(?P<triplet>\(3)|(?P<note>(?:\[[A-Ga-g,\']+\]|[_=^]?[A-Ga-g][,\']*|z))(?P<length>\d*/?\d*)'
    r"(?P<tie>-?)|(?P<broken>[<>])|(?P<space> )"
)
BARLINE = re.compile(r":\|2|\|1|:\||\|\]|\|\||\|:|\|")


def length(suffix: str) -> Fraction:
    above, slash, below = suffix.partition("/")
    return Fraction(int(above or 1), int(below or 2) if slash else 1)


def bar_length(text: str) -> Fraction:
    """Units in a bar, by a reading of the ABC standard that knows nothing of the grammar."""
    lengths: list[Fraction] = []
    factors: list[Fraction] = []
    at, in_triplet, broken = 0, 0, ""
    while at < len(text):
        match = ITEM.match(text, at)
        assert match, f"can't read {text[at:]!r}"
        at = match.end()
        if match["triplet"]:
            in_triplet = 3
        elif match["broken"]:
            broken = match["broken"]
        elif match["note"]:
            factor = Fraction(2, 3) if in_triplet else Fraction(1)
            if broken:
                factors[-1] *= Fraction(3, 2) if broken == ">" else Fraction(1, 2)
                factor *= Fraction(1, 2) if broken == ">" else Fraction(3, 2)
                broken = ""
            in_triplet = max(0, in_triplet - 1)
            lengths.append(length(match["length"]))
            factors.append(factor)
    return sum((one * factor for one, factor in zip(lengths, factors, strict=True)), Fraction(0))


def bars_of(body: str) -> list[tuple[Fraction, str]]:
    """(units, bar line behind it) of each bar as written."""
    music = "".join(line for line in body.split("\n") if not line.startswith("%"))
    bars, start = [], 0
    for line in BARLINE.finditer(music):
        if line.start() > start:
            bars.append((bar_length(music[start : line.start()]), line[0]))
        elif bars:
            bars[-1] = (bars[-1][0], bars[-1][1] + line[0])
        else:
            bars.append((Fraction(0), line[0]))
        start = line.end()
    assert start == len(music)
    return bars


def played(bars: list[tuple[Fraction, str]]) -> list[Fraction]:
    """The bars in the order they sound."""
    order, begin, first_ending = [], 0, None
    for index, (units, line) in enumerate(bars):
        order.append(units)
        if line.endswith("|:"):
            begin = index + 1
        if line.startswith("|1"):
            first_ending = index
        if line.startswith((":|", ":|2")):
            until = first_ending if first_ending is not None else index
            order += [units for units, _ in bars[begin : until + 1]]
            first_ending, begin = None, index + 1
    return [units for units in order if units]


def assert_adds_up(body: str, bar: Fraction) -> None:
    order = played(bars_of(body))
    filled = Fraction(0)
    for index, units in enumerate(order):
        filled += units
        assert filled <= bar, f"bar {index} is too long in {body}"
        upbeat = index == 0 and units < bar
        if filled == bar or upbeat:
            filled = Fraction(0)
        else:
            assert index == len(order) - 1 or filled + order[index + 1] == bar, f"bar {index} of {body}"


@pytest.mark.parametrize("choice", METERS, ids=lambda choice: choice.meter)
def test_every_bar_of_a_random_draft_fills_its_meter(choice: MeterChoice) -> None:
    numerator, denominator = map(int, choice.meter.split("/"))
    for number, unit in enumerate(choice.units):
        grammar = body_grammar(Meter(numerator, denominator), Fraction(unit), min_bars=3, max_bars=9)
        for seed in range(3):
            bar = Fraction(numerator, denominator) / Fraction(unit)
            assert_adds_up(walk(grammar, 10 * seed + number), bar)


@pytest.mark.parametrize("seed", range(20))
def test_a_random_draft_holds_no_errors_for_the_checker(seed: int) -> None:
    body = walk(body_grammar(Meter(6, 8), EIGHTH, min_bars=4, max_bars=8), seed)
    checked = check(f"X:1\nT:Walk\nM:6/8\nL:1/8\nQ:3/8=100\nK:Gmaj\n{body}\n")
    errors = [problem for problem in checked.problems if problem.severity is Severity.ERROR]
    assert not errors, f"{errors}\n{body}"


@pytest.mark.parametrize(("least", "most"), [(1, 1), (2, 2), (8, 8), (5, 7)])
def test_the_number_of_written_bars_keeps_its_bounds(least: int, most: int) -> None:
    grammar = body_grammar(Meter(3, 4), Fraction(1, 4), min_bars=least, max_bars=most, pickups=False)
    for seed in range(6):
        assert least <= len([units for units, _ in bars_of(walk(grammar, seed)) if units]) <= most


TUNES = {
    "plain": "GAB d2B|AFD DFA|]",
    "sections and lines": "% [A]\nGAB d2B|AFD DFA|\nG6|G6||\n% [B]\nc6|G6|]",
    "a repeat": "|:GAB d2B|AFD DFA:|",
    "endings": "|:GAB d2B|1AFD DFA:|2G3 G3|]",
    "a pickup before all": "D|GAB d2B|AFD DFA|G3 G2|]",
    "pickups inside repeats": "% [A]\n|:D|GAB d2B|G3 G2:|\n% [B]\n|:d|efg gfe|d3 d2:|",
    "a pickup before a repeat": "D|:GAB d2B|AFD DFA:|",
    "triplets and broken rhythm": "(3GAB A>B G2|AFD D<FA|]",
    "chord symbols": '"G"GAB "Am7"d2B|"D"AFD DFA|]',
    "chords": "[GBd]3 [Gd]2B|A6|]",
    "rests": "z6|z3 G3|]",
    "ties within and over bars": "G3-G2 d-|d3 G3|G6-|G6|]",
    "accidentals and short notes": "^G/2A/2=B _d2B3/2c/2|AFD DFA|]",
}


@pytest.mark.parametrize("name", TUNES)
def test_the_shapes_of_tunes_are_taken(name: str) -> None:
    assert accepts(body_grammar(Meter(6, 8), EIGHTH, min_bars=2, max_bars=8), TUNES[name])


WRONG = {
    "a bar too long": "GAB d2B2|AFD DFA|]",
    "a bar too short": "GAB d2|AFD DFA|]",
    "no end": "GAB d2B|AFD DFA|",
    "a tie to another pitch": "GAB d2B-|AFD DFA|]",
    "a repeat that never began": "GAB d2B|AFD DFA:|",
    "a repeat whose second pass lacks a beat": "|:D|GAB d2B|AFD DFA:|",
    "a note out of range": "GAB d2B|AFD DFA,,|]",
    "too few bars": "GAB d2B|]",
    "a first ending alone": "|:GAB d2B|1AFD DFA|]",
    "a section cut short in its middle": "D|GAB d2|AFD DFA|G3 G2|]",
    "a directive": "GAB d2B|\n%%abc\nAFD DFA|]",
}


@pytest.mark.parametrize("name", WRONG)
def test_what_would_not_add_up_is_refused(name: str) -> None:
    assert not accepts(body_grammar(Meter(6, 8), EIGHTH, min_bars=2, max_bars=8), WRONG[name])


def test_a_line_holds_no_more_bars_than_allowed() -> None:
    grammar = body_grammar(Meter(2, 4), EIGHTH, min_bars=1, max_bars=9, bars_per_line=4)
    assert accepts(grammar, "G4|G4|G4|G4|\nG4|]")
    assert not accepts(grammar, "G4|G4|G4|G4|G4|]")


def test_an_instruments_range_bounds_the_notes() -> None:
    low = body_grammar(Meter(4, 4), EIGHTH, pitches=PitchRange(36, 60), min_bars=1, max_bars=2)
    assert accepts(low, "C,8|]")
    assert not accepts(low, "c8|]")


@pytest.mark.parametrize(
    ("meter", "unit"), [(Meter(4, 4, "free"), EIGHTH), (Meter(3, 8), Fraction(1, 4) * Fraction(2, 3))]
)
def test_free_meter_and_units_that_do_not_fit_are_refused(meter: Meter, unit: Fraction) -> None:
    with pytest.raises(ValueError, match="no bars can be built"):
        ticks_for(meter, unit)


def test_bounds_that_contradict_are_refused() -> None:
    with pytest.raises(ValueError, match="expected 1 <= min_bars <= max_bars"):
        body_grammar(Meter(4, 4), EIGHTH, min_bars=9, max_bars=8)
