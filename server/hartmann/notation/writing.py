"""A score as canonical ABC: one style, such that reading it gives the same score again.

The style: header `X T C R P M L Q K`, then the program and, where there are several voices, a `V:` line for
each; four bars a line, voices one under another in systems (`[V:1] …`); sections as `% [name]`; lengths in
the unit of the score; notes beamed by beat; accidentals written wherever readers disagree on what holds.
What a text says beside its music (other fields, lyrics to sing after the end) is written only on request.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from hartmann.notation.clefs import clef_octaves
from hartmann.notation.score import Bar, Change, Meter, Note, Pitch, Place, Score, Tempo, Voice
from hartmann.notation.tune_fields import default_normal, key_text, signature

BARS_A_LINE = 4
_ACCIDENTALS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
_NOWHERE = Place(0, 0, 0, 0)


def to_abc(score: Score, *, sources: bool = False) -> str:
    """The score as ABC. With `sources`, header fields about the text (S, N, Z, B, …) are written too."""
    lines = list(_header(score, sources))
    writers = [_VoiceWriter(voice, score) for voice in score.voices]
    for first, last in _systems(score):
        for writer in writers:
            lines += writer.line(first, last)
    return "\n".join(lines) + "\n"


def without_places(score: Score) -> Score:
    """The score with all places, sources and section spans blank: equal for texts that say the same music."""
    voices = tuple(replace(voice, bars=tuple(map(_bar_without_place, voice.bars))) for voice in score.voices)
    sections = tuple(replace(section, spans=()) for section in score.sections)
    return replace(score, voices=voices, sections=sections, source="")


def _bar_without_place(bar: Bar) -> Bar:
    notes = tuple(replace(note, place=_NOWHERE) for note in bar.notes)
    return replace(bar, notes=notes, place=_NOWHERE, spans=())


# -- the header ------------------------------------------------------------------------------------------


def _header(score: Score, sources: bool) -> Iterator[str]:
    yield "X:1"
    said = (("T", score.title), ("C", score.composer), ("R", score.rhythm))
    others = (field for field in score.header if sources or field[0] == "P")
    for name, text in (*said, *others):
        if text:
            yield f"{name}:{' ' if text[0] in ':|' else ''}{text}"
    yield f"M:{score.meter}"
    yield f"L:{_ratio(score.unit / 4)}"
    if score.tempo:
        yield f"Q:{_tempo(score.tempo)}"
    if score.staves:
        yield f"%%score {score.staves}"
    yield f"K:{key_text(score.key)}"
    yield from _voice_headers(score.voices)


def _voice_headers(voices: Sequence[Voice]) -> Iterator[str]:
    for voice in voices:
        if len(voices) > 1 or voice.id != "1" or voice.name or voice.clef or voice.transpose:
            yield f"V:{voice.id}" + "".join(_voice_attributes(voice))
        if voice.program is not None:
            yield f"%%MIDI program {voice.program}"
        if voice.percussion:
            yield "%%MIDI channel 10"


def _voice_attributes(voice: Voice) -> Iterator[str]:
    if voice.name:
        yield f' name="{voice.name}"'
    if voice.clef:
        yield f" clef={voice.clef}"
    transpose = voice.transpose - 12 * clef_octaves(voice.clef)
    if transpose:
        yield f" transpose={transpose}"


def _tempo(tempo: Tempo) -> str:
    bpm = str(tempo.bpm) if tempo.bpm.denominator == 1 else f"{float(tempo.bpm):.4f}".rstrip("0")
    return f"{_ratio(tempo.beat / 4)}={bpm}" + (f' "{tempo.text}"' if tempo.text else "")


def _ratio(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"


# -- the body --------------------------------------------------------------------------------------------


def _systems(score: Score) -> Iterator[tuple[int, int]]:
    """(first, behind last) bar index of each line of music: four full bars, a new line for every section."""
    count = max(len(voice.bars) for voice in score.voices)
    named = {i for voice in score.voices for i, bar in enumerate(voice.bars) if bar.section}
    first = 0
    held = 1 if score.voices[0].bars[0].number == 0 else 0
    for index in range(1, count + 1):
        if index == count or index in named or index - first - held >= BARS_A_LINE:
            yield first, index
            first, held = index, 0


def _section_lines(score: Score, name: str) -> list[str]:
    if not name:
        return []
    in_parts = any(field == "P" for field, _ in score.header)
    return [f"P:{name}"] if in_parts else [f"% [{name}]"]


class _VoiceWriter:
    """Writes the bars of one voice in order; keeps key, meter and accidentals as a reader would."""

    def __init__(self, voice: Voice, score: Score) -> None:
        self.voice = voice
        self.score = score
        self.prefix = f"[V:{voice.id}] " if len(score.voices) > 1 else ""
        self.meter = score.meter
        self.signature = signature(score.key)
        self.accidentals: dict[str, tuple[int, int]] = {}
        self.tied: dict[tuple[str, int], int] = {}
        self.shift = 0

    def line(self, first: int, last: int) -> list[str]:
        """The bars from `first` to before `last` as one line, the section that begins there before it and their
        lyrics behind it; nothing where there are none."""
        bars = self.voice.bars[first:last]
        if not bars:
            return []
        pieces = []
        for index, bar in enumerate(bars, first):
            pieces.append(
                self._opening(index, index == first) + self._bar(bar, index) + self._sign(index, last)
            )
        section = _section_lines(self.score, bars[0].section)
        return [*section, self.prefix + "".join(pieces), *_lyric_lines(bars)]

    def _opening(self, index: int, begins_line: bool) -> str:
        """What stands at a bar's left edge and was not part of the sign before it."""
        bar = self.voice.bars[index]
        start = "|:" if bar.repeat_start and begins_line else ""
        ending = "[" + ",".join(map(str, bar.endings)) + " " if bar.endings and begins_line else ""
        return start + ending

    def _sign(self, index: int, last: int) -> str:
        """The bar line at a bar's right edge, with the next bar's repeat and ending when it is on the same line."""
        bar = self.voice.bars[index]
        sign = ":" * max(0, bar.repeat_end - 1) + bar.barline
        if index + 1 >= min(last, len(self.voice.bars)):
            return sign
        following = self.voice.bars[index + 1]
        if following.repeat_start:
            sign = "::" if sign == ":|" else sign + ":"
        return sign + (",".join(map(str, following.endings)) + " " if following.endings else "")

    def _bar(self, bar: Bar, index: int) -> str:
        self.accidentals = {}
        head = "".join(f"[r:{remark}] " for remark in bar.remarks) + self._state(bar, index)
        changes = list(bar.changes)
        out: list[str] = []
        layer = 0
        for place, note in enumerate(bar.notes):
            if note.layer != layer:
                while changes:  # they hold from the end of the first layer on
                    out.append(self._change(changes.pop(0)))
                out.append(" & ")
                layer = note.layer
            elif place:
                out.append(self._gap(note, bar.notes[place - 1]))
            while changes and not layer and changes[0].onset <= note.onset:
                out.append(self._change(changes.pop(0)))
            out.append(self._note(note, bar.notes, place))
        out += [self._change(change) for change in changes]
        return head + "".join(out)

    def _state(self, bar: Bar, index: int) -> str:
        """Key, meter and tempo that the bar states; the first bar's are the header's."""
        header = self.score
        first = index == 0
        key = None if first and bar.key == header.key else bar.key
        meter = None if first and bar.meter == header.meter else bar.meter
        tempo = None if first and self.voice is header.voices[0] and bar.tempo == header.tempo else bar.tempo
        return self._change(Change(Fraction(0), key, meter, tempo, bar.clef))

    def _change(self, change: Change) -> str:
        out = ""
        if change.key is not None:
            self.signature = signature(change.key)
            self.accidentals = {}
            out += f"[K:{key_text(change.key)}]"
        if change.clef:
            self.shift = -clef_octaves(self.voice.clef)
            out += f"[K:clef={change.clef}]"
        if change.meter is not None:
            self.meter = change.meter
            out += f"[M:{change.meter}]"
        if change.tempo is not None:
            out += f"[Q:{_tempo(change.tempo)}]"
        return out

    def _gap(self, note: Note, before: Note) -> str:
        """A space between beats; none inside a tuplet or between notes that share a beam."""
        if note.tuplet and not note.tuplet.first:
            return ""
        beat = _beam(self.meter)
        alone = beat if self.meter.is_compound else Fraction(1)
        apart = note.onset // beat != before.onset // beat or max(before.duration, note.duration) >= alone
        return " " if apart else ""

    def _note(self, note: Note, notes: Sequence[Note], place: int) -> str:
        slurs = "(" * note.slurs_begun
        tuplet = _tuplet_sign(notes, place, self.meter) if note.tuplet and note.tuplet.first else ""
        words = f'"{note.chord_symbol}"' if note.chord_symbol else ""
        words += "".join(f'"{text}"' for text in note.annotations)
        marks = "".join("." if name == "staccato" else f"!{name}!" for name in note.decorations)
        body = self._grace(note) + self._body(note)
        return slurs + tuplet + words + marks + body + ")" * note.slurs_ended

    def _grace(self, note: Note) -> str:
        if not note.grace:
            return ""
        return "{" + ("/" if note.acciaccatura else "") + "".join(map(self._pitch, note.grace)) + "}"

    def _body(self, note: Note) -> str:
        length = _length(note.written / self.score.unit)
        if note.is_rest:
            self.tied = {}
            if note.whole_bar and note.written == (self.meter.bar_duration or 4) and not note.tuplet:
                return "X" if note.invisible else "Z"
            return ("x" if note.invisible else "z") + length
        all_tied = all(note.ties)
        texts = [self._pitch(pitch) for pitch in note.pitches]
        if not all_tied:
            texts = [text + "-" * tied for text, tied in zip(texts, note.ties, strict=True)]
        body = texts[0] if len(texts) == 1 else f"[{''.join(texts)}]"
        self.tied = {(p.step, p.octave): p.alter for p, t in zip(note.pitches, note.ties, strict=True) if t}
        return body + length + ("-" if all_tied else "")

    def _pitch(self, pitch: Pitch) -> str:
        step = pitch.step
        held = self.accidentals.get(step)
        by_key = self.signature.get(step, 0)
        implied = by_key if held is None else held[0]
        tie = self.tied.get((step, pitch.octave))
        doubtful = (held is not None and held[1] != pitch.octave) or (tie is not None and tie != by_key)
        letter = _letter(pitch.step, pitch.octave - self.shift)
        if pitch.alter == implied and not doubtful:
            return letter
        self.accidentals[step] = (pitch.alter, pitch.octave)
        return _ACCIDENTALS[pitch.alter] + letter


