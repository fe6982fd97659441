"""Reading one line of music into a voice, sign by sign.

`LineReader` walks over the tokens of `lexing.TOKEN`; each kind of token has one small method. What cannot
be music is reported with its place, and reading goes on behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction

from hartmann.notation.findings import Findings, TooMuch
from hartmann.notation.lexing import CHORD_TOKEN, TOKEN
from hartmann.notation.parsing_voice import NoteDraft, VoiceBuilder
from hartmann.notation.problems import Severity
from hartmann.notation.score import Meter, Pitch, Place

ERROR, WARNING, HINT = Severity.ERROR, Severity.WARNING, Severity.HINT
_ALTER = {"^": 1, "^^": 2, "_": -1, "__": -2, "=": 0, "#": 1, "^/": 1, "_/": -1}
_SHORTHAND = {
    ".": "staccato", "~": "roll", "H": "fermata", "L": "accent", "M": "lowermordent", "O": "coda",
    "P": "uppermordent", "S": "segno", "T": "trill", "u": "upbow", "v": "downbow", "J": "slide", "R": "roll",
}  # fmt: skip
_OCTAVE = dict.fromkeys("CDEFGAB", 4) | dict.fromkeys("cdefgab", 5)
_NORMAL = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}
CHORD_SYMBOL = re.compile(
    r"\(?(?:[A-G][#b♯♭]?(?:maj|min|mi|m|M|dim|aug|sus|add|dom|omit|no|alt|\+|-|°|o|ø|Δ|\d|[#b()]|,)*"
    r"(?:/[A-Ga-g][#b+-]*)?|N\.?C\.?)\)?"
)
_MOST_IN_A_BAR = 1000
_MOST_GRACE = 64
MAX_LENGTH = Fraction(4096)


class LineReader:
    """Reads music lines into whichever voice is current. `inline` is called for `[K:G]` and the like."""

    def __init__(self, findings: Findings, limits_notes: int, limits_bars: int) -> None:
        self.findings = findings
        self.notes_left = limits_notes
        self.bars_left = limits_bars
        self.voice: VoiceBuilder = None  # type: ignore[assignment]  # set before the first line
        self.inline: Callable[[str, str, int], None] = lambda _field, _value, _start: None
        self.line = 0
        self.base = 0
        self._take = {
            name: getattr(self, "_" + name)
            for name in TOKEN.groupindex
            if hasattr(self, "_" + name) and name != "inline"
        }
        self._take["inline"] = self._inline_field
        self.shorthand = dict(_SHORTHAND)
        self.section = ""
        self.line_start = 0
        self._piece = 0

    def read(self, text: str, line: int, start: int) -> None:
        """Read `text`, which stands on `line` (1-based); `start` is the offset of its first character."""
        self.line, self.base = line, start
        self.line_start = self.findings.line_starts[line - 1]
        self._piece = start
        take = self._take
        for token in TOKEN.finditer(text):
            kind = token.lastgroup
            if kind != "space":
                take[kind](token)  # type: ignore[index]
        self.settle(start + len(text))
        self._end_line()

    def settle(self, end: int) -> None:
        """The text since the last bar line (or voice, or field at a bar's start) up to `end` is the current bar's."""
        bar = self.voice.bar
        if bar.notes and end > self._piece:
            piece = self.findings.text[self._piece : end]
            start = self._piece + len(piece) - len(piece.lstrip())
            if piece.strip():
                bar.spans.append((start, start + len(piece.strip())))
        self._piece = end

    def _at(self, token: re.Match[str]) -> Place:
        start = self.base + token.start()
        return Place(self.line, start - self.line_start + 1, start, self.base + token.end())

    def report(
        self, severity: Severity, code: str, message: str, token: re.Match[str], fix: str = ""
    ) -> None:
        """Keep a problem at `token`, with the voice and the bar where reading stands."""
        voice = self.voice
        self.findings.add(
            severity,
            code,
            message,
            self.base + token.start(),
            voice=voice.number,
            bar=-2 - len(voice.bars),
            fix=fix,
        )

    # -- notes, chords, rests ----------------------------------------------------------------------------

    def _note(self, token: re.Match[str]) -> None:
        pitch = self._pitch(token, self.base)
        self._add(NoteDraft((pitch,), self._length(token["length"], token), self._at(token)))

    def _pitch(self, token: re.Match[str], base: int) -> Pitch:
        sign, letter, marks = token["accidental"], token["letter"], token["marks"]
        octave = _OCTAVE[letter]
        if marks:
            octave += marks.count("'") - marks.count(",")
        if not sign and not token["sharp"]:
            return self.voice.pitch(None, letter, octave)
        if token["sharp"]:
            sign = self._sharp_behind(token, base, sign or "")
        elif sign == "#":
            self.findings.edit(base + token.start("accidental"), "^")
            self.report(WARNING, "sharp_sign", f"`#{letter}` was read as `^{letter}`", token, f"^{letter}")
        elif sign.endswith("/"):
            self.report(
                WARNING, "microtone", f"the quarter tone `{sign}{letter}` was read as a semitone", token
            )
        return self.voice.pitch(_ALTER[sign], letter, octave)

    def _sharp_behind(self, token: re.Match[str], base: int, sign: str) -> str:
        letter = token["letter"]
        if sign:
            self.report(
                ERROR, "bad_character", f"`{sign}{letter}#` has two accidentals", token, f"{sign}{letter}"
            )
            return sign
        self.findings.edit(base + token.start("letter"), f"^{letter}")
        self.report(WARNING, "sharp_sign", f"`{letter}#` was read as `^{letter}`", token, f"^{letter}")
        return "^"

    def _add(self, draft: NoteDraft) -> None:
        self._count(len(draft.pitches) or 1)
        voice = self.voice
        if self.section and not voice.bar.notes:
            voice.bar.section, self.section = self.section, ""
        voice.add(draft)

    def _count(self, notes: int) -> None:
        self.notes_left -= notes
        if self.notes_left < 0:
            raise TooMuch("notes")

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
        if not divisor or not number or number > MAX_LENGTH * divisor:
            return self._bad_length(text, token)
        return Fraction(number, divisor)

    def _decimal(self, text: str, token: re.Match[str]) -> Fraction:
        value = Fraction(text) if len(text) < 12 else Fraction(0)
        if not value or value.denominator not in (1, 2, 4, 8, 16) or value > MAX_LENGTH:
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
        draft = NoteDraft((), self._length(token["rest_length"], token), self._at(token))
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
                self._close("|", token)
            draft = NoteDraft((), full, self._at(token))
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
                pitches.append(self._pitch(part, self.base + offset))
                ties.append(bool(part["tie"]))
                own = self._factor(part["length"], part) if part["length"] else Fraction(1)
                length = self._chord_length(length, own, token)
            else:
                self._in_chord(part, token)
        if length is None:
            if inside.strip(" .~`") == "":
                self.report(WARNING, "empty_chord", "`[]` holds no notes", token, "")
            return
        factor = length * (self._factor(outer, token) if outer else 1)
        draft = NoteDraft(tuple(pitches), self.voice.unit * factor, self._at(token))
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
            self._word(part["words"])
        elif part.lastgroup == "decoration":
            self._decorate(part["name"])
        elif part.lastgroup == "other":
            self.report(ERROR, "bad_character", f"`{part[0]}` can't stand in the chord `{token[0]}`", token)

    # -- what belongs to notes ---------------------------------------------------------------------------

    def _quoted(self, token: re.Match[str]) -> None:
        self._word(token["words"])

    def _word(self, words: str) -> None:
        voice = self.voice
        voice.has_pending = True
        if words[:1] in {"^", "_", "<", ">", "@"}:
            voice.annotations.append(words)
        elif not voice.chord_symbol and CHORD_SYMBOL.fullmatch(words):
            voice.chord_symbol = words
        elif words:
            voice.annotations.append(words)

    def _decoration(self, token: re.Match[str]) -> None:
        self._decorate(token["name"] or token["old_name"])

    def _decorate(self, name: str) -> None:
        self.voice.decorations.append(name[:40])
        self.voice.has_pending = True

    def _shorthand(self, token: re.Match[str]) -> None:
        self._decorate(self.shorthand[token[0]])

    def _grace(self, token: re.Match[str]) -> None:
        pitches: list[Pitch] = []
        for part in CHORD_TOKEN.finditer(token["graces"]):
            if part.lastgroup == "note":
                pitches.append(self._pitch(part, self.base + token.start("graces")))
            elif part.lastgroup == "other" and part[0] not in "[]/<>-":
                self.report(
                    WARNING, "bad_character", f"`{part[0]}` among the grace notes was left out", token
                )
        self._count(len(pitches))
        voice = self.voice
        voice.grace = voice.grace[:_MOST_GRACE] + tuple(pitches)
        voice.acciaccatura = voice.acciaccatura or bool(token["slash"])
        voice.has_pending = True

    def _tuplet(self, token: re.Match[str]) -> None:
        p = int(token["p"][:4])
        q = int((token["q"] or "0")[:4]) or default_normal(p, self.voice.meter)
        r = int((token["r"] or "0")[:4]) or p
        if not 2 <= p <= 64 or not 1 <= q <= 64 or r > 64:
            self.report(ERROR, "bad_tuplet", f"`{token[0]}` is no tuplet; a triplet is `(3abc`", token)
            return
        if self.voice.tuplet is not None:
            self.report(
                WARNING, "bad_tuplet", f"`{token[0]}` begins before the tuplet before it ended", token
            )
            self.voice.cut_tuplet()
        self.voice.tuplet = [p, q, r, r]

    def _slur(self, _token: re.Match[str]) -> None:
        self.voice.slurs += 1
        self.voice.has_pending = True

    def _slur_end(self, token: re.Match[str]) -> None:
        if self.voice.previous is not None:
            self.voice.previous.slurs_ended += 1
        else:
            self.report(WARNING, "slur", "a slur ends here that never began", token)

    def _tie(self, token: re.Match[str]) -> None:
        if not self.voice.tie_last():
            self.report(WARNING, "tie", "`-` ties nothing here", token)

    def _broken(self, token: re.Match[str]) -> None:
        if self.voice.previous is None or len(token[0]) > 4:
            self.report(ERROR, "broken_rhythm", f"`{token[0][:10]}` stands between no two notes", token)
            return
        self.voice.broken = len(token[0]) if token[0][0] == ">" else -len(token[0])

    # -- bars ----------------------------------------------------------------------------------------------

    def _bar(self, token: re.Match[str]) -> None:
        sign, ending = token["sign"], token["bar_ending"]
        self._barline(sign, token)
        self._piece = self.base + token.end()
        if ending:
            self._begin_ending(ending, token)

    def _barline(self, sign: str, token: re.Match[str]) -> None:
        ends, begins = _repeats(sign)
        look = _look(sign)
        voice = self.voice
        if voice.bar.notes:
            self._close(look, token)
        elif voice.bars and look != "|":
            voice.bars[-1].barline = look
        if ends and voice.bars:
            voice.bars[-1].repeat_end = max(voice.bars[-1].repeat_end, ends)
        if voice.bars and (ends or look != "|" or begins):
            voice.bars[-1].ending_stop = True
        if begins:
            voice.bar.repeat_start = True

    def _close(self, barline: str, token: re.Match[str]) -> None:
        self.bars_left -= 1
        if self.bars_left < 0:
            raise TooMuch("bars")
        voice = self.voice
        self.settle(self.base + token.start())
        if voice.tuplet is not None:
            left = voice.tuplet[3]
            self.report(ERROR, "bad_tuplet", f"the tuplet lacks {left} of its notes at the bar's end", token)
            voice.bar.suspect = True
            voice.cut_tuplet()
        voice.end_bar(barline)

    def _ending(self, token: re.Match[str]) -> None:
        if self.voice.bar.notes:
            self._close("|", token)
        self._piece = self.base + token.end()
        self._begin_ending(token["passes"], token)

    def _begin_ending(self, text: str, token: re.Match[str]) -> None:
        passes = _passes(text)
        if not passes:
            self.report(WARNING, "bad_ending", f"`{token[0]}` numbers no ending", token)
            return
        self.voice.bar.endings = passes
        if self.voice.bars:
            self.voice.bars[-1].ending_stop = True

    def _overlay(self, token: re.Match[str]) -> None:
        voice = self.voice
        if not voice.bar.notes or voice.bar.notes[-1].layer != voice.layer:
            self.report(WARNING, "overlay", "`&` lays nothing over the bar here", token)
            return
        voice.layer += 1
        voice.cut_tuplet()
        voice.broken = 0

    # -- what is no music ----------------------------------------------------------------------------------

    def _inline_field(self, token: re.Match[str]) -> None:
        if token["field"] == "V":
            self.settle(self.base + token.start())
        self.inline(token["field"], token["value"], self.base + token.start())
        if not self.voice.bar.notes or token["field"] == "V":
            self._piece = self.base + token.end()

    def _spacer(self, _token: re.Match[str]) -> None:
        return

    def _reserved(self, token: re.Match[str]) -> None:
        if token[0] != "!":
            self.report(
                WARNING, "reserved_character", f"`{token[0]}` means nothing here and was left out", token
            )

    def _stray_length(self, token: re.Match[str]) -> None:
        self.voice.bar.suspect = True
        self.report(ERROR, "bad_length", f"`{token[0][:20]}` is a length that belongs to no note", token)

    def _other(self, token: re.Match[str]) -> None:
        character = token[0]
        if character == "[":
            self.voice.bar.suspect = True
            self.report(ERROR, "unclosed_chord", "`[` opens a chord that is not closed with `]`", token)
        elif character == '"':
            self.report(
                ERROR, "unclosed_quote", "a quotation mark opens here and is not closed on the line", token
            )
        elif character == "{":
            self.report(
                ERROR, "unclosed_grace", "`{` opens grace notes and is not closed before the bar line", token
            )
        else:
            self._bad_character(token)

    def _bad_character(self, token: re.Match[str]) -> None:
        character = token[0]
        following = token.string[token.end() : token.end() + 1]
        if re.fullmatch(r"[h-wI-W]", character) and re.match(r"[A-Ga-g^_=\[({.~]", following):
            message = f"`{character}` is a decoration that no `U:` field defines; it was left out"
            self.report(WARNING, "bad_character", message, token)
            return
        self.voice.bar.suspect = self.voice.bar.suspect or character.isalpha()
        self.report(ERROR, "bad_character", f"`{character}` is no sign of music", token)

    def _open_chord(self, token: re.Match[str]) -> None:
        """A chord without its `]`: what stands together is read as the chord."""
        self.voice.bar.suspect = True
        message = f"the chord `{token[0]}` is not closed with `]`"
        self.report(ERROR, "unclosed_chord", message, token, token[0] + "]")
        self._take_chord(token, token["unclosed"], token.start("unclosed"), "")

    def _end_line(self) -> None:
        """A line that ends on a full bar without a bar line: the bar ends there.

        Its accidentals hold on: they last to the next bar line that is written (ABC 2.1, section 4.2), and the
        Essen collection, which leaves these bar lines out, counts on it.
        """
        voice = self.voice
        full = voice.meter.bar_duration
        if not full or not 0 < len(voice.bar.notes) <= _MOST_IN_A_BAR or voice.tuplet or voice.broken:
            return
        if voice.held() == full:
            place = voice.bar.notes[-1].place
            self.findings.add(
                HINT, "missing_barline", "the line ends on a full bar without a bar line", place.end,
                voice=voice.number, bar=-2 - len(voice.bars),
            )  # fmt: skip
            self.bars_left -= 1
            accidentals = dict(voice.accidentals)
            voice.end_bar("|")
            voice.accidentals.update(accidentals)


def default_normal(actual: int, meter: Meter) -> int:
    """In the time of how many `actual` notes are played when a tuplet does not say (ABC 2.1, section 4.13)."""
    return _NORMAL.get(actual) or (3 if meter.is_compound else 2)


def _repeats(sign: str) -> tuple[int, bool]:
    """(passes that end here, whether a repeat starts here) for a bar sign such as `:|:`."""
    before = len(sign) - len(sign.lstrip(":"))
    after = len(sign) - len(sign.rstrip(":"))
    if before == len(sign):
        before = after = max(1, before // 2)
    return (min(before, 8) + 1 if before else 0), after > 0


def _look(sign: str) -> str:
    """The canonical bar line that a sign shows: `|`, `||`, `|]` or `[|`."""
    strokes = sign.strip(":.")
    if strokes.endswith("]"):
        return "|]"
    if strokes.startswith("["):
        return "[|"
    return "||" if len(strokes) > 1 else "|"


def _passes(text: str) -> tuple[int, ...]:
    """`1,3` → (1, 3); `1-3` → (1, 2, 3). Numbers beyond 64 are left out."""
    passes: list[int] = []
    for part in text.rstrip(".").split(","):
        first, _, last = part.strip().partition("-")
        if not first.strip() or len(first) > 3 or len(last) > 3:
            continue
        passes.extend(range(int(first), min(int(last or first), 64) + 1))
    return tuple(sorted({number for number in passes if 1 <= number <= 64}))
