"""The grammar of a body in one voice: every draft written under it adds up, by construction.

It is a Lark grammar for `llguidance`, which masks the logits while a model writes, built from the header that was
written first (`header_grammar`): `bar_chain` fills each bar to the tick, and the rules here put bars into lines and
sections.

What a body may hold: sections opened by a line `% [A]`, lines of at most `bars_per_line` bars, repeats
`|: … :|`, endings `|1 … :|2 …`, one pickup length kept throughout (a section that begins with a pickup inside
its repeat ends short, so that both passes are whole), ties over bar lines. It ends with `|]`, or with `:|` where
the last section repeats. A lone pickup is no bar; a short last bar is one. Several voices are `system_grammar`'s.

Counting is done by llguidance's rule parameter (the fields below): bars at their first item, lines at their bar lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

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

N = (0, 10)
"""Parameter bits: bars begun so far."""
LINE = (10, 15)
"""Parameter bits: bar lines in this line of text."""
PICKUP = (15, 18)
"""Parameter bits: which pickup length the tune has; 0 for none."""
REPEATED, INSIDE, FIRST_ENDING = 18, 19, 20
"""Parameter bits: in `|: … :|`; its pickup stands inside; in the first ending."""

FIDDLE = PitchRange()
MAX_BARS = 1000
"""Bars that the counter holds, with room to spare below its saturation."""


def body_grammar(
    meter: Meter,
    unit: Fraction,
    *,
    pitches: PitchRange = FIDDLE,
    min_bars: int = 4,
    max_bars: int = 64,
    bars_per_line: int = 8,
    pickups: bool = True,
    chord_symbols: bool = True,
    shortest: Fraction | None = None,
) -> str:
    """A Lark grammar for the lines of a tune after its header, in one voice.

    `unit` is `L:` as a fraction of a whole note, `pitches` the voice's range.
    `shortest` is the shortest note value, a fraction of a whole note; None leaves it to `L:`. Written bars lie in
    `min_bars`…`max_bars`, 1…1000. Raises ValueError where no such body exists.
    """
    if not 1 <= min_bars <= max_bars <= MAX_BARS:
        raise ValueError(f"expected 1 <= min_bars <= max_bars <= {MAX_BARS}, got {min_bars} and {max_bars}")
    body = _Body(ticks_for(meter, unit, shortest), min_bars, max_bars, bars_per_line, pickups, chord_symbols)
    terminals = (*shared_terminals(), *note_terminals(body.ticks, pitches, over_the_barline=True))
    return "\n".join([*body.rules(), *terminals]) + "\n"


@dataclass(frozen=True, slots=True)
class _Body:
    """The rules of a body. Chains: `b` full bars, `s` short last bars, `u` pickups (upbeats)."""

    ticks: Ticks
    min_bars: int
    max_bars: int
    bars_per_line: int
    pickups: bool
    chord_symbols: bool

    @property
    def pickup_ticks(self) -> tuple[int, ...]:
        """Pickups of one, two and three units, shorter than the bar."""
        offered = (self.ticks.unit * count for count in (1, 2, 3))
        return tuple(length for length in offered if length < self.ticks.bar) if self.pickups else ()

    def rules(self) -> Iterator[str]:
        """Every rule, `start` first."""
        yield from self._sections()
        yield from self._bar_starts()
        yield from self._bar_ends()
        for chain in self._chains():
            yield from chain.rules()

    def _chains(self) -> Iterator[Chain]:
        count, symbols = incremented(N), self.chord_symbols
        yield Chain("b", self.ticks, count, "", symbols, self._over_the_barline)
        if self.pickup_ticks:
            yield Chain("s", self.ticks, count, "", symbols)
            yield Chain("u", self.ticks, SAME, "", symbols)

    def _sections(self) -> Iterator[str]:
        starts = [f"pickup::{index << PICKUP[0]}" for index, _ in enumerate(self.pickup_ticks, 1)]
        yield rule("start", ["section::0", *starts])
        yield rule("section::_", ["NAME section_bars::_", "section_bars::_"])
        yield rule("section_bars::_", [f'"|:" bars::set_bit({REPEATED})', "bars::_"])
        if not self.pickup_ticks:
            return
        yield rule("pickup::_", ["NAME pickup_bars::_", "pickup_bars::_"])
        inside = (1 << REPEATED) | (1 << INSIDE)
        upbeats = [
            f"uf{length}::_ %if {equal(PICKUP, index)}" for index, length in enumerate(self.pickup_ticks, 1)
        ]
        yield rule("pickup_bars::_", [f'"|:" upbeat::bit_or({inside})', *upbeats])
        yield rule("upbeat::_", upbeats)
        after = ['"|" bars::_', f'"|:" bars::set_bit({REPEATED}) %if bit_clear({REPEATED})']
        yield rule("uend::_", after)

    def _bar_starts(self) -> Iterator[str]:
        full = f"bf{self.ticks.bar}::_ %if {self._may_start_full(0)}"
        short = [
            f"sf{self.ticks.bar - length}::_ %if {all_of(equal(PICKUP, index), self._may_start_short(0))}"
            for index, length in enumerate(self.pickup_ticks, 1)
        ]
        yield rule("bars::_", [full, *short])

    def _may_start_full(self, begun: int) -> str:
        """There is room for a full bar and for what must follow it; `begun` bars not yet counted in N."""
        room = self.max_bars - begun
        plain = all_of(f"bit_clear({INSIDE})", f"bit_clear({FIRST_ENDING})", below(N, room))
        inside = all_of(f"bit_set({INSIDE})", f"bit_clear({FIRST_ENDING})", below(N, room - 1))
        ending = all_of(f"bit_clear({INSIDE})", f"bit_set({FIRST_ENDING})", below(N, room - 1))
        both = all_of(f"bit_set({INSIDE})", f"bit_set({FIRST_ENDING})", below(N, room - 2))
        return any_of(plain, inside, ending, both)

    def _may_start_short(self, begun: int) -> str:
        """A short bar ends a section: outside repeats, or where the pickup stands inside them."""
        room = self.max_bars - begun
        plain = all_of(f"bit_clear({REPEATED})", below(N, room))
        inside = all_of(f"bit_set({INSIDE})", f"bit_clear({FIRST_ENDING})", below(N, room))
        ending = all_of(f"bit_set({INSIDE})", f"bit_set({FIRST_ENDING})", below(N, room - 1))
        return any_of(plain, inside, ending)

    def _may_go_on(self, begun: int = 0) -> str:
        """Some bar may follow in this section."""
        room = self.max_bars - begun
        return any_of(
            all_of(f"bit_clear({FIRST_ENDING})", below(N, room)),
            all_of(f"bit_set({FIRST_ENDING})", below(N, room - 1)),
        )

    def _bar_ends(self) -> Iterator[str]:
        room, enough = below(N, self.max_bars), at_least(N, self.min_bars)
        plain = f"bit_clear({REPEATED})"
        whole = all_of(f"bit_set({REPEATED})", f"bit_clear({INSIDE})", f"bit_clear({FIRST_ENDING})")
        first_ending = all_of(
            f"bit_set({REPEATED})", f"bit_clear({FIRST_ENDING})", below(N, self.max_bars - 1)
        )
        yield rule(
            "bend::_",
            [
                f'"|" bars::{incremented(LINE)} %if {all_of(below(LINE, self.bars_per_line - 1), self._may_go_on())}',
                f'"|\\n" bars::{without(LINE)} %if {self._may_go_on()}',
                f'"||\\n" section::{without(LINE)} %if {all_of(plain, room)}',
                f'"|]" %if {all_of(plain, enough)}',
                f'":|\\n" section::{without(LINE, REPEATED)} %if {all_of(whole, room)}',
                f'":|" %if {all_of(whole, enough)}',
                f'"|1" bars::set_bit({FIRST_ENDING}) %if {first_ending}',
                f'":|2" bars::{without(REPEATED, FIRST_ENDING)} '
                f"%if {all_of(f'bit_set({FIRST_ENDING})', f'bit_clear({INSIDE})')}",
            ],
        )
        inside = all_of(f"bit_set({INSIDE})", f"bit_clear({FIRST_ENDING})")
        if self.pickup_ticks:
            yield rule(
                "send::_",
                [
                    f'"||\\n" pickup::{without(LINE)} %if {all_of(plain, room)}',
                    f'"|]" %if {all_of(plain, enough)}',
                    f'":|\\n" pickup::{without(LINE, REPEATED, INSIDE)} %if {all_of(inside, room)}',
                    f'":|" %if {all_of(inside, enough)}',
                    f'":|2" bars::{without(REPEATED, INSIDE, FIRST_ENDING)} '
                    f"%if {all_of(f'bit_set({INSIDE})', f'bit_set({FIRST_ENDING})')}",
                ],
            )

    def _over_the_barline(self, left: int, begun: int) -> Iterator[str]:
        """A note tied into the next bar: both bars' counting happens here."""
        low, high = N
        step = f"incr([{low + begun}:{high}])"
        full = all_of(self._may_go_on(begun), self._may_start_full(begun))
        yield f"OVER{left} br{self.ticks.bar}::{step} %if {full}"
        for index, length in enumerate(self.pickup_ticks, 1):
            short = all_of(equal(PICKUP, index), self._may_go_on(begun), self._may_start_short(begun))
            yield f"OVER{left} sr{self.ticks.bar - length}::{step} %if {short}"
