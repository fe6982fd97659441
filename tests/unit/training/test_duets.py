"""Tunes in two voices: derived by the pipeline's own grammars for two instruments, and found sound by the checker."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from tune_samples import checked, lesson, lessons, melody_of, pitches

from hartmann.composing.headers import header_of
from hartmann.composing.steering import body_bounds, header_wishes
from hartmann.composing.wishes import MusicalWishes
from hartmann.notation.instruments import accompanying_range
from hartmann.training.accompaniment import Kind, accompany
from hartmann.training.duets import Duet, make_duet, squared, write_duet
from hartmann.training.harmonizing import chord_names
from hartmann.training.melodies import Melody, UnfitError, length_of, moved
from hartmann.training.modes import in_mode
from hartmann.training.tokenizer import train_tokenizer
from hartmann.training.tune_text import Heading, write_body, write_tune
from hartmann.vision.header_grammar import header_grammar

FLUTE, CELLO, PIANO, FIDDLE = 73, 42, 0, 110


@pytest.fixture(scope="module")
def derives() -> Callable[[str, str], bool]:
    """Whether a grammar derives a text, to its end."""
    import llguidance
    import llguidance.hf

    tokenizer: Any = train_tokenizer([write_body(x.melody) for x in lessons()], 300)
    vocabulary = llguidance.hf.from_tokenizer(tokenizer)

    def derive(grammar: str, text: str) -> bool:
        matcher = llguidance.LLMatcher(vocabulary, llguidance.LLMatcher.grammar_from_lark(grammar))
        tokens = tokenizer.encode(text, add_special_tokens=False)
        return bool(matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting())

    return derive


def duet(melody: Melody, kind: Kind, program: int) -> Duet:
    even = squared(melody)
    second = accompany(even, accompanying_range(program), kind, chords=program == PIANO, rng=Random(1))
    return Duet(even, tuple(map(tuple, second)), program)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("program", [CELLO, PIANO])
@pytest.mark.parametrize("mode", ["major", "minor"])
def test_every_kind_of_accompaniment_is_derived_by_the_grammars_for_its_two_instruments(
    kind: Kind, program: int, mode: str, derives: Callable[[str, str], bool]
) -> None:
    wishes = MusicalWishes(programs=(FIDDLE, program))
    for name in ("Jig", "Lament") if program == CELLO else ("Song", "Dance"):
        melody = in_mode(melody_of(name), mode)
        low = kind is Kind.PARALLEL
        made = duet(moved(melody, 0, -14 if program == CELLO else -7) if low else melody, kind, program)
        wishes = MusicalWishes(programs=(CELLO if low else FIDDLE, program))
        text = write_duet(made, Heading("Duet", "song", 90, wishes.programs[0]))
        checked(text)
        header = header_of(text)
        assert derives(header_grammar(header_wishes(wishes, voices=2)), header)
        assert derives(body_bounds(header, wishes).grammar, text.removeprefix(header))


@pytest.mark.parametrize("seed", range(30))
def test_duets_made_by_chance_have_two_voices_of_equal_bars(seed: int) -> None:
    rng = Random(seed)
    heading = Heading("Duet", "song", 90, FIDDLE)
    made = make_duet(rng.choice(lessons()).melody, heading, rng.uniform(-1, 1), rng)
    one, two = checked(write_duet(made, heading)).voices
    assert [bar.duration for bar in one.bars] == [bar.duration for bar in two.bars]
    assert {bar.duration for bar in one.bars} == {made.melody.bar}
    assert (one.program, two.program) == (FIDDLE, made.program)


def test_squared_melody_has_the_same_notes_in_full_bars() -> None:
    for lesson_ in lessons():
        even = squared(lesson_.melody)
        notes = [(e.midi, e.length) for e in lesson_.melody.events() if e.step >= 0]
        assert [(e.midi, e.length) for e in even.events() if e.step >= 0] == notes
        assert {length_of(bar) for part in even.parts for bar in part.bars} == {even.bar}


def test_upbeat_of_a_second_section_joins_the_bar_before_it() -> None:
    two = lesson(
        "Two", "M:6/8\nL:1/8\nK:G", "|:D|GAB d2B|c3 c2d|edc BAG|A3 A2:|\n|:D|GAB d2B|c3 c2d|edc BAF|G3 G2:|\n"
    )
    first, second = squared(two.melody).parts
    assert [len(first.bars), len(second.bars)] == [5, 4]
    assert [e.midi for e in first.bars[-1]] == [69, 69, 62]


def test_too_long_or_ragged_tunes_are_refused() -> None:
    long = lesson("Long", "M:4/4\nL:1/8\nK:C", "CDEF GABc|" * 20 + "\n")
    assert sum(len(p.bars) for p in squared(long.melody).parts) == 16
    ragged = lesson("Ragged", "M:6/8\nL:1/8\nK:G", "GAB d2B|" * 4 + "||D|" + "GAB d2B|" * 4 + "\n")
    with pytest.raises(UnfitError):
        squared(ragged.melody)


def test_held_roots_are_the_roots_of_the_harmony() -> None:
    made = duet(melody_of("Song"), Kind.HELD, CELLO)
    score = checked(write_duet(made, Heading("Duet", "song", 90, FLUTE)))
    names = [min(bar.items())[1] if bar else "" for section in chord_names(made.melody) for bar in section]
    roots = [n.pitches[0].step for bar in score.voices[1].bars for n in bar.notes]
    said: list[str] = []
    for name in names:
        said.append(name[0] if name else said[-1])
    assert roots == said


def test_parallel_voice_goes_with_the_melody_and_below_it() -> None:
    made = duet(melody_of("Jig"), Kind.PARALLEL, FIDDLE)
    score = checked(write_duet(made, Heading("Duet", "jig", 90, FIDDLE)))
    upper, lower = pitches(score, 0), pitches(score, 1)
    assert len(upper) == len(lower)
    assert sum(3 <= u - v <= 9 for u, v in zip(upper, lower, strict=True)) > 0.7 * len(upper)


def test_chord_symbols_in_one_voice_are_derived_by_the_grammar_of_bodies(
    derives: Callable[[str, str], bool],
) -> None:
    wishes = MusicalWishes(programs=(FIDDLE,))
    for lesson_ in lessons():
        text = write_tune(lesson_.melody, Heading("A", "song", 90, FIDDLE), chord_names(lesson_.melody))
        header = header_of(text)
        assert '"' in text
        assert derives(body_bounds(header, wishes).grammar, text.removeprefix(header))


def test_long_notes_with_accidentals_are_struck_again_instead_of_tied() -> None:
    tune = lesson("Sharp", "M:4/4\nL:1/8\nK:C", "^C5 DEF|" * 8 + "\n")
    body = write_body(tune.melody)
    assert "^C4C" in body
    bars = checked(f"X:1\nL:1/8\nM:4/4\nK:C\n{body}").voices[0].bars
    assert sum((n.duration for bar in bars for n in bar.notes), Fraction(0)) == 8 * 4
