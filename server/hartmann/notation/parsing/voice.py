"""One voice while it is being read: notes come in, bars come out.

`VoiceBuilder` holds everything that ABC keeps per voice from one sign to the next: key, meter and unit,
the accidentals of the bar (they bind every octave, ABC 2.1 section 4.2), ties under way, tuplets, broken
rhythm, and what waits for the next note (decorations, chord symbols, grace notes, slurs). It decides
nothing about right or wrong beyond that; `tune_balance.py` does, once all bars are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import Enum
from fractions import Fraction

from hartmann.notation.clefs import clef_octaves, plain_clef
from hartmann.notation.jumps import jump_named
from hartmann.notation.parsing.drafts import ZERO, BarDraft, NoteDraft, names_chord, pitch_of
from hartmann.notation.score import Bar, Change, Key, Meter, Pitch, Tempo, Tuplet, Voice
from hartmann.notation.tune_fields import signature

_CHROMATIC = ("C", "^C", "D", "^D", "E", "F", "^F", "G", "^G", "A", "^A", "B")


class Holding(Enum):
    """How far an accidental binds inside its bar (`%%propagate-accidentals`, ABC 2.1, section 11.3)."""

    NOT = "not"
    OCTAVE = "octave"
    PITCH = "pitch"


class VoiceBuilder:
    """State of one voice. The line reader calls it sign by sign."""

    def __init__(self, number: int, name: str, key: Key, meter: Meter, unit: Fraction) -> None:
        self.number = number
        self.id = name
        self.name = self.clef = ""
        self.program: int | None = None
        self.percussion = False
        self.transpose = self.octave = 0
        self.shift = 0
        self.clef_now = ""
        self.holding = Holding.PITCH
        self.drums: dict[int, int] = {}
        self.bars: list[BarDraft] = []
        self.bar = BarDraft()
        self.line_notes: list[NoteDraft | None] = []
        self.joined = False
        self.layer = 0
        self.note_count = 0
        self.verses = 0
        self.accidentals: dict[str | tuple[str, int], int] = {}
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
        """A new line of music: the lyrics that follow belong to its notes; after a `\\`, to those before it too."""
        if not self.joined:
            self.line_notes = []
            self.verses = 0
        self.joined = False

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
        octave += self.octave + self.shift
        bound = step if self.holding is Holding.PITCH else (step, octave)
        if accidental is not None:
            if self.holding is not Holding.NOT:
                self.accidentals[bound] = accidental
            alter: int | None = accidental
        elif self.tied and (step, octave) in self.tied:
            alter = self.tied[step, octave]
        else:
            alter = self.accidentals.get(bound)
        found = pitch_of(step, self.signature.get(step, 0) if alter is None else alter, octave)
        return self._drum(found) if self.drums and self.percussion else found

    def _drum(self, pitch: Pitch) -> Pitch:
        """The key of the drum kit that `%%MIDI drummap` gives this note."""
        midi = self.drums.get(pitch.midi)
        if midi is None:
            return pitch
        name = _CHROMATIC[midi % 12]
        return pitch_of(name[-1], len(name) - 1, midi // 12 - 1)

    def state_clef(self, clef: str) -> None:
        """A clef from here on. Before the first note it is the voice's; a later one is a change, and the octave
        that its little 8 adds goes into the pitches."""
        drawn_anew = plain_clef(clef) != plain_clef(self.clef_now)
        self.clef_now = clef
        if not self.note_count:
            self.clef = clef
            return
        self.shift = clef_octaves(clef) - clef_octaves(self.clef)
        if drawn_anew:
            self.change(clef=plain_clef(clef))

    def state_transpose(self, semitones: int) -> bool:
        """A transposition from here on; False when it can't be followed, since it differs by more than octaves
        from the one that the notes before it have."""
        moved = semitones - self.transpose
        if not self.note_count:
            self.transpose = semitones
        elif moved % 12 == 0:
            self.shift = moved // 12 + clef_octaves(self.clef_now) - clef_octaves(self.clef)
        return not self.note_count or moved % 12 == 0

    def decorate(self, name: str) -> None:
        """A decoration for the next note."""
        self.decorations.append(name[:40])
        self.has_pending = True

    def say(self, words: str) -> None:
        """Quoted words for the next note: a chord symbol, or an annotation."""
        self.has_pending = True
        if not self.chord_symbol and names_chord(words):
            self.chord_symbol = words
        elif words:
            self.annotations.append(words)

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
        if self.has_pending:
            self._leave_jumps()
        self.bar.barline = barline
        self.bars.append(self.bar)
        self.bar = BarDraft()
        self.line_notes.append(None)
        if not keep_accidentals:
            self.accidentals.clear()
        self.layer = 0

    def _leave_jumps(self) -> None:
        """`fine` and `D.C.` before a bar line end the bar, so they belong to its last note."""
        ending = [name for name in self.decorations if (jump := jump_named(name)) and jump.ends_its_bar]
        if ending and self.previous is not None:
            self.previous.decorations += tuple(ending)
            self.decorations = [name for name in self.decorations if name not in ending]

    def end_open_bar(self) -> None:
        """The text ends inside a bar. A full one gets its bar line, a partial one none; an overlay that was opened
        and never written is forgotten."""
        self.cut_tuplet()
        self.layer = self.bar.notes[-1].layer
        self.end_bar("|" if self.held() == self.meter.bar_duration else "")

    def held(self) -> Fraction:
        """Quarters in the current bar's present layer so far."""
        return sum((n.duration for n in self.bar.notes if n.layer == self.layer), ZERO)

    def change(
        self,
        *,
        key: Key | None = None,
        meter: Meter | None = None,
        tempo: Tempo | None = None,
        clef: str = "",
    ) -> None:
        """A new key, meter, tempo or clef from here: at a bar's start it is the bar's, else a change inside it."""
        if key is not None:
            self.key, self.signature = key, signature(key)
            self.accidentals.clear()
        if meter is not None:
            self.meter = meter
        if self.bar.notes:
            self.bar.changes.append((len(self.bar.notes), Change(ZERO, key, meter, tempo, clef)))
            return
        self.bar.key = key or self.bar.key
        self.bar.meter = meter or self.bar.meter
        self.bar.tempo = tempo or self.bar.tempo
        self.bar.clef = clef or self.bar.clef

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
        """True when the first bar is shorter than the meter."""
        full = (self.bars[0].meter or self.meter).bar_duration
        held = sum((n.duration for n in self.bars[0].notes if n.layer == 0), ZERO)
        return bool(full) and held < full

    def freeze(self, number: int, first: int) -> Voice:
        """The voice as read, with its final `number`; its bars are counted from `first`."""
        bars: list[Bar] = []
        onset = ZERO
        for index, draft in enumerate(self.bars, first):
            bar = draft.freeze(index, onset)
            bars.append(bar)
            onset += bar.duration
        return Voice(
            number, self.id, tuple(bars), self.name, self.clef, self.program, self.percussion,
            self.transpose + 12 * clef_octaves(self.clef),
        )  # fmt: skip
