"""Grammars that make every draft valid by construction: a header within the wishes, then bars that add up.

Both functions return a Lark grammar for `llguidance`, which masks the logits while a model writes. The
header's grammar couples what belongs together (a compound meter counts dotted beats). The body's grammar is
built from the header: time is counted in ticks (the shortest note offered), and the rule `b12` derives exactly
the bars that fill 12 ticks, because it is one item of `d` ticks followed by `b(12-d)` (section 6.4 of the design).

What a body may hold: sections opened by a line `% [A]`, lines of at most `bars_per_line` bars, repeats
`|: … :|`, endings `|1 … :|2 …`, one pickup length kept throughout (a section that begins with a pickup inside
its repeat ends short, so that both passes are whole), notes with accidentals, rests, chords, triplets `(3`,
broken rhythm, ties (the second pitch is the first one by construction), chord symbols. It ends with `|]`, or with
`:|` where the last section repeats. A lone pickup is no bar; a short last bar is one.

Counting is done by llguidance's 64-bit rule parameter (the fields below). Its optimiser inlines rules of one
symbol and forgets their parameter expression (llguidance 1.9.1), so the parameter changes only beside a
terminal: bars are counted at their first item, lines at their bar lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from hartmann.notation.score import Meter
from hartmann.vision.header_grammar import HeaderWishes, header_grammar
from hartmann.vision.voice_range import PitchRange

__all__ = [
    "HeaderWishes",
    "PitchRange",
    "Ticks",
    "body_grammar",
    "header_grammar",
    "one_bar_grammar",
    "ticks_for",
]

N = (0, 10)
"""Parameter bits: bars begun so far."""
LINE = (10, 15)
"""Parameter bits: bar lines in this line of text."""
PICKUP = (15, 18)
"""Parameter bits: which pickup length the tune has; 0 for none."""
REPEATED, INSIDE, FIRST_ENDING = 18, 19, 20
"""Parameter bits: in `|: … :|`; its pickup stands inside; in the first ending."""
ALL_BITS = (1 << 24) - 1

MAX_BARS = 1000
"""Bars that the counter holds, with room to spare below its saturation."""


@dataclass(frozen=True, slots=True)
class Ticks:
    """Time in ticks: `bar` of them in a full bar, `unit` in a note without a length (`L:`)."""

    bar: int
    unit: int
    least_grouped: int = 1
    """Ticks of the notes that may be made into triplets and broken pairs, which are shorter than they are written."""

    @property
    def lengths(self) -> tuple[int, ...]:
        """The lengths a single note can have: plain and dotted values up to a whole bar, in ticks."""
        plain = [1 << power for power in range(self.bar.bit_length())]
        dotted = [3 * value for value in plain]
        return tuple(sorted(value for value in {*plain, *dotted} if value <= self.bar))

    def text(self, ticks: int) -> str:
        """The ABC length suffix: nothing for the unit itself, `2`, `/2`, `3/2`."""
        length = Fraction(ticks, self.unit)
        if length == 1:
            return ""
        if length.denominator == 1:
            return str(length.numerator)
        return (
            f"/{length.denominator}" if length.numerator == 1 else f"{length.numerator}/{length.denominator}"
        )


def ticks_for(meter: Meter, unit: Fraction, shortest: Fraction | None = None) -> Ticks:
    """The tick for a meter (as in `M:`) and unit length (as in `L:`, a fraction of a whole note).

    A tick is half the unit or a sixteenth, whichever is shorter; or up to `shortest`, where unit and bar are whole
    numbers of such ticks. Raises ValueError for free meter and for a unit that does not divide the bar.
    """
    tick = min(unit / 2, Fraction(1, 16))
    if shortest is not None:
        bar = meter.bar_duration / 4
        while 2 * tick <= shortest and not unit % (2 * tick) and not bar % (2 * tick):
            tick *= 2
    bar = meter.bar_duration / 4 / tick
    if not bar or bar.denominator != 1 or (unit / tick).denominator != 1:
        raise ValueError(f"no bars can be built for M:{meter} with L:{unit}")
    return Ticks(bar.numerator, (unit / tick).numerator, 1 if shortest is None else 2)


def body_grammar(
    meter: Meter,
    unit: Fraction,
    *,
    ranges: Sequence[PitchRange] = (PitchRange(),),
    min_bars: int = 4,
    max_bars: int = 64,
    bars_per_line: int = 8,
    pickups: bool = True,
    chord_symbols: bool = True,
    shortest: Fraction | None = None,
) -> str:
    """A Lark grammar for the lines of a tune after its header, in one voice.

    `unit` is `L:` as a fraction of a whole note. `ranges` holds the voice's range (its first entry is used).
    `shortest` is the shortest note value, a fraction of a whole note; None leaves it to `L:`. Written bars lie in
    `min_bars`…`max_bars`, 1…1000. Raises ValueError where no such body exists.
    """
    if not 1 <= min_bars <= max_bars <= MAX_BARS:
        raise ValueError(f"expected 1 <= min_bars <= max_bars <= {MAX_BARS}, got {min_bars} and {max_bars}")
    body = _Body(ticks_for(meter, unit, shortest), min_bars, max_bars, bars_per_line, pickups, chord_symbols)
    return "\n".join([*body.rules(), *_terminals(body.ticks, ranges[0])]) + "\n"


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
    body = _Body(ticks, 1, 1, 1, True, False)
    if left.denominator != 1 or not 1 <= left <= ticks.bar or not body.pickup_ticks:
        raise ValueError(f"no bar of {length} quarters can be built for M:{meter} with L:{unit}")
    begun = (each for each in ticks.lengths if each <= left)
    starts = [
        f'"{first}{ticks.text(each)}" ' + (f"um{left - each}::0" if each < left else "uend::0")
        for each in begun
    ]
    rules = [_rule("start", starts), _rule("uend::_", [f'"" %if {_ge(N, 0)}'])]
    for rest in range(1, left.numerator + 1):
        rules += body.chain("u", rest)
    return "\n".join([*rules, *_terminals(ticks, pitches)]) + "\n"


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
        for chain, longest in (("b", self.ticks.bar), ("s", self.ticks.bar), ("u", self.ticks.bar)):
            for left in range(1, longest + 1):
                yield from self.chain(chain, left)

    def _sections(self) -> Iterator[str]:
        starts = [f"pickup::{index << PICKUP[0]}" for index, _ in enumerate(self.pickup_ticks, 1)]
        yield _rule("start", ["section::0", *starts])
        yield _rule("section::_", ["NAME section_bars::_", "section_bars::_"])
        yield _rule("section_bars::_", [f'"|:" bars::set_bit({REPEATED})', "bars::_"])
        if not self.pickup_ticks:
            return
        yield _rule("pickup::_", ["NAME pickup_bars::_", "pickup_bars::_"])
        inside = (1 << REPEATED) | (1 << INSIDE)
        upbeats = [
            f"uf{length}::_ %if {_eq(PICKUP, index)}" for index, length in enumerate(self.pickup_ticks, 1)
        ]
        yield _rule("pickup_bars::_", [f'"|:" upbeat::bit_or({inside})', *upbeats])
        yield _rule("upbeat::_", upbeats)
        after = ['"|" bars::_', f'"|:" bars::set_bit({REPEATED}) %if bit_clear({REPEATED})']
        yield _rule("uend::_", after)

    def _bar_starts(self) -> Iterator[str]:
        full = f"bf{self.ticks.bar}::_ %if {self._may_start_full(0)}"
        short = [
            f"sf{self.ticks.bar - length}::_ %if {_all(_eq(PICKUP, index), self._may_start_short(0))}"
            for index, length in enumerate(self.pickup_ticks, 1)
        ]
        yield _rule("bars::_", [full, *short])

    def _may_start_full(self, begun: int) -> str:
        """There is room for a full bar and for what must follow it; `begun` bars not yet counted in N."""
        room = self.max_bars - begun
        plain = _all(f"bit_clear({INSIDE})", f"bit_clear({FIRST_ENDING})", _lt(N, room))
        inside = _all(f"bit_set({INSIDE})", f"bit_clear({FIRST_ENDING})", _lt(N, room - 1))
        ending = _all(f"bit_clear({INSIDE})", f"bit_set({FIRST_ENDING})", _lt(N, room - 1))
        both = _all(f"bit_set({INSIDE})", f"bit_set({FIRST_ENDING})", _lt(N, room - 2))
        return _any(plain, inside, ending, both)

    def _may_start_short(self, begun: int) -> str:
        """A short bar ends a section: outside repeats, or where the pickup stands inside them."""
        room = self.max_bars - begun
        plain = _all(f"bit_clear({REPEATED})", _lt(N, room))
        inside = _all(f"bit_set({INSIDE})", f"bit_clear({FIRST_ENDING})", _lt(N, room))
        ending = _all(f"bit_set({INSIDE})", f"bit_set({FIRST_ENDING})", _lt(N, room - 1))
        return _any(plain, inside, ending)

    def _may_go_on(self, begun: int = 0) -> str:
        """Some bar may follow in this section."""
        room = self.max_bars - begun
        return _any(
            _all(f"bit_clear({FIRST_ENDING})", _lt(N, room)),
            _all(f"bit_set({FIRST_ENDING})", _lt(N, room - 1)),
        )

    def _bar_ends(self) -> Iterator[str]:
        room, enough = _lt(N, self.max_bars), _ge(N, self.min_bars)
        plain = f"bit_clear({REPEATED})"
        whole = _all(f"bit_set({REPEATED})", f"bit_clear({INSIDE})", f"bit_clear({FIRST_ENDING})")
        first_ending = _all(f"bit_set({REPEATED})", f"bit_clear({FIRST_ENDING})", _lt(N, self.max_bars - 1))
        yield _rule(
            "bend::_",
            [
                f'"|" bars::incr({_bits(LINE)}) %if {_all(_lt(LINE, self.bars_per_line - 1), self._may_go_on())}',
                f'"|\\n" bars::{_without(LINE)} %if {self._may_go_on()}',
                f'"||\\n" section::{_without(LINE)} %if {_all(plain, room)}',
                f'"|]" %if {_all(plain, enough)}',
                f'":|\\n" section::{_without(LINE, REPEATED)} %if {_all(whole, room)}',
                f'":|" %if {_all(whole, enough)}',
                f'"|1" bars::set_bit({FIRST_ENDING}) %if {first_ending}',
                f'":|2" bars::{_without(REPEATED, FIRST_ENDING)} '
                f"%if {_all(f'bit_set({FIRST_ENDING})', f'bit_clear({INSIDE})')}",
            ],
        )
        inside = _all(f"bit_set({INSIDE})", f"bit_clear({FIRST_ENDING})")
        if self.pickup_ticks:
            yield _rule(
                "send::_",
                [
                    f'"||\\n" pickup::{_without(LINE)} %if {_all(plain, room)}',
                    f'"|]" %if {_all(plain, enough)}',
                    f'":|\\n" pickup::{_without(LINE, REPEATED, INSIDE)} %if {_all(inside, room)}',
                    f'":|" %if {_all(inside, enough)}',
                    f'":|2" bars::{_without(REPEATED, INSIDE, FIRST_ENDING)} '
                    f"%if {_all(f'bit_set({INSIDE})', f'bit_set({FIRST_ENDING})')}",
                ],
            )

    def chain(self, chain: str, left: int) -> Iterator[str]:
        """Rules of what may stand where `left` ticks of a bar are still empty.

        `f`: the bar's first item (it counts the bar), no letter: a later item, `n`: an item whose chord
        symbol is already there, `r`: the length of a chord or of a tied note's second half, `m`: what
        follows an item.
        """
        if chain != "b" and not self.pickup_ticks:
            return
        count = f"incr({_bits(N)})"
        first = list(self._items(chain, left, "_" if chain == "u" else count, 1))
        later = list(self._items(chain, left, "_", 0))
        yield _rule(f"{chain}n{left}::_", later)
        if self.chord_symbols:
            first.append(f"SYMBOL {chain}n{left}::{'_' if chain == 'u' else count}")
            later.append(f"SYMBOL {chain}n{left}::_")
        yield _rule(f"{chain}f{left}::_", first)
        yield _rule(f"{chain}{left}::_", later)
        yield _rule(f"{chain}r{left}::_", list(self._lengths(chain, left)))
        yield _rule(f"{chain}m{left}::_", [f'" " {chain}{left}::_', f"{chain}{left}::_"])

    def _items(self, chain: str, left: int, step: str, begun: int) -> Iterator[str]:
        lengths = [length for length in self.ticks.lengths if length <= left]
        for length in lengths:
            yield f"NOTE{length} {self._then(chain, left - length, step)}"
        if self.ticks.unit <= left or lengths:
            yield f"CHORD {chain}r{left}::{step}"
        for length in lengths:
            if 2 * length <= left and length in self._grouped:
                two = f"{self._then(chain, left - 2 * length, step)}"
                yield f'"(3" NOTE{length} NOTE{length} NOTE{length} {two}'
                yield f"NOTE{length} BROKEN NOTE{length} {two}"
            if length < left:
                yield f"TIED{length} {chain}r{left - length}::{step}"
        if chain == "b" and left in lengths:
            yield from self._over_the_barline(left, begun)

    @property
    def _grouped(self) -> tuple[int, ...]:
        """Lengths that come in triplets and broken pairs: half the unit, the unit, twice the unit."""
        return tuple(
            length
            for length in (self.ticks.unit // 2, self.ticks.unit, 2 * self.ticks.unit)
            if length >= self.ticks.least_grouped
        )

    def _over_the_barline(self, left: int, begun: int) -> Iterator[str]:
        """A note tied into the next bar: both bars' counting happens here."""
        low, high = N
        step = f"incr([{low + begun}:{high}])"
        full = _all(self._may_go_on(begun), self._may_start_full(begun))
        yield f"OVER{left} br{self.ticks.bar}::{step} %if {full}"
        for index, length in enumerate(self.pickup_ticks, 1):
            short = _all(_eq(PICKUP, index), self._may_go_on(begun), self._may_start_short(begun))
            yield f"OVER{left} sr{self.ticks.bar - length}::{step} %if {short}"

    def _lengths(self, chain: str, left: int) -> Iterator[str]:
        for length in self.ticks.lengths:
            if length <= left and length != self.ticks.unit:
                yield f'"{self.ticks.text(length)}" {self._then(chain, left - length, "_")}'
        if self.ticks.unit <= left:
            yield self._then(chain, left - self.ticks.unit, "_")

    @staticmethod
    def _then(chain: str, left: int, step: str) -> str:
        return f"{chain}m{left}::{step}" if left else f"{chain}end::{step}"


