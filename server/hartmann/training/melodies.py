"""Melodies: a corpus tune reduced to one exact line in sections, that can be transposed and written as the mini writes.

A melody has a key, a meter, a pickup (0 for none) and sections of bars. A bar is a list of events, and an event a
pitch or a rest with a length. Lengths are exact, in quarter notes. A pitch is a pair: `fifths`, its place on the line
of fifths (F -1, C 0, G 1, … F sharp 6), and `step`, its diatonic height (middle C 28, so `step // 7` is its octave).
Transposing adds to both, so spelling is never lost.

`read_melody` takes what fits the grammar of bodies (`vision.bar_grammar`): one voice, every bar exact, no endings
(the last one stays), triplets of equal notes, G3 to B5. Everything else raises `UnfitError` with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from hartmann.library.melody import leading_voice
from hartmann.notation.score import Bar, Note, Pitch, Score

MODES: Final = {"major": 0, "ionian": 0, "mixolydian": -1, "dorian": -2, "minor": -3, "aeolian": -3}
"""Mode → fifths of its signature above the major key's of the same tonic."""
MODE_NAMES: Final = {"major": "maj", "ionian": "maj", "mixolydian": "mix", "dorian": "dor", "minor": "min"}
METERS: Final = frozenset({"4/4", "3/4", "2/4", "6/8", "9/8", "12/8", "3/8", "2/2", "3/2", "6/4"})
LOWEST, HIGHEST = 55, 83
"""MIDI notes of the range that bodies are held to: `vision.voice_range.PitchRange`'s default."""
FEWEST_BARS: Final = 8
LETTERS: Final = "CDEFGAB"
LETTER_FIFTHS: Final = (0, 2, 4, -1, 1, 3, 5)


class UnfitError(ValueError):
    """A tune that the mini can't learn from; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Event:
    """A note (`step` and `fifths`) or a rest (`step` -1). `tied` joins it to the next event of the same pitch.
    `triplet` marks each of three notes in the time of two; `length` is then the written one."""

    length: Fraction
    step: int = -1
    fifths: int = 0
    tied: bool = False
    triplet: bool = False

    @property
    def sounding(self) -> Fraction:
        """The time it takes."""
        return self.length * 2 / 3 if self.triplet else self.length

    @property
    def midi(self) -> int:
        """MIDI note number."""
        letter = self.step % 7
        alter = (self.fifths - LETTER_FIFTHS[letter]) // 7
        return 12 * (self.step // 7 + 1) + (0, 2, 4, 5, 7, 9, 11)[letter] + alter


Measure = tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A section: its bars, and whether they are repeated. The first may be a pickup, the last short by as much."""

    bars: tuple[Measure, ...]
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Melody:
    """One line in sections. `tonic` is a place on the line of fifths, `mode` a key of `MODES`."""

    tonic: int
    mode: str
    meter: str
    pickup: Fraction
    parts: tuple[Part, ...]

    @property
    def bar(self) -> Fraction:
        """Quarter notes in a full bar."""
        over, under = self.meter.split("/")
        return Fraction(4 * int(over), int(under))

    @property
    def signature(self) -> int:
        """Sharps (flats negative) of the key."""
        return self.tonic + MODES[self.mode]

    @property
    def key(self) -> str:
        """As `K:` says it: `Gmaj`, `F#min`."""
        return f"{fifths_name(self.tonic)}{MODE_NAMES[self.mode]}"

    def events(self) -> Iterator[Event]:
        """Every event in order, as written."""
        for part in self.parts:
            for bar in part.bars:
                yield from bar

    @property
    def written_bars(self) -> int:
        """Bars as people count them: pickups left out, a short bar at the end of a section counted."""
        return sum(
            len(p.bars) - (1 if length_of(p.bars[0]) < self.bar and len(p.bars) > 1 else 0)
            for p in self.parts
        )


def fifths_name(place: int) -> str:
    """The name of a place on the line of fifths: 0 is C, 6 is F#, -2 is Bb."""
    letter, alter = spelling(place)
    return LETTERS[letter] + ("#" * alter if alter > 0 else "b" * -alter)


def transposed(melody: Melody, fifths: int) -> Melody:
    """The melody moved by `fifths` on the line of fifths, to the octave nearest to where it was that is in range.

    Raises UnfitError where no octave is, or where a double accidental would be needed.
    """
    for octave in _nearest_octaves(fifths):
        there = moved(melody, fifths, 4 * fifths + 7 * octave)
        notes = [e for e in there.events() if e.step >= 0]
        if any(abs(spelling(e.fifths)[1]) > 1 for e in notes):
            raise UnfitError("a double accidental")
        if all(LOWEST <= e.midi <= HIGHEST for e in notes):
            return there
    raise UnfitError("out of range")


