"""What belongs to notes: words, decorations, grace notes, tuplets, slurs, ties and broken rhythm."""

from __future__ import annotations

import re

from hartmann.notation.parsing.line_state import ERROR, WARNING
from hartmann.notation.parsing.note_signs import NoteSigns
from hartmann.notation.parsing.tokens import CHORD_TOKEN
from hartmann.notation.score import Pitch
from hartmann.notation.tune_fields import default_normal

_MOST_GRACE = 64


class MarkSigns(NoteSigns):
    """The part of the line reader that takes the signs around notes."""

    def _quoted(self, token: re.Match[str]) -> None:
        self.voice.say(token["words"])

    def _decoration(self, token: re.Match[str]) -> None:
        self.voice.decorate(token["name"] or token["old_name"])

    def _shorthand(self, token: re.Match[str]) -> None:
        self.voice.decorate(self.shorthand[token[0]])

    def _grace(self, token: re.Match[str]) -> None:
        pitches: list[Pitch] = []
        for part in CHORD_TOKEN.finditer(token["graces"]):
            if part.lastgroup == "note":
                pitches.append(self.read_pitch(part, token.start("graces")))
            elif part.lastgroup == "other" and part[0] not in "[]/<>-":
                self.report(
                    WARNING, "bad_character", f"`{part[0]}` among the grace notes was left out", token
                )
        self.count(len(pitches))
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
