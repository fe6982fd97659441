"""Lines of bars under given chords: every bar exact, every note a tone of the chord it stands under."""

from __future__ import annotations

from fractions import Fraction

import pytest
from grammar_walks import accepts, walk

from hartmann.notation.checking import check
from hartmann.notation.score import Bar, Meter
from hartmann.vision.bar_ticks import ticks_for
from hartmann.vision.harmonized_line import harmonized_line_grammar
from hartmann.vision.header_grammar import METERS, MeterChoice
from hartmann.vision.voice_range import PitchRange

EIGHTH = Fraction(1, 8)
CELLO = PitchRange(36, 67)
TONIC, DOMINANT, SEVENTH = ("A", "C", "E"), ("E", "^G", "B"), ("=G", "B", "D")
CLASSES = {TONIC: {9, 0, 4}, DOMINANT: {4, 8, 11}, SEVENTH: {7, 11, 2}}


def bars_of(line: str, meter: str = "4/4", unit: str = "1/8") -> tuple[Bar, ...]:
    checked = check(f"X:1\nT:Line\nM:{meter}\nL:{unit}\nK:Amin\nV:1 clef=bass\n{line}|]\n")
    assert checked.score is not None
    assert not checked.errors, line
    return checked.score.voices[0].bars


@pytest.mark.parametrize("choice", METERS, ids=lambda choice: choice.meter)
@pytest.mark.parametrize("shortest", [None, Fraction(1, 8)])
def test_every_bar_fills_the_meter_with_tones_of_its_chord_within_the_range(
    choice: MeterChoice, shortest: Fraction | None
) -> None:
    over, under = map(int, choice.meter.split("/"))
    meter, unit = Meter(over, under), Fraction(choice.units[0])
    chords = [TONIC, DOMINANT, TONIC]
    grammar = harmonized_line_grammar(
        meter, unit, [(chord,) for chord in chords], pitches=CELLO, shortest=shortest
    )
    for seed in range(4):
        line = walk(grammar, seed)
        bars = bars_of(line, choice.meter, choice.units[0])
        assert len(bars) == 3, line
        for bar, chord in zip(bars, chords, strict=True):
            pitches = [pitch.midi for note in bar.notes for pitch in note.pitches]
            assert bar.duration == meter.bar_duration, line
            assert {pitch % 12 for pitch in pitches} <= CLASSES[chord], line
            assert all(36 <= pitch <= 68 for pitch in pitches), line


@pytest.mark.parametrize("seed", range(12))
def test_each_half_of_a_bar_holds_its_own_chord_and_what_lasts_over_both_belongs_to_both(seed: int) -> None:
    grammar = harmonized_line_grammar(Meter(4, 4), EIGHTH, [(SEVENTH, DOMINANT)] * 4, pitches=CELLO)
    line = walk(grammar, seed)
    for bar in bars_of(line):
        for note in bar.notes:
            under = [SEVENTH] * (note.onset < 2) + [DOMINANT] * (note.onset + note.duration > 2)
            for chord in under:
                assert {pitch.midi % 12 for pitch in note.pitches} <= CLASSES[chord], line


def test_usual_accompaniments_are_taken() -> None:
    grammar = harmonized_line_grammar(Meter(3, 4), EIGHTH, [(TONIC,), (DOMINANT,)], pitches=CELLO)
    assert accepts(grammar, "A,2 [CE]2 [CE]2|E,2 z2 ^G,B,")
    assert accepts(grammar, "A,6|B,3/2^G,/2 E,4")
    assert not accepts(grammar, "A,2 [CE]2 [CF]2|E,6")
    assert not accepts(grammar, "A,6|G,6")
    assert not accepts(grammar, "A,4|E,6")


def test_where_no_tone_is_left_there_are_rests() -> None:
    grammar = harmonized_line_grammar(Meter(2, 4), EIGHTH, [((), ("A",))], pitches=CELLO)
    assert accepts(grammar, "z2 A,2")
    assert accepts(grammar, "z4")
    assert not accepts(grammar, "A,2 A,2")


@pytest.mark.parametrize("bars", [[], [(TONIC,), ()]])
def test_bars_without_any_chord_are_refused(bars: list[tuple[tuple[str, ...], ...]]) -> None:
    with pytest.raises(ValueError, match="expected a bar at least, and tones for each"):
        harmonized_line_grammar(Meter(4, 4), EIGHTH, bars, pitches=CELLO)


def test_chords_that_begin_between_ticks_are_refused() -> None:
    ticks = ticks_for(Meter(3, 8), EIGHTH).bar
    assert ticks % 4
    with pytest.raises(ValueError, match="expected stretches of whole ticks, got 4 of 6"):
        harmonized_line_grammar(Meter(3, 8), EIGHTH, [(TONIC,) * 4], pitches=CELLO)
