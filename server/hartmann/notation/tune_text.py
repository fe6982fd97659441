"""From whatever a model or a person wrote to the text of one tune.

Language models wrap music in fences, in prose, in `<think>` blocks, and write ♯ for `^` and full-width
bars for `|`. Here the tune is cut out of all that and its music lines are brought to plain ASCII. Nothing
is ever added, and within what is kept every line stays a line, so a place in the result is easy to find
again in the original.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hartmann.notation.problems import Problem, Severity

_THINKING = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.S | re.I)
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)[^\n]*$", re.M)
_FIELD = re.compile(r"[ \t]*(?:[XTCMLQKVPRSZNOABDFGHI]:(?![|:]|\[\|)|%%|%abc)")
_STRONG_FIELD = re.compile(r"^[ \t]*(?:X:[ \t]*\d|K:[ \t]*\S|M:[ \t]*[\dCc]|L:[ \t]*1)", re.M)
_MUSIC_ONLY = re.compile(r"[\sA-Ga-gzxZX0-9,'/^_=|:\[\](){}<>.\-~!\"&]+")
_NOTE_WORD = re.compile(r"[A-Ga-gzxZXyHLMOPSTuvJRk]+")
_WORD = re.compile(r"(?<![!\"+A-Za-z])[A-Za-z]{2,}(?![!\"+A-Za-z])")
_QUOTED = re.compile(r'"[^"\n]*"|![^!\n]*!|\[[A-Za-z]:[^\]\n]{0,200}\]')
_TEXT_FIELD = re.compile(r"[ \t]*(?:[TCRSZNOABDFGHWw]:(?![|:]|\[\|)|%)")
_UNDER_MUSIC = ("%", "w:", "W:", "s:", "+:", "r:", "m:", "U:")
_SPELLED_ACCIDENTAL = re.compile(r"(?<![\^_=])([A-Ga-g])([♭♯♮])|([♭♯♮])(?=[A-Ga-g])")
_SIGN = {"♭": "_", "♯": "^", "♮": "="}
_IN_WORDS = {ord("♯"): "#", ord("♭"): "b"}
_PLAIN = {ord(a): b for a, b in zip("“”„‟″‘’‚′–—−‐‑｜│∣¦", '"""""\'\'\'\'-----||||', strict=True)}
_PLAIN |= {0xFF01 + i: chr(0x21 + i) for i in range(94)}
_PLAIN |= {ord("‖"): "||", ord("♯"): "#", ord("♭"): "b", ord("♮"): "=", 0xA0: " ", 0x3000: " ", 0x2009: " "}
_PLAIN |= dict.fromkeys((0x200B, 0x200C, 0x200D, 0xFEFF, 0xAD), "")


@dataclass(frozen=True, slots=True)
class TuneText:
    """The tune's own text, and what was said about it on the way (places are lines of `text`)."""

    text: str
    problems: tuple[Problem, ...]


def extract(text: str) -> TuneText:
    """Cut the tune out of `text`: line ends made `\\n`, thinking, fences and prose gone, odd characters plain."""
    problems: list[Problem] = []
    clean = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n").replace("\v", " ")
    clean = clean.replace("\x00", " ").replace("\u2028", "\n").replace("\u2029", "\n").replace("\x85", " ")
    body = _unfence(_THINKING.sub("", clean) if "<think" in clean.lower() else clean)
    body = _without_prose(body)
    if body.strip() != clean.strip():
        problems.append(_said("text_around_music", "text around the music was left out"))
    if not body.isascii():
        plain = "\n".join(map(_plain_line, body.split("\n")))
        if plain != body:
            problems.append(_said("unusual_characters", "typographic characters were read as plain ones"))
        body = plain
    return TuneText(body, tuple(problems))


def is_prose(line: str) -> bool:
    """True for a line that reads as words rather than as music: three or more words that notes can't spell.

    Words don't go on behind a backslash as music does.
    """
    if _MUSIC_ONLY.fullmatch(line) or line.rstrip().endswith("\\"):
        return False
    bare = _QUOTED.sub(" ", line).partition("%")[0]
    words = [word for word in _WORD.findall(bare) if not _NOTE_WORD.fullmatch(word)]
    return len(words) >= 3 or (len(words) >= 1 and "|" not in bare and sum(map(len, words)) >= len(bare) / 3)


def is_music(line: str) -> bool:
    """True for a line that can only be notes: it has a bar line or nothing but what music is written with."""
    bare = _QUOTED.sub(" ", line).partition("%")[0].strip()
    if not bare or is_prose(line):
        return False
    return "|" in bare or (_MUSIC_ONLY.fullmatch(bare) is not None and len(bare) > 3)


def _said(code: str, message: str) -> Problem:
    return Problem(code, Severity.HINT, message)


def _unfence(text: str) -> str:
    """The last fenced block that looks like a tune, else the text without fence lines."""
    if not _FENCE.search(text):
        return text
    blocks = _FENCE.split(text)
    tunes = [block for block in blocks[1::2] if _STRONG_FIELD.search(block)]
    if not tunes:
        tunes = [block for block in blocks if _STRONG_FIELD.search(block)]
    if not tunes:
        tunes = [block for block in blocks[1::2] if any(map(is_music, block.split("\n")))]
    return tunes[-1].strip("\n") if tunes else _FENCE.sub("", text)


def _without_prose(text: str) -> str:
    """Drop the lines before the first field (or first music) and the prose after the last music."""
    lines = text.split("\n")
    first = next((i for i, line in enumerate(lines) if _STRONG_FIELD.match(line)), None)
    if first is None:
        first = next((i for i, line in enumerate(lines) if is_music(line)), 0)
    while first > 0 and (_FIELD.match(lines[first - 1]) or lines[first - 1].startswith("%")):
        first -= 1
    last = len(lines)
    while last > first and not _belongs(lines[last - 1]):
        last -= 1
    return "\n".join(lines[first:last]) + ("\n" if first < last < len(lines) else "")


def _belongs(line: str) -> bool:
    if not line.strip():
        return False
    return bool(_FIELD.match(line)) or line.lstrip().startswith(_UNDER_MUSIC) or not is_prose(line)


def _plain_line(line: str) -> str:
    if line.isascii() or _TEXT_FIELD.match(line):
        return line
    if _FIELD.match(line):
        return line.translate(_PLAIN)
    pieces = line.translate({ord("“"): '"', ord("”"): '"', ord("„"): '"', ord("＂"): '"'}).split('"')
    pieces[1::2] = [piece.translate(_IN_WORDS) for piece in pieces[1::2]]
    pieces[::2] = [_SPELLED_ACCIDENTAL.sub(_sign_first, piece).translate(_PLAIN) for piece in pieces[::2]]
    return '"'.join(pieces)


def _sign_first(match: re.Match[str]) -> str:
    letter, after, before = match.groups()
    return _SIGN[after] + letter if after else _SIGN[before]
