"""Time inside a bar, counted in ticks: the shortest note that a grammar of bars offers.

Everything that a bar may hold is a whole number of ticks, so that a rule for each number of ticks still empty derives
exactly the bars that fill the meter.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from hartmann.notation.score import Meter


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
