"""The notes of one measure of music21's as ours: layers, chords, rests, tuplets, grace notes, ties.

Conventions: every layer fills its bar from the start, with invisible rests where music21 has nothing; a note that
overlaps the one before it in its layer cuts that one short. Tuplets are grouped anew from the lengths of their
notes, since the marks in files are often missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from music21 import harmony, note, stream

from hartmann.notation.from_musicxml import drums, stream_marks
from hartmann.notation.score import Note, Pitch, Place, Tuplet

_NOWHERE = Place(0, 0, 0, 0)
_ZERO = Fraction(0)
_MOST_ANNOTATIONS = 4
"""Words at one note; files made from scans have whole pages of text there."""


@dataclass(slots=True)
class PartMarks:
    """What runs over bars in one part: slurs and hairpins by element, and grace notes that wait for their note."""

    slurs_begun: dict[int, int]
    slurs_ended: dict[int, int]
    hairpins: dict[int, list[str]]
    graces: list[Any] = field(default_factory=list)


def exact(quarters: Any) -> Fraction:
    """music21's lengths and offsets (floats and Fractions) as Fractions."""
    return Fraction(quarters).limit_denominator(20160)


def measure_notes(measure: stream.Measure, length: Fraction, marks: PartMarks) -> tuple[Note, ...]:
    """The notes of a measure that lasts `length` quarters, layer by layer."""
    layers: list[Any] = list(measure.voices) or [measure]
    read = [_layer(layer, length, marks) for layer in layers]
    sounding = [notes for notes in read if any(n.pitches for n in notes)] or read[:1]
    kept = [replace(n, layer=number) for number, notes in enumerate(sounding) for n in notes]
    return tuple(_with_marks(kept, measure))


def _layer(layer: Any, length: Fraction, marks: PartMarks) -> list[Note]:
    notes: list[Note] = []
    at = _ZERO
    start = exact(layer.offset) if isinstance(layer, stream.Voice) else _ZERO
    for element in layer.notesAndRests:
        if isinstance(element, harmony.Harmony):
            continue
        if element.duration.isGrace:
            marks.graces.append(element)
            continue
        onset, duration = start + exact(element.offset), exact(element.quarterLength)
        if duration <= 0 or onset >= length:
            continue
        if onset < at:
            at = _cut_back(notes, onset)
        if onset > at:
            notes.append(_rest(at, onset - at))
        duration = min(duration, length - onset)
        notes.append(_note(element, onset, duration, length, marks))
        at = onset + duration
    if at < length:
        notes.append(_rest(at, length - at, whole=not notes))
    return _with_tuplets(notes)


def _cut_back(notes: list[Note], onset: Fraction) -> Fraction:
    """Shorten what sounds beyond `onset`; where the layer then ends."""
    while notes and notes[-1].onset >= onset:
        notes.pop()
    if notes:
        last = notes[-1]
        held = min(last.duration, onset - last.onset)
        notes[-1] = replace(last, duration=held, written=last.written * held / last.duration)
        return last.onset + held
    return _ZERO


def _rest(onset: Fraction, duration: Fraction, whole: bool = False) -> Note:
    """Silence that fills a layer; visible only where it is all that the bar has."""
    odd = duration.denominator
    while odd % 2 == 0:
        odd //= 2
    ratio = Fraction(1 << (odd.bit_length() - 1), odd)
    tuplet = Tuplet(odd, ratio.numerator) if odd > 1 else None
    return Note(
        onset, duration, duration / ratio, (), _NOWHERE, tuplet=tuplet, invisible=not whole, whole_bar=whole
    )


def _note(element: Any, onset: Fraction, duration: Fraction, length: Fraction, marks: PartMarks) -> Note:
    pitches, ties = _pitches(element)
    key = id(element)
    graces, marks.graces = (marks.graces, []) if pitches else ([], marks.graces)
    tuplet, written = _ratio(element, duration)
    return Note(
        onset=onset,
        duration=duration,
        written=written,
        pitches=pitches,
        place=_NOWHERE,
        ties=ties,
        tuplet=tuplet,
        grace=tuple(pitch for grace in graces for pitch in _pitches(grace)[0])[:32],
        acciaccatura=any(getattr(grace.duration, "slash", False) for grace in graces),
        decorations=(*stream_marks.decorations_of(element), *marks.hairpins.get(key, ())),
        lyrics=stream_marks.lyrics_of(element) if pitches else (),
        slurs_begun=marks.slurs_begun.get(key, 0),
        slurs_ended=marks.slurs_ended.get(key, 0),
        invisible=not pitches and bool(element.style.hideObjectOnPrint),
        whole_bar=not pitches and onset == 0 and duration == length,
    )


