"""Headers under the grammar fulfil the wishes, and their fields fit together."""

import re

import pytest
from grammar_walks import accepts, walk

from hartmann.notation.checking import check
from hartmann.notation.problems import Severity
from hartmann.vision.header_grammar import (
    METERS,
    HeaderWishes,
    choice_for,
    header_grammar,
    keys,
    plain_title,
)

JIG = "X:1\nT:The Lark\nR:jig\nM:6/8\nL:1/8\nQ:3/8=110\nK:Gmaj\n"


def field(header: str, name: str) -> str:
    match = re.search(rf"^{name}:(.*)$", header, re.MULTILINE)
    assert match, header
    return match[1]


def test_a_usual_header_is_taken() -> None:
    assert accepts(header_grammar(), JIG)


def test_the_rhythm_may_be_left_out() -> None:
    assert accepts(header_grammar(), JIG.replace("R:jig\n", ""))


def test_the_rhythm_that_the_model_chooses_is_none_of_those_that_do_not_fit() -> None:
    grammar = header_grammar(HeaderWishes(meters=("6/8",), other_rhythms=("reel", "slip jig")))
    assert accepts(grammar, JIG)
    assert not accepts(grammar, JIG.replace("R:jig", "R:reel"))
    assert not accepts(grammar, JIG.replace("R:jig", "R:slip jig"))
    assert accepts(header_grammar(HeaderWishes(rhythm="reel")), JIG.replace("R:jig", "R:reel"))


def test_a_program_is_written_only_where_it_is_wished_or_allowed() -> None:
    flute = JIG + "%%MIDI program 73\n"
    assert not accepts(header_grammar(), flute)
    assert accepts(header_grammar(HeaderWishes(any_program=True)), flute)
    assert accepts(header_grammar(HeaderWishes(programs=(73,))), flute)
    assert not accepts(header_grammar(HeaderWishes(programs=(40,))), flute)
    assert not accepts(header_grammar(HeaderWishes(programs=(73,))), JIG)


@pytest.mark.parametrize("program", [0, 9, 10, 99, 100, 119, 120, 127])
def test_every_general_midi_program_can_be_chosen(program: int) -> None:
    wishes = HeaderWishes(any_program=True)
    assert accepts(header_grammar(wishes), f"{JIG}%%MIDI program {program}\n")


def test_program_128_can_not() -> None:
    assert not accepts(header_grammar(HeaderWishes(any_program=True)), f"{JIG}%%MIDI program 128\n")


@pytest.mark.parametrize("seed", range(8))
def test_a_random_header_fulfils_every_wish(seed: int) -> None:
    wishes = HeaderWishes(
        title='The "Wind" \\ 100% \n and Sea',
        rhythm="slip jig",
        meters=("9/8", "3/4"),
        keys=("Ador", "Emin"),
        tempo=(90, 120),
        programs=(40, 73),
    )
    header = walk(header_grammar(wishes), seed)
    assert field(header, "T") == 'The "Wind" 100 and Sea'
    assert field(header, "R") == "slip jig"
    assert field(header, "M") in ("9/8", "3/4")
    assert field(header, "K") in ("Ador", "Emin")
    beat, count = field(header, "Q").split("=")
    quarters = {"3/8": 1.5, "1/4": 1.0}[beat]
    assert 90 <= int(count) * quarters <= 120
    assert header.endswith(("%%MIDI program 40\n", "%%MIDI program 73\n"))


@pytest.mark.parametrize("seed", range(12))
def test_a_random_free_header_is_read_without_errors(seed: int) -> None:
    header = walk(header_grammar(), seed)
    score = check(f"{header}z|]\n")
    wrong = [
        one for one in score.problems if one.severity is Severity.ERROR and not one.code.startswith("bar_")
    ]
    assert not wrong, header


def test_compound_meters_count_dotted_beats() -> None:
    assert not accepts(header_grammar(), JIG.replace("3/8=", "1/4="))


def test_a_tempo_that_no_whole_number_of_beats_meets_gives_the_nearest() -> None:
    assert accepts(header_grammar(HeaderWishes(tempo=(100.5, 100.6))), JIG.replace("110", "67"))


def test_an_unusual_meter_can_be_wished() -> None:
    header = walk(header_grammar(HeaderWishes(meters=("7/8",))), 1)
    assert (field(header, "M"), field(header, "Q").split("=")[0]) == ("7/8", "1/8")


@pytest.mark.parametrize("meter", ["0/4", "4/3", "33/4", "C", "", "4/4/4"])
def test_what_is_no_meter_is_refused(meter: str) -> None:
    with pytest.raises(ValueError, match="expected a meter such as 6/8"):
        choice_for(meter)


def test_the_keys_offered_are_those_that_the_parser_knows_by_signature() -> None:
    for name in keys(("maj", "min", "dor", "mix", "phr", "lyd", "loc")):
        checked = check(f"X:1\nT:a\nM:4/4\nL:1/4\nK:{name}\nz4|]\n")
        assert checked.score is not None
        key = checked.score.key
        assert abs(key.fifths) <= 6
        assert name.startswith(key.tonic)
        assert key.mode.startswith(name[-3:])


def test_every_meter_is_offered_once() -> None:
    assert len({choice.meter for choice in METERS}) == len(METERS)


@pytest.mark.parametrize(
    ("text", "title"), [("  a\tb\n", "a b"), ("%%begintext", "begintext"), ("é" * 80, "é" * 60), ("\x00", "")]
)
def test_a_title_is_one_plain_line(text: str, title: str) -> None:
    assert plain_title(text) == title