def shortened(melody: Melody, most: int) -> Melody:
    """As many whole sections from the start as `most` bars hold, at least one."""
    kept = [melody.parts[0]]
    for part in melody.parts[1:]:
        if sum(len(p.bars) for p in (*kept, part)) > most + 2:
            break
        kept.append(part)
    shorter = replace(melody, parts=tuple(kept))
    return shorter if shorter.written_bars >= FEWEST_BARS else melody


def read_melody(score: Score, *, most_bars: int = 32, fewest_bars: int = FEWEST_BARS) -> Melody:
    """The leading voice as a melody of 8 to 32 bars. Raises UnfitError."""
    voice = leading_voice(score)
    meter = f"{score.meter.numerator}/{score.meter.denominator}"
    if voice is None or len(score.voices) > 1:
        raise UnfitError("not one voice")
    if score.meter.symbol == "free" or meter not in METERS:
        raise UnfitError(f"meter {meter}")
    if score.key.mode not in MODES:
        raise UnfitError(f"mode {score.key.mode}")
    if any(b.meter is not None and b.meter.bar_duration != score.meter.bar_duration for b in voice.bars):
        raise UnfitError("meter changes")
    full = score.meter.bar_duration
    segments = [_joined(s, full) for s in _segments(voice.bars)]
    segments = [s for s in segments if s.bars]
    if not segments:
        raise UnfitError("no bars")
    first = length_of(segments[0].bars[0])
    pickup = first if first < full and len(segments[0].bars) > 1 else Fraction(0)
    parts = _first_sections([p for s in segments for p in _phrases(s, full, pickup)], full, most_bars)
    tonic = LETTER_FIFTHS[LETTERS.index(score.key.tonic[0])] + 7 * (
        score.key.tonic.count("#") - score.key.tonic.count("b")
    )
    melody = Melody(tonic, _best_mode(tonic, score.key.mode, parts), meter, pickup, tuple(parts))
    if melody.written_bars < fewest_bars:
        raise UnfitError("too short")
    if not -7 <= melody.signature <= 7:
        raise UnfitError("more than seven accidentals")
    return transposed(melody, 0)


def _segments(bars: Sequence[Bar]) -> Iterator[Part]:
    """Cut where repeats begin and end and at double bar lines; all but the last of several endings are left out."""
    kept: list[Measure] = []
    repeated = False
    skipping = False
    for bar in bars:
        if bar.repeat_start and kept:
            yield Part(tuple(kept), False)
            kept, repeated = [], False
        repeated = repeated or bar.repeat_start
        if bar.endings:
            skipping = bar.endings[0] == 1 and _has_later_ending(bars, bar)
        if not skipping:
            kept.append(_measure(bar))
        if not skipping and (bar.repeat_end or bar.barline in {"||", "|]"}):
            yield Part(tuple(kept), bool(bar.repeat_end))
            kept, repeated = [], False
        if skipping and (bar.ending_stop or bar.repeat_end):
            skipping = False
    if kept:
        yield Part(tuple(kept), False)


def _has_later_ending(bars: Sequence[Bar], bar: Bar) -> bool:
    later = [b for b in bars if b.onset > bar.onset]
    return any(b.endings and b.endings[0] != 1 for b in later)


def _measure(bar: Bar) -> Measure:
    if any(note.layer for note in bar.notes):
        raise UnfitError("layers")
    events: list[Event] = []
    for note in bar.notes:
        event = _event(note)
        before = events[-1] if events else None
        if before and before.tied and before.step == event.step and not (before.triplet or event.triplet):
            events[-1] = replace(event, length=before.length + event.length)
        else:
            if before and before.tied:
                events[-1] = replace(before, tied=False)
            events.append(event)
    _check_triplets(events)
    return tuple(events)


def _event(note: Note) -> Event:
    triplet = note.tuplet is not None
    if note.tuplet and (note.tuplet.actual, note.tuplet.normal) != (3, 2):
        raise UnfitError("a tuplet other than a triplet")
    length = note.written if triplet else note.duration
    if not note.pitches:
        return Event(length, triplet=triplet)
    top = max(range(len(note.pitches)), key=lambda i: note.pitches[i].midi)
    pitch = note.pitches[top]
    tied = bool(note.ties and note.ties[top])
    return Event(length, 7 * pitch.octave + LETTERS.index(pitch.step), _fifths(pitch), tied, triplet)


