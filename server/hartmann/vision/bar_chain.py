"""A chain of rules in which whatever stands in a bar fills it exactly: one item of `d` ticks, then what fills the rest.

The rule `b12` of the chain `b` derives what fills 12 ticks, because it is one item of `d` ticks followed by `b(12-d)`
(section 6.4 of the design). Items are notes with accidentals, rests, chords, triplets `(3`, broken rhythm, ties (the
second pitch is the first one by construction) and chord symbols. A chain's rules, for `n` ticks still empty:

- `bf…`: the bar's first item; it counts the bar,
- `b…`: a later item, `bn…`: an item whose chord symbol is already there,
- `br…`: the length of a chord or of a tied note's second half, `bm…`: what follows an item,
- `bend`: what follows a full bar; whoever uses the chain writes it.

llguidance's optimiser inlines rules of one symbol and forgets their parameter expression (1.9.1), so the parameter
changes only beside a terminal: bars are counted at their first item.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from hartmann.vision.bar_ticks import Ticks
from hartmann.vision.grammar_rules import SAME, rule
from hartmann.vision.voice_range import PitchRange


def no_ties_over(left: int, begun: int) -> Iterator[str]:
    """For chains whose notes end with the bar."""
    del left, begun
    yield from ()


@dataclass(frozen=True, slots=True)
class Chain:
    """The rules of one chain. `count` changes the parameter at a bar's first item.

    `over_the_barline(left, begun)` gives the options that tie the note which fills `left` ticks into the next bar, when
    `begun` bars (0 or 1) have begun that are not counted yet. `pitches` is the prefix of the terminals that notes come
    from (`note_terminals`).
    """

    name: str
    ticks: Ticks
    count: str = SAME
    pitches: str = ""
    chord_symbols: bool = True
    over_the_barline: Callable[[int, int], Iterator[str]] = no_ties_over

    def rules(self) -> Iterator[str]:
        """Every rule of the chain, for every number of ticks."""
        for left in range(1, self.ticks.bar + 1):
            yield from self._rules_for(left)

    def _rules_for(self, left: int) -> Iterator[str]:
        first = list(self._items(left, self.count, 1))
        later = list(self._items(left, SAME, 0))
        yield rule(f"{self.name}n{left}::_", later)
        if self.chord_symbols:
            first.append(f"SYMBOL {self.name}n{left}::{self.count}")
            later.append(f"SYMBOL {self.name}n{left}::_")
        yield rule(f"{self.name}f{left}::_", first)
        yield rule(f"{self.name}{left}::_", later)
        yield rule(f"{self.name}r{left}::_", list(self._lengths(left)))
        yield rule(f"{self.name}m{left}::_", [f'" " {self.name}{left}::_', f"{self.name}{left}::_"])

    def _items(self, left: int, step: str, begun: int) -> Iterator[str]:
        lengths = [length for length in self.ticks.lengths if length <= left]
        for length in lengths:
            yield f"{self._note(length)} {self._then(left - length, step)}"
        if self.ticks.unit <= left or lengths:
            yield f"{self.pitches}CHORD {self.name}r{left}::{step}"
        for length in lengths:
            yield from self._pairs(length, left, step)
            if length < left:
                yield f"{self.pitches}TIED{length} {self.name}r{left - length}::{step}"
        if left in lengths:
            yield from self.over_the_barline(left, begun)

    def _pairs(self, length: int, left: int, step: str) -> Iterator[str]:
        """Triplets and broken pairs, which take the time of two such notes."""
        if 2 * length > left or length not in self._grouped:
            return
        note, then = self._note(length), self._then(left - 2 * length, step)
        yield f'"(3" {note} {note} {note} {then}'
        yield f"{note} BROKEN {note} {then}"

    @property
    def _grouped(self) -> tuple[int, ...]:
        """Lengths that come in triplets and broken pairs: half the unit, the unit, twice the unit."""
        unit = self.ticks.unit
        return tuple(length for length in (unit // 2, unit, 2 * unit) if length >= self.ticks.least_grouped)

    def _lengths(self, left: int) -> Iterator[str]:
        for length in self.ticks.lengths:
            if length <= left and length != self.ticks.unit:
                yield f'"{self.ticks.text(length)}" {self._then(left - length, SAME)}'
        if self.ticks.unit <= left:
            yield self._then(left - self.ticks.unit, SAME)

    def _note(self, length: int) -> str:
        return f"{self.pitches}NOTE{length}"

    def _then(self, left: int, step: str) -> str:
        return f"{self.name}m{left}::{step}" if left else f"{self.name}end::{step}"


def shared_terminals() -> Iterator[str]:
    """Section names, chord symbols and the signs of broken rhythm: the same for every voice."""
    yield 'NAME: "% [" /[A-Za-z][A-Za-z0-9 ]{0,15}/ "]\\n"'
    yield r'SYMBOL: "\"" /([A-G]|[ABDEG]b|[CFG]#)(m|7|m7|maj7|dim|aug|sus4)?/ "\""'
    yield "BROKEN: /[<>]/"


def note_terminals(
    ticks: Ticks, pitches: PitchRange, prefix: str = "", *, over_the_barline: bool = False
) -> Iterator[str]:
    """Notes of every length, tied notes and chords of one voice's range; `prefix` tells voices apart."""
    names = pitches.abc
    pitch = "|".join(sorted(names, key=len, reverse=True))
    yield f"{prefix}CHORD: /{_chord(names)}/"
    for length in ticks.lengths:
        suffix = re.escape(ticks.text(length)).replace("/", "\\/")
        yield f"{prefix}NOTE{length}: /(([_=^]?({pitch}))|z){suffix}/"
        tied = "|".join(f"{name}{suffix}-{name}" for name in names)
        yield f"{prefix}TIED{length}: /{tied}/"
        if over_the_barline:
            over = "|".join(f"{name}{suffix}-\\|{name}" for name in names)
            yield f"{prefix}OVER{length}: /{over}/"


def _chord(names: Sequence[str]) -> str:
    """Two or three different pitches, low to high, at most an octave from the lowest to the highest."""
    pairs = []
    for low in range(len(names) - 2):
        for middle in range(low + 2, min(low + 8, len(names))):
            higher = "|".join(names[middle + 2 : low + 8])
            pairs.append(f"{names[low]}{names[middle]}" + (f"({higher})?" if higher else ""))
    return f"\\[({'|'.join(pairs)})\\]"
