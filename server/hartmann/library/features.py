"""Features: what can be said about a piece by looking at its notes alone.

Captions, the library's filters and the training of the mini models all say these things and nothing else,
so that what they say is true. A tune book may add two hints that stand outside the tune itself: what its
chapter holds (`rhythm`) and where it was collected (`origin`).

Feeling follows A. Gabrielsson and E. Lindström, "The role of structure in the musical expression of emotions"
(2010), and the ranking of cues that T. Eerola, A. Friberg and R. Bresin measured (2013): mode, then tempo and
register carry valence; tempo and density of notes carry arousal, then the kind of piece, leaps and range.
Each cue is brought to -1…1:

    brightness  major 1, mixolydian 0.3, dorian -0.4, minor -0.8, phrygian -1 (mean of the signature's mode
                and of the share of major against minor thirds above the tonic that really sound)
    tempo       log2(bpm / 92), so 46 → -1, 184 → 1
    density     log2(notes per second / 3) / 1.5
    register    (mean pitch - 70) / 9 semitones        70 is B flat above middle C
    leaps       (share of leaps - 0.25) / 0.25
    colour      share of notes outside the scale / 0.15, 0…1

    valence = 1.5 · (0.50 brightness + 0.26 tempo + 0.18 register + 0.28 cheer - 0.20 colour) - 0.5
    arousal = 1.6 · (0.40 tempo + 0.30 density + 0.20 energy + 0.12 leaps + 0.08 register) + 0.1

The weights follow that order; scale and offset bring the tunes of music21's corpus (mostly in major) to all
four quadrants. Both are cut to -1…1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from hartmann.library.genres import Genre, felt_beat, instrument_word, named_genre, supposed_genre
from hartmann.library.melody import Contour, Melody, leading_voice, read_melody
from hartmann.moods import mood_words
from hartmann.notation.score import STEP_SEMITONES, Key, Score, Tempo, Voice

BRIGHTNESS: Final = {
    "major": 1.0, "ionian": 1.0, "lydian": 0.9, "mixolydian": 0.3, "none": 0.2,
    "dorian": -0.4, "minor": -0.8, "aeolian": -0.8, "phrygian": -1.0, "locrian": -1.0,
}  # fmt: skip
SCALE_FROM_FIFTHS: Final = frozenset({0, 2, 4, 5, 7, 9, 11})

_TEMPO_WORDS: Final = ((54, "very slow"), (74, "slow"), (100, "moderate"), (140, "fast"))
_HURRY: Final = (
    ("very slow", 0.6), ("slow", 0.72), ("grave", 0.6), ("largo", 0.6), ("adagio", 0.65), ("andante", 0.85),
    ("moderate", 0.95), ("langsam", 0.75), ("plaintive", 0.8), ("tender", 0.85), ("very lively", 1.2),
    ("lively", 1.1), ("allegro", 1.15), ("vivace", 1.2), ("presto", 1.3), ("spirit", 1.1), ("lebhaft", 1.15),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MusicFeatures:
    """What a piece is like.

    `bpm` counts felt beats of `beat` quarter notes a minute; `tempo_given` says whether the text states it.
    `notes_per_second` and all shares belong to the leading voice; `lowest`, `highest` (MIDI) and `range`
    (semitones) to all voices. `valence` and `arousal` are -1…1 by the formula above; `moods` their words.
    `instrument` is the text's own where `program_given`, else one that suits genre and mood.
    """

    key: str
    mode: str
    meter: str
    genre: str
    origin: str
    beat: Fraction
    bpm: int
    tempo_word: str
    tempo_given: bool
    bars: int
    voices: int
    notes: int
    seconds: float
    notes_per_second: float
    lowest: int
    highest: int
    mean_pitch: float
    mean_interval: float
    leap_share: float
    rest_share: float
    contour: Contour
    valence: float
    arousal: float
    moods: tuple[str, ...]
    instrument: str
    program: int
    program_given: bool
    sung: bool = False
    content: str = ""
    """A digest-like text of the notes, the same for the same music: variety without chance is drawn from it."""

    @property
    def range(self) -> int:
        """Semitones from the lowest to the highest note."""
        return self.highest - self.lowest


def measure_features(score: Score, *, rhythm: str = "", origin: str = "") -> MusicFeatures:
    """Measure a piece. `rhythm` is used where neither `R:` nor the title names its kind.

    Raises ValueError for a score without pitches.
    """
    voice = leading_voice(score)
    if voice is None:
        raise ValueError("expected a score with at least one note")
    melody = read_melody(voice)
    key, meter = score.key, score.meter
    genre = _genre(score, melody, rhythm)
    beat = felt_beat(meter, in_two=genre.in_two)
    tempo = _stated_tempo(score)
    bpm = _bpm(tempo, genre, beat, melody, _remarks(score))
    seconds = melody.length / float(beat) * 60 / bpm
    density = len(melody.pitches) / seconds if seconds else 0.0
    valence, arousal = _feeling(key, melody, genre, bpm, density)
    lowest, highest = _ambit(score)
    program, given = _program(voice, genre, valence, arousal)
    return MusicFeatures(
        key=key.name,
        mode=key.mode,
        meter="free" if meter.symbol == "free" else f"{meter.numerator}/{meter.denominator}",
        genre=genre.name,
        origin=origin,
        beat=beat,
        bpm=bpm,
        tempo_word=_tempo_word(bpm),
        tempo_given=tempo is not None,
        bars=_full_bars(voice),
        voices=len(score.voices),
        notes=len(melody.pitches),
        seconds=round(seconds, 1),
        notes_per_second=round(density, 2),
        lowest=lowest,
        highest=highest,
        mean_pitch=round(melody.mean_pitch, 1),
        mean_interval=round(melody.mean_interval, 2),
        leap_share=round(melody.leap_share, 3),
        rest_share=round(melody.rest_share, 3),
        contour=melody.contour(),
        valence=valence,
        arousal=arousal,
        moods=mood_words(valence, arousal),
        instrument=instrument_word(program),
        program=program,
        program_given=given,
        sung=genre.sung,
        content=" ".join(map(str, melody.pitches[:64])),
    )


def _genre(score: Score, melody: Melody, hint: str) -> Genre:
    """What the tune says of itself, then its title, then the hint, then what its notes suggest."""
    if len(score.voices) > 2:
        return supposed_genre(score.meter, len(score.voices), 0.0)
    for text in (score.rhythm, score.title, hint):
        if text and (found := named_genre(text)):
            return found
    beats = melody.length / float(felt_beat(score.meter))
    return supposed_genre(score.meter, len(score.voices), len(melody.pitches) / beats if beats else 0.0)


def _stated_tempo(score: Score) -> Tempo | None:
    """The tempo of the header or of the first bar that has one."""
    if score.tempo is not None and score.tempo.bpm > 0:
        return score.tempo
    bars = (bar.tempo for voice in score.voices[:1] for bar in voice.bars[:2])
    return next((tempo for tempo in bars if tempo is not None and tempo.bpm > 0), None)


def _remarks(score: Score) -> str:
    """Words about speed: O'Neill's collectors wrote them into `N:`, others into `Q:` or the title."""
    words = [value for name, value in score.header if name in {"N", "Q"}]
    if score.tempo is not None:
        words.append(score.tempo.text)
    return " ".join([*words, score.title, score.rhythm]).lower()


def _bpm(tempo: Tempo | None, genre: Genre, beat: Fraction, melody: Melody, remarks: str) -> int:
    """Felt beats a minute: as stated, else the genre's usual tempo, hurried or held back by words and notes.

    Busy beats are played slower and empty ones faster, by the square root, since performers keep the rate
    of notes, not of beats, within bounds.
    """
    if tempo is not None:
        return max(1, round(tempo.quarters_per_minute / float(beat)))
    hurry = next((factor for word, factor in _HURRY if word in remarks), 1.0)
    beats = melody.length / float(beat)
    per_beat = len(melody.pitches) / beats if beats else 1.0
    usual = 3.4 if genre.in_two else (2.6 if beat.numerator == 3 else 1.7)
    crowding = min(1.3, max(0.72, math.sqrt(usual / max(per_beat, 0.1))))
    return max(30, 2 * round(genre.bpm * hurry * crowding / 2))


def _tempo_word(bpm: int) -> str:
    return next((word for limit, word in _TEMPO_WORDS if bpm < limit), "very fast")


def _feeling(key: Key, melody: Melody, genre: Genre, bpm: int, density: float) -> tuple[float, float]:
    """Valence and arousal by the formula at the top of this module, rounded to hundredths."""
    tempo = _cut(math.log2(bpm / 92))
    busy = _cut(math.log2(max(density, 0.05) / 3) / 1.5)
    register = _cut((melody.mean_pitch - 70) / 9)
    leaps = _cut((melody.leap_share - 0.25) / 0.25)
    bright, colour = _brightness(key, melody), min(1.0, _outside_scale(key, melody) / 0.15)
    valence = 0.5 * bright + 0.26 * tempo + 0.18 * register + 0.28 * genre.cheer - 0.2 * colour
    arousal = 0.4 * tempo + 0.3 * busy + 0.2 * genre.energy + 0.12 * leaps + 0.08 * register
    return round(_cut(1.5 * valence - 0.5), 2), round(_cut(1.6 * arousal + 0.1), 2)


def _brightness(key: Key, melody: Melody) -> float:
    """Mean of what the signature says and what the thirds above the tonic say."""
    stated = BRIGHTNESS.get(key.mode, 0.2)
    tonic = _tonic_class(key)
    if key.mode == "none":
        return stated
    major = sum(d for p, d in zip(melody.pitches, melody.durations, strict=True) if (p - tonic) % 12 == 4)
    minor = sum(d for p, d in zip(melody.pitches, melody.durations, strict=True) if (p - tonic) % 12 == 3)
    if major + minor == 0:
        return stated
    return (stated + (major - minor) / (major + minor)) / 2


def _outside_scale(key: Key, melody: Melody) -> float:
    """Part of the notes that the signature does not hold, 0…1; 0 where there is no key."""
    if key.mode == "none":
        return 0.0
    root = 7 * key.fifths
    return sum((pitch - root) % 12 not in SCALE_FROM_FIFTHS for pitch in melody.pitches) / len(melody.pitches)


def _tonic_class(key: Key) -> int:
    """Pitch class 0…11 of the tonic; `F#` is 6."""
    letter, signs = key.tonic[:1].upper(), key.tonic[1:]
    return (STEP_SEMITONES.get(letter, 0) + signs.count("#") - signs.count("b")) % 12


def _ambit(score: Score) -> tuple[int, int]:
    pitches = [
        pitch.midi
        for voice in score.voices
        if not voice.percussion
        for bar in voice.bars
        for note in bar.notes
        for pitch in note.pitches
    ]
    return min(pitches), max(pitches)


def _program(voice: Voice, genre: Genre, valence: float, arousal: float) -> tuple[int, bool]:
    """The voice's own program, else the genre's: calm and dark pieces take the first, glad and lively ones the last."""
    if voice.program is not None:
        return voice.program, True
    place = (arousal + 0.5 * valence + 1) / 2
    index = min(len(genre.programs) - 1, max(0, int(place * len(genre.programs))))
    return genre.programs[index], False


def _full_bars(voice: Voice) -> int:
    """Bars with music, an anacrusis not counted."""
    return max(1, sum(bar.number > 0 and bool(bar.notes) for bar in voice.bars))


def _cut(value: float) -> float:
    return min(1.0, max(-1.0, value))
