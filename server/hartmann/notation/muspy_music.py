"""Score to `muspy.Music`, in memory: what MusPy's metrics, representations and writers start from.

Conventions: 24 ticks a quarter (triplets and thirty-seconds are exact); one track a voice, silent ones too;
ties joined, grace notes left out, velocities as in our MIDI. As written by default; `played=True` unfolds
the repeats. MusPy's own `from_music21` and `read_abc` are not used: music21 10 breaks them, and they drop
chords.

MusPy's traps: `empty_beat_rate` and `polyphony` raise for music without tracks, and a track of drums alone
has a pitch range of -127 (`metrics.measure` has neither).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from hartmann.errors import MissingExtra
from hartmann.notation import performing
from hartmann.notation.instruments import instrument_name
from hartmann.notation.score import STEP_SEMITONES, Key, Score, Voice
from hartmann.notation.sounding import placed_bars, sounding_notes
from hartmann.notation.unfolding import unfold

if TYPE_CHECKING:
    import muspy

RESOLUTION = 24
"""Ticks a quarter."""


def to_muspy(score: Score, *, played: bool = False) -> muspy.Music:
    """The score as MusPy knows it: tracks, tempi, keys, meters, bar lines, title and composer.

    `played` unfolds repeats and endings. Raises `MissingExtra` where MusPy is not installed.
    """
    try:
        import muspy
    except ImportError:
        raise MissingExtra("muspy", "server") from None

    order = unfold(score) if played else tuple(range(max((len(v.bars) for v in score.voices), default=0)))
    return muspy.Music(
        metadata=muspy.Metadata(
            title=score.title or None, creators=[score.composer] if score.composer else None
        ),
        resolution=RESOLUTION,
        tempos=[muspy.Tempo(tick(time), qpm) for time, qpm in performing.tempos(score, order)],
        key_signatures=[_key(tick(time), key) for time, key in performing.keys(score, order)],
        time_signatures=[
            muspy.TimeSignature(tick(time), meter.numerator, meter.denominator)
            for time, meter in performing.meters(score, order)
        ],
        barlines=[muspy.Barline(tick(time)) for time in _bar_starts(score, order)],
        tracks=[_track(voice, order) for voice in score.voices],
    )


def tick(time: Fraction) -> int:
    """Quarters to ticks, to the nearest one (halves to even)."""
    return round(time * RESOLUTION)


def tick_span(onset: Fraction, end: Fraction) -> tuple[int, int]:
    """The ticks at which a sound starts and ends; however short, it lasts one tick."""
    start = tick(onset)
    return start, max(start + 1, tick(end))


def _track(voice: Voice, order: Sequence[int]) -> muspy.Track:
    import muspy

    name = voice.name or ("Percussion" if voice.percussion else instrument_name(voice.program or 0))
    track = muspy.Track(program=voice.program or 0, is_drum=voice.percussion, name=name)
    loudness = performing.velocities(voice)
    for sound in sounding_notes(voice, order):
        if sound.duration > 0:
            start, end = tick_span(sound.onset, sound.end)
            track.notes.append(muspy.Note(start, sound.pitch, end - start, loudness[id(sound.note)]))
    return track


def _key(time: int, key: Key) -> muspy.KeySignature:
    import muspy

    if key.mode == "none":
        return muspy.KeySignature(time, fifths=key.fifths)
    root = STEP_SEMITONES[key.tonic[0]] + key.tonic.count("#") - key.tonic.count("b")
    return muspy.KeySignature(time, root=root % 12, mode=key.mode, fifths=key.fifths, root_str=key.tonic)


def _bar_starts(score: Score, order: Sequence[int]) -> list[Fraction]:
    longest = max(score.voices, key=lambda voice: len(voice.bars), default=None)
    return [] if longest is None else [start for start, _, _ in placed_bars(longest, order)]
