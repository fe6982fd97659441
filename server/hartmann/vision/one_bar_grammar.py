"""The grammar of a single bar, for whoever keeps some of a bar and lets a model write the rest."""

from __future__ import annotations

from fractions import Fraction

from hartmann.notation.score import Meter
from hartmann.vision.bar_chain import Chain, note_terminals, shared_terminals
from hartmann.vision.bar_ticks import ticks_for
from hartmann.vision.grammar_rules import at_least, rule
from hartmann.vision.voice_range import PitchRange

ANY = (0, 1)
"""A field of the rule parameter that nothing counts in."""


def one_bar_grammar(
    meter: Meter,
    unit: Fraction,
    length: Fraction,
    first: str,
    *,
    pitches: PitchRange,
    shortest: Fraction | None = None,
) -> str:
    """A Lark grammar for one bar of `length` quarters, without bar lines, that begins with `first`.

    `first` is a pitch in ABC (`^F`) or `z` for a rest, without a length. Raises ValueError where the length is no
    whole number of ticks, or longer than a full bar.
    """
    ticks = ticks_for(meter, unit, shortest)
    left = length / 4 / unit * ticks.unit
    if left.denominator != 1 or not 1 <= left <= ticks.bar:
        raise ValueError(f"no bar of {length} quarters can be built for M:{meter} with L:{unit}")
    starts = [
        f'"{first}{ticks.text(each)}" ' + (f"um{left - each}::0" if each < left else "uend::0")
        for each in ticks.lengths
        if each <= left
    ]
    rules = [rule("start", starts), rule("uend::_", [f'"" %if {at_least(ANY, 0)}'])]
    rules += Chain("u", ticks, chord_symbols=False).rules()
    return "\n".join([*rules, *shared_terminals(), *note_terminals(ticks, pitches)]) + "\n"