def _check_triplets(events: Sequence[Event]) -> None:
    run: list[Event] = []
    for event in [*events, Event(Fraction(1))]:
        if event.triplet:
            run.append(event)
            if len(run) == 3:
                if len({e.length for e in run}) > 1 or any(e.tied for e in run):
                    raise UnfitError("an uneven triplet")
                run = []
        elif run:
            raise UnfitError("an unfinished triplet")


def _fifths(pitch: Pitch) -> int:
    return LETTER_FIFTHS[LETTERS.index(pitch.step)] + 7 * pitch.alter


def spelling(place: int) -> tuple[int, int]:
    """(letter, alter) of a place on the line of fifths; letters count from C."""
    letter = (4 * place) % 7
    return letter, (place - LETTER_FIFTHS[letter]) // 7


def length_of(bar: Measure) -> Fraction:
    """Quarter notes in a bar."""
    return sum((e.sounding for e in bar), Fraction(0))


def _joined(part: Part, full: Fraction) -> Part:
    """Empty bars dropped; two short bars inside that make a full one (a bar split by a line end) joined."""
    bars = [b for b in part.bars if b]
    joined: list[Measure] = []
    for number, bar in enumerate(bars):
        inner = joined and length_of(joined[-1]) < full and (len(joined) > 1 or number == len(bars))
        if inner and length_of(joined[-1]) + length_of(bar) == full:
            joined[-1] = (*joined[-1], *bar)
        else:
            joined.append(bar)
    for place, bar in enumerate(joined):
        if length_of(bar) != full and place not in {0, len(joined) - 1}:
            raise UnfitError("a bar that does not add up")
        if length_of(bar) > full:
            raise UnfitError("a bar that is too long")
    return Part(tuple(joined), part.repeated)


def _phrases(part: Part, full: Fraction, pickup: Fraction) -> Iterator[Part]:
    """A long unrepeated section cut into phrases of eight bars, where the pickup allows it."""
    bars = list(part.bars)
    start = 1 if length_of(bars[0]) < full and len(bars) > 1 else 0
    while not part.repeated and len(bars) - start >= 12:
        cut = _cut(bars[start + 7], full - pickup) if start else (bars[start + 7], ())
        if cut is None:
            break
        head, tail = cut
        yield Part((*bars[: start + 7], head))
        bars = [*([tail] if tail else []), *bars[start + 8 :]]
        start = 1 if tail else 0
    yield Part(tuple(bars), part.repeated)


def _cut(bar: Measure, at: Fraction) -> tuple[Measure, Measure] | None:
    """The bar in two, or None where a note or a triplet lies across the cut."""
    time = Fraction(0)
    for place, event in enumerate(bar):
        if time == at and not (event.triplet and bar[place - 1].triplet) and not bar[place - 1].tied:
            return bar[:place], bar[place:]
        time += event.sounding
    return None


def _first_sections(parts: Sequence[Part], full: Fraction, most: int) -> list[Part]:
    """As many sections from the start as `most` bars hold."""
    kept: list[Part] = []
    count = 0
    for part in parts:
        count += len(part.bars)
        if count > most + (1 if length_of(parts[0].bars[0]) < full else 0) and kept:
            break
        kept.append(part)
    if sum(len(p.bars) for p in kept) > most + 2:
        raise UnfitError("too long")
    return kept


def _best_mode(tonic: int, stated: str, parts: Sequence[Part]) -> str:
    """The mode on this tonic whose signature leaves the fewest accidentals; the stated one where it is as good."""
    notes = [e for p in parts for b in p.bars for e in b if e.step >= 0]

    def outside(mode: str) -> int:
        signature = tonic + MODES[mode]
        return sum(not signature - 1 <= e.fifths <= signature + 5 for e in notes)

    return min(("minor", "dorian", "mixolydian", "major"), key=lambda m: (outside(m), m != stated))


def _nearest_octaves(fifths: int) -> list[int]:
    """Octave shifts, nearest first, for a move of `fifths` (each 7 semitones up)."""
    return sorted(range(-6, 7), key=lambda octave: abs(7 * fifths + 12 * octave))[:3]


def moved(melody: Melody, fifths: int, steps: int) -> Melody:
    """The melody moved by places on the line of fifths and by diatonic steps, wherever that leads."""

    def move(event: Event) -> Event:
        if event.step < 0:
            return event
        return replace(event, step=event.step + steps, fifths=event.fifths + fifths)

    parts = tuple(replace(p, bars=tuple(tuple(map(move, b)) for b in p.bars)) for p in melody.parts)
    return replace(melody, tonic=melody.tonic + fifths, parts=parts)
