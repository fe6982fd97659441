"""The tolerant ABC 2.1 reader: text in, voices with bars and notes out, problems on the side.

`Parser` goes over the lines once. A line is a field, a directive, a comment, music, or prose; fields set
state, music goes to `LineReader` for the voice that is current. Nothing here raises for what the text
says: what can't be read is reported. Judging whether bars add up comes later (`tune_balance.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction

from hartmann.notation.findings import Findings, TooMuch
from hartmann.notation.lexing import COMMENT, FIELD_LINE
from hartmann.notation.parsing_line import LineReader
from hartmann.notation.parsing_lyrics import align_lyrics
from hartmann.notation.parsing_voice import VoiceBuilder
from hartmann.notation.problems import Problem, Severity
from hartmann.notation.score import Key, Meter, Score, Tempo, Voice
from hartmann.notation.sections import name_in_comment
from hartmann.notation.tune_fields import (
    BadField,
    default_unit,
    parse_key,
    parse_meter,
    parse_tempo,
    parse_unit,
    parse_voice,
)
from hartmann.notation.tune_text import is_music, is_prose

ERROR, WARNING, HINT = Severity.ERROR, Severity.WARNING, Severity.HINT
_TEXT_FIELDS = frozenset("ABDFGHINOSZRWmr")
_MIDI = re.compile(r"\s*MIDI\s+(program|channel|transpose|drummap)\b\s*(.*)", re.I)
_KEY_LINE = re.compile(r"^[ \t]*K:", re.M)
_KEPT_FIELDS = 40
_VERSES = 20


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a text is read. Beyond them reading stops and a problem says so."""

    characters: int = 100_000
    bars: int = 4_000
    voices: int = 64
    notes: int = 20_000
    problems: int = 200


@dataclass(slots=True)
class _Header:
    """What the header says; fields stay None until they are stated."""

    key: Key | None = None
    meter: Meter | None = None
    unit: Fraction | None = None
    tempo: Tempo | None = None
    titles: list[str] | None = None
    composer: str = ""
    rhythm: str = ""
    number: str | None = None
    clef: str = ""
    octave: int = 0
    transpose: int = 0
    program: int | None = None
    percussion: bool = False


