"""Score to Standard MIDI File, played as it would be performed: repeats, endings, tempo changes and all.

Conventions: 480 ticks a quarter, times rounded to the nearest tick; one track a voice, percussion on
channel 10; ties joined; tempo, key and meter hold as written, so that a repeat brings back those of the
place it returns to. Loudness follows the dynamics of each voice (MuseScore's values). A grace note takes
a quarter of the unit note length from the note it leads to (less in a tuplet), as abc2midi plays it, but
all together never more than half of that note; a staccato note sounds for half of its length. Ornaments
and chord symbols are notation only and make no notes. A key of an instrument can't be struck while it is
held: of two notes of one voice on the same pitch, the earlier ends where the later begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from hartmann.errors import MissingExtra
from hartmann.notation import performing
from hartmann.notation.instruments import instrument_name
from hartmann.notation.score import Score, Voice
from hartmann.notation.sounding import SoundingNote, fold, sounding_notes
from hartmann.notation.unfolding import unfold

try:
    from symusic.core import (
        KeySignatureTick,
        NoteTick,
        ScoreTick,
        TempoTick,
        TimeSignatureTick,
        TrackTick,
    )
except ImportError:
    raise MissingExtra("symusic", "server") from None

TICKS = 480
"""Ticks a quarter: exact for triplets, quintuplets and sixty-fourths."""

_STACCATO = {"staccato", "."}


@dataclass(slots=True)
class _Strike:
    """A key struck: ticks from the start, ticks held, MIDI pitch, velocity."""

    start: int
    length: int
    pitch: int
    velocity: int


def to_midi(score: Score) -> bytes:
    """The score as a MIDI file (format 1). The same score always gives the same bytes."""
    order = unfold(score)
    file = ScoreTick(TICKS)
    for voice in score.voices:
        file.tracks.append(_track(voice, order, score.unit))
    if not score.voices:
        file.tracks.append(TrackTick(score.title))
    _state_signatures(file, score, order)
    return bytes(file.dumps_midi())


def _track(voice: Voice, order: Sequence[int], unit: Fraction) -> TrackTick:
    program = voice.program or 0
    name = voice.name or ("Percussion" if voice.percussion else instrument_name(program))
    track = TrackTick(name, program, voice.percussion)
    for strike in _strikes(voice, order, unit):
        track.notes.append(NoteTick(strike.start, strike.length, strike.pitch, strike.velocity))
    return track


def _strikes(voice: Voice, order: Sequence[int], unit: Fraction) -> list[_Strike]:
    velocities = performing.velocities(voice)
    strikes: list[_Strike] = []
    for sound in sounding_notes(voice, order):
        velocity = velocities[id(sound.note)]
        graces = _grace_strikes(sound, unit, voice.transpose, velocity)
        stolen = sum(grace.length for grace in graces)
        start, end = _tick(sound.onset) + stolen, _tick(sound.end)
        if not _STACCATO.isdisjoint(sound.note.decorations):
            end = start + (end - start) // 2
        if end > start:
            strikes += [*graces, _Strike(start, end - start, sound.pitch, velocity)]
    return _playable(strikes)


def _grace_strikes(sound: SoundingNote, unit: Fraction, transpose: int, velocity: int) -> list[_Strike]:
    """The grace notes before a sound, in the time that they take from it; a chord's come once each."""
    pitches = sound.note.grace
    if not pitches:
        return []
    ratio = sound.note.tuplet
    usual = unit / 4 * (Fraction(ratio.normal, ratio.actual) if ratio else 1)
    each = int(min(usual, sound.duration / 2 / len(pitches)) * TICKS)
    start = _tick(sound.onset)
    return [
        _Strike(start + i * each, each, fold(pitch.midi + transpose), velocity)
        for i, pitch in enumerate(pitches)
        if each > 0
    ]


def _playable(strikes: list[_Strike]) -> list[_Strike]:
    """The strikes by time, none of them on a key that is still held."""
    strikes.sort(key=lambda s: (s.start, s.pitch, -s.length))
    held: dict[int, _Strike] = {}
    kept: list[_Strike] = []
    for strike in strikes:
        before = held.get(strike.pitch)
        if before is not None and before.start == strike.start:
            continue
        if before is not None and before.start + before.length > strike.start:
            before.length = strike.start - before.start
        held[strike.pitch] = strike
        kept.append(strike)
    return kept


def _state_signatures(file: ScoreTick, score: Score, order: Sequence[int]) -> None:
    for time, qpm in performing.tempos(score, order):
        file.tempos.append(TempoTick(_tick(time), qpm=qpm))
    for time, key in performing.keys(score, order):
        fifths = max(-7, min(7, key.fifths))
        file.key_signatures.append(KeySignatureTick(_tick(time), fifths, int(key.is_minor)))
    for time, meter in performing.meters(score, order):
        file.time_signatures.append(TimeSignatureTick(_tick(time), meter.numerator, meter.denominator))


def _tick(time: Fraction) -> int:
    return round(time * TICKS)
