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

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from hartmann.errors import MissingExtra
from hartmann.notation.instruments import instrument_name
from hartmann.notation.score import Bar, Change, Note, Score, Voice
from hartmann.notation.sounding import SoundingNote, fold, placed_bars, sounding_notes
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

DEFAULT_TEMPO = 120.0
"""Quarters a minute where the score states no tempo: what MIDI itself assumes."""

VELOCITIES = {
    "pppp": 10, "ppp": 16, "pp": 33, "p": 49, "mp": 64, "mf": 80, "f": 96, "ff": 112, "fff": 126, "ffff": 127,
}  # fmt: skip
"""Loudness of the dynamic marks, 1…127, as MuseScore plays them."""

DEFAULT_VELOCITY = VELOCITIES["mf"]
_ACCENTS = {"accent": 16, ">": 16, "emphasis": 16, "marcato": 24, "^": 24, "sfz": 32, "sf": 24}
_STACCATO = {"staccato", "."}

Stated = TypeVar("Stated")


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
    velocities = _velocities(voice)
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


def _velocities(voice: Voice) -> dict[int, int]:
    """The loudness of each note by its identity: the last dynamic mark before it, and its own accents."""
    velocities: dict[int, int] = {}
    loudness = DEFAULT_VELOCITY
    for bar in voice.bars:
        for note in sorted(bar.notes, key=lambda n: n.onset):
            loudness = next((VELOCITIES[d] for d in note.decorations if d in VELOCITIES), loudness)
            velocities[id(note)] = min(127, loudness + _accent(note))
    return velocities


def _accent(note: Note) -> int:
    return max((_ACCENTS.get(decoration, 0) for decoration in note.decorations), default=0)


def _state_signatures(file: ScoreTick, score: Score, order: Sequence[int]) -> None:
    for time, tempo in _changes(score.voices, order, lambda stated: stated.tempo):
        file.tempos.append(TempoTick(time, qpm=tempo.quarters_per_minute))
    if not file.tempos or file.tempos[0].time > 0:
        stated = score.tempo.quarters_per_minute if score.tempo else DEFAULT_TEMPO
        file.tempos.insert(0, TempoTick(0, qpm=stated))
    first = score.voices[:1]
    for time, key in _changes(first, order, lambda stated: stated.key):
        fifths = max(-7, min(7, key.fifths))
        file.key_signatures.append(KeySignatureTick(time, fifths, int(key.is_minor)))
    for time, meter in _changes(first, order, lambda stated: stated.meter):
        if meter.symbol != "free":
            file.time_signatures.append(TimeSignatureTick(time, meter.numerator, meter.denominator))


def _changes(
    voices: Sequence[Voice], order: Sequence[int], value: Callable[[Bar | Change], Stated | None]
) -> list[tuple[int, Stated]]:
    """(tick, value) wherever the value in force changes as played; of two voices the first one's counts."""
    if not voices:
        return []
    longest = max(voices, key=lambda voice: len(voice.bars))
    stated = [_statements(voices, index, value) for index in range(len(longest.bars))]
    before = _in_force_at_start(stated)
    changes: list[tuple[int, Stated]] = []
    for start, index, _ in placed_bars(longest, order):
        for onset, new in [(Fraction(0), before[index]), *sorted(stated[index].items())]:
            if new is not None and (not changes or changes[-1][1] != new):
                changes.append((_tick(start + onset), new))
    return _last_at_each_time(changes)


def _statements(
    voices: Sequence[Voice], index: int, value: Callable[[Bar | Change], Stated | None]
) -> dict[Fraction, Stated]:
    """What is stated in one bar, by quarters from its start."""
    found: dict[Fraction, Stated] = {}
    for voice in voices:
        if index < len(voice.bars):
            bar = voice.bars[index]
            places = [(Fraction(0), value(bar)), *((c.onset, value(c)) for c in bar.changes)]
            for onset, stated in places:
                if stated is not None:
                    found.setdefault(onset, stated)
    return found


def _in_force_at_start(stated: Sequence[dict[Fraction, Stated]]) -> list[Stated | None]:
    """The value in force when each bar begins, before its own statements; as written, not as played."""
    values: list[Stated | None] = []
    value: Stated | None = None
    for statements in stated:
        values.append(statements.get(Fraction(0), value))
        value = statements[max(statements)] if statements else value
    return values


def _last_at_each_time(changes: Sequence[tuple[int, Stated]]) -> list[tuple[int, Stated]]:
    return list(dict(changes).items())


def _tick(time: Fraction) -> int:
    return round(time * TICKS)
