"""Loose times to notatable ones: each beat of each part gets the grid that explains its onsets best.

The model is that of Cemgil, Desain and Kappen (Rhythm quantization for transcription, Computer Music Journal 24:2,
2000) in its simplest form: an onset is a grid point plus Gaussian noise, and finer grids are less likely beforehand.
The noise is estimated from the file, so that a clean file may use every grid it really has, while a played one is
not read into thirty-seconds; how likely each grid is beforehand is estimated from the part, in a second pass.

Conventions: steps as in `bars` (24 a quarter). Ends go to the same grid as onsets, and help to choose it. Where a
part's ends lie loosely (players let go early or late), they tell nothing of the grid, and an end near the onset of
another note of the part goes there: otherwise scores would be full of sixteenth rests that nobody meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hartmann.notation.from_midi.bars import STEPS, BarSpan, all_beats
from hartmann.notation.from_midi.recording import RecordedPart, Times

Steps = NDArray[np.int64]

GRIDS = (6, 8, 3, 4)
"""Steps between grid points: sixteenths, triplet eighths, thirty-seconds, triplet sixteenths."""

PENALTIES = (0.0, 2.0, 5.0, 6.0)
"""−log of how likely each grid is beforehand, sixteenths being 0 (first pass)."""

_LEAST_PENALTY, _MOST_PENALTY = 0.7, 7.0
_IMPOSSIBLE = 1e9

_LEAST_NOISE, _MOST_NOISE = 0.008, 0.06
"""Standard deviations in quarters: of files made by notation programs at 96 ticks and less, and of players whose
onsets could be anything."""

_LOOSE = 0.012
"""Quarters that ends lie off the grid (median) in parts that were played."""

_LATER, _EARLIER = 12, 8
"""Steps that a loose end moves at most to meet an onset behind or before it."""

_LATER_SHARE, _EARLIER_SHARE = 0.8, 0.5
"""The same as shares of the note's own length: an eighth note before an eighth rest stays one."""


@dataclass(frozen=True, slots=True)
class QuantisedPart:
    """The notes of one instrument by onset, in steps: `onsets[i]` < `ends[i]`, no two of one pitch overlap."""

    name: str
    program: int
    percussion: bool
    onsets: Steps
    ends: Steps
    pitches: NDArray[np.int64]


def quantise(parts: Sequence[RecordedPart], bars: Sequence[BarSpan]) -> list[QuantisedPart]:
    """All parts on the grids of these bars; notes behind the last bar are cut there."""
    beats = all_beats(bars)
    noise = _noise([part.onsets for part in parts])
    return [_quantise_part(part, beats, noise) for part in parts]


def _quantise_part(part: RecordedPart, beats: Steps, noise: float) -> QuantisedPart:
    onset_times, end_times = part.onsets * STEPS, part.ends * STEPS
    loose = part.percussion or _noise([part.ends], floor=0.0) > _LOOSE
    telling = onset_times if loose else np.concatenate([onset_times, end_times])
    grids = _choose_grids(telling.clip(0, beats[-1]), beats, noise)
    onsets = _snap(onset_times, beats, grids)
    ends = np.minimum(_snap(end_times, beats, grids), beats[-1])
    if part.percussion:
        ends = _until_next(onsets, beats)
    elif loose:
        ends = _together(onsets, _meet_onsets(onsets, ends, end_times))
    shortest = grids[_beat_of(onsets, beats)]
    ends = np.where(ends > onsets, ends, onsets + shortest)
    return _without_collisions(part, onsets, ends, int(beats[-1]))


def _noise(times: Sequence[Times], floor: float = _LEAST_NOISE) -> float:
    """The standard deviation of these times around sixteenths and triplets, in quarters, from their median."""
    phases = np.concatenate(times) % 1.0 if times else np.zeros(1)
    points = np.array([0, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1])
    behind = np.searchsorted(points, phases, "right").clip(1, len(points) - 1)
    distance = np.minimum(np.abs(phases - points[behind - 1]), np.abs(points[behind] - phases))
    spread = 1.4826 * float(np.median(distance)) if len(distance) else 0.0
    return min(_MOST_NOISE, max(floor, spread))


def _beat_of(steps: NDArray[np.generic], beats: Steps) -> Steps:
    return (np.searchsorted(beats, steps, "right") - 1).clip(0, len(beats) - 2)


