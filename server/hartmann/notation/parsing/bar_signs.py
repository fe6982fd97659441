"""Bar lines, repeats, endings and overlays."""

from __future__ import annotations

import re

from hartmann.notation.parsing.line_state import ERROR, HINT, WARNING, LineState
from hartmann.notation.score import PLAIN_BARLINES

_MOST_IN_A_BAR = 1000


class BarSigns(LineState):
    """The part of the line reader that takes `bar`, `ending` and `overlay` tokens, and ends of lines."""

    def _bar(self, token: re.Match[str]) -> None:
        sign, ending = token["sign"], token["bar_ending"]
        self._barline(sign, token)
        self.piece = self.offset(token.end())
        if ending:
            self._begin_ending(ending, token)

    def _barline(self, sign: str, token: re.Match[str]) -> None:
        ends, begins = _repeats(sign)
        look = _look(sign)
        voice = self.voice
        self._judge_emptiness(token, ends=bool(ends), begins=begins)
        if voice.bar.notes:
            self.close_bar(look, token)
        elif voice.bars and look not in PLAIN_BARLINES:
            voice.bars[-1].barline = look
        if ends and voice.bars:
            voice.bars[-1].repeat_end = max(voice.bars[-1].repeat_end, ends)
        if voice.bars and (ends or look not in PLAIN_BARLINES or begins):
            voice.bars[-1].ending_stop = True
        if begins:
            voice.bar.repeat_start = True

    def _judge_emptiness(self, token: re.Match[str], *, ends: bool, begins: bool) -> None:
        """Repeats can't be nested: one that opens where one has just opened, or closes so, says nothing."""
        voice = self.voice
        if voice.bar.notes:
            return
        twice_closed = ends and (not voice.bars or voice.bars[-1].repeat_end)
        if (begins and voice.bar.repeat_start) or twice_closed:
            message = f"`{token[0]}`: there is no music between this repeat sign and the one before it"
            self.report(WARNING, "empty_repeat", message, token)

    def close_bar(self, barline: str, token: re.Match[str]) -> None:
        """End the current bar at `token`."""
        self.count_bar()
        voice = self.voice
        self.settle(self.offset(token.start()))
        self._finish_tuplet(token)
        voice.end_bar(barline)

    def _finish_tuplet(self, token: re.Match[str]) -> None:
        """A tuplet ends with its bar, or with its layer of the bar."""
        voice = self.voice
        if voice.tuplet is not None:
            left = voice.tuplet[3]
            self.report(ERROR, "bad_tuplet", f"the tuplet lacks {left} of its notes at the bar's end", token)
            voice.bar.suspect = True
            voice.cut_tuplet()

    def _ending(self, token: re.Match[str]) -> None:
        if self.voice.bar.notes:
            self.close_bar("|", token)
        self.piece = self.offset(token.end())
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
        self._finish_tuplet(token)
        voice.layer += 1
        voice.broken = 0

    def _long_overlay(self, token: re.Match[str]) -> None:
        self.voice.bar.suspect = True
        message = (
            f"`{token[0]}`: overlays of several bars are no part of ABC 2.1; lay `&` over each bar by itself"
        )
        self.report(ERROR, "overlay", message, token)

    def end_line(self) -> None:
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
            self.count_bar()
            voice.end_bar("|", keep_accidentals=True)


def _repeats(sign: str) -> tuple[int, bool]:
    """(passes that end here, whether a repeat starts here) for a bar sign such as `:|:`."""
    before = len(sign) - len(sign.lstrip(":"))
    after = len(sign) - len(sign.rstrip(":"))
    if before == len(sign):
        before = after = max(1, before // 2)
    return (min(before, 8) + 1 if before else 0), after > 0


def _look(sign: str) -> str:
    """The canonical bar line that a sign shows: `|`, `||`, `|]`, `[|`, or the invisible `[|]`."""
    strokes = sign.strip(":.")
    if strokes == "[|]":
        return strokes
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
