"""The order in which bars are played: repeats, endings, and the parts of a `P:` line unfolded.

A sign in any voice counts for all of them, so one order of bar indexes serves every voice (a voice that is
shorter skips what it lacks). Rules, where ABC 2.1 leaves room: a `:|` without `|:` goes back to where the
last repeat ended or to the last double bar behind that, the first one to the beginning; a `|:` inside an
open repeat closes it like `::`; one that nothing closes is played once; a `:|` at the end of a last ending
closes it and repeats nothing more. `!D.C.!`, `!D.S.!`, `!fine!` and `!coda!` are followed as players do
(`jumping.py`); abc2midi ignores them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hartmann.notation.jumping import with_jumps
from hartmann.notation.score import PLAIN_BARLINES, Score

MAX_PLAYED = 100_000
"""Bars played at most: far above any piece, and a bound for `::::|` and `P:(((A)99)99)99`."""


@dataclass(frozen=True, slots=True)
class _Signs:
    """What all voices together show at one bar index."""

    starts: bool
    ends: int
    endings: frozenset[int]
    stops: bool
    double: bool
    section: str


def unfold(score: Score, *, jumps: bool = True) -> tuple[int, ...]:
    """Indexes into `Voice.bars`, in the order of playing; without `jumps` D.C., D.S. and their kin are passed by.

    Where a `P:` line orders the parts, that order says it all, and no jump is followed.
    """
    signs = _signs(score)
    parts = _played_parts(score, signs)
    if not parts:
        repeated = _Player(signs, 0, len(signs)).play()
        return tuple(with_jumps(score, repeated) if jumps else repeated)
    played: list[int] = []
    for first, last in parts:
        played += _Player(signs, first, last).play()
        if len(played) > MAX_PLAYED:
            break
    return tuple(played[:MAX_PLAYED])


def _signs(score: Score) -> list[_Signs]:
    count = max((len(voice.bars) for voice in score.voices), default=0)
    signs = []
    for index in range(count):
        bars = [voice.bars[index] for voice in score.voices if index < len(voice.bars)]
        signs.append(
            _Signs(
                any(bar.repeat_start for bar in bars),
                max(bar.repeat_end for bar in bars),
                frozenset(number for bar in bars for number in bar.endings),
                any(bar.ending_stop for bar in bars),
                any(bar.barline not in PLAIN_BARLINES for bar in bars),
                next((bar.section for bar in bars if bar.section), ""),
            )
        )
    return signs


class _Player:
    """Plays the bars from `first` to before `last`: a start to go back to, and which time through it is."""

    def __init__(self, signs: Sequence[_Signs], first: int, last: int) -> None:
        self.signs = signs
        self.last = last
        self.start = first
        self.turn = 1
        self.opened = False
        self.repeated = False
        self.in_ending = False

    def play(self) -> list[int]:
        played: list[int] = []
        at = self.start
        while at < self.last and len(played) < MAX_PLAYED:
            here = self.signs[at]
            if here.starts and at != self.start:
                if self._forgot_to_close():
                    at = self.start
                    continue
                self._begin(at)
            self.opened = self.opened or here.starts
            if here.endings and self.turn not in here.endings:
                at = _skip_ending(self.signs, at, self.last, self.turn)
                continue
            played.append(at)
            at = self._after(at)
        return played

    def _after(self, at: int) -> int:
        """The bar to play after the one at `at`."""
        here = self.signs[at]
        self.in_ending = self.in_ending or bool(here.endings)
        if here.ends:
            if self.turn < _turns(self.signs, self.start, at, self.last):
                self.turn += 1
                self.in_ending = False
                return self.start
            self._begin(at + 1)
        elif self._ends_quietly(at):
            self._begin(at + 1)
        return at + 1

    def _ends_quietly(self, at: int) -> bool:
        """A stretch ends behind `at` without a `:|`: at a double bar after some repeat, or with the last ending."""
        here = self.signs[at]
        if self.in_ending:
            return here.stops and not (at + 1 < self.last and self.signs[at + 1].endings)
        return here.double and self.repeated and not self.opened

    def _begin(self, at: int) -> None:
        self.start, self.turn = at, 1
        self.opened, self.in_ending, self.repeated = False, False, True

    def _forgot_to_close(self) -> bool:
        """A `|:` while another is open closes that one too, as `::` would."""
        if not self.opened or self.turn > 1:
            return False
        self.turn = 2
        return True


def _turns(signs: Sequence[_Signs], start: int, at: int, last: int) -> int:
    """How often the stretch from `start` that ends at `at` is played: by its endings, and by the sign at least.

    So a first ending without a second one is passed by the second time.
    """
    numbered = [max(signs[i].endings) for i in range(start, at + 1) if signs[i].endings]
    if not numbered:
        return signs[at].ends
    following = at + 1
    while following < last and signs[following].endings:
        numbered.append(max(signs[following].endings))
        following = _ending_end(signs, following, last)
    return max(*numbered, signs[at].ends)


def _ending_end(signs: Sequence[_Signs], at: int, last: int) -> int:
    """The index behind the ending that begins at `at`."""
    while at < last and not signs[at].stops:
        at += 1
        if at < last and signs[at].endings:
            return at
    return at + 1


def _skip_ending(signs: Sequence[_Signs], at: int, last: int, turn: int) -> int:
    """From an ending that is not for this `turn` to one that is, or behind the endings."""
    while at < last and signs[at].endings and turn not in signs[at].endings:
        at = _ending_end(signs, at, last)
    return at


# -- the order of parts ----------------------------------------------------------------------------------


def _played_parts(score: Score, signs: Sequence[_Signs]) -> list[tuple[int, int]]:
    """The stretches that the header's `P:` line plays, in order; empty when it says nothing usable."""
    order = next((text for name, text in score.header if name == "P"), "")
    letters = expand_parts(order) if order else ""
    marks = [(index, sign.section) for index, sign in enumerate(signs) if sign.section]
    if not letters or not marks:
        return []
    ends = [index for index, _ in marks[1:]] + [len(signs)]
    stretches = {name: (index, end) for (index, name), end in reversed(list(zip(marks, ends, strict=True)))}
    if any(letter not in stretches for letter in letters):
        return []
    opening = [(0, marks[0][0])] if marks[0][0] else []
    return opening + [stretches[letter] for letter in letters]


def expand_parts(order: str) -> str:
    """`A2(BC)3` → `AABCBCBC` (ABC 2.1, section 3.1.9); "" when it can't be read. At most 1,000 letters."""
    stack: list[str] = [""]
    last = ""
    for sign in re.findall(r"\d+|[^\s.]", order[:200]):
        if sign == "(":
            stack.append("")
            last = ""
        elif sign == ")" and len(stack) > 1:
            last = stack.pop()
            stack[-1] += last
        elif sign.isdigit():
            stack[-1] += last * (min(int(sign[:4]), 1000) - 1)
        elif sign.isalpha():
            stack[-1] += sign
            last = sign
        else:
            return ""
        if len(stack[-1]) > 1000:
            return ""
    return "" if len(stack) > 1 else stack[0]
