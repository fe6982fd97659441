"""Putting `w:` and `s:` lines under the notes of the music line above (ABC 2.1, sections 4.15 and 5.1).

Both take the notes of the line in order, None at each bar line; rests take nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from hartmann.notation.parsing.drafts import NoteDraft

_SYLLABLE = re.compile(r"\\-|\||_|\*|-|[^\s|_*\-\\]+(?:\\-[^\s|_*\-\\]*)*-?|\s+|\\")
_SYMBOL = re.compile(r'"(?P<words>[^"]*)"|!(?P<name>[^!\s]+)!|\+(?P<old_name>[^+\s]+)\+|(?P<sign>[|*])|\S')
_MOST_CHARACTERS = 4000


def align_lyrics(text: str, notes: Sequence[NoteDraft | None], verse: int, at: int = 0) -> int:
    """Give each note its syllable: `-` splits words, `_` holds, `*` skips a note, `|` goes to the next bar, `~`
    joins words. `verse` counts the `w:` lines under the same music from 0; `at` is where in `notes` to begin.
    Returns where a continued line goes on.
    """
    for sign in _SYLLABLE.findall(text[:_MOST_CHARACTERS]):
        if sign == "|":
            at = _after_bar(notes, at)
        elif not sign.isspace():
            at = _next_note(notes, at)
            if at >= len(notes):
                return at
            note = notes[at]
            assert note is not None
            note.lyrics += ("",) * (verse - len(note.lyrics)) + (_shown(sign),)
            at += 1
    return at


def align_symbols(text: str, notes: Sequence[NoteDraft | None]) -> str:
    """Give each note its decoration, chord symbol or annotation: `s: "Am" * !f! | "^slow"`.

    Returns what could not be placed: the first sign that is none, or the first that has no note; "" for nothing.
    """
    at = 0
    for sign in _SYMBOL.finditer(text[:_MOST_CHARACTERS]):
        if sign["sign"] == "|":
            at = _after_bar(notes, at)
            continue
        at = _next_note(notes, at)
        note = notes[at] if at < len(notes) else None
        if note is None or sign.lastgroup is None:
            return sign[0]
        if sign.lastgroup == "words":
            note.say(sign["words"])
        elif sign["sign"] is None:
            note.decorations += ((sign["name"] or sign["old_name"])[:40],)
        at += 1
    return ""


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
