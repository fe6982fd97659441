"""The event model: a piece of music as written, with the place in the text where each thing stands.

Everything in `notation` meets here: the parser builds a `Score`, and every writer, metric and check
reads one. Conventions:

- Times are exact `Fraction`s in quarter notes. An event's `onset` counts from the start of its bar;
  `Bar.onset` counts from the start of the voice, as written (repeats not unfolded).
- Bars are numbered as engravers do: the first full bar is 1, an anacrusis is 0 (ABC 2.1 says nothing;
  MusicXML and MuseScore agree on this). Every later bar counts, partial ones too, so that a number
  names one bar.
- Voices are numbered from 1 in order of appearance, and carry the name they had in the text (`id`).
- `Place` gives 1-based line and column in the text that was read (`Checked.text`), plus character offsets.
- MIDI pitch 60 is middle C, written `C` in ABC and octave 4 here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

STEP_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the text: `text[start:end]`, beginning at 1-based line and column."""

    line: int
    column: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, order=True)
class Pitch:
    """A spelled pitch. `alter` in semitones (-2…2), `octave` 4 holds middle C."""

    step: str
    alter: int
    octave: int

    @property
    def midi(self) -> int:
        """MIDI note number; 60 is middle C. May lie outside 0…127 for absurd octaves."""
        return 12 * (self.octave + 1) + STEP_SEMITONES[self.step] + self.alter


@dataclass(frozen=True, slots=True)
class Key:
    """A key signature: tonic name (`F#`), mode (`major`, `minor`, `dorian`, … or `none`), sharps (> 0) or flats (< 0).

    `extra` holds explicit accidentals of the key (`K:D exp _b _e ^f`) as (step, alter) pairs; they override
    the signature.
    """

    tonic: str
    mode: str
    fifths: int
    extra: tuple[tuple[str, int], ...] = ()

    @property
    def name(self) -> str:
        """What people call it: `G major`, `E dorian`, `no key`."""
        return "no key" if self.mode == "none" else f"{self.tonic} {self.mode}"

    @property
    def is_minor(self) -> bool:
        """True for modes with a minor third above the tonic (minor, dorian, phrygian, locrian)."""
        return self.mode in {"minor", "dorian", "phrygian", "locrian"}


@dataclass(frozen=True, slots=True)
class Meter:
    """A time signature; `symbol` is `C` or `C|` where the text used it, `free` for `M:none`."""

    numerator: int
    denominator: int
    symbol: str = ""

    @property
    def bar_duration(self) -> Fraction:
        """Quarter notes in a full bar; 0 in free meter."""
        return Fraction(0) if self.symbol == "free" else Fraction(4 * self.numerator, self.denominator)

    @property
    def is_compound(self) -> bool:
        """6/8, 9/8, 12/8 and their kin: beats that divide in three."""
        return self.numerator % 3 == 0 and self.numerator > 3 and self.denominator >= 8

    def __str__(self) -> str:
        return "none" if self.symbol == "free" else (self.symbol or f"{self.numerator}/{self.denominator}")


@dataclass(frozen=True, slots=True)
class Tempo:
    """A tempo mark. `beat` is the counted note in quarters (3/2 for a dotted quarter), `bpm` such beats a minute."""

    beat: Fraction
    bpm: Fraction
    text: str = ""

    @property
    def quarters_per_minute(self) -> float:
        """What MIDI and MusicXML's `<sound tempo>` want: Q:3/8=80 is 120."""
        return float(self.beat * self.bpm)


@dataclass(frozen=True, slots=True)
class Tuplet:
    """`actual` notes in the time of `normal`; `first` and `last` mark the ends of the group."""

    actual: int
    normal: int
    first: bool = False
    last: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """One onset in one voice: a note, a chord (several pitches), or a rest (none).

    `duration` is sounding time in quarters (tuplet ratio and broken rhythm applied); `written` is the
    notated value before the tuplet ratio. `ties[i]` says that `pitches[i]` is tied into the next onset.
    """

    onset: Fraction
    duration: Fraction
    written: Fraction
    pitches: tuple[Pitch, ...]
    place: Place
    ties: tuple[bool, ...] = ()
    tuplet: Tuplet | None = None
    grace: tuple[Pitch, ...] = ()
    acciaccatura: bool = False
    chord_symbol: str = ""
    annotations: tuple[str, ...] = ()
    decorations: tuple[str, ...] = ()
    lyrics: tuple[str, ...] = ()
    slurs_begun: int = 0
    slurs_ended: int = 0
    invisible: bool = False
    layer: int = 0
    whole_bar: bool = False

    @property
    def is_rest(self) -> bool:
        return not self.pitches


@dataclass(frozen=True, slots=True)
class Change:
    """A key, meter, tempo or clef that changes inside a bar, `onset` quarters after its start."""

    onset: Fraction
    key: Key | None = None
    meter: Meter | None = None
    tempo: Tempo | None = None
    clef: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of one voice. `key`, `meter`, `tempo` are set where they change (and in the first bar).

    `repeat_start` / `repeat_end` are the repeat signs at its edges (`repeat_end` counts passes: 2 for `:|`),
    `endings` the numbers of the volta that begins here, `ending_stop` True where it ends.
    `barline` is the right one: `|`, `||`, `|]`, `[|`, `[|]` (invisible), or "" where the text just ends. `place`
    is the music between the bar lines; a bar that goes over a line end has its stretches of text in `spans`.
    `clef` is a clef that changes here (the voice's own stands in `Voice.clef`).
    """

    number: int
    onset: Fraction
    duration: Fraction
    notes: tuple[Note, ...]
    place: Place
    key: Key | None = None
    meter: Meter | None = None
    tempo: Tempo | None = None
    repeat_start: bool = False
    repeat_end: int = 0
    endings: tuple[int, ...] = ()
    ending_stop: bool = False
    barline: str = "|"
    section: str = ""
    remarks: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()
    clef: str = ""


PLAIN_BARLINES = frozenset({"", "|", "[|]"})
"""The bar lines that end nothing but their bar."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A line of music. `program` is the General MIDI program (0…127), None where the text gives none.

    `transpose` is what is added to the written pitches to make them sound, in semitones; a clef with a little 8
    (`treble-8`) has its octave in it (ABC 2.1, section 4.6).
    """

    number: int
    id: str
    bars: tuple[Bar, ...]
    name: str = ""
    clef: str = ""
    program: int | None = None
    percussion: bool = False
    transpose: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """A named stretch of the piece (`% [intro]`, `P:A`, or between double bars): bars `first`…`last`, inclusive,
    by index into `Voice.bars`, with the stretch of text of each voice in `spans` as (voice, start, end)."""

    name: str
    first: int
    last: int
    spans: tuple[tuple[int, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Score:
    """A piece: header values as first stated, voices, sections. `source` is the text it was read from,
    `header` the other fields of the header (name, text) in order, without X, T, C, R, K, M, L, Q and V.
    `staves` is the value of `%%score`, voice ids and the signs that group them (`layout.py` reads it)."""

    title: str
    composer: str
    key: Key
    meter: Meter
    unit: Fraction
    tempo: Tempo | None
    voices: tuple[Voice, ...]
    sections: tuple[Section, ...] = ()
    rhythm: str = ""
    source: str = ""
    header: tuple[tuple[str, str], ...] = field(default=())
    staves: str = ""
