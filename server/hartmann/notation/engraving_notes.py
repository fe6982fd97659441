"""The notes of one voice as music21 objects: values and dots, ties, tuplets, accidentals, slurs, marks, words.

`NoteEngraver` keeps what lasts from bar to bar (ties, open slurs, hairpins); `begin_bar` then `fill` once
for each layer of a bar, which is then joined by beams. A note whose length no single value shows becomes
several, tied; slurs and marks then belong to the first of them, a slur's end to the last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, Literal

from music21 import chord, duration, harmony, spanner, stream, tie
from music21 import note as m21note
from music21 import pitch as m21pitch

from hartmann.notation import marks
from hartmann.notation.accidentals import PrintedAccidentals
from hartmann.notation.beaming import FLAGS, Beam, Beamable, beams
from hartmann.notation.chord_symbols import parse_chord_symbol
from hartmann.notation.note_values import NoteValue, spell, tuplet_unit
from hartmann.notation.score import Key, Meter, Note, Pitch, Voice
from hartmann.notation.ties import NONE, Ties, ties_of

_ACCIDENTALS = {-2: "double-flat", -1: "flat", 0: "natural", 1: "sharp", 2: "double-sharp"}
_MUSIC21_SIGNS = {-2: "--", -1: "-", 0: "", 1: "#", 2: "##"}


_MUSIC21_BEAMS = {
    Beam.BEGIN: ("start",), Beam.CONTINUE: ("continue",), Beam.END: ("stop",),
    Beam.FORWARD_HOOK: ("partial", "right"), Beam.BACKWARD_HOOK: ("partial", "left"),
}  # fmt: skip


class NoteEngraver:
    """Puts the notes of `voice` into measures of `part`; `octaves` is what the clef adds to written pitches."""

    def __init__(self, voice: Voice, part: stream.Part, octaves: int) -> None:
        self.part = part
        self.octaves = octaves
        self.ties = ties_of(voice)
        self.open_slurs: list[Any] = []
        self.hairpin: tuple[str, list[Any]] | None = None
        self.open_words: set[int] = set()
        self.accidentals = PrintedAccidentals(Key("C", "major", 0))
        self.meter = Meter(4, 4)
        self.shift = Fraction(0)
        self.placed: list[tuple[Any, Fraction]] = []

    def begin_bar(self, key: Key, meter: Meter, shift: Fraction) -> None:
        """A new bar under `key`, which begins `shift` quarters into the meter: accidentals are forgotten."""
        self.accidentals = PrintedAccidentals(key)
        self.meter, self.shift = meter, shift

    def fill(self, measure: stream.Stream[Any], notes: Sequence[Note]) -> None:
        """Insert one layer's notes at their onsets. A rest that is alone is a rest of the whole bar."""
        if len(notes) == 1 and notes[0].is_rest:
            notes = [replace(notes[0], whole_bar=True)]
        self.placed = []
        for group in _tuplet_groups(notes):
            unit = tuplet_unit(group)
            for note in group:
                self._insert(measure, note, unit)
        self._join_by_beams()

    def _join_by_beams(self) -> None:
        notes = [Beamable(at, _flags(element)) for element, at in self.placed]
        for (element, _), found in zip(self.placed, beams(notes, self.meter, self.shift), strict=True):
            for beam in found:
                element.beams.append(*_MUSIC21_BEAMS[beam])

    def _insert(self, measure: stream.Stream[Any], note: Note, unit: NoteValue | None) -> None:
        for beside in self._beside(note):
            measure.insert(note.onset, beside)
        for grace in self._graces(note):
            measure.insert(note.onset, grace)
        pieces = self._pieces(note, unit)
        at = note.onset
        for piece, length in pieces:
            measure.insert(at, piece)
            self.placed.append((piece, at))
            at += length
        if pieces:
            self._attach(note, pieces[0][0], pieces[-1][0])

    def _beside(self, note: Note) -> Iterator[Any]:
        if note.chord_symbol:
            yield chord_symbol(note.chord_symbol)
        yield from marks.beside_note(note.decorations)
        for text in note.annotations:
            if text.strip("^_<>@ "):
                yield marks.words(text)

    def _graces(self, note: Note) -> Iterator[m21note.Note]:
        """Grace notes: eighths when alone, else sixteenths; a slash for an acciaccatura."""
        value = "eighth" if len(note.grace) == 1 else "16th"
        joined = beams([Beamable(Fraction(0), FLAGS[value])] * len(note.grace), self.meter)
        for given, found in zip(note.grace, joined, strict=True):
            grace = m21note.Note(self._pitch(given, tied=False), type=value).getGrace()
            grace.duration.slash = note.acciaccatura
            for beam in found:
                grace.beams.append(*_MUSIC21_BEAMS[beam])
            yield grace

    # -- one note as values tied together --------------------------------------------------------------

    def _pieces(self, note: Note, unit: NoteValue | None) -> list[tuple[Any, Fraction]]:
        """(element, its sounding quarters) for each value of a note."""
        if note.is_rest and note.whole_bar:
            rest = m21note.Rest()
            rest.duration = duration.Duration(note.duration)
            rest.fullMeasure = True
            return [(_hidden(rest) if note.invisible else rest, note.duration)]
        spelling = spell(note.written)
        ratio = note.duration / note.written if note.written else Fraction(1)
        last = len(spelling.values) - 1
        pieces = []
        for i, value in enumerate(spelling.values):
            element = self._element(note, first=i == 0, last=i == last)
            element.duration = _duration(value, spelling.actual, spelling.normal)
            _add_tuplet(element, note, unit, first=i == 0, last=i == last)
            pieces.append((element, value.length * spelling.normal / spelling.actual * ratio))
        return pieces

    def _element(self, note: Note, *, first: bool, last: bool) -> Any:
        if note.is_rest:
            rest = m21note.Rest()
            rest.fullMeasure = False
            return _hidden(rest) if note.invisible else rest
        ties = self.ties.get(id(note), NONE)
        heads = [self._head(pitch, ties, first=first, last=last) for pitch in dict.fromkeys(note.pitches)]
        return heads[0] if len(heads) == 1 else chord.Chord(heads)

    def _head(self, pitch: Pitch, ties: Ties, *, first: bool, last: bool) -> m21note.Note:
        arrives = not first or pitch in ties.arriving
        leaves = not last or pitch in ties.leaving
        head = m21note.Note(self._pitch(pitch, tied=arrives))
        if arrives or leaves:
            head.tie = tie.Tie("continue" if arrives and leaves else "stop" if arrives else "start")
        return head

    def _pitch(self, given: Pitch, *, tied: bool) -> m21pitch.Pitch:
        made = m21pitch.Pitch(f"{given.step}{_MUSIC21_SIGNS[given.alter]}")
        made.octave = given.octave + self.octaves
        shown = not tied and self.accidentals.needed(given)
        if shown and made.accidental is None:
            made.accidental = m21pitch.Accidental(_ACCIDENTALS[given.alter])
        if made.accidental is not None:
            made.accidental.displayStatus = shown
        return made

    # -- what belongs to a note ------------------------------------------------------------------------

    def _attach(self, note: Note, first: Any, last: Any) -> None:
        if not note.is_rest:
            marks.on_note(note.decorations, first)
            first.lyrics = [made for n, text in enumerate(note.lyrics, 1) for made in self._lyric(text, n)]
        self._hairpins(note, last)
        self._slurs(note, first, last)

    def _slurs(self, note: Note, first: Any, last: Any) -> None:
        """Ends come before beginnings, so `(c d (e) f g)` are two slurs that meet (ABC 2.1, section 4.11); an
        end where none is open takes one of the note's own beginnings with it: `(e)` alone is no slur."""
        alone = max(0, note.slurs_ended - len(self.open_slurs))
        for _ in range(note.slurs_ended - alone):
            begun = self.open_slurs.pop()
            if begun is not last:
                self.part.insert(0, spanner.Slur(begun, last))
        if not note.is_rest:
            self.open_slurs += [first] * max(0, note.slurs_begun - alone)

    def _lyric(self, text: str, verse: int) -> Iterator[m21note.Lyric]:
        """A syllable; `-` at its end joins it to the next one. Holds (`_`) and skipped notes have none."""
        shown = text.rstrip("-")
        if shown and shown != "_":
            inside, goes_on = verse in self.open_words, text.endswith("-")
            syllabic: Literal["begin", "middle", "end", "single"]
            syllabic = ("middle" if goes_on else "end") if inside else ("begin" if goes_on else "single")
            (self.open_words.add if goes_on else self.open_words.discard)(verse)
            yield m21note.Lyric(shown, number=verse, syllabic=syllabic, applyRaw=True)

    def _hairpins(self, note: Note, element: Any) -> None:
        """Crescendi and diminuendi: `!crescendo(!` to `!crescendo)!`, and the short forms `!<(!`, `!<)!`."""
        if self.hairpin is not None:
            self.hairpin[1].append(element)
        for name in note.decorations:
            kind, edge = name[:-1], name[-1:]
            if kind in marks.HAIRPINS and edge == "(":
                self.hairpin = (kind, [element])
            elif self.hairpin is not None and kind == self.hairpin[0] and edge == ")":
                held = self.hairpin[1]
                self.part.insert(0, marks.HAIRPINS[kind](held[0], held[-1]))
                self.hairpin = None


