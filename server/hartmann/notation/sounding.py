"""What sounds: the notes of a voice in time, with ties joined and transposition applied.

Metrics, MIDI and the originality check all start from this view. Conventions: onset and duration are exact
`Fraction`s in quarter notes from the start of the piece; pitch is a MIDI number (60 is middle C) as it
sounds, folded by octaves into 0…127; `bar` is the index into `Voice.bars` of the bar in which the note
begins. Grace notes take no time and are left out. Without an `order` the bars come as written, each once;
with one (bar indices, as `unfolding.unfold` gives them) they come as played.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from hartmann.notation.score import Bar, Note, Voice


@dataclass(slots=True)
class SoundingNote:
    """One sound from its attack to its release; a chord is as many of these as it has pitches."""

    onset: Fraction
    duration: Fraction
    pitch: int
    bar: int
    note: Note

    @property
    def end(self) -> Fraction:
        return self.onset + self.duration


def fold(pitch: int) -> int:
    """The nearest MIDI number 0…127 that is whole octaves away from `pitch`."""
    if pitch < 0:
        return pitch % 12
    return pitch if pitch <= 127 else 116 + (pitch - 116) % 12


def sounding_notes(voice: Voice, order: Sequence[int] | None = None) -> list[SoundingNote]:
    """All sounds of a voice by onset, then by pitch. Rests and grace notes make none."""
    sounds: list[SoundingNote] = []
    held: dict[tuple[int, int], SoundingNote] = {}
    for onset, index, note in placed_notes(voice, order):
        now = {fold(pitch.midi + voice.transpose): i for i, pitch in enumerate(note.pitches)}
        for pitch, i in now.items():
            sound = held.pop((note.layer, pitch), None)
            if sound is not None and sound.end == onset:
                sound.duration += note.duration
            else:
                sound = SoundingNote(onset, note.duration, pitch, index, note)
                sounds.append(sound)
            if i < len(note.ties) and note.ties[i]:
                held[note.layer, pitch] = sound
    sounds.sort(key=lambda s: (s.onset, s.pitch))
    return sounds


def placed_notes(voice: Voice, order: Sequence[int] | None = None) -> Iterator[tuple[Fraction, int, Note]]:
    """(onset in the piece, bar index, note) of every note and rest, bar by bar, a bar's notes by onset."""
    for start, index, bar in placed_bars(voice, order):
        for note in sorted(bar.notes, key=lambda n: n.onset):
            yield start + note.onset, index, note


def placed_bars(voice: Voice, order: Sequence[int] | None = None) -> Iterator[tuple[Fraction, int, Bar]]:
    """(onset in the piece, bar index, bar); each voice runs on its own clock, bar after bar."""
    now = Fraction(0)
    indices: Iterable[int] = range(len(voice.bars)) if order is None else order
    for index in indices:
        if index < len(voice.bars):
            bar = voice.bars[index]
            yield now, index, bar
            now += bar.duration
