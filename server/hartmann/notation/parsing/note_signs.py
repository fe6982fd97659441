"""Notes, chords and rests: their pitches, their lengths, and what is wrong with either."""

from __future__ import annotations

import re
from fractions import Fraction

from hartmann.notation.parsing.bar_signs import BarSigns
from hartmann.notation.parsing.drafts import NoteDraft
from hartmann.notation.parsing.line_state import ERROR, WARNING
from hartmann.notation.parsing.tokens import CHORD_TOKEN
from hartmann.notation.score import Pitch

_ALTER = {"^": 1, "^^": 2, "_": -1, "__": -2, "=": 0, "#": 1, "^/": 1, "_/": -1}
_OCTAVE = dict.fromkeys("CDEFGAB", 4) | dict.fromkeys("cdefgab", 5)
_LONGEST = Fraction(4096)
"""Units; what is longer is a slip of the finger."""


class NoteSigns(BarSigns):
    """The part of the line reader that takes `note`, `rest`, `chord` and `open_chord` tokens."""

    def _note(self, token: re.Match[str]) -> None:
        pitch = self.read_pitch(token, 0)
        self._add(NoteDraft((pitch,), self._length(token["length"], token), self.place(token)))

    def read_pitch(self, token: re.Match[str], base: int) -> Pitch:
        """The pitch of a `note` token that was found `base` characters into the line."""
        sign, letter, marks = token["accidental"], token["letter"], token["marks"]
        octave = _OCTAVE[letter]
        if marks:
            octave += marks.count("'") - marks.count(",")
        if not sign and not token["sharp"]:
            return self.voice.pitch(None, letter, octave)
        if token["sharp"]:
            sign = self._sharp_behind(token, base, sign or "")
        elif sign == "#":
            self.findings.edit(self.offset(base + token.start("accidental")), "^")
            self.report(
                WARNING, "sharp_sign", f"`#{letter}` was read as `^{letter}`", token, f"^{letter}", base
            )
        elif sign.endswith("/"):
            self.report(
                WARNING,
                "microtone",
                f"the quarter tone `{sign}{letter}` was read as a semitone",
                token,
                "",
                base,
            )
        return self.voice.pitch(_ALTER[sign], letter, octave)

    def _sharp_behind(self, token: re.Match[str], base: int, sign: str) -> str:
        letter = token["letter"]
        if sign:
            message = f"`{sign}{letter}#` has two accidentals"
            self.report(ERROR, "bad_character", message, token, f"{sign}{letter}", base)
            return sign
        self.findings.edit(self.offset(base + token.start("letter")), f"^{letter}")
        message = f"`{letter}#` was read as `^{letter}`"
        self.report(WARNING, "sharp_sign", message, token, f"^{letter}", base)
        return "^"

    def _add(self, draft: NoteDraft) -> None:
        self.count(len(draft.pitches) or 1)
        voice = self.voice
        if self.section and not voice.bar.notes:
            voice.bar.section, self.section = self.section, ""
        voice.add(draft)

    def _length(self, text: str, token: re.Match[str]) -> Fraction:
        """Quarters for a written length such as `3/2`, `/`, `//`; decimals and zeros are reported."""
        known = self.voice.lengths.get(text)
        if known is None:
            known = self.voice.unit * self._factor(text, token)
            if not text.endswith("0"):
                self.voice.lengths[text] = known
        return known

    def _factor(self, text: str, token: re.Match[str]) -> Fraction:
        if "." in text:
            return self._decimal(text, token)
        above, slashes, below = text.partition("/")
        extra = len(below) - len(below.lstrip("/"))
        below = below[extra:]
        if len(above) > 6 or len(below) > 6 or extra > 8:
            return self._bad_length(text, token)
        divisor = int(below) if below else 2 ** (extra + 1) if slashes else 1
        number = int(above) if above else 1
        if not divisor or not number or number > _LONGEST * divisor:
            return self._bad_length(text, token)
        return Fraction(number, divisor)

    def _decimal(self, text: str, token: re.Match[str]) -> Fraction:
        value = Fraction(text) if len(text) < 12 else Fraction(0)
        if not value or value.denominator not in (1, 2, 4, 8, 16) or value > _LONGEST:
            return self._bad_length(text, token)
        fix = token[0].replace(text, str(value))
        self.voice.bar.suspect = True
        message = f"`{token[0]}` has a decimal length; ABC writes fractions"
        self.report(ERROR, "bad_length", message, token, fix)
        return value

    def _bad_length(self, text: str, token: re.Match[str]) -> Fraction:
        self.voice.bar.suspect = True
        self.report(ERROR, "bad_length", f"`{token[0][:30]}`: `{text[:20]}` is no note length", token)
        return Fraction(1)

    def _rest(self, token: re.Match[str]) -> None:
        kind = token["kind"]
        if kind in "ZX":
            self._bars_of_rest(token)
            return
        draft = NoteDraft((), self._length(token["rest_length"], token), self.place(token))
        draft.invisible = kind == "x"
        self._add(draft)

    def _bars_of_rest(self, token: re.Match[str]) -> None:
        count = self._factor(token["rest_length"], token)
        if count.denominator != 1:
            self._bad_length(token["rest_length"], token)
            return
        full = self.voice.meter.bar_duration or Fraction(4)
        for index in range(int(count)):
            if index:
                self.close_bar("|", token)
            draft = NoteDraft((), full, self.place(token))
            draft.whole_bar, draft.invisible = True, token["kind"] == "X"
            self._add(draft)

    def _chord(self, token: re.Match[str]) -> None:
        self._take_chord(token, token["inside"], token.start("inside"), token["chord_length"])

    def _take_chord(self, token: re.Match[str], inside: str, offset: int, outer: str) -> None:
        pitches: list[Pitch] = []
        ties: list[bool] = []
        length: Fraction | None = None
        for part in CHORD_TOKEN.finditer(inside):
            kind = part.lastgroup
            if kind == "note":
                pitches.append(self.read_pitch(part, offset))
                ties.append(bool(part["tie"]))
                own = self._factor(part["length"], token) if part["length"] else Fraction(1)
                length = self._chord_length(length, own, token)
            else:
                self._in_chord(part, token)
        if length is None:
            if inside.strip(" .~`") == "":
                self.report(WARNING, "empty_chord", "`[]` holds no notes", token, "")
            return
        factor = length * (self._factor(outer, token) if outer else 1)
        draft = NoteDraft(tuple(pitches), self.voice.unit * factor, self.place(token))
        self._add(draft)
        if True in ties:
            self.voice.tie_some(ties)

    def _chord_length(self, length: Fraction | None, own: Fraction, token: re.Match[str]) -> Fraction:
        """A chord lasts as long as its first note (ABC 2.1, 4.17)."""
        if length is not None and own != length:
            message = f"the notes of the chord `{token[0]}` have different lengths; the first one's is used"
            self.report(WARNING, "chord_lengths", message, token)
        return own if length is None else length

    def _in_chord(self, part: re.Match[str], token: re.Match[str]) -> None:
        if part.lastgroup == "quoted":
            self.voice.say(part["words"])
        elif part.lastgroup == "decoration":
            self.voice.decorate(part["name"])
        elif part.lastgroup == "other":
            self.report(ERROR, "bad_character", f"`{part[0]}` can't stand in the chord `{token[0]}`", token)

    def _open_chord(self, token: re.Match[str]) -> None:
        """A chord without its `]`: what stands together is read as the chord."""
        self.voice.bar.suspect = True
        message = f"the chord `{token[0]}` is not closed with `]`"
        self.report(ERROR, "unclosed_chord", message, token, token[0] + "]")
        self._take_chord(token, token["unclosed"], token.start("unclosed"), "")
