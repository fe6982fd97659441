"""A second voice for a melody: accompaniments of several kinds, from its harmony.

    held      the root, as long as the chord
    drone     the tonic and its fifth
    fifths    root and fifth in turn
    pump      the root on the beat, the chord after it (oom-pah)
    broken    the tones of the chord one after another
    parallel  the melody's own rhythm, a third or sixth lower

Calm pictures get the first, lively ones the others. A second voice is a list of bars of `Struck`, every bar exactly the
meter, its natural notes within the instrument's range as the grammar of systems will hold it (`vision.system_grammar`):
chords, which take no accidentals there, are of two or three tones of the signature within an octave.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from random import Random
from typing import Final

from hartmann.notation.harmony import Chord
from hartmann.training.harmonizing import harmonize, span_of
from hartmann.training.melodies import LETTER_FIFTHS, Measure, Melody, UnfitError, spelling

NATURAL: Final = (0, 2, 4, 5, 7, 9, 11)
BEATS: Final = {"6/8": Fraction(3, 2), "9/8": Fraction(3, 2), "12/8": Fraction(3, 2), "3/8": Fraction(3, 2)}
"""The beats of compound meters in quarters."""
ABOVE_THE_FLOOR: Final = 9
"""Semitones above the lowest note around which roots lie."""


class Kind(StrEnum):
    """How a second voice goes along."""

    HELD = "held"
    DRONE = "drone"
    FIFTHS = "fifths"
    PUMP = "pump"
    BROKEN = "broken"
    PARALLEL = "parallel"


@dataclass(frozen=True, slots=True)
class Tone:
    """A pitch: diatonic height and place on the line of fifths, as in `melodies.Event`."""

    step: int
    fifths: int

    @property
    def natural(self) -> int:
        """MIDI number of the note without its accidental."""
        return 12 * (self.step // 7 + 1) + NATURAL[self.step % 7]


@dataclass(frozen=True, slots=True)
class Struck:
    """Tones struck together, low to high, none for a rest; `length` in quarters."""

    length: Fraction
    tones: tuple[Tone, ...] = ()


Bar = tuple[Struck, ...]


def fitting_kinds(arousal: float, melody: Melody, chords: bool) -> tuple[Kind, ...]:
    """The kinds that suit a mood and a meter. `chords`: whether the instrument plays several notes at once."""
    if arousal < -0.3:
        return Kind.HELD, Kind.HELD, Kind.DRONE, Kind.PARALLEL, Kind.BROKEN if chords else Kind.FIFTHS
    lively = (Kind.PUMP, Kind.FIFTHS, Kind.PARALLEL, Kind.BROKEN if chords else Kind.PUMP)
    if arousal < 0.25:
        return *lively, Kind.HELD, Kind.BROKEN
    return *lively, Kind.DRONE if melody.mode in {"dorian", "mixolydian"} else Kind.PUMP


def accompany(
    melody: Melody, bars: tuple[int, int], kind: Kind, *, chords: bool, rng: Random
) -> list[list[Bar]]:
    """The second voice, section by section, for a melody whose bars are all full.

    `bars` are the lowest and highest MIDI note of the instrument. Raises UnfitError where a tone cannot be written.
    """
    maker = _Maker(melody, bars, kind, chords, rng.random() < 0.5)
    harmony = harmonize(melody)
    return [
        [maker.bar(bar, said) for bar, said in zip(part.bars, section, strict=True)]
        for part, section in zip(melody.parts, harmony, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Maker:
    melody: Melody
    range: tuple[int, int]
    kind: Kind
    chords: bool
    variant: bool

    def bar(self, bar: Measure, harmony: Sequence[Chord]) -> Bar:
        """One bar of the second voice."""
        if self.kind is Kind.PARALLEL:
            return self._parallel(bar, harmony)
        if self.kind is Kind.DRONE:
            return (Struck(self.melody.bar, self._drone()),)
        if len(set(harmony)) == 1:
            return self._pattern(harmony[0], self.melody.bar)
        return tuple(struck for chord in harmony for struck in self._pattern(chord, span_of(self.melody)))

    def _pattern(self, chord: Chord, length: Fraction) -> Bar:
        """One chord for a time: a bar or half of one."""
        if self.kind is Kind.HELD:
            return (Struck(length, self._held(chord)),)
        root = (self._root(chord),)
        beat = BEATS.get(self.melody.meter, Fraction(1))
        if self.kind is Kind.FIFTHS:
            return self._in_turn(root, (self._over(chord, root[0], 2),), length, beat)
        if self.kind is Kind.PUMP:
            return self._pump(chord, root, length, beat)
        return self._broken(chord, root[0], length)

    def _in_turn(
        self, first: tuple[Tone, ...], second: tuple[Tone, ...], length: Fraction, beat: Fraction
    ) -> Bar:
        count = length / beat
        if count.denominator > 1 or count == 1:
            return (Struck(length, first),)
        if count == 3:
            return (Struck(2 * beat, first), Struck(beat, second))
        half = length / 2
        return (Struck(half, first), Struck(half, second))

    def _pump(self, chord: Chord, root: tuple[Tone, ...], length: Fraction, beat: Fraction) -> Bar:
        after = self._after(chord, root[0])
        if beat == Fraction(3, 2) and length % beat == 0:
            low = [root, (self._over(chord, root[0], 2),)]
            pairs = [
                (Struck(Fraction(1), low[i % 2] if self.variant else root), Struck(Fraction(1, 2), after))
                for i in range(int(length / beat))
            ]
            return tuple(struck for pair in pairs for struck in pair)
        pulse = Fraction(1, 2) if length == 1 else (beat if length >= 3 else length / 2)
        count = length / pulse
        if count.denominator > 1:
            return (Struck(length, root),)
        if count == 3:
            return (Struck(pulse, root), Struck(pulse, after), Struck(pulse, after))
        fifth = (self._over(chord, root[0], 2),)
        low = [root, fifth if self.variant else root]
        return tuple(Struck(pulse, after if i % 2 else low[i // 2 % 2]) for i in range(int(count)))

    def _broken(self, chord: Chord, root: Tone, length: Fraction) -> Bar:
        third, fifth = self._over(chord, root, 1), self._over(chord, root, 2)
        pulse = Fraction(1, 2)
        count = int(length / pulse)
        if length % pulse:
            return (Struck(length, (root,)),)
        shape = [root, third, fifth, third, fifth, third] if count % 3 == 0 else [root, fifth, third, fifth]
        if count == 3:
            shape = [root, third, fifth]
        return tuple(Struck(pulse, (shape[i % len(shape)],)) for i in range(count))

    def _held(self, chord: Chord) -> tuple[Tone, ...]:
        root = self._root(chord)
        return self._chord([root, self._over(chord, root, 2)]) if self.chords and self.variant else (root,)

    def _drone(self) -> tuple[Tone, ...]:
        tonic = Chord(0, "")
        root = self._root(tonic)
        return self._chord([root, self._over(tonic, root, 2)]) if self.chords else (root,)

    def _after(self, chord: Chord, root: Tone) -> tuple[Tone, ...]:
        """What follows a root on the beat: two tones above it, or the fifth alone."""
        fifth = self._over(chord, root, 2)
        if not self.chords:
            return (fifth,) if not self.variant else (self._over(chord, root, 1),)
        return self._chord([self._over(chord, root, 1), fifth])

    def _chord(self, tones: Sequence[Tone]) -> tuple[Tone, ...]:
        """The tones together where a chord may hold them; else the highest alone."""
        own = sorted(tones, key=lambda tone: tone.step)
        wide = own[-1].step - own[0].step
        plain = all(self.melody.signature - 1 <= t.fifths <= self.melody.signature + 5 for t in own)
        return tuple(own) if plain and 2 <= wide <= 7 else (own[-1],)

    def _root(self, chord: Chord) -> Tone:
        return self._nearest(self.melody.tonic + chord.root, self.range[0] + ABOVE_THE_FLOOR)

    def _over(self, chord: Chord, root: Tone, which: int) -> Tone:
        """A tone of the chord above the root: 1 its third, 2 its fifth; below it where the range ends."""
        fifths = self.melody.tonic + chord.tones[which]
        step = root.step + 2 * which
        tone = Tone(step, fifths)
        return tone if tone.natural <= self.range[1] else Tone(step - 7, fifths)

    def _nearest(self, fifths: int, pitch: int) -> Tone:
        letter, alter = spelling(fifths)
        if abs(alter) > 1:
            raise UnfitError("a double accidental")
        tones = [Tone(letter + 7 * octave, fifths) for octave in range(1, 8)]
        inside = [t for t in tones if self.range[0] <= t.natural <= self.range[1]]
        return min(inside, key=lambda tone: abs(tone.natural - pitch))

    def _parallel(self, bar: Measure, harmony: Sequence[Chord]) -> Bar:
        time, struck = Fraction(0), []
        for event in bar:
            chord = harmony[min(int(time / span_of(self.melody)), len(harmony) - 1)]
            if event.triplet:
                raise UnfitError("a triplet in parallel")
            tones = (self._below(event.step, chord),) if event.step >= 0 else ()
            struck.append(Struck(event.length, tones))
            time += event.sounding
        return tuple(struck)

    def _below(self, step: int, chord: Chord) -> Tone:
        """A third below, or a sixth where that belongs to the chord and the third does not."""
        inside = {spelling(self.melody.tonic + tone)[0]: self.melody.tonic + tone for tone in chord.tones}
        tones = [Tone(s, inside.get(s % 7, self._own(s % 7))) for s in (step - 2, step - 5, step - 7, step)]
        playable = [t for t in tones if self.range[0] <= t.natural <= self.range[1]]
        if not playable:
            raise UnfitError("out of range")
        return next((t for t in playable[:2] if t.step % 7 in inside), playable[0])

    def _own(self, letter: int) -> int:
        """The place of a letter of the signature on the line of fifths."""
        return next(
            place for place in range(self.melody.signature - 1, self.melody.signature + 6)
            if (place - LETTER_FIFTHS[letter]) % 7 == 0
        )  # fmt: skip