def _terminals(ticks: Ticks, pitches: PitchRange) -> Iterator[str]:
    pitch = "|".join(sorted(pitches.abc, key=len, reverse=True))
    yield 'NAME: "% [" /[A-Za-z][A-Za-z0-9 ]{0,15}/ "]\\n"'
    yield r'SYMBOL: "\"" /([A-G]|[ABDEG]b|[CFG]#)(m|7|m7|maj7|dim|aug|sus4)?/ "\""'
    yield "BROKEN: /[<>]/"
    yield f"CHORD: /{_chord(pitches.abc)}/"
    for length in ticks.lengths:
        suffix = re.escape(ticks.text(length)).replace("/", "\\/")
        yield f"NOTE{length}: /(([_=^]?({pitch}))|z){suffix}/"
        tied = "|".join(f"{name}{suffix}-{name}" for name in pitches.abc)
        yield f"TIED{length}: /{tied}/"
        over = "|".join(f"{name}{suffix}-\\|{name}" for name in pitches.abc)
        yield f"OVER{length}: /{over}/"


def _chord(names: Sequence[str]) -> str:
    """Two or three different pitches, low to high, at most an octave from the lowest to the highest."""
    pairs = []
    for low in range(len(names) - 2):
        for middle in range(low + 2, min(low + 8, len(names))):
            higher = "|".join(names[middle + 2 : low + 8])
            pairs.append(f"{names[low]}{names[middle]}" + (f"({higher})?" if higher else ""))
    return f"\\[({'|'.join(pairs)})\\]"


def _rule(name: str, options: Sequence[str]) -> str:
    return f"{name} : " + "\n  | ".join(options)


def _bits(field: tuple[int, int]) -> str:
    return f"[{field[0]}:{field[1]}]"


def _without(*fields: tuple[int, int] | int) -> str:
    mask = ALL_BITS
    for field in fields:
        low, high = (field, field + 1) if isinstance(field, int) else field
        mask &= ~(((1 << (high - low)) - 1) << low)
    return f"bit_and({mask})"


def _eq(field: tuple[int, int], value: int) -> str:
    return f"eq({_bits(field)}, {value})"


def _lt(field: tuple[int, int], value: int) -> str:
    return f"lt({_bits(field)}, {max(value, 0)})"


def _ge(field: tuple[int, int], value: int) -> str:
    return f"ge({_bits(field)}, {max(value, 0)})"


def _all(first: str, *others: str) -> str:
    return first if not others else f"and({first}, {_all(*others)})"


def _any(first: str, *others: str) -> str:
    return first if not others else f"or({first}, {_any(*others)})"
