"""The grammar of a body in several voices: systems of equal bars, one line of text for each voice.

    % [A]
    [V:1] GAB d2B|AFD DFA|
    [V:2] G,3 G,3|D,3 D,3|

The first voice decides how many bars a system has (at most `bars_per_line`), whether a section ends behind it (`||`)
and whether the piece does (`|]`); each other voice must write as many bars, every one exactly the meter, within its own
instrument's range, and end as the first did. So all voices have the same length by construction, bar by bar. Repeats,
pickups and ties over bar lines belong to one voice alone (`bar_grammar`).

Counting as there: `N` bars begun and `LINE` bar lines written by the first voice, `DONE` by the voice that writes now.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from hartmann.notation.score import Meter
from hartmann.vision.bar_chain import Chain, note_terminals, shared_terminals
from hartmann.vision.bar_ticks import Ticks, ticks_for
from hartmann.vision.grammar_rules import (
    SAME,
    all_of,
    any_of,
    at_least,
    below,
    equal,
    incremented,
    rule,
    without,
)
from hartmann.vision.voice_range import PitchRange

N: Final = (0, 10)
"""Parameter bits: bars begun so far in the first voice."""
LINE: Final = (10, 14)
"""Parameter bits: bar lines inside the first voice's line of this system."""
DONE: Final = (14, 18)
"""Parameter bits: bar lines inside the line that is being written, for the voices behind the first."""
SECTION_ENDS, PIECE_ENDS = 18, 19
"""Parameter bits: what the first voice wrote at the end of its line."""
MAX_BARS: Final = 1000
MAX_VOICES: Final = 8
MAX_BARS_PER_LINE: Final = 8


def system_grammar(
    meter: Meter,
    unit: Fraction,
    ranges: Sequence[PitchRange],
    *,
    min_bars: int = 4,
    max_bars: int = 64,
    bars_per_line: int = 4,
    chord_symbols: bool = True,
    shortest: Fraction | None = None,
) -> str:
    """A Lark grammar for the lines behind the header of a tune in `len(ranges)` voices, 2…8, numbered from 1.

    `unit` is `L:` as a fraction of a whole note, `shortest` the shortest note value (None leaves it to `L:`). Bars in
    each voice lie in `min_bars`…`max_bars`, 1…1000; chord symbols stand over the first voice alone. Raises ValueError
    where no such body exists.
    """
    if not 1 <= min_bars <= max_bars <= MAX_BARS:
        raise ValueError(f"expected 1 <= min_bars <= max_bars <= {MAX_BARS}, got {min_bars} and {max_bars}")
    if not 2 <= len(ranges) <= MAX_VOICES:
        raise ValueError(f"expected 2 to {MAX_VOICES} voices, got {len(ranges)}")
    if not 1 <= bars_per_line <= MAX_BARS_PER_LINE:
        raise ValueError(f"expected 1 to {MAX_BARS_PER_LINE} bars a line, got {bars_per_line}")
    ticks = ticks_for(meter, unit, shortest)
    systems = _Systems(ticks, len(ranges), min_bars, max_bars, bars_per_line, chord_symbols)
    terminals = [*shared_terminals()]
    for number, pitches in enumerate(ranges, 1):
        terminals += note_terminals(ticks, pitches, _prefix(number))
    return "\n".join([*systems.rules(), *terminals]) + "\n"


@dataclass(frozen=True, slots=True)
class _Systems:
    """The rules of systems. The chain of voice 2 is `vb`, its lines begin at `line2`."""

    ticks: Ticks
    voices: int
    min_bars: int
    max_bars: int
    bars_per_line: int
    chord_symbols: bool

    def rules(self) -> Iterator[str]:
        """Every rule, `start` first."""
        yield rule("start", ["system::0"])
        yield rule("system::_", ["NAME line1::_", "line1::_"])
        for voice in range(1, self.voices + 1):
            chain = _chain_name(voice)
            yield rule(f"line{voice}::_", [f'"[V:{voice}] " {chain}f{self.ticks.bar}::_'])
            yield rule(f"{chain}end::_", list(self._first_ends() if voice == 1 else self._other_ends(voice)))
            yield from self._chain(voice).rules()

    def _chain(self, voice: int) -> Chain:
        count = incremented(N) if voice == 1 else SAME
        symbols = self.chord_symbols and voice == 1
        return Chain(_chain_name(voice), self.ticks, count, _prefix(voice), symbols)

    def _first_ends(self) -> Iterator[str]:
        """Behind a bar of the first voice: another bar, or the end of the line, and what else ends there."""
        room, next_bar = below(N, self.max_bars), f"{_chain_name(1)}f{self.ticks.bar}"
        yield f'"|" {next_bar}::{incremented(LINE)} %if {all_of(below(LINE, self.bars_per_line - 1), room)}'
        yield f'"|\\n" line2::_ %if {room}'
        yield f'"||\\n" line2::set_bit({SECTION_ENDS}) %if {room}'
        yield f'"|]\\n" line2::set_bit({PIECE_ENDS}) %if {at_least(N, self.min_bars)}'

    def _other_ends(self, voice: int) -> Iterator[str]:
        """Behind a bar of another voice: another bar while the first had more, then the line's end as the first's."""
        next_bar = f"{_chain_name(voice)}f{self.ticks.bar}"
        lines = range(self.bars_per_line)
        behind = [all_of(equal(LINE, count), below(DONE, count)) for count in lines if count]
        level = any_of(*(all_of(equal(LINE, count), equal(DONE, count)) for count in lines))
        if behind:
            yield f'"|" {next_bar}::{incremented(DONE)} %if {any_of(*behind)}'
        is_last = voice == self.voices
        onward = (
            f"system::{without(LINE, DONE, SECTION_ENDS)}" if is_last else f"line{voice + 1}::{without(DONE)}"
        )
        plain = all_of(level, f"bit_clear({SECTION_ENDS})", f"bit_clear({PIECE_ENDS})")
        yield f'"|\\n" {onward} %if {plain}'
        yield f'"||\\n" {onward} %if {all_of(level, f"bit_set({SECTION_ENDS})")}'
        end = all_of(level, f"bit_set({PIECE_ENDS})")
        yield f'"|]" %if {end}' if is_last else f'"|]\\n" {onward} %if {end}'


def _chain_name(voice: int) -> str:
    return "v" + "abcdefgh"[voice - 1]


def _prefix(voice: int) -> str:
    return "ABCDEFGH"[voice - 1] + "_"
