"""Score to music21: parts, measures and everything on the page, ready for music21's MusicXML exporter.

Conventions: one `Part` a voice, with ids `P1`, `P2`, …; every part has as many measures as the longest
voice, and measure n of all parts begins at the same offset. Everything that music21's `makeNotation` would
guess is settled here (accidentals, tuplets, ties, clefs, bar lines), so that the export is fast and says
what the text said. Pitches are as written; a clef with a little 8 carries its octave in the clef.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import groupby
from typing import Literal

from hartmann.errors import InvalidNotation, MissingExtra

try:
    from music21 import bar, expressions, instrument, interval, key, layout, meter, spanner, stream, tempo
    from music21 import note as m21note
    from music21.duration import Duration
except ImportError:
    raise MissingExtra("music21", "server") from None

from hartmann.notation import marks
from hartmann.notation.engraving_clefs import changed_clef, voice_clef
from hartmann.notation.engraving_notes import NoteEngraver
from hartmann.notation.form import BarForm, form_of, written_out
from hartmann.notation.instruments import instrument_name
from hartmann.notation.jumps import Jump, jump_named
from hartmann.notation.layout import GroupSign, layout_of
from hartmann.notation.note_values import spell
from hartmann.notation.score import Bar, Key, Meter, Note, Score, Tempo, Voice
from hartmann.notation.tune_fields import signature

_BARLINES = {"||": "double", "|]": "final", "[|": "heavy-light", ".|": "dashed", "[|]": "none"}

_GROUP_SYMBOLS: dict[GroupSign, Literal["brace", "bracket"]] = {
    GroupSign.BRACE: "brace",
    GroupSign.BRACKET: "bracket",
}

MOST_HEADS = 30_000
"""Note heads that are engraved at most, the tied ones counted: some 500 pages, and half a minute of work."""


def to_music21(score: Score) -> stream.Score:
    """The score as music21 knows it. A voice without music is a part of rests; no voices, an empty score.

    Raises `InvalidNotation` for more than `MOST_HEADS` note heads, which a few absurdly long notes can need.
    """
    score = written_out(score)
    _check_size(score)
    forms = form_of(score)
    whole = stream.Score()
    if not forms:
        return whole
    order = layout_of(score).order
    parts = {number: _PartEngraver(score, number, forms, top=number == order[0]).part for number in order}
    for part in parts.values():
        whole.insert(0, part)
    for group in layout_of(score).groups:
        if group.sign in _GROUP_SYMBOLS:
            symbol = _GROUP_SYMBOLS[group.sign]
            whole.insert(
                0, layout.StaffGroup([parts[n] for n in group.voices], symbol=symbol, barTogether=True)
            )
    return whole


def _check_size(score: Score) -> None:
    notes = [note for voice in score.voices for given in voice.bars for note in given.notes]
    heads = sum(len(spell(note.written).values) for note in notes if not note.whole_bar)
    if heads > MOST_HEADS:
        raise InvalidNotation(
            f"the music needs {heads} tied notes and rests to be written down; {MOST_HEADS} is the most. "
            "Shorten its longest notes or split it into several pieces"
        )


class _PartEngraver:
    """Builds the part of one voice; `part` is the result."""

    def __init__(self, score: Score, number: int, forms: list[BarForm], *, top: bool) -> None:
        self.score = score
        self.voice = next(voice for voice in score.voices if voice.number == number)
        self.forms = forms
        self.top = top
        self.key = score.key
        self.meter = score.meter
        self.part = stream.Part(id=f"P{number}")
        self.part.partName = _name(self.voice)
        self.clef, self.octaves = voice_clef(self.voice)
        self.notes = NoteEngraver(self.voice, self.part, self.octaves)
        self.part.insert(0, _instrument(self.voice, number, self.octaves))
        measures = [self._measure(i, form) for i, form in enumerate(forms)]
        for form, measure in zip(forms, measures, strict=True):
            self.part.insert(form.onset, measure)
        self._endings(measures)

    def _measure(self, index: int, form: BarForm) -> stream.Measure:
        given = self.voice.bars[index] if index < len(self.voice.bars) else None
        measure = stream.Measure(number=form.number)
        if form.number == 0:
            measure.showNumber = stream.enums.ShowNumber.NEVER
        if index == 0:
            measure.insert(0, self.clef)
        if given is not None:
            self._signatures(measure, given)
        self._edges(measure, form, index)
        if self.top:
            self._directions(measure, form, index)
        if given is None or not given.notes:
            measure.insert(0, _full_rest(form.duration))
        else:
            self._fill(measure, given)
        return measure

    def _signatures(self, measure: stream.Measure, given: Bar) -> None:
        if given.key is not None:
            self.key = given.key
            measure.insert(0, key_signature(given.key))
        if given.meter is not None:
            self.meter = given.meter
            measure.insert(0, time_signature(given.meter))
        if given.clef:
            measure.insert(0, changed_clef(given.clef, self.octaves))
        for change in given.changes:
            if change.key is not None:
                measure.insert(change.onset, key_signature(change.key))
                self.key = change.key
            if change.clef:
                measure.insert(change.onset, changed_clef(change.clef, self.octaves))

    def _edges(self, measure: stream.Measure, form: BarForm, index: int) -> None:
        if form.repeat_start:
            measure.leftBarline = bar.Repeat(direction="start")
        if form.times:
            times = form.times if form.times > 2 else None
            measure.rightBarline = bar.Repeat(direction="end", times=times)
        elif form.barline in _BARLINES:
            measure.rightBarline = bar.Barline(_BARLINES[form.barline])
        elif index == len(self.forms) - 1:
            measure.rightBarline = bar.Barline("final")

    def _directions(self, measure: stream.Measure, form: BarForm, index: int) -> None:
        """What stands above the top staff alone: section names, tempi, and where to jump from and to."""
        if form.section:
            measure.insert(0, expressions.RehearsalMark(form.section))
        if form.tempo is not None:
            measure.insert(0, metronome_mark(form.tempo))
        given = self.voice.bars[index] if index < len(self.voice.bars) else None
        for change in given.changes if given is not None else ():
            if change.tempo is not None:
                measure.insert(change.onset, metronome_mark(change.tempo))
        for jump, name in dict.fromkeys(self._jumps(index)):
            measure.insert(form.duration if jump.ends_its_bar else 0, marks.jump_sign(jump, name))

    def _jumps(self, index: int) -> Iterator[tuple[Jump, str]]:
        """The jumps that any voice has in this bar."""
        for voice in self.score.voices:
            for note in voice.bars[index].notes if index < len(voice.bars) else ():
                for name in note.decorations:
                    jump = jump_named(name)
                    if jump is not None:
                        yield jump, name

    def _fill(self, measure: stream.Measure, given: Bar) -> None:
        layers = {layer: list(notes) for layer, notes in groupby(given.notes, lambda note: note.layer)}
        lacking = self.meter.bar_duration - given.duration if given.number == 0 else Fraction(0)
        self.notes.begin_bar(given.key or self.key, self.meter, max(lacking, Fraction(0)))
        for layer, notes in layers.items():
            if len(layers) == 1:
                self.notes.fill(measure, notes)
            else:
                inner = stream.Voice(id=layer + 1)
                self.notes.fill(inner, notes)
                _fill_up(inner, notes, given.duration)
                measure.insert(0, inner)

    def _endings(self, measures: list[stream.Measure]) -> None:
        for i, form in enumerate(self.forms):
            if form.endings:
                bracket = spanner.RepeatBracket(
                    measures[i : form.ending_last + 1], number=sorted(set(form.endings))
                )
                self.part.insert(0, bracket)


def _fill_up(layer: stream.Voice, notes: list[Note], length: Fraction) -> None:
    """Hidden rests to the end of the bar: a layer that stops early must still be a whole voice."""
    at = notes[-1].onset + notes[-1].duration
    for value in spell(max(length - at, Fraction(0))).values:
        rest = m21note.Rest(type=value.type, dots=value.dots)
        rest.style.hideObjectOnPrint = True
        layer.insert(at, rest)
        at += value.length


def _full_rest(length: Fraction) -> m21note.Rest:
    rest = m21note.Rest()
    rest.duration = Duration(length)
    rest.fullMeasure = True
    return rest


def _name(voice: Voice) -> str:
    return voice.name or ("Percussion" if voice.percussion else instrument_name(voice.program or 0))


def _instrument(voice: Voice, number: int, octaves: int) -> instrument.Instrument:
    """The part's instrument. Its channel is its own number, since music21 renumbers channels that come twice;
    `musicxml` writes the real one."""
    made = instrument.Instrument(_name(voice))
    made.partId, made.instrumentId, made.partName = f"P{number}", f"P{number}-I1", _name(voice)
    made.midiProgram = voice.program or 0
    made.midiChannel = number - 1
    semitones = voice.transpose - 12 * octaves
    if semitones and not voice.percussion:
        made.transposition = interval.Interval(semitones)
    return made


def key_signature(stated: Key) -> key.KeySignature:
    """music21's key, with the extra accidentals of `K:D exp _b ^f` where there are any.

    MuseScore 3 logs the modes of the church as unsupported and reads the signature all the same.
    """
    altered = {step: alter for step, alter in signature(stated).items() if alter}
    if stated.extra and altered:
        made = key.KeySignature(None)
        made.alteredPitches = [f"{s}{'#' * a}{'-' * -a}" for s, a in altered.items()]
        return made
    made = key.KeySignature(max(-7, min(7, stated.fifths)))
    return made if stated.mode == "none" else made.asKey(stated.mode)


def time_signature(stated: Meter) -> meter.TimeSignature:
    """music21's meter; free meter is a hidden 4/4, since MuseScore 3 reads no `senza-misura`."""
    made = meter.TimeSignature(f"{stated.numerator}/{stated.denominator}")
    if stated.symbol == "free":
        made.style.hideObjectOnPrint = True
    elif stated.symbol:
        made.symbol = "cut" if stated.symbol == "C|" else "common"
    return made


def metronome_mark(stated: Tempo) -> tempo.MetronomeMark:
    """The tempo with the beat that was counted, or with a quarter where no one note shows that beat."""
    values = spell(stated.beat).values
    if len(values) == 1 and values[0].length == stated.beat:
        beat, number = Duration(type=values[0].type, dots=values[0].dots), float(stated.bpm)
    else:
        beat, number = Duration(1), stated.quarters_per_minute
    return tempo.MetronomeMark(stated.text or None, number=number, referent=beat)
