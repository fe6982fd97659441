"""Notes and bars while they may still change: a draft gains ties, slurs, syllables and signs, then is frozen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from hartmann.notation.parsing.tokens import CHORD_SYMBOL
from hartmann.notation.score import Bar, Change, Key, Meter, Note, Pitch, Place, Tempo, Tuplet

ZERO = Fraction(0)
_PITCHES: dict[tuple[str, int, int], Pitch] = {}
_POSITION_SIGNS = frozenset("^_<>@")


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

    def say(self, words: str) -> None:
        """Quoted words for this note: its chord symbol if they are one and it has none, else an annotation."""
        if not self.chord_symbol and names_chord(words):
            self.chord_symbol = words
        elif words:
            self.annotations += (words,)

    def freeze(self, onset: Fraction, duration: Fraction) -> Note:
        """The finished note at `onset` in its bar."""
        return Note(
            onset, duration, self.written, self.pitches, self.place, self.ties or (False,) * len(self.pitches),
            self.tuplet, self.grace, self.acciaccatura, self.chord_symbol, self.annotations, self.decorations,
            _trimmed(self.lyrics), self.slurs_begun, self.slurs_ended, self.invisible, self.layer, self.whole_bar,
        )  # fmt: skip


def names_chord(words: str) -> bool:
    """True for quoted words that are a chord symbol; those that begin with a sign for their place never are."""
    return words[:1] not in _POSITION_SIGNS and CHORD_SYMBOL.fullmatch(words) is not None


class BarDraft:
    """A bar whose notes are known but may still gain lyrics, and whose right edge may gain signs."""

    __slots__ = (
        "barline", "changes", "clef", "ending_stop", "endings", "key", "meter", "notes", "place", "remarks",
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
        self.clef = ""
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
            changes, spans, self.clef,
        )  # fmt: skip

    def _place(self, first: Place) -> Place:
        """From the first sign of the bar to its last; `first` is where its first note stands."""
        if not self.spans:
            return first
        start, end = self.spans[0][0], self.spans[-1][1]
        return Place(first.line, first.column - (first.start - start), start, end)


def _trimmed(lyrics: tuple[str, ...]) -> tuple[str, ...]:
    while lyrics and not lyrics[-1]:
        lyrics = lyrics[:-1]
    return lyrics


def _end_of(notes: Sequence[Note]) -> Fraction:
    """Where a change behind these notes of a bar stands: at their end, for overlays at the end of the first layer."""
    return max((note.onset + note.duration for note in notes if note.layer == 0), default=ZERO)
