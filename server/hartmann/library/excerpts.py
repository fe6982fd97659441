"""Excerpts: the opening of a reference in whole phrases, short enough for a prompt.

A prompt has room for a few hundred tokens a piece, and half a bar teaches a model that half a bar is music. So a
piece that is too long is cut at the end of a section if one lies in the latter half of the room, else at the end
of a line, else of a bar. Header and instrument (`%%MIDI program`) stay; of several voices the first remains,
melody first. A repeat that loses its other end to the cut loses its sign too. The room is counted in characters;
ABC in the canonical form runs at about 1.5 characters a token of the mini, 2 of a large model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_HEADER: Final = re.compile(r"^(?:[A-Za-z]:|%%)")
_VOICE_LINE: Final = re.compile(r"^(?:V:[ \t]*|\[V:[ \t]*)([^\s\]]+)")
_SECTION_END: Final = re.compile(r"(?::\|+\]?|\|\||\|\])[ \t]*(?:%.*)?$")
_BAR_LINE: Final = re.compile(r":?\|[\]|:]*")
_NO_MUSIC: Final = ("%", "w:", "W:")


@dataclass
class _Parts:
    """A tune taken apart: header lines, and the body lines of its first voice."""

    header: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)


def excerpt(abc: str, characters: int) -> str:
    """The first whole phrases of a tune that fit into so many characters, header included.

    A text that fits comes back unchanged. At least the header and one bar always remain, even beyond the room.
    """
    if len(abc) <= characters:
        return abc
    parts = _take_apart(abc)
    room = characters - sum(len(line) + 1 for line in parts.header)
    kept = _whole_lines(parts.body, room) or _whole_bars(parts.body, room)
    return "\n".join([*parts.header, *_close(kept)]) + "\n"


def _take_apart(abc: str) -> _Parts:
    parts, voices, current, in_body = _Parts(), list[str](), "", False
    for line in filter(str.strip, abc.splitlines()):
        voice = _VOICE_LINE.match(line)
        if voice:
            current = voice.group(1)
            voices += [current] if current not in voices else []
        if voices and current != voices[0]:
            continue
        if in_body and not line.startswith(("V:", "%%")):
            parts.body.append(line)
        elif _HEADER.match(line):
            parts.header.append(line)
        in_body = in_body or line.startswith("K:")
    return parts


def _whole_lines(body: list[str], room: int) -> list[str]:
    """The lines that fit, back to the last end of a section if that keeps at least half of them."""
    sizes = list(_running_sizes(body))
    fitting = sum(size <= room for size in sizes)
    lines = body[:fitting]
    for end in range(fitting, fitting // 2, -1):
        if _SECTION_END.search(body[end - 1]):
            return body[:end]
    while lines and lines[-1].startswith(_NO_MUSIC):
        lines.pop()
    return lines if any(not line.startswith(_NO_MUSIC) for line in lines) else []


def _whole_bars(body: list[str], room: int) -> list[str]:
    """The bars of the first line of music that fit, at least one."""
    line = next((line for line in body if not line.startswith(_NO_MUSIC)), "")
    ends = [match.end() for match in _BAR_LINE.finditer(line) if match.start() > 0]
    if not ends:
        return [line] if line else []
    return [line[: max((end for end in ends if end <= room), default=ends[0])]]


def _close(lines: list[str]) -> list[str]:
    """End with a final bar line; drop signs of repeats whose other end is cut off."""
    text = "\n".join(lines).rstrip()
    if text.count("|:") > text.count(":|"):
        head, _, tail = text.rpartition("|:")
        text = f"{head}|{tail}" if head.strip() and not head.endswith("\n") else f"{head}{tail.lstrip()}"
    if not text.endswith((":|", "|]", "||")):
        text = f"{text.rstrip('|').rstrip()} |]"
    return text.split("\n")


def _running_sizes(lines: list[str]) -> Iterator[int]:
    size = 0
    for line in lines:
        size += len(line) + 1
        yield size