def _beam(meter: Meter) -> Fraction:
    """Quarters that are beamed together: a dotted quarter in compound meters, half a bar in 4/4 and 2/2."""
    if meter.is_compound:
        return Fraction(12, meter.denominator)
    return Fraction(2) if meter.bar_duration == 4 and meter.symbol != "free" else Fraction(1)


def _letter(step: str, octave: int) -> str:
    return step.lower() + "'" * (octave - 5) if octave >= 5 else step + "," * (4 - octave)


def _length(units: Fraction) -> str:
    if units == 1:
        return ""
    above = "" if units.numerator == 1 else str(units.numerator)
    return above if units.denominator == 1 else f"{above}/{units.denominator}"


def _tuplet_sign(notes: Sequence[Note], place: int, meter: Meter) -> str:
    tuplet = notes[place].tuplet
    assert tuplet is not None
    count = 1
    for note in notes[place + 1 :]:
        if note.tuplet is None or note.tuplet.first or note.layer != notes[place].layer:
            break
        count += 1
    if count == tuplet.actual and tuplet.normal == default_normal(tuplet.actual, meter):
        return f"({tuplet.actual}"
    return f"({tuplet.actual}:{tuplet.normal}:{count}"


def _lyric_lines(bars: Sequence[Bar]) -> list[str]:
    notes = [note for bar in bars for note in bar.notes if not note.is_rest]
    verses = max((len(note.lyrics) for note in notes), default=0)
    return ["w:" + _verse([n.lyrics[v] if v < len(n.lyrics) else "" for n in notes]) for v in range(verses)]


def _verse(syllables: Sequence[str]) -> str:
    out = ""
    for syllable in syllables:
        text = syllable.replace(" ", "~") or "*"
        inner = text[:-1].replace("-", "\\-") + text[-1]
        out += inner if out.endswith("-") or not out else " " + inner
    return out.rstrip(" *")