class Parser:
    """Reads one tune. Call `parse()` once; `findings` then holds the problems."""

    def __init__(self, findings: Findings, limits: Limits) -> None:
        self.findings = findings
        self.limits = limits
        self.header = _Header()
        self.fields: list[tuple[str, str]] = []
        self.voices: dict[str, VoiceBuilder] = {}
        self.current: VoiceBuilder | None = None
        self.reader = LineReader(findings, limits.notes, limits.bars)
        self.reader.inline = self._inline
        self.in_body = False
        self.empty_line = 0
        self.done = False
        self.last_field = ""
        self.barless = False
        self._suspect: frozenset[tuple[int, int]] = frozenset()

    def parse(self) -> Score | None:
        """The score, or None when the text holds no notes at all."""
        lines = self.findings.text.split("\n")
        try:
            for number, line in enumerate(lines, 1):
                if self.done:
                    break
                self._line(line, number)
        except TooMuch as limit:
            self.findings.add(
                ERROR, "too_much", f"the text has more {limit} than the limit; the rest was not read",
                self.findings.line_starts[min(number, len(lines)) - 1],
            )  # fmt: skip
        return self._finish()

    # -- lines -----------------------------------------------------------------------------------------

    def _line(self, line: str, number: int) -> None:
        start = self.findings.line_starts[number - 1]
        if not line or line.isspace():
            self.empty_line = self.empty_line or number
            return
        if line.lstrip().startswith("%"):
            self._comment(line.strip())
            return
        match = FIELD_LINE.match(line)
        if match and len(match[1]) == 1:
            self._noted_empty_line(match[1])
            if not self.done:
                self._field(
                    match[1], _without_comment(match[2]), start + match.start(1), match.start(2) + start
                )
        elif match and match[1] == "+":
            self._continue_field(match[2])
        else:
            self._music(line, number, start)

    def _noted_empty_line(self, field: str) -> None:
        """An empty line ends a tune (ABC 2.1, 2.2.1); models leave them between lines, so reading goes on."""
        if not self.empty_line or not self.in_body:
            self.empty_line = 0
            return
        if field == "X" or (field == "T" and self._has_notes()):
            return
        at = self.findings.line_starts[self.empty_line - 1]
        self.findings.once(
            WARNING, "empty_line", "an empty line inside the tune; other programs stop reading there", at
        )
        self.empty_line = 0

    def _comment(self, line: str) -> None:
        if line.startswith("%%"):
            self._directive(line[2:])
            return
        name = name_in_comment(line)
        if name and (self.in_body or self.header.key is not None):
            self.reader.section = name

    def _directive(self, text: str) -> None:
        match = _MIDI.match(text)
        if not match:
            self.barless = self.barless or text.strip().lower() == "midi nobarlines"
            return
        what, numbers = match[1].lower(), [int(n) for n in re.findall(r"-?\d{1,3}", match[2])]
        target: VoiceBuilder | _Header = self.current or self.header
        if what == "program" and numbers and 0 <= numbers[-1] <= 127:
            target.program = numbers[-1]
        elif (what == "channel" and numbers[:1] == [10]) or what == "drummap":
            target.percussion = True
        elif what == "transpose" and numbers and abs(numbers[0]) <= 36:
            target.transpose = numbers[0]

    def _music(self, line: str, number: int, start: int) -> None:
        text = _without_comment(line)
        if is_prose(text) or (not self.in_body and self._key_follows(start) and not is_music(text)):
            self._prose(text, start)
            return
        self._noted_empty_line("")
        self._begin_body()
        comment = line[len(text) :]
        if comment and (name := name_in_comment(comment)) and not text.strip():
            self.reader.section = name
        self._to_voice(self._current())
        self.reader.read(text, number, start)

    def _key_follows(self, start: int) -> bool:
        """True while the header still goes on: its `K:` stands on a later line."""
        return self.header.key is None and _KEY_LINE.search(self.findings.text, start) is not None

    def _prose(self, text: str, start: int) -> None:
        message = f"`{text.strip()[:40]}` reads as words, not as music, and was left out"
        severity = ERROR if self._has_notes() and not self.empty_line else WARNING
        self.findings.add(severity, "prose", message, start)

    def _has_notes(self) -> bool:
        return any(voice.note_count for voice in self.voices.values())

    # -- fields ----------------------------------------------------------------------------------------

    def _field(self, name: str, value: str, start: int, value_start: int) -> None:
        self.last_field = name
        value = value[:2000]
        try:
            if name == "V":
                self._voice_field(value, start, value_start)
            elif name == "w":
                self._lyrics(value)
            elif name in "KMLQ":
                self._musical_field(name, value, start)
            else:
                self._other_field(name, value, start)
        except BadField as bad:
            self._bad_field(name, str(bad), start)

    def _bad_field(self, name: str, message: str, start: int) -> None:
        code = {"K": "bad_key", "M": "bad_meter", "L": "bad_unit", "Q": "bad_tempo"}.get(name, "bad_voice")
        severity = WARNING if name == "Q" else ERROR
        voice = self.current.number if self.current else 0
        bar = -2 - len(self.current.bars) if self.current else -1
        self.findings.add(severity, code, message, start, voice=voice, bar=bar)
        if name == "M":
            self._set_meter(Meter(4, 4, "free"))
        elif name == "K" and not self.in_body:
            self.header.key = Key("", "none", 0)

    def _musical_field(self, name: str, value: str, start: int) -> None:
        if name == "K":
            self._key(value, start)
        elif name == "M":
            self._set_meter(parse_meter(value))
        elif name == "L":
            self._set_unit(parse_unit(value))
        else:
            self._set_tempo(parse_tempo(value, self._meter()))

    def _key(self, value: str, start: int) -> None:
        field = parse_key(value)
        if field.rest:
            self.findings.add(HINT, "unread_field", f"`{field.rest[:40]}` in `K:` was left out", start)
        if self.in_body:
            for voice in self._targets():
                voice.clef = field.clef or voice.clef
                voice.octave = field.octave or voice.octave
                if field.key is not None:
                    voice.change(key=field.key)
            return
        header = self.header
        header.key = field.key or header.key or Key("", "none", 0)
        header.clef = field.clef or header.clef
        header.octave = field.octave or header.octave
        header.transpose = field.transpose or header.transpose
        header.percussion = header.percussion or field.clef.startswith("perc")
        self.current = None

    def _set_meter(self, meter: Meter) -> None:
        if not self.in_body:
            self.header.meter = meter
        for voice in self._targets() if self.in_body else ():
            voice.change(meter=meter)

    def _set_unit(self, unit: Fraction) -> None:
        if not self.in_body:
            self.header.unit = unit
        for voice in self._targets() if self.in_body else ():
            voice.set_unit(unit)

    def _set_tempo(self, tempo: Tempo) -> None:
        if not self._has_notes():
            self.header.tempo = tempo
            return
        self._current().change(tempo=tempo)

    def _meter(self) -> Meter:
        voice = self.current
        return voice.meter if voice else self.header.meter or Meter(4, 4, "free")

    def _targets(self) -> list[VoiceBuilder]:
        """The voices that a field in the body binds: the current one, or all when none is named yet."""
        return [self._current()] if self.current or not self.voices else list(self.voices.values())

    def _other_field(self, name: str, value: str, start: int) -> None:
        text = value.strip()
        header = self.header
        if name == "X":
            self._reference_number(text, start)
        elif name == "T":
            self._title(text)
        elif name == "P":
            self._part(text)
        elif name == "C" and not header.composer:
            header.composer = text
            return
        elif name == "R" and not header.rhythm:
            header.rhythm = text
            return
        elif name == "U":
            self._user_defined(text)
        elif name not in "CRsd" and name not in _TEXT_FIELDS:
            self.findings.add(HINT, "unread_field", f"the field `{name}:` was left out", start)
        kept = name not in "XTU" and (name != "P" or header.key is None)
        if kept and text and len(self.fields) < _KEPT_FIELDS and not self._has_notes():
            self.fields.append((name, text))

    def _reference_number(self, text: str, start: int) -> None:
        if self.in_body and self._has_notes():
            self.findings.add(
                WARNING, "several_tunes", "a second tune begins here; only the first was read", start
            )
            self.done = True
        else:
            self.header.number = text

    def _title(self, text: str) -> None:
        if self.in_body and self._has_notes():
            self.reader.section = text[:60].strip()
            return
        self.header.titles = [*(self.header.titles or []), text]

    def _part(self, text: str) -> None:
        if self.in_body or self.header.key is not None:
            self.reader.section = text.strip(". ")[:60].strip()

    def _user_defined(self, text: str) -> None:
        match = re.match(r"([~H-Wh-w])\s*=\s*[!+]?([^!+\s]+)[!+]?", text)
        if match and match[1] in self.reader.shorthand:
            self.reader.shorthand[match[1]] = match[2]

    def _continue_field(self, value: str) -> None:
        if self.last_field == "T" and self.header.titles:
            self.header.titles[-1] += " " + value.strip()

    def _lyrics(self, value: str) -> None:
        if self.current is not None:
            if self.current.verses >= _VERSES:
                return
            align_lyrics(value.strip(), self.current.line_notes, self.current.verses)
            self.current.verses += 1

    # -- voices ----------------------------------------------------------------------------------------

    def _voice_field(self, value: str, start: int, value_start: int) -> None:
        field = parse_voice(value)
        if field.id in {"*", "%"}:
            return
        voice = self._voice_named(field.id)
        voice.name = field.name or voice.name
        voice.clef = field.clef or voice.clef
        voice.octave = field.octave or voice.octave
        voice.transpose = field.transpose or voice.transpose
        voice.percussion = voice.percussion or field.clef.startswith("perc")
        self.current = voice
        if field.music >= 0:
            self._music_on_voice_line(value, field.music, start, value_start)

    def _music_on_voice_line(self, value: str, offset: int, start: int, value_start: int) -> None:
        voice = self.current
        assert voice is not None
        self._begin_body()
        self.findings.add(
            WARNING, "notes_on_voice_line", "notes stand on the `V:` line, where other programs drop them",
            value_start + offset, voice=voice.number, bar=-2 - len(voice.bars), fix="put them on a line of their own",
        )  # fmt: skip
        self._to_voice(voice)
        self.reader.read(value[offset:], self.findings.place(start, start).line, value_start + offset)

    def _voice_named(self, name: str) -> VoiceBuilder:
        voice = self.voices.get(name)
        if voice is not None:
            return voice
        if len(self.voices) >= self.limits.voices:
            raise TooMuch("voices")
        voice = VoiceBuilder(
            len(self.voices) + 1, name, Key("", "none", 0), Meter(4, 4, "free"), Fraction(1, 2)
        )
        self.voices[name] = voice
        if self.in_body:
            self._prepare(voice)
        return voice

    def _current(self) -> VoiceBuilder:
        if self.current is None:
            self.current = next(iter(self.voices.values())) if self.voices else self._voice_named("1")
        return self.current

    def _to_voice(self, voice: VoiceBuilder) -> None:
        self.reader.voice = voice
        voice.begin_line()

    def _begin_body(self) -> None:
        if self.in_body:
            return
        self.in_body = True
        for voice in self.voices.values():
            self._prepare(voice)

    def _prepare(self, voice: VoiceBuilder) -> None:
        """Give a voice what the header says, before its first note."""
        header = self.header
        meter = header.meter or Meter(4, 4, "free")
        voice.start(header.key or Key("C", "major", 0), meter, header.unit or default_unit(meter))
        voice.clef = voice.clef or header.clef
        voice.octave = voice.octave or header.octave
        voice.transpose = voice.transpose or header.transpose
        voice.program = header.program if voice.program is None else voice.program
        voice.percussion = voice.percussion or header.percussion
        voice.barless = self.barless

    def _inline(self, name: str, value: str, start: int) -> None:
        if name == "r":
            voice = self.reader.voice
            voice.bar.remarks.append(value.strip()[:200])
            return
        self._field(name, value, start, start + 3)
        if name == "V" and self.current is not None and self.current is not self.reader.voice:
            self._to_voice(self.current)

    # -- the end ---------------------------------------------------------------------------------------

    def _finish(self) -> Score | None:
        self._missing_fields()
        for voice in self.voices.values():
            voice.give_rest()
            if voice.drop_last_start():
                message = "a repeat or an ending opens after the last note"
                self.findings.add(
                    WARNING, "unclosed_repeat", message, voice=voice.number, bar=-1 - len(voice.bars)
                )
            if voice.bar.notes:
                voice.cut_tuplet()
                voice.end_bar("|" if voice.drop_empty_overlay() else "")
        silent = [voice for voice in self.voices.values() if not voice.bars]
        sounding = [voice for voice in self.voices.values() if voice.bars]
        if not sounding:
            self.findings.add(ERROR, "no_music", "there are no notes in the text")
            return None
        for voice in silent:
            self.findings.add(WARNING, "empty_voice", f"voice `{voice.id}` has no music", voice=voice.number)
        if sounding[0].bars[0].tempo is None:
            sounding[0].bars[0].tempo = self.header.tempo
        renumbered = {voice.number: number for number, voice in enumerate(sounding, 1)}
        first = 0 if all(voice.begins_partly() for voice in sounding) else 1
        voices = tuple(voice.freeze(renumbered[voice.number], first) for voice in sounding)
        self._suspect = frozenset(
            (renumbered[voice.number], index + first)
            for voice in sounding
            for index, bar in enumerate(voice.bars)
            if bar.suspect
        )
        self._settle_places(first, renumbered)
        return self._score(voices)

    def suspect_bars(self) -> frozenset[tuple[int, int]]:
        """(voice, bar number) of the bars in which something could not be read."""
        return self._suspect

    def _score(self, voices: tuple[Voice, ...]) -> Score:
        header = self.header
        meter = header.meter or Meter(4, 4, "free")
        return Score(
            title=(header.titles or [""])[0],
            composer=header.composer,
            key=header.key or Key("C", "major", 0),
            meter=meter,
            unit=header.unit or default_unit(meter),
            tempo=header.tempo,
            voices=voices,
            rhythm=header.rhythm,
            header=tuple(self.fields),
        )

    def _settle_places(self, first_bar: int, renumbered: dict[int, int]) -> None:
        """While reading, a bar is known by its index (as -2 - index): turn that into bar numbers."""
        problems = self.findings.problems
        for index, problem in enumerate(problems):
            voice = renumbered.get(problem.voice, problem.voice)
            bar = problem.bar
            if bar <= -2:
                bar = -2 - bar + first_bar
            if (bar, voice) != (problem.bar, problem.voice):
                problems[index] = replace(problem, voice=voice, bar=bar)

    def _missing_fields(self) -> None:
        header = self.header
        if header.key is None:
            self._missing("K", "C major", WARNING)
        if header.meter is None:
            self._missing("M", "free meter, so that bars are not checked", WARNING)
        if header.unit is None:
            self._missing("L", "the usual unit for the meter", HINT)
        if header.number is None:
            self._missing("X", "1", HINT)

    def _missing(self, name: str, instead: str, severity: Severity) -> None:
        self.findings.add(
            severity, f"missing_{name.lower()}", f"there is no `{name}:` field; read as {instead}"
        )


def problem_order(problem: Problem) -> tuple[int, int, str]:
    """Sort key: by place in the text, what has none first."""
    return (problem.line, problem.column, problem.code)


def _without_comment(line: str) -> str:
    """The line up to its `%` comment; `\\%` and a `%` inside quotes are no comment."""
    if "%" not in line:
        return line
    for match in COMMENT.finditer(line):
        if line.count('"', 0, match.start()) % 2 == 0:
            return line[: match.start()]
    return line
