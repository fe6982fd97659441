"""What is no music: fields inside the line, spacers, and characters that mean nothing where they stand."""

from __future__ import annotations

import re

from hartmann.notation.parsing.line_state import ERROR, WARNING, LineState


class OddSigns(LineState):
    """The part of the line reader that takes all other tokens."""

    def _inline(self, token: re.Match[str]) -> None:
        if token["field"] == "V":
            self.settle(self.offset(token.start()))
        self.inline(token["field"], token["value"], self.offset(token.start()))
        if not self.voice.bar.notes or token["field"] == "V":
            self.piece = self.offset(token.end())

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
