"""The eight measures of a piece, as MusPy defines them, straight from our events.

Conventions: a `muspy.Music` at 24 ticks a quarter is built in memory (no MIDI file in between); ties are
joined; repeats count once, as written (`measure(score, played=True)` unfolds them); grace notes are left
out. Percussion is left out of everything about pitch and counts in `empty_beat_rate` alone. A measure
that MusPy leaves undefined (NaN) is None here, and never leaves this module as NaN.

Where MusPy's definitions surprise, and we keep them: a beat is always a quarter note; a note's end counts
as part of the beat it touches, so a piece that ends on a beat has one beat more than one would count.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hartmann.errors import MissingExtra
from hartmann.notation.score import Score, Voice
from hartmann.notation.sounding import sounding_notes
from hartmann.notation.unfolding import unfold

RESOLUTION = 24
"""Ticks a quarter: triplets and thirty-seconds are exact, and MusPy's piano roll stays small."""

LONGEST_PIECE = 10_000
"""Quarters that are measured. MusPy's piano roll takes 3 kB a quarter; music beyond this is not counted."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """The paper's eight measures of one piece; None where there is nothing to measure.

    `pitch_range` in semitones; `pitches_used` 0…128 and `pitch_classes_used` 0…12 are counts; `polyphony`
    is the mean number of pitches at once where any sounds (1 for a melody); `scale_consistency` and
    `empty_beat_rate` are shares 0…1; `pitch_entropy` (0…7) and `pitch_class_entropy` (0…3.585) are in bits.
    """

    pitch_range: float | None = None
    pitches_used: float | None = None
    pitch_classes_used: float | None = None
    polyphony: float | None = None
    scale_consistency: float | None = None
    pitch_entropy: float | None = None
    pitch_class_entropy: float | None = None
    empty_beat_rate: float | None = None


EXPLANATIONS: dict[str, str] = {
    "pitch_range": (
        "Semitones from the lowest to the highest note: a small range suits songs and calm or intimate "
        "music, a wide one virtuosic, dramatic or orchestral music."
    ),
    "pitches_used": (
        "How many different pitches occur: few suit folk tunes, ostinati and minimal music, "
        "many suit developed, modulating or many-voiced music."
    ),
    "pitch_classes_used": (
        "How many of the twelve pitch classes occur: five suit pentatonic and seven diatonic music, "
        "more suit chromatic, jazz-like or late Romantic music."
    ),
    "polyphony": (
        "The mean number of pitches at once where any sounds: near 1 suits an unaccompanied melody, "
        "3 or more suits chordal, choral and keyboard music."
    ),
    "scale_consistency": (
        "The share of notes that fit the best single major or minor scale: near 1 suits folk, pop and "
        "hymn-like music, lower values chromatic, modulating or tense music."
    ),
    "pitch_entropy": (
        "How evenly the notes are spread over pitches, in bits: low suits drones, refrains and calm "
        "repetition, high suits wandering, elaborate or restless lines."
    ),
    "pitch_class_entropy": (
        "How evenly the notes are spread over pitch classes, in bits: 2 or less suits music that stays "
        "on few tones, about 2.8 is a full diatonic scale, above 3 suits chromatic music."
    ),
    "empty_beat_rate": (
        "The share of quarter-note beats in which nothing sounds: near 0 suits continuous, flowing or "
        "energetic music, higher values sparse, breathing or suspenseful music."
    ),
}
"""One sentence for each field of `Metrics`: what it is, and what a low and a high value suit."""


def measure(score: Score, *, played: bool = False) -> Metrics:
    """The eight measures of a score, as written or, with `played`, with its repeats unfolded.

    Counts are 0 and ratios None where no pitched note sounds.

    Raises `MissingExtra` where MusPy is not installed.
    """
    return measure_music(*_as_music(score, played))


def measure_music(pitched: Any, everything: Any) -> Metrics:
    """MusPy's measures of two `muspy.Music`s: the pitched tracks alone, and all tracks with percussion."""
    from muspy import metrics

    if not pitched.tracks:
        return Metrics(0.0, 0.0, 0.0, empty_beat_rate=_empty_beats(everything))
    return Metrics(
        pitch_range=float(metrics.pitch_range(pitched)),
        pitches_used=float(metrics.n_pitches_used(pitched)),
        pitch_classes_used=float(metrics.n_pitch_classes_used(pitched)),
        polyphony=_defined(metrics.polyphony(pitched)),
        scale_consistency=_defined(metrics.scale_consistency(pitched)),
        pitch_entropy=_defined(metrics.pitch_entropy(pitched)),
        pitch_class_entropy=_defined(metrics.pitch_class_entropy(pitched)),
        empty_beat_rate=_empty_beats(everything),
    )


def _as_music(score: Score, played: bool) -> tuple[Any, Any]:
    """(the pitched voices, all voices) as `muspy.Music`; voices in which nothing sounds are left out."""
    try:
        import muspy
    except ImportError:
        raise MissingExtra("muspy", "server") from None

    order = unfold(score) if played else None
    tracks = [(voice.percussion, _track(muspy, voice, order)) for voice in score.voices]
    sounding = [(drum, track) for drum, track in tracks if track.notes]
    pitched = [track for drum, track in sounding if not drum]
    everything = [track for _, track in sounding]
    return muspy.Music(resolution=RESOLUTION, tracks=pitched), muspy.Music(
        resolution=RESOLUTION, tracks=everything
    )


def _track(muspy: Any, voice: Voice, order: Sequence[int] | None) -> Any:
    track = muspy.Track(program=voice.program or 0, is_drum=voice.percussion, name=voice.name)
    for sound in sounding_notes(voice, order):
        if sound.duration > 0 and sound.onset < LONGEST_PIECE:
            start, end = _tick(sound.onset), _tick(min(sound.end, Fraction(LONGEST_PIECE)))
            track.notes.append(muspy.Note(time=start, pitch=sound.pitch, duration=max(1, end - start)))
    return track


def _tick(time: Fraction) -> int:
    return round(time * RESOLUTION)


def _empty_beats(music: Any) -> float | None:
    from muspy import metrics

    return _defined(metrics.empty_beat_rate(music)) if music.tracks else None


def _defined(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
