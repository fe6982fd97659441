"""The notes of one part in voices, and each voice in segments that can be written one after another.

A voice is written as segments: stretches in which the same notes sound. Notes with one onset and one end are a
chord and one segment; a note that sounds on while others come and go is tied from segment to segment, so nothing
is cut. Where that would need many ties, the part is written in two voices, split by pitch at every moment so
that each voice stays near itself (after Chew and Wu, Separating voices in polyphonic music: a contig mapping
approach, 2004: voices are connected by proximity and do not cross).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from hartmann.notation.score import Pitch

MOST_TIES = 0.25
"""Note heads that ties may add to a voice, as a share of its notes, before the part is written in two."""

_OVERLAP_COST = 24.0
"""How many semitones of distance one tie more is worth."""


@dataclass(frozen=True, slots=True)
class Span:
    """One note: steps `start`…`end`, its MIDI pitch, and how that is spelled."""

    start: int
    end: int
    pitch: int
    name: Pitch


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch in which the same pitches sound (none: a rest); `held[i]` says that `pitches[i]` sounds on."""

    start: int
    end: int
    pitches: tuple[Pitch, ...]
    held: tuple[bool, ...]


def separate(spans: Sequence[Span], voices: int) -> list[list[Segment]]:
    """One voice, or two (the upper one first) where one would need many ties and `voices` allows it."""
    whole = segments(spans)
    added = sum(len(segment.pitches) for segment in whole) - len(spans)
    if voices < 2 or added <= MOST_TIES * len(spans):
        return [whole]
    return [segments(voice) for voice in _two_voices(spans) if voice]


def segments(spans: Sequence[Span]) -> list[Segment]:
    """The segments of one voice, in order, without the rests between them."""
    edges = sorted({span.start for span in spans} | {span.end for span in spans})
    waiting = sorted(spans, key=lambda span: span.start, reverse=True)
    sounding: list[Span] = []
    found: list[Segment] = []
    for start, end in pairwise(edges):
        sounding = [span for span in sounding if span.end > start]
        while waiting and waiting[-1].start == start:
            sounding.append(waiting.pop())
        if sounding:
            sounding.sort(key=lambda span: span.pitch)
            held = tuple(span.end > end for span in sounding)
            found.append(Segment(start, end, tuple(span.name for span in sounding), held))
    return found


@dataclass(slots=True)
class _Line:
    """A voice while it is filled: when it falls silent, and the middle of its last chord."""

    spans: list[Span]
    end: int
    middle: float

    def cost(self, chord: Sequence[Span]) -> float:
        """What it costs to go on with this chord: distance in pitch, and ties for all that overlaps."""
        if not chord:
            return 0.0
        ends = {span.end for span in chord}
        overlaps = len(ends) - 1 + (self.end > chord[0].start)
        return _OVERLAP_COST * overlaps + abs(_middle(chord) - self.middle)

    def add(self, chord: Sequence[Span]) -> None:
        if chord:
            self.spans += chord
            self.end = max(self.end, *(span.end for span in chord))
            self.middle = _middle(chord)


def _two_voices(spans: Sequence[Span]) -> list[list[Span]]:
    """Upper and lower voice: at every onset the cheapest cut of the chord into an upper and a lower part."""
    pitches = sorted(span.pitch for span in spans)
    upper = _Line([], 0, float(pitches[3 * len(pitches) // 4]))
    lower = _Line([], 0, float(pitches[len(pitches) // 4]))
    ordered = sorted(spans, key=lambda span: (span.start, span.pitch))
    for _, together in groupby(ordered, lambda span: span.start):
        chord = list(together)
        cuts = range(len(chord) + 1)
        cut = min(cuts, key=lambda cut: lower.cost(chord[:cut]) + upper.cost(chord[cut:]))
        lower.add(chord[:cut])
        upper.add(chord[cut:])
    return [upper.spans, lower.spans]


def _middle(chord: Sequence[Span]) -> float:
    return sum(span.pitch for span in chord) / len(chord)
