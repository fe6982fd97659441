"""One voice while it is being read: notes come in, bars come out.

`VoiceBuilder` holds everything that ABC keeps per voice from one sign to the next: key, meter and unit,
the accidentals of the bar (they bind every octave, ABC 2.1 section 4.2), ties under way, tuplets, broken
rhythm, and what waits for the next note (decorations, chord symbols, grace notes, slurs). It decides
nothing about right or wrong beyond that; `tune_balance.py` does, once all bars are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from hartmann.notation.score import Bar, Change, Key, Meter, Note, Pitch, Place, Tempo, Tuplet, Voice
from hartmann.notation.tune_fields import signature

ZERO = Fraction(0)
_PITCHES: dict[tuple[str, int, int], Pitch] = {}


def pitch_of(step: str, alter: int, octave: int) -> Pitch:
    """The one shared `Pitch` of that spelling (tunes repeat pitches far more often than they vary)."""
    key = (step, alter, octave)
    found = _PITCHES.get(key)
    if found is None:
        found = Pitch(step, alter, octave)
        if -30 < octave < 40:
            _PITCHES[key] = found
    return found


class NoteDraft:
    """A note whose length may still change (broken rhythm) and which may still gain ties, slurs and lyrics."""

    __slots__ = (
        "acciaccatura", "annotations", "chord_symbol", "decorations", "grace", "invisible", "layer", "lyrics",
        "pitches", "place", "slurs_begun", "slurs_ended", "ties", "tuplet", "whole_bar", "written",
    )  # fmt: skip

    def __init__(self, pitches: tuple[Pitch, ...], written: Fraction, place: Place) -> None:
        self.pitches = pitches
        self.written = written
        self.place = place
        self.ties: tuple[bool, ...] = ()
        self.tuplet: Tuplet | None = None
        self.grace: tuple[Pitch, ...] = ()
        self.acciaccatura = self.invisible = self.whole_bar = False
        self.chord_symbol = ""
        self.annotations: tuple[str, ...] = ()
        self.decorations: tuple[str, ...] = ()
        self.lyrics: tuple[str, ...] = ()
        self.slurs_begun = self.slurs_ended = self.layer = 0

    @property
    def duration(self) -> Fraction:
        """Sounding quarters: the written value with the tuplet ratio applied."""
        ratio = self.tuplet
        return self.written if ratio is None else self.written * ratio.normal / ratio.actual

    def freeze(self, onset: Fraction, duration: Fraction) -> Note:
        """The finished note at `onset` in its bar."""
        return Note(
            onset, duration, self.written, self.pitches, self.place, self.ties or (False,) * len(self.pitches),
            self.tuplet, self.grace, self.acciaccatura, self.chord_symbol, self.annotations, self.decorations,
            _trimmed(self.lyrics), self.slurs_begun, self.slurs_ended, self.invisible, self.layer, self.whole_bar,
        )  # fmt: skip


class BarDraft:
    """A bar whose notes are known but may still gain lyrics, and whose right edge may gain signs."""

    __slots__ = (
        "barline", "changes", "ending_stop", "endings", "key", "meter", "notes", "place", "remarks",
        "repeat_end", "repeat_start", "section", "spans", "suspect", "tempo",
    )  # fmt: skip

    def __init__(self) -> None:
        self.notes: list[NoteDraft] = []
        self.changes: list[tuple[int, Change]] = []
        self.remarks: list[str] = []
        self.spans: list[tuple[int, int]] = []
        self.place: Place | None = None
        self.key: Key | None = None
        self.meter: Meter | None = None
        self.tempo: Tempo | None = None
        self.repeat_start = self.ending_stop = self.suspect = False
        self.repeat_end = 0
        self.endings: tuple[int, ...] = ()
        self.barline = ""
        self.section = ""

    def freeze(self, number: int, onset: Fraction) -> Bar:
        """The finished bar; its duration is that of its longest layer."""
        notes: list[Note] = []
        at = longest = ZERO
        layer = 0
        for draft in self.notes:
            if draft.layer != layer:
                layer, at = draft.layer, ZERO
            duration = draft.duration
            notes.append(draft.freeze(at, duration))
            at += duration
            if at > longest:
                longest = at
        assert self.place is not None
        changes = tuple(replace(change, onset=_end_of(notes[:index])) for index, change in self.changes)
        place = self._place(self.place)
        spans = tuple(self.spans) if len(self.spans) > 1 else ()
        return Bar(
            number, onset, longest, tuple(notes), place, self.key, self.meter, self.tempo, self.repeat_start,
            self.repeat_end, self.endings, self.ending_stop, self.barline, self.section, tuple(self.remarks),
            changes, spans,
        )  # fmt: skip

    def _place(self, first: Place) -> Place:
        """From the first sign of the bar to its last; `first` is where its first note stands."""
        if not self.spans:
            return first
        start, end = self.spans[0][0], self.spans[-1][1]
        return Place(first.line, first.column - (first.start - start), start, end)


class VoiceBuilder:
    """State of one voice. The line reader calls it sign by sign."""

    def __init__(self, number: int, name: str, key: Key, meter: Meter, unit: Fraction) -> None:
        self.number = number
        self.id = name
        self.name = self.clef = ""
        self.program: int | None = None
        self.percussion = False
        self.transpose = self.octave = 0
        self.bars: list[BarDraft] = []
        self.bar = BarDraft()
        self.line_notes: list[NoteDraft | None] = []
        self.barless = False
        self.layer = 0
        self.note_count = 0
        self.verses = 0
        self.accidentals: dict[str, int] = {}
        self.tied: dict[tuple[str, int], int] = {}
        self.previous: NoteDraft | None = None
        self.broken = 0
        self.tuplet: list[int] | None = None
        self.start(key, meter, unit)
        self.pending_clear()

    def start(self, key: Key, meter: Meter, unit: Fraction) -> None:
        """Key, meter and unit of the voice's first bar."""
        self.key, self.meter = key, meter
        self.signature = signature(key)
        self.bar.key, self.bar.meter = key, meter
        self.set_unit(unit)

    def begin_line(self) -> None:
        """A new line of music: the lyrics that follow belong to its notes."""
        self.line_notes = []
        self.verses = 0

    def set_unit(self, unit: Fraction) -> None:
        """`L:` from here on."""
        self.unit = unit
        self.lengths: dict[str, Fraction] = {"": unit}

    def pending_clear(self) -> None:
        """Forget what was waiting for the next note."""
        self.decorations: list[str] = []
        self.annotations: list[str] = []
        self.chord_symbol = ""
        self.grace: tuple[Pitch, ...] = ()
        self.acciaccatura = False
        self.slurs = 0
        self.has_pending = False

    # -- pitches ---------------------------------------------------------------------------------------

    def pitch(self, accidental: int | None, letter: str, octave: int) -> Pitch:
        """The pitch of a letter here: explicit accidental > tie from the bar before > bar > key."""
        step = letter.upper()
        octave += self.octave
        if accidental is not None:
            if not self.barless:
                self.accidentals[step] = accidental
            return pitch_of(step, accidental, octave)
        if self.tied and (step, octave) in self.tied:
            return pitch_of(step, self.tied[step, octave], octave)
        alter = self.accidentals.get(step)
        return pitch_of(step, self.signature.get(step, 0) if alter is None else alter, octave)

    # -- notes -----------------------------------------------------------------------------------------

    def add(self, draft: NoteDraft) -> None:
        """Append a note, chord or rest: gives it all that was waiting, the tuplet and broken rhythm."""
        if self.has_pending:
            self._give_pending(draft)
        if self.tuplet is not None:
            self._give_tuplet(draft)
        if self.broken:
            self._break_rhythm(draft)
        if self.layer:
            draft.layer = self.layer
        if self.tied:
            self.tied = {}
        bar = self.bar
        if bar.place is None:
            bar.place = draft.place
        bar.notes.append(draft)
        self.line_notes.append(draft)
        self.previous = draft
        self.note_count += len(draft.pitches) or 1

    def _give_pending(self, draft: NoteDraft) -> None:
        draft.decorations = tuple(self.decorations)
        draft.annotations = tuple(self.annotations)
        draft.chord_symbol = self.chord_symbol
        draft.grace, draft.acciaccatura = self.grace, self.acciaccatura
        draft.slurs_begun = self.slurs
        self.pending_clear()

    def _give_tuplet(self, draft: NoteDraft) -> None:
        assert self.tuplet is not None
        actual, normal, count, left = self.tuplet
        draft.tuplet = Tuplet(actual, normal, left == count, left == 1)
        self.tuplet = [actual, normal, count, left - 1] if left > 1 else None
        draft.whole_bar = False

    def cut_tuplet(self) -> None:
        """End the tuplet under way with the note before."""
        if self.tuplet is not None and self.previous is not None and self.previous.tuplet is not None:
            self.previous.tuplet = replace(self.previous.tuplet, last=True)
        self.tuplet = None

    def _break_rhythm(self, draft: NoteDraft) -> None:
        """`>`: the note before is dotted, this one halved; more signs, more dots (ABC 2.1, 4.4)."""
        depth = abs(self.broken)
        short = Fraction(1, 2**depth)
        long = 2 - short
        first, second = (long, short) if self.broken > 0 else (short, long)
        if self.previous is not None:
            self.previous.written *= first
            self.previous.whole_bar = False
        draft.written *= second
        draft.whole_bar = False
        self.broken = 0

    def tie_last(self) -> bool:
        """Tie all of the last note's pitches to the next onset; False when there is nothing to tie."""
        last = self.previous
        if last is None or not last.pitches:
            return False
        last.ties = (True,) * len(last.pitches)
        self.tied = {(p.step, p.octave): p.alter for p in last.pitches}
        return True

    def tie_some(self, ties: Sequence[bool]) -> None:
        """Tie those pitches of the last chord for which `ties` is true."""
        last = self.previous
        assert last is not None
        last.ties = tuple(ties)
        self.tied = {(p.step, p.octave): p.alter for p, t in zip(last.pitches, ties, strict=True) if t}

    # -- bars ------------------------------------------------------------------------------------------

    def end_bar(self, barline: str, *, keep_accidentals: bool = False) -> None:
        """Close the current bar and open the next with the key and meter now in force."""
        self.bar.barline = barline
        self.bars.append(self.bar)
        self.bar = BarDraft()
        self.line_notes.append(None)
        if not keep_accidentals:
            self.accidentals.clear()
        self.layer = 0

    def drop_empty_overlay(self) -> bool:
        """Forget an overlay that was opened and never written; whether what lies under it fills the bar."""
        if self.bar.notes[-1].layer == self.layer:
            return False
        self.layer = self.bar.notes[-1].layer
        return self.held() == self.meter.bar_duration

    def held(self) -> Fraction:
        """Quarters in the current bar's present layer so far."""
        return sum((n.duration for n in self.bar.notes if n.layer == self.layer), ZERO)

    def change(
        self, *, key: Key | None = None, meter: Meter | None = None, tempo: Tempo | None = None
    ) -> None:
        """A new key, meter or tempo from here: at a bar's start it is the bar's, else a change inside it."""
        if key is not None:
            self.key, self.signature = key, signature(key)
            self.accidentals.clear()
        if meter is not None:
            self.meter = meter
        if self.bar.notes:
            self.bar.changes.append((len(self.bar.notes), Change(ZERO, key, meter, tempo)))
            return
        self.bar.key = key or self.bar.key
        self.bar.meter = meter or self.bar.meter
        self.bar.tempo = tempo or self.bar.tempo

    def drop_last_start(self) -> bool:
        """Forget a `|:` or an ending sign after the last note; True when there was one."""
        if self.bar.notes or not self.bars or not (self.bar.repeat_start or self.bar.endings):
            return False
        last = self.bars[-1]
        last.ending_stop = bool(last.repeat_end) or last.barline != "|"
        return True

    def give_rest(self) -> None:
        """What still waits for a note when the voice ends (a fermata, `D.C.`, words) belongs to the last one."""
        last = self.previous
        if not self.has_pending or last is None:
            return
        last.decorations += tuple(self.decorations)
        last.annotations += tuple(self.annotations)
        if self.chord_symbol:
            last.annotations += (self.chord_symbol,)
        self.pending_clear()

    def begins_partly(self) -> bool:
        """True when the first bar is an anacrusis: shorter than the meter, and not the only bar."""
        full = (self.bars[0].meter or self.meter).bar_duration
        held = sum((n.duration for n in self.bars[0].notes if n.layer == 0), ZERO)
        return len(self.bars) > 1 and bool(full) and held < full

    def freeze(self, number: int, first: int) -> Voice:
        """The voice as read, with its final `number`; its bars are counted from `first`."""
        bars: list[Bar] = []
        onset = ZERO
        for index, draft in enumerate(self.bars, first):
            bar = draft.freeze(index, onset)
            bars.append(bar)
            onset += bar.duration
        return Voice(
            number, self.id, tuple(bars), self.name, self.clef, self.program, self.percussion, self.transpose
        )


def _trimmed(lyrics: tuple[str, ...]) -> tuple[str, ...]:
    while lyrics and not lyrics[-1]:
        lyrics = lyrics[:-1]
    return lyrics


def _end_of(notes: Sequence[Note]) -> Fraction:
    """Where a change behind these notes of a bar stands: at their end, for overlays at the end of the first layer."""
    return max((note.onset + note.duration for note in notes if note.layer == 0), default=ZERO)