def _choose_grids(times: Times, beats: Steps, noise: float) -> Steps:
    """The grid of every beat (steps between points): the one that explains these times best, by the part's habits."""
    lengths = np.diff(beats)
    beat = _beat_of(times, beats)
    costs = np.array([_misfit(times, beats, beat, lengths, grid, noise) for grid in GRIDS])
    penalties = np.array(PENALTIES)
    chosen = np.argmin(costs + penalties[:, None], axis=0)
    used = np.unique(beat)
    shares = np.bincount(chosen[used], minlength=len(GRIDS)) + np.exp(-penalties)
    habits = np.clip(-np.log(shares / shares.sum()), _LEAST_PENALTY, _MOST_PENALTY)
    habits[0] = 0.0
    best: Steps = np.argmin(costs + habits[:, None], axis=0)
    return np.take(np.asarray(GRIDS, np.int64), best)


def _misfit(times: Times, beats: Steps, beat: Steps, lengths: Steps, grid: int, noise: float) -> Times:
    """−log likelihood of the onsets in every beat under one grid; huge where the grid does not fit the beat."""
    start = beats[beat]
    error = (times - start - np.round((times - start) / grid) * grid) / STEPS
    cost: Times = np.bincount(beat, (error / noise) ** 2 / 2, minlength=len(lengths)).astype(np.float64)
    possible = (lengths % grid == 0) & ((lengths % STEPS == 0) | (grid != 8))
    if grid == GRIDS[0]:
        return cost
    return np.where(possible, cost, _IMPOSSIBLE)


def _snap(times: Times, beats: Steps, grids: Steps) -> Steps:
    beat = _beat_of(times, beats)
    start, grid = beats[beat], grids[beat]
    snapped = start + np.round((times - start) / grid).astype(np.int64) * grid
    return np.minimum(snapped, beats[beat + 1])


def _until_next(onsets: Steps, beats: Steps) -> Steps:
    """Drum notes have no length: they last to the next stroke, to the end of their beat at most."""
    stops: Steps = np.unique(np.concatenate([onsets, beats]))
    following: Steps = np.searchsorted(stops, onsets, "right")
    return np.take(stops, following.clip(0, len(stops) - 1))


def _meet_onsets(onsets: Steps, ends: Steps, end_times: Times) -> Steps:
    """Loose ends go to an onset of the part: to one shortly before, or else to the next one behind."""
    strokes = np.unique(onsets)
    if len(strokes) < 2:
        return ends
    behind = np.searchsorted(strokes, end_times, "left").clip(1, len(strokes) - 1)
    before, after = strokes[behind - 1], strokes[behind]
    lengths = end_times - onsets
    overlaps = (before > onsets) & (end_times - before <= np.minimum(_EARLIER, _EARLIER_SHARE * lengths))
    stops_short = np.abs(after - end_times) <= np.minimum(_LATER, _LATER_SHARE * lengths)
    return np.where(overlaps, before, np.where(stops_short & (after > onsets), after, ends))


def _together(onsets: Steps, ends: Steps) -> Steps:
    """Notes struck together and let go within a sixteenth of the first of them end with that one."""
    _, chord = np.unique(onsets, return_inverse=True)
    first = np.full(chord.max(initial=0) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, chord, ends)
    return np.where(ends - first[chord] <= GRIDS[0], first[chord], ends)


def _without_collisions(part: RecordedPart, onsets: Steps, ends: Steps, stop: int) -> QuantisedPart:
    """One note for each pitch and onset (the longest), cut where the same pitch is struck again."""
    order = np.lexsort((-ends, onsets, part.pitches))
    onsets, ends, pitches = onsets[order], ends[order], part.pitches[order]
    first = np.ones(len(onsets), dtype=bool)
    first[1:] = (onsets[1:] != onsets[:-1]) | (pitches[1:] != pitches[:-1])
    first &= onsets < stop
    onsets, ends, pitches = onsets[first], np.minimum(ends[first], stop), pitches[first]
    if len(onsets):
        again = np.where(pitches[1:] == pitches[:-1], onsets[1:], stop)
        ends[:-1] = np.minimum(ends[:-1], again)
    order = np.lexsort((pitches, onsets))
    return QuantisedPart(part.name, part.program, part.percussion, onsets[order], ends[order], pitches[order])
