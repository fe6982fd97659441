"""Harmony for a melody: the best path through a mode's triads, one chord a bar or half a bar (Viterbi).

A chord is wanted where the melody sounds its tones, long and accented ones most; after another where its root moves as
roots do (down a fifth best, as in V-I, ii-V); at a section's end where it makes a cadence. Degrees are places on the
line of fifths above the tonic, as in `modes`: the dominant's root is 1, the subdominant's -1, the second degree's 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from typing import Final

from hartmann.training.melodies import Event, Measure, Melody, fifths_name

KINDS: Final = {"": (0, 4, 1), "m": (0, -3, 1), "dim": (0, -3, -6), "7": (0, 4, 1, -2)}
"""Kind of chord, as a chord symbol says it → its tones in fifths above the root: root, third, fifth, seventh."""
ROOTS_SAID: Final = frozenset({*"ABCDEFG", "Ab", "Bb", "Db", "Eb", "Gb", "C#", "F#", "G#"})
"""The roots that the grammar of chord symbols knows (`vision.bar_chain`)."""


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord over the tonic's scale: `root` in fifths above the tonic, `kind` a key of `KINDS`."""

    root: int
    kind: str

    @property
    def tones(self) -> tuple[int, ...]:
        """Root, third, fifth and seventh in fifths above the tonic."""
        return tuple(self.root + tone for tone in KINDS[self.kind])

    def symbol(self, tonic: int) -> str:
        """As a chord symbol names it; empty for a root that symbols do not know."""
        name = fifths_name(tonic + self.root)
        return f"{name}{self.kind}" if name in ROOTS_SAID else ""


CHORDS: Final[dict[str, dict[Chord, float]]] = {
    "major": {
        Chord(0, ""): 0.4, Chord(1, ""): 0.2, Chord(1, "7"): 0.2, Chord(-1, ""): 0.2, Chord(2, "m"): 0.05,
        Chord(3, "m"): 0.05, Chord(4, "m"): -0.4, Chord(2, "7"): -0.6,
    },
    "minor": {
        Chord(0, "m"): 0.4, Chord(1, ""): 0.1, Chord(1, "7"): 0.15, Chord(-1, "m"): 0.2, Chord(-4, ""): 0.1,
        Chord(-3, ""): 0.1, Chord(-2, ""): 0.05, Chord(1, "m"): -0.2, Chord(2, "dim"): -0.5,
    },
    "dorian": {
        Chord(0, "m"): 0.4, Chord(-2, ""): 0.25, Chord(-1, ""): 0.2, Chord(1, "m"): 0.05, Chord(-3, ""): 0.1,
        Chord(2, "m"): -0.2,
    },
    "mixolydian": {
        Chord(0, ""): 0.4, Chord(-2, ""): 0.25, Chord(-1, ""): 0.2, Chord(1, "m"): 0.05, Chord(3, "m"): 0.0,
        Chord(2, "m"): 0.0, Chord(1, ""): -0.3,
    },
}  # fmt: skip
"""Mode → its chords, and how readily each is taken."""
MOTIONS: Final = {0: 0.0, -1: 0.6, 1: 0.2, 2: 0.3, -2: -0.2, 3: 0.1, -3: 0.15, 4: -0.2, -4: 0.0}
"""How well a root moves by so many fifths: V-I is -1, IV-V is 2, V-IV is -2."""
HELD: Final = 0.5
"""What keeping the chord through a bar is worth."""
TONE_WORTH: Final = (1.1, 1.0, 0.9, 0.4)
FOREIGN: Final = -0.9
CADENCE: Final = 1.2
"""What the dominant before the tonic is worth in a section's last bar."""
FIT: Final = 3.0
"""How much fitting the melody counts against moving well."""


@dataclass(frozen=True, slots=True)
class _Span:
    """What sounds under one chord: (degree, weight) of its notes; where it stands."""

    notes: tuple[tuple[int, float], ...]
    opens_bar: bool
    opens: bool
    closes: bool
    ends: bool
    last_bar: bool = False


def harmonize(melody: Melody) -> list[list[list[Chord]]]:
    """The chords of each section's bars, one for each span of `span_of`; pickups have none."""
    bars = [(part, bar) for part in melody.parts for bar in part.bars]
    spans = [_spans(melody, part.bars, number) for part in melody.parts for number in range(len(part.bars))]
    flat = [span for some in spans for span in some]
    if flat:
        flat[-1] = _last(flat[-1])
    path = iter(_best_path(flat, _mode(melody)))
    chords = iter([[next(path) for _ in some] for some in spans])
    assert len(bars) == len(spans)
    return [[next(chords) for _ in part.bars] for part in melody.parts]