def chord_symbol(text: str) -> Any:
    """A `<harmony>` for a chord, words above the staff for anything else."""
    read = parse_chord_symbol(text)
    if read is None:
        return marks.words(text)
    symbol = harmony.ChordSymbol()
    symbol.chordKind, symbol.chordKindStr = read.kind, read.text
    symbol.root(_name(read.root))
    if read.bass:
        symbol.bass(_name(read.bass), allow_add=True)
    return symbol


def _name(step: tuple[str, int]) -> str:
    return step[0] + _MUSIC21_SIGNS[step[1]]


def _tuplet_groups(notes: Sequence[Note]) -> Iterator[list[Note]]:
    """Tuplets as lists of their notes, everything else one by one."""
    group: list[Note] = []
    for note in notes:
        if note.tuplet is None or note.tuplet.first:
            yield from [group] if group else []
            group = []
        if note.tuplet is None:
            yield [note]
            continue
        group.append(note)
        if note.tuplet.last:
            yield group
            group = []
    if group:
        yield group


def _duration(value: NoteValue, actual: int, normal: int) -> duration.Duration:
    made = duration.Duration(type=value.type, dots=value.dots)
    if actual != normal:
        made.appendTuplet(duration.Tuplet(actual, normal, value.type))
    return made


def _add_tuplet(element: Any, note: Note, unit: NoteValue | None, *, first: bool, last: bool) -> None:
    ratio = note.tuplet
    if ratio is None:
        return
    made = duration.Tuplet(ratio.actual, ratio.normal, unit.type if unit else element.duration.type)
    starts, stops = ratio.first and first, ratio.last and last
    made.type = "startStop" if starts and stops else "start" if starts else "stop" if stops else None
    element.duration.appendTuplet(made)


def _flags(element: Any) -> int:
    return 0 if element.isRest else FLAGS.get(element.duration.type, 0)


def _hidden(rest: m21note.Rest) -> m21note.Rest:
    rest.style.hideObjectOnPrint = True
    return rest
