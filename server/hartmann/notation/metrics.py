"""The eight measures of a piece that the paper refines by, exactly as MusPy 0.5 defines them.

They are worked out from our events directly, with no MIDI file, no piano roll and no import of MusPy (two
seconds); the tests hold every value against MusPy's own. Conventions: 24 ticks a quarter, as in
`muspy_music`; ties are joined; repeats count once, as written (`measure(score, played=True)` unfolds them);
grace notes are left out. Percussion is left out of everything about pitch and counts in `empty_beat_rate`
alone. What MusPy leaves undefined (NaN) is None.

Where MusPy's definitions surprise, and we keep them: a beat is always a quarter note; a note's end counts
as part of the beat it touches, so a piece that ends on a beat has one beat more than one would count. Where
MusPy raises or gives nonsense (no tracks; drums alone, whose range would be -127), counts are 0 and ratios
None. The paper calls the last measure "beats without note onsets"; MusPy counts beats with no sounding note.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hartmann.notation.muspy_music import RESOLUTION, tick_span
from hartmann.notation.score import Score, Voice
from hartmann.notation.sounding import sounding_notes
from hartmann.notation.unfolding import unfold

_MAJOR = frozenset({0, 2, 4, 5, 7, 9, 11})
_SCALES = tuple(frozenset((step + root) % 12 for step in _MAJOR) for root in range(12))
"""The twelve major scales; the natural minor scales, which MusPy tries too, have the same twelve sets of notes."""

Span = tuple[int, int]
"""Ticks at which something starts and ends (exclusive)."""


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


@dataclass(frozen=True, slots=True)
class _Sound:
    span: Span
    pitch: int


def measure(score: Score, *, played: bool = False) -> Metrics:
    """The eight measures of a score, as written or, with `played`, with its repeats unfolded.

    Counts are 0 and ratios None where no pitched note sounds.
    """
    order = unfold(score) if played else None
    pitched = [sound for voice in score.voices if not voice.percussion for sound in _sounds(voice, order)]
    drums = [sound for voice in score.voices if voice.percussion for sound in _sounds(voice, order)]
    pitches = Counter(sound.pitch for sound in pitched)
    classes = Counter(sound.pitch % 12 for sound in pitched)
    return Metrics(
        pitch_range=float(max(pitches) - min(pitches)) if pitches else 0.0,
        pitches_used=float(len(pitches)),
        pitch_classes_used=float(len(classes)),
        polyphony=_polyphony(pitched),
        scale_consistency=_scale_consistency(classes),
        pitch_entropy=_entropy(pitches),
        pitch_class_entropy=_entropy(classes),
        empty_beat_rate=_empty_beat_rate([sound.span for sound in (*pitched, *drums)]),
    )


def _sounds(voice: Voice, order: Sequence[int] | None) -> Iterable[_Sound]:
    for sound in sounding_notes(voice, order):
        if sound.duration > 0:
            yield _Sound(tick_span(sound.onset, sound.end), sound.pitch)


def _polyphony(sounds: Sequence[_Sound]) -> float | None:
    """Ticks of sound over all pitches, by ticks in which any sounds; two voices on one pitch count once."""
    by_pitch: dict[int, list[Span]] = {}
    for sound in sounds:
        by_pitch.setdefault(sound.pitch, []).append(sound.span)
    if not by_pitch:
        return None
    return sum(map(_covered, by_pitch.values())) / _covered([sound.span for sound in sounds])


def _scale_consistency(classes: Counter[int]) -> float | None:
    if not classes:
        return None
    inside = (sum(count for one, count in classes.items() if one in scale) for scale in _SCALES)
    return max(inside) / classes.total()


def _entropy(counts: Counter[int]) -> float | None:
    """Shannon's entropy in bits."""
    total = counts.total()
    return math.fsum(n / total * math.log2(total / n) for n in counts.values()) if total else None


def _empty_beat_rate(spans: Sequence[Span]) -> float | None:
    if not spans:
        return None
    beats = max(end for _, end in spans) // RESOLUTION + 1
    touched = _covered([(start // RESOLUTION, end // RESOLUTION + 1) for start, end in spans])
    return 1 - touched / beats


def _covered(spans: Sequence[Span]) -> int:
    """How many ticks lie in at least one span."""
    covered = reached = 0
    for start, end in sorted(spans):
        covered += max(0, end - max(start, reached))
        reached = max(reached, end)
    return covered