def span_of(melody: Melody) -> Fraction:
    """Quarter notes under one chord: half a bar where a bar has two even halves of three or four beats, else a bar."""
    return melody.bar / 2 if melody.meter in {"4/4", "2/2", "6/8", "12/8", "6/4"} else melody.bar


def _mode(melody: Melody) -> str:
    return {"ionian": "major", "aeolian": "minor"}.get(melody.mode, melody.mode)


def _last(span: _Span) -> _Span:
    return replace(span, ends=True)


def _spans(melody: Melody, bars: Sequence[Measure], number: int) -> list[_Span]:
    """The spans of a bar, in order; none for a pickup."""
    bar, width = bars[number], span_of(melody)
    length = sum((e.sounding for e in bar), Fraction(0))
    if number == 0 and length < melody.bar and len(bars) > 1:
        return []
    starts = [width * i for i in range(-(-length // width))]
    opening = number == 0 or (number == 1 and sum((e.sounding for e in bars[0]), Fraction(0)) < melody.bar)
    return [
        _Span(
            tuple(_weighed(bar, start, width, melody.tonic)),
            opens_bar=not start,
            opens=opening and not start,
            closes=number == len(bars) - 1 and start == starts[-1],
            ends=False,
            last_bar=number == len(bars) - 1,
        )
        for start in starts
    ]


def _weighed(bar: Measure, start: Fraction, width: Fraction, tonic: int) -> list[tuple[int, float]]:
    """(degree, weight) of the notes that sound in a stretch of a bar: time, doubled for the one that opens it."""
    time, found = Fraction(0), []
    for event in bar:
        over = min(time + event.sounding, start + width) - max(time, start)
        if event.step >= 0 and over > 0:
            found.append((event.fifths - tonic, float(over) * (2.0 if time <= start else 1.0)))
        time += event.sounding
    return found


def _fit(chord: Chord, span: _Span) -> float:
    total = sum(weight for _, weight in span.notes)
    if not total:
        return 0.0
    worth = dict(zip(chord.tones, TONE_WORTH, strict=False))
    return FIT * sum(weight * worth.get(degree, FOREIGN) for degree, weight in span.notes) / total


def _place(chord: Chord, span: _Span) -> float:
    """What a chord is worth at the beginning and at the end of a section."""
    worth = 0.5 if span.opens and chord.root == 0 else 0.0
    if span.ends:
        return worth + (2.5 if chord.root == 0 else -1.0)
    if span.closes:
        worth += 0.8 if chord.root == 0 else (0.5 if chord.root == 1 else 0.0)
    return worth


@cache
def _motions(mode: str) -> tuple[tuple[float, ...], ...]:
    """What going from each chord of a mode to each is worth."""
    chords = list(CHORDS[mode])
    return tuple(tuple(MOTIONS.get(b.root - a.root, -0.4) for b in chords) for a in chords)


def _joint(before: Chord, chord: Chord, span: _Span) -> float:
    """What two chords in a row are worth beside their motion: one that is kept in a bar, or a cadence."""
    if before == chord:
        return 0.0 if span.opens_bar else HELD
    if before.root == 1 and chord.root == 0 and span.last_bar:
        return CADENCE
    return 0.0


def _best_path(spans: Sequence[_Span], mode: str) -> list[Chord]:
    chords, motions = list(CHORDS[mode]), _motions(mode)
    count = range(len(chords))
    scores = [0.0] * len(chords)
    came: list[list[int]] = []
    for span in spans:
        local = [CHORDS[mode][c] + _fit(c, span) + _place(c, span) for c in chords]
        worth = [[motions[i][j] + _joint(chords[i], chords[j], span) for i in count] for j in count]
        before = [max(count, key=lambda i: scores[i] + worth[j][i]) for j in count]
        scores = [scores[i] + worth[j][i] + local[j] for j, i in enumerate(before)]
        came.append(before)
    at = max(count, key=scores.__getitem__)
    path = []
    for before in reversed(came):
        path.append(chords[at])
        at = before[at]
    return path[::-1]


def chord_names(melody: Melody) -> list[list[dict[Fraction, str]]]:
    """Chord symbols of each section's bars by their time in the bar, where the chord changes or a section begins."""
    width, named = span_of(melody), []
    for bars in harmonize(melody):
        said, before = [], None
        for chords in bars:
            here = {}
            for place, chord in enumerate(chords):
                if chord != before and (name := chord.symbol(melody.tonic)):
                    here[width * place] = name
                before = chord
            said.append(here)
        named.append(said)
    return named


def sounding_at(bar: Measure, time: Fraction) -> Event | None:
    """The event that sounds at a time in a bar, or None behind its end."""
    end = Fraction(0)
    for event in bar:
        end += event.sounding
        if time < end:
            return event
    return None
