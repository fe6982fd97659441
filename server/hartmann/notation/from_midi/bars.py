"""Where the bars of a recording lie, from its meters.

Conventions: positions are whole steps of 1/24 quarter from the start of the file (`STEPS`), fine enough for
thirty-seconds and for triplets of sixteenths. A meter that changes inside a bar ends that bar there, and the
short bar is given the meter that it fills. A first bar shorter than the meter behind it is an anacrusis.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hartmann.notation.from_midi.recording import DEFAULT_METER
from hartmann.notation.score import Meter

STEPS = 24
"""Steps a quarter."""

SIXTEENTH = STEPS // 4


@dataclass(frozen=True, slots=True)
class BarSpan:
    """One bar: its steps `start`…`end` and its meter. An anacrusis carries the meter of the bar behind it."""

    start: int
    end: int
    meter: Meter

    @property
    def beat(self) -> int:
        """Steps in a beat: a dotted quarter in compound meters, otherwise a quarter."""
        return STEPS * 3 // 2 if self.meter.is_compound and self.meter.denominator == 8 else STEPS

    def beat_starts(self) -> range:
        """Where the beats of the bar begin; the last may be shorter than the others."""
        return range(self.start, self.end, self.beat)


def lay_bars(meters: Sequence[tuple[float, Meter]], end: float) -> list[BarSpan]:
    """The bars from 0 to the one in which the quarter `end` lies. `meters` are (time in quarters, meter)."""
    stretches = list(_stretches(meters, end))
    bars = [bar for start, stop, meter in stretches for bar in _cut(start, stop, meter)]
    if len(bars) > 1 and bars[0].end - bars[0].start < bars[1].end - bars[1].start == _length(bars[1].meter):
        bars[0] = replace(bars[0], meter=bars[1].meter)
    return bars


def bar_index(bars: Sequence[BarSpan], step: float) -> int:
    """The index of the bar that holds `step` (the last one for steps behind it)."""
    starts = np.array([bar.start for bar in bars])
    return max(0, int(np.searchsorted(starts, step, "right")) - 1)


def all_beats(bars: Sequence[BarSpan]) -> NDArray[np.int64]:
    """The steps at which beats begin, and the end of the last bar."""
    return np.array([step for bar in bars for step in bar.beat_starts()] + [bars[-1].end])


def _length(meter: Meter) -> int:
    return int(meter.bar_duration * STEPS)


def _stretches(meters: Sequence[tuple[float, Meter]], end: float) -> Iterator[tuple[int, int, Meter]]:
    """(first step, step behind the last, meter) of each stretch under one meter."""
    stated = {0: DEFAULT_METER}
    for time, meter in meters:
        stated[round(time * 4) * SIXTEENTH] = meter
    starts = sorted(step for step in stated if step <= end * STEPS)
    last = max(round(end * STEPS), starts[-1] + 1)
    for start, stop in zip(starts, [*starts[1:], -1], strict=True):
        length = _length(stated[start])
        full = start + -(-(last - start) // length) * length
        yield start, stop if stop >= 0 else full, stated[start]


def _cut(start: int, stop: int, meter: Meter) -> Iterator[BarSpan]:
    length = _length(meter)
    for step in range(start, stop, length):
        if step + length <= stop:
            yield BarSpan(step, step + length, meter)
        else:
            yield from _short_bars(step, stop)


def _short_bars(start: int, stop: int) -> Iterator[BarSpan]:
    """What is left of a bar when the meter changes inside it, in the plainest meter that it fills."""
    sixteenths = (stop - start) // SIXTEENTH
    below = 4 if sixteenths % 4 == 0 else 8 if sixteenths % 2 == 0 else 16
    most = 64 * 16 // below
    while sixteenths:
        held = min(sixteenths, most)
        yield BarSpan(start, start + held * SIXTEENTH, Meter(held * below // 16, below))
        start += held * SIXTEENTH
        sixteenths -= held