def _pitches(element: Any) -> tuple[tuple[Pitch, ...], tuple[bool, ...]]:
    """The pitches of a note or chord from the lowest up, and which are tied on; none for rests."""
    if isinstance(element, note.Rest):
        return (), ()
    heads = list(getattr(element, "notes", [element]))
    found: dict[Pitch, bool] = {}
    for head in heads:
        pitch = _drum(head) if isinstance(head, note.Unpitched) else stream_marks.spelled(head.pitch)
        found[pitch] = head.tie is not None and head.tie.type in {"start", "continue"}
    ordered = sorted(found, key=lambda pitch: pitch.midi)
    return tuple(ordered), tuple(found[pitch] for pitch in ordered)


def _drum(head: note.Unpitched) -> Pitch:
    """The General MIDI note of a drum as a pitch; where the file names none, the place on the staff."""
    struck = getattr(head.storedInstrument, "percMapPitch", None)
    if struck is None or not 0 <= struck <= 127:
        return stream_marks.spelled(head.displayPitch())
    return Pitch(*drums.spelled(struck))


def _ratio(element: Any, duration: Fraction) -> tuple[Tuplet | None, Fraction]:
    """The tuplet ratio of an element, nested ones multiplied, and the written length."""
    actual = normal = 1
    for one in element.duration.tuplets:
        actual *= int(one.numberNotesActual)
        normal *= int(one.numberNotesNormal)
    if actual == normal or not (2 <= actual <= 64 and 1 <= normal <= 64):
        return _implied_ratio(duration)
    return Tuplet(actual, normal), duration * actual / normal


def _implied_ratio(duration: Fraction) -> tuple[Tuplet | None, Fraction]:
    """For lengths that no plain note has and that carry no tuplet."""
    rest = _rest(_ZERO, duration)
    return rest.tuplet, rest.written


# -- tuplets -----------------------------------------------------------------------------------------------


def _with_tuplets(notes: Sequence[Note]) -> list[Note]:
    """The notes with the first and last of each tuplet marked."""
    done: list[Note] = []
    for group in _groups(notes):
        last = len(group) - 1
        for index, n in enumerate(group):
            ratio = n.tuplet
            marked = replace(ratio, first=index == 0, last=index == last) if ratio else None
            done.append(replace(n, tuplet=marked))
    return done


def _groups(notes: Sequence[Note]) -> Iterator[list[Note]]:
    """Notes of one ratio in a row, as many as end on a plain length; everything else one by one."""
    group: list[Note] = []
    for n in notes:
        if group and (n.tuplet != group[0].tuplet or _is_complete(group)):
            yield group
            group = []
        if n.tuplet is None:
            yield [n]
        else:
            group.append(n)
    if group:
        yield group


def _is_complete(group: Sequence[Note]) -> bool:
    ratio = group[0].tuplet
    assert ratio is not None
    held = sum((n.written for n in group), _ZERO)
    sounding = sum((n.duration for n in group), _ZERO)
    plain = sounding.denominator & (sounding.denominator - 1) == 0
    return len(group) >= 60 or (plain and held / ratio.actual >= min(n.written for n in group))


# -- what stands beside notes ------------------------------------------------------------------------------


def _with_marks(notes: list[Note], measure: stream.Measure) -> list[Note]:
    """Chord symbols, dynamics and words go to the note of the first layer that begins at or before them."""
    ground = [index for index, n in enumerate(notes) if n.layer == 0]
    for offset, what, text in sorted(stream_marks.beside(measure), key=lambda mark: mark[0]):
        if not text:
            continue
        before = [index for index in ground if notes[index].onset <= exact(offset)]
        index = before[-1] if before else ground[0]
        notes[index] = _marked(notes[index], what, text)
    return notes


def _marked(n: Note, what: str, text: str) -> Note:
    if what == "chord":
        return replace(n, chord_symbol=text) if not n.chord_symbol else n
    if what == "decoration":
        return replace(n, decorations=(text, *n.decorations))
    return replace(n, annotations=(*n.annotations, text)[:_MOST_ANNOTATIONS])
