"""Which bars of a recording become the score, and which of its parts come first.

An excerpt begins with the first bar in which anything but percussion sounds; an upbeat before that bar becomes an
anacrusis and is not counted. Percussion is kept apart: it is a voice of its own in a whole piece, and left out of
an excerpt (in pop songs it has as many notes as all the rest, and says little about the music) unless there
is nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hartmann.notation.from_midi.bars import STEPS, BarSpan, bar_index, lay_bars
from hartmann.notation.from_midi.recording import RecordedPart, Recording

EARLY = 1 / 8
"""Quarters by which a player may come in before the bar line and still mean the bar behind it."""

_MELODY_NAMES = ("melod", "vocal", "lead", "sing", "voice", "soprano")


def choose_bars(recording: Recording, count: int | None) -> list[BarSpan]:
    """The bars to write: `count` from the first music on (and an anacrusis), or all from the start of the file."""
    end = max(float(part.ends.max()) for part in recording.parts)
    bars = lay_bars(recording.meters, max(end - EARLY, 0.0))
    if count is None:
        return bars
    onset = min(float(part.onsets[0]) for part in _leading(recording.parts))
    first = bar_index(bars, (onset + EARLY) * STEPS)
    upbeat = _upbeat(bars[first], onset)
    chosen = bars[first : first + count + (upbeat is not None)]
    return [upbeat, *chosen[1:]] if upbeat and len(chosen) > 1 else chosen[:count]


def choose_parts(
    recording: Recording, bars: Sequence[BarSpan], *, drums: bool, melody_first: bool
) -> list[RecordedPart]:
    """The parts that sound in these bars, with their notes there only."""
    start, end = bars[0].start / STEPS - EARLY, bars[-1].end / STEPS - EARLY
    wanted = recording.parts if drums else _leading(recording.parts)
    heard = [part.within(start, end) for part in wanted]
    kept = [part for part in heard if len(part.onsets)]
    return sorted(kept, key=_leads, reverse=True) if melody_first else kept


def _leading(parts: Sequence[RecordedPart]) -> Sequence[RecordedPart]:
    """All parts but percussion; percussion where there is nothing else."""
    return [part for part in parts if not part.percussion] or parts


def _upbeat(bar: BarSpan, onset: float) -> BarSpan | None:
    """The last beats of a bar whose music begins in its second half, as an anacrusis."""
    if onset * STEPS < (bar.start + bar.end) / 2 - EARLY * STEPS:
        return None
    begun = [step for step in bar.beat_starts() if step <= (onset + EARLY) * STEPS]
    return replace(bar, start=begun[-1]) if begun and begun[-1] > bar.start else None


def _leads(part: RecordedPart) -> tuple[bool, bool, float]:
    """What makes a part the melody: being no percussion, its name, being high while playing one note at a time."""
    named = any(word in part.name.lower() for word in _MELODY_NAMES)
    chords = 1 - len(np.unique(np.round(part.onsets, 2))) / len(part.onsets)
    bass = 32 <= part.program < 40
    return not part.percussion, named, float(part.pitches.mean()) - 40 * chords - 30 * bass
