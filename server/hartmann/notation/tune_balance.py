"""Does the music add up: bars against the meter, voices against each other, repeats against their ends.

A bar that differs from the meter is an error, with these exceptions from practice. The first bar may be
short (an anacrusis). A short bar at a seam (a repeat sign, double bar, ending, or the end) is a part's last
bar when some pickup of the tune fills it up, or when the bar beyond the seam does. Bars in which something
could not be read are not judged again. In free meter nothing is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from hartmann.notation.findings import Findings
from hartmann.notation.jumping import unfollowed_jumps
from hartmann.notation.problems import Severity
from hartmann.notation.score import PLAIN_BARLINES, Bar, Meter, Score, Voice

ERROR, WARNING, HINT = Severity.ERROR, Severity.WARNING, Severity.HINT


@dataclass(frozen=True, slots=True)
class _Measured:
    """A bar with the meter in force, and whether a seam lies at its edges."""

    bar: Bar
    meter: Meter
    opens: bool
    closes: bool

    @property
    def lacks(self) -> Fraction:
        """Quarters missing to the meter: negative when the bar is too long, 0 in free meter."""
        full = self.meter.bar_duration
        return full - self.bar.duration if full else Fraction(0)


def judge(
    score: Score,
    findings: Findings,
    *,
    suspect: frozenset[tuple[int, int]] = frozenset(),
    barless: bool = False,
) -> None:
    """Report what does not add up. `suspect` holds (voice, bar number) of bars not to be judged; `barless` music
    (`%%MIDI nobarlines`) has no bars to judge."""
    for voice in score.voices:
        if not barless:
            measured = _measured(voice, score.meter)
            _judge_bars(voice, measured, findings, suspect)
            _judge_overlays(voice, measured, findings, suspect)
        _judge_repeats(voice, findings)
    _judge_jumps(score, findings)
    if len(score.voices) > 1:
        _judge_voices(score, findings)


def _measured(voice: Voice, meter: Meter) -> list[_Measured]:
    measured: list[_Measured] = []
    opens = True
    bars = voice.bars
    for index, bar in enumerate(bars):
        meter = bar.meter or meter
        for change in bar.changes:
            meter = meter if change.meter is None or change.onset >= bar.duration else change.meter
        following = bars[index + 1] if index + 1 < len(bars) else None
        closes = _is_seam(bar, following)
        measured.append(_Measured(bar, meter, opens, closes))
        for change in bar.changes:
            meter = change.meter or meter
        opens = closes
    return measured


def _is_seam(bar: Bar, following: Bar | None) -> bool:
    if following is None or bar.repeat_end or bar.barline not in PLAIN_BARLINES:
        return True
    return following.repeat_start or bool(following.endings) or following.meter is not None


def _judge_bars(
    voice: Voice, bars: list[_Measured], findings: Findings, suspect: frozenset[tuple[int, int]]
) -> None:
    odd = [index for index, measured in enumerate(bars) if measured.lacks]
    if not odd:
        return
    pickups = {bars[i].bar.duration for i in odd if bars[i].opens and bars[i].lacks > 0}
    ends = {bars[i].bar.duration for i in odd if bars[i].closes and bars[i].lacks > 0}
    for index in odd:
        measured = bars[index]
        bar = measured.bar
        short = measured.lacks > 0
        if (voice.number, bar.number) in suspect or (short and bar.number == 0):
            continue
        if short and _is_completed(bars, index, pickups, ends):
            continue
        sloppy = short and ((measured.closes and pickups - ends) or (measured.opens and index > 0))
        findings.add(
            WARNING if sloppy else ERROR, "bar_too_short" if short else "bar_too_long",
            _unequal(measured, findings.text), bar.place.start, voice=voice.number, bar=bar.number,
        )  # fmt: skip


def _judge_overlays(
    voice: Voice, bars: list[_Measured], findings: Findings, suspect: frozenset[tuple[int, int]]
) -> None:
    """Each layer of a bar is a whole bar of music (ABC 2.1, section 7.4); what lacks is played as silence."""
    for measured in bars:
        bar = measured.bar
        if not bar.notes[-1].layer or (voice.number, bar.number) in suspect:
            continue
        held: dict[int, Fraction] = {}
        for note in bar.notes:
            held[note.layer] = note.onset + note.duration
        for layer, duration in held.items():
            if duration < bar.duration:
                at = next(note.place.start for note in bar.notes if note.layer == layer)
                found = as_note_value(duration, measured.meter)
                message = (
                    f"{'the overlay after `&`' if layer else 'what the overlay lies over'} lasts {found}, "
                    f"the bar {as_note_value(bar.duration, measured.meter)}; the rest is silence"
                )
                findings.add(WARNING, "overlay_too_short", message, at, voice=voice.number, bar=bar.number)


def _unequal(measured: _Measured, text: str) -> str:
    bar = measured.bar
    spans = bar.spans or ((bar.place.start, bar.place.end),)
    found = " ".join(text[start:end].strip() for start, end in spans)
    lasts = as_note_value(bar.duration, measured.meter)
    shown = found if len(found) <= 60 else found[:59] + "…"
    return f"the bar lasts {lasts} but the meter is {_meter_name(measured.meter)}: `{shown}`"


def _is_completed(bars: list[_Measured], index: int, pickups: set[Fraction], ends: set[Fraction]) -> bool:
    """True when what the short bar at `index` lacks stands beyond a seam: in its neighbour, in a pickup that a
    repeat leads back to, or in the part of a bar that all endings share."""
    measured = bars[index]
    full = measured.meter.bar_duration
    held = measured.bar.duration
    if measured.bar.endings:
        held += _lead(bars, index)
    if measured.closes and (held == full or any(held + pickup == full for pickup in pickups)):
        return True
    if measured.closes and index + 1 < len(bars) and bars[index + 1].bar.duration + held == full:
        return True
    if measured.opens and index and bars[index - 1].bar.duration + held == full:
        return True
    return measured.opens and any(held + end == full for end in ends)


def _lead(bars: list[_Measured], index: int) -> Fraction:
    """What stands in the broken bar before the first ending of the group that `bars[index]` belongs to; 0 if whole."""
    while index > 0 and bars[index].bar.endings and 1 not in bars[index].bar.endings:
        index -= 1
        while index > 0 and not bars[index].bar.endings:
            index -= 1
    before = bars[index - 1] if index > 0 else None
    return before.bar.duration if before is not None and before.lacks > 0 else Fraction(0)


def _judge_repeats(voice: Voice, findings: Findings) -> None:
    for bar in unclosed_repeats(voice):
        findings.add(
            ERROR, "unclosed_repeat", "`|:` opens a repeat here that no `:|` closes", bar.place.start,
            voice=voice.number, bar=bar.number, fix="close it with `:|`",
        )  # fmt: skip


def _judge_jumps(score: Score, findings: Findings) -> None:
    for voice, index, message in unfollowed_jumps(score):
        bar = voice.bars[min(index, len(voice.bars) - 1)]
        findings.add(WARNING, "jump_to_nowhere", message, bar.place.start, voice=voice.number, bar=bar.number)


def unclosed_repeats(voice: Voice) -> Iterator[Bar]:
    """The bars that begin with a `|:` which is not closed before the next one or the end."""
    opened: Bar | None = None
    for bar in voice.bars:
        if bar.repeat_start:
            if opened is not None:
                yield opened
            opened = bar
        if bar.repeat_end:
            opened = None
    if opened is not None:
        yield opened


def _judge_voices(score: Score, findings: Findings) -> None:
    longest = max(score.voices, key=lambda voice: len(voice.bars))
    for voice in score.voices:
        if len(voice.bars) < len(longest.bars):
            last = voice.bars[-1]
            message = (
                f"voice {voice.number} ends after {_bars(len(voice.bars))}, "
                f"but voice {longest.number} has {_bars(len(longest.bars))}"
            )
            findings.add(
                ERROR, "voices_differ", message, last.place.end, voice=voice.number, bar=last.number
            )  # fmt: skip
    _judge_pickups(score, findings)


def _judge_pickups(score: Score, findings: Findings) -> None:
    first = score.voices[0].bars[0]
    for voice in score.voices[1:]:
        bar = voice.bars[0]
        if bar.number == 0 and bar.duration != first.duration:
            message = (
                f"the pickup lasts {as_note_value(bar.duration, score.meter)} here "
                f"but {as_note_value(first.duration, score.meter)} in voice 1"
            )
            findings.add(ERROR, "voices_differ", message, bar.place.start, voice=voice.number, bar=0)


def as_note_value(quarters: Fraction, meter: Meter) -> str:
    """A duration as people write it beside `meter`: 5/4 in 4/4, 7/8 in 6/8."""
    whole = quarters / 4
    if meter.denominator % whole.denominator == 0:
        return f"{whole * meter.denominator}/{meter.denominator}"
    return f"{whole.numerator}/{whole.denominator}"


def _meter_name(meter: Meter) -> str:
    return f"{meter.numerator}/{meter.denominator}"


def _bars(count: int) -> str:
    return "1 bar" if count == 1 else f"{count} bars"
