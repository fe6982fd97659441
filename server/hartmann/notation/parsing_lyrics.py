"""Aligning `w:` lines with the notes above them (ABC 2.1, section 5.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hartmann.notation.parsing_voice import NoteDraft

_SYLLABLE = re.compile(r"\\-|\||_|\*|-|[^\s|_*\-\\]+(?:\\-[^\s|_*\-\\]*)*-?|\s+|\\")


def align_lyrics(text: str, notes: Sequence[NoteDraft | None], verse: int) -> None:
    """Give each note its syllable: `-` splits words, `_` holds, `*` skips a note, `|` goes to the next bar, `~`
    joins words. `notes` are the notes of the line in order, None at each bar line; rests take no syllable.
    `verse` counts the `w:` lines under the same music from 0.
    """
    at = 0
    for sign in _SYLLABLE.findall(text[:4000]):
        if sign == "|":
            at = _after_bar(notes, at)
        elif not sign.isspace():
            at = _next_note(notes, at)
            if at >= len(notes):
                return
            note = notes[at]
            assert note is not None
            note.lyrics += ("",) * (verse - len(note.lyrics)) + (_shown(sign),)
            at += 1


def _shown(sign: str) -> str:
    return "" if sign in {"*", "-"} else sign.replace("~", " ").replace("\\-", "-")


def _next_note(notes: Sequence[NoteDraft | None], at: int) -> int:
    while at < len(notes) and ((note := notes[at]) is None or not note.pitches):
        at += 1
    return at


def _after_bar(notes: Sequence[NoteDraft | None], at: int) -> int:
    while at < len(notes) and notes[at] is not None:
        at += 1
    return at + 1
