"""What the information fields do: `K:`, `M:`, `L:`, `Q:`, `V:` set what holds, the others describe (ABC 2.1, 3.1)."""

from __future__ import annotations

import re
from fractions import Fraction

from hartmann.notation.clefs import Staff, unread_attributes
from hartmann.notation.parsing.aligning import align_lyrics, align_symbols
from hartmann.notation.parsing.directives import obey
from hartmann.notation.parsing.macros import parse_macro
from hartmann.notation.parsing.state import TuneState
from hartmann.notation.parsing.voice import VoiceBuilder
from hartmann.notation.problems import Severity
from hartmann.notation.score import Key, Meter, Tempo
from hartmann.notation.sections import section_name
from hartmann.notation.tune_fields import (
    BadField,
    parse_key,
    parse_meter,
    parse_tempo,
    parse_unit,
    parse_voice,
)

ERROR, WARNING, HINT = Severity.ERROR, Severity.WARNING, Severity.HINT
_CODES = {"K": "bad_key", "M": "bad_meter", "L": "bad_unit", "Q": "bad_tempo", "V": "bad_voice"}
_DESCRIPTIVE = frozenset("ABDFGHNOSZWrRC")
_VERSES = 20
_MACROS = 40


class FieldReader:
    """Reads one field after another into the state of the tune."""

    def __init__(self, state: TuneState) -> None:
        self.state = state
        self.findings = state.findings
        self.last = ""
        self._lyrics_at = 0

    def read(self, name: str, value: str, start: int, value_start: int) -> None:
        """Read the field `name:value`, whose name stands at offset `start` and whose value at `value_start`."""
        self.last = name
        value = value[:2000]
        try:
            if name == "V":
                self._voice(value, start, value_start)
            elif name in "ws":
                self._aligned(name, value.strip(), start)
            elif name in "KMLQ":
                self._musical(name, value, start)
            elif name == "I":
                obey(self.state, value, start)
            else:
                self._other(name, value.strip(), start)
        except BadField as bad:
            self._bad(name, str(bad), start)

    def read_on(self, value: str) -> None:
        """Read a `+:` line, which goes on where the field before it ended (ABC 2.1, section 3.3)."""
        titles = self.state.header.titles
        if self.last == "T" and titles:
            titles[-1] += " " + value.strip()
        elif self.last == "w" and self.state.current is not None:
            voice = self.state.current
            verse = max(0, voice.verses - 1)
            self._lyrics_at = align_lyrics(value.strip(), voice.line_notes, verse, self._lyrics_at)

    def _bad(self, name: str, message: str, start: int) -> None:
        state = self.state
        severity = WARNING if name == "Q" else ERROR
        voice = state.current.number if state.current else 0
        self.findings.add(severity, _CODES[name], message, start, voice=voice, bar=state.bar)
        if name == "M":
            self._meter(Meter(4, 4, "free"))
        elif name == "K" and not state.in_body:
            state.header.key = Key("", "none", 0)

    # -- key, meter, length, tempo -----------------------------------------------------------------------

    def _musical(self, name: str, value: str, start: int) -> None:
        if name == "K":
            self._key(value, start)
        elif name == "M":
            self._meter(parse_meter(value))
        elif name == "L":
            self._unit(parse_unit(value))
        else:
            self._tempo(parse_tempo(value, self.state.meter))

    def _key(self, value: str, start: int) -> None:
        field = parse_key(value)
        if field.rest:
            self.findings.add(HINT, "unread_field", f"`{field.rest[:40]}` in `K:` was left out", start)
        if not self.state.in_body:
            self._key_of_the_tune(field.key, field.staff)
            return
        for voice in self.state.bound_voices():
            if field.key is not None:
                voice.change(key=field.key)
            self._staff(voice, field.staff, start)

    def _key_of_the_tune(self, key: Key | None, staff: Staff) -> None:
        header = self.state.header
        header.key = key or header.key or Key("", "none", 0)
        header.clef = staff.clef or header.clef
        header.octave = header.octave if staff.octave is None else staff.octave
        header.transpose = header.transpose if staff.transpose is None else staff.transpose
        header.percussion = header.percussion or staff.clef.startswith("perc")
        self.state.current = None

    def _staff(self, voice: VoiceBuilder, staff: Staff, start: int) -> None:
        """Clef, octaves and transposition, as `K:` and `V:` fields state them for a voice."""
        if staff.clef:
            voice.state_clef(staff.clef)
            voice.percussion = voice.percussion or staff.clef.startswith("perc")
        if staff.octave is not None:
            voice.octave = staff.octave
        if staff.transpose is not None and not voice.state_transpose(staff.transpose):
            message = "the transposition changes here by other than octaves; the voice keeps its first one"
            self.findings.add(WARNING, "unread_field", message, start, voice=voice.number, bar=self.state.bar)
        for text in unread_attributes(staff):
            self.findings.once(HINT, "unread_field", f"`{text[:40]}` was left out", start, key=text[:40])

    def _meter(self, meter: Meter) -> None:
        if not self.state.in_body:
            self.state.header.meter = meter
        for voice in self.state.bound_voices() if self.state.in_body else ():
            voice.change(meter=meter)

    def _unit(self, unit: Fraction) -> None:
        if not self.state.in_body:
            self.state.header.unit = unit
        for voice in self.state.bound_voices() if self.state.in_body else ():
            voice.set_unit(unit)

    def _tempo(self, tempo: Tempo) -> None:
        if self.state.has_notes:
            self.state.voice().change(tempo=tempo)
        else:
            self.state.header.tempo = tempo

    # -- what describes ----------------------------------------------------------------------------------

    def _other(self, name: str, text: str, start: int) -> None:
        header = self.state.header
        if name == "X":
            self._reference_number(text, start)
        elif name == "T":
            self._title(text)
        elif name == "P":
            self._part(text)
        elif name == "U":
            self._user_defined(text)
        elif name == "m":
            self._macro(text, start)
        elif name == "C" and not header.composer:
            header.composer = text
        elif name == "R" and not header.rhythm:
            header.rhythm = text
        elif not self.state.has_notes:
            header.keep(name, text)
        if name not in _DESCRIPTIVE and name not in "XTPUm":
            self.findings.add(HINT, "unread_field", f"the field `{name}:` was left out", start)

    def _reference_number(self, text: str, start: int) -> None:
        if self.state.in_body and self.state.has_notes:
            message = "a second tune begins here; only the first was read"
            self.findings.once(WARNING, "several_tunes", message, start)
            self.state.done = True
        else:
            self.state.header.number = text

    def _title(self, text: str) -> None:
        if self.state.in_body and self.state.has_notes:
            self.state.reader.section = section_name(text)
        else:
            self.state.header.titles.append(text)

    def _part(self, text: str) -> None:
        if self.state.in_body or self.state.header.key is not None:
            self.state.reader.section = section_name(text)
        else:
            self.state.header.keep("P", text)

    def _user_defined(self, text: str) -> None:
        match = re.match(r"([~H-Wh-w])\s*=\s*[!+]?([^!+\s]+)[!+]?", text)
        if match and match[1] in self.state.reader.shorthand:
            self.state.reader.shorthand[match[1]] = match[2]

    def _macro(self, text: str, start: int) -> None:
        macro = parse_macro(text)
        if macro is None or len(self.state.macros) >= _MACROS:
            message = f"`m:{text[:40]}` defines no macro; write it as `m: ~G2 = {{A}}G{{F}}G`"
            self.findings.add(WARNING, "bad_macro", message, start)
        else:
            self.state.macros.append(macro)

    # -- lines under the music ---------------------------------------------------------------------------

    def _aligned(self, name: str, text: str, start: int) -> None:
        voice = self.state.current
        if voice is None:
            return
        voice.joined = False
        if name == "s":
            left = align_symbols(text, voice.line_notes)
            if left:
                message = f"`{left[:40]}` in the symbol line stands under no note, or is no symbol"
                self.findings.add(WARNING, "symbol_line", message, start, voice=voice.number)
        elif voice.verses < _VERSES:
            self._lyrics_at = align_lyrics(text, voice.line_notes, voice.verses)
            voice.verses += 1

    # -- voices ------------------------------------------------------------------------------------------

    def _voice(self, value: str, start: int, value_start: int) -> None:
        field = parse_voice(value)
        if field.id in {"*", "%"}:
            return
        voice = self.state.voice_named(field.id)
        voice.name = field.name or voice.name
        self.state.current = voice
        self._staff(voice, field.staff, start)
        if field.music >= 0:
            self._music_on_voice_line(voice, value[field.music :], value_start + field.music)

    def _music_on_voice_line(self, voice: VoiceBuilder, music: str, start: int) -> None:
        self.state.begin_body()
        self.findings.add(
            WARNING, "notes_on_voice_line", "notes stand on the `V:` line, where other programs drop them",
            start, voice=voice.number, bar=self.state.bar, fix="put them on a line of their own",
        )  # fmt: skip
        self.state.turn_to(voice)
        self.state.reader.read(music, self.findings.place(start, start).line, start)
