"""Excerpts: the opening of a reference in whole phrases, short enough for a prompt.

A prompt has room for a few hundred tokens a piece, and half a bar teaches a model that half a bar is music. So a
piece that is too long is cut at the end of a section if one lies in the latter half of the room, else at the end
of a line, else of a bar. Header and instrument (`%%MIDI program`) stay. Of several voices the first comes first,
since it is the melody: it gets the room, and others join it where they fit whole, over the same bars. A repeat that
loses its other end to the cut loses its sign too.

The room is counted in characters: ABC in the canonical form runs at about 1.5 characters a token of the mini, 2 of a
large model. `for_prompt` counts tokens, with the model's own counter or by that rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Final

from hartmann.library.reference import Reference

CHARACTERS_A_TOKEN: Final = 2.0
"""What a large model's tokenizer makes of canonical ABC, about."""

_HEADER: Final = re.compile(r"^(?:[A-Za-z]:|%%)")
_VOICE_LINE: Final = re.compile(r"^(?:V:[ \t]*|\[V:[ \t]*)([^\s\]]+)")
_SECTION_END: Final = re.compile(r"(?::\|+\]?|\|\||\|\])[ \t]*(?:%.*)?$")
_BAR_LINE: Final = re.compile(r":?\|[\]|:]*")
_REMARK: Final = re.compile(r"%|P:")
_NO_MUSIC: Final = ("%", "w:", "W:")


@dataclass
class _VoiceText:
    """A voice's own header lines and its lines in the body."""

    header: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)


@dataclass
class _Parts:
    """A tune taken apart: the lines of its header that belong to no voice, and its voices in their order."""

    header: list[str] = field(default_factory=list)
    voices: dict[str, _VoiceText] = field(default_factory=dict)

    @property
    def first(self) -> str:
        return next(iter(self.voices), "")

    def voice(self, name: str) -> _VoiceText:
        return self.voices.setdefault(name, _VoiceText())


def excerpt(abc: str, characters: int) -> str:
    """The first whole phrases of a tune that fit into so many characters, header included.

    A text that fits comes back unchanged. At least the header and one bar always remain, even beyond the room.
    """
    if len(abc) <= characters:
        return abc
    parts = _take_apart(abc)
    lead, *others = parts.voices.values() or [_VoiceText()]
    room = characters - _size([*parts.header, *lead.header])
    lines = _whole_lines(lead.body, room)
    chosen = [replace(lead, body=_close(lines or _whole_bars(lead.body, room)))]
    for voice in others if lines else ():
        systems = _systems(voice.body)[: len(_systems(lines))]
        joining = replace(voice, body=_close(_to_last_music([line for system in systems for line in system])))
        if systems and _size(_joined(parts.header, [*chosen, joining])) <= characters:
            chosen.append(joining)
    return "\n".join(_joined(parts.header, chosen)) + "\n"


def for_prompt(
    reference: Reference, tokens: int, count_tokens: Callable[[str], int] | None = None
) -> Reference:
    """The reference with its ABC cut so that caption and ABC together take at most so many tokens.

    `count_tokens` is the model's; without it CHARACTERS_A_TOKEN holds. Caption, source and licence stay as they are.
    At least one bar remains, even beyond the room.
    """
    count = count_tokens or _estimated_tokens
    room = tokens - count(reference.caption)
    shorter = reference.abc
    while count(shorter) > room:
        share = max(0.1, min(0.95, room / max(1, count(shorter))))
        cut = excerpt(reference.abc, int(len(shorter) * share))
        if len(cut) >= len(shorter):
            break
        shorter = cut
    return replace(reference, abc=shorter)


def _estimated_tokens(text: str) -> int:
    return round(len(text) / CHARACTERS_A_TOKEN)


def _take_apart(abc: str) -> _Parts:
    """Voices by their names, "" for a tune without. Remarks and parts (`P:`) stand with the first."""
    parts, current, in_body = _Parts(), "", False
    for line in filter(str.strip, abc.splitlines()):
        named = _VOICE_LINE.match(line)
        current = named.group(1) if named else current
        if line.startswith(("V:", "%%")):
            (parts.voice(current).header if current else parts.header).append(line)
        elif in_body:
            parts.voice(parts.first if _REMARK.match(line) else current).body.append(line)
        elif _HEADER.match(line):
            parts.header.append(line)
        in_body = in_body or line.startswith("K:")
    return parts


def _joined(header: Sequence[str], voices: Sequence[_VoiceText]) -> list[str]:
    """The lines of a tune, its voices one under another in systems."""
    systems = zip_longest(*(_systems(voice.body) for voice in voices), fillvalue=())
    body = [line for system in systems for lines in system for line in lines]
    return [*header, *(line for voice in voices for line in voice.header), *body]


def _systems(body: Sequence[str]) -> list[list[str]]:
    """A voice's lines of music, each with the remarks before it and the words below it."""
    systems: list[list[str]] = []
    complete = True
    for line in body:
        is_words = line.startswith(("w:", "W:"))
        if complete and not is_words:
            systems.append([])
        systems[-1:] = [[*systems[-1], line]] if systems else [[line]]
        complete = is_words or not _REMARK.match(line)
    return systems


def _whole_lines(body: list[str], room: int) -> list[str]:
    """The lines that fit, back to the last end of a section if that keeps at least half of them."""
    sizes = list(_running_sizes(body))
    fitting = sum(size <= room for size in sizes)
    lines = body[:fitting]
    for end in range(fitting, fitting // 2, -1):
        if _SECTION_END.search(body[end - 1]):
            return body[:end]
    return _to_last_music(lines)


def _to_last_music(lines: list[str]) -> list[str]:
    """The lines without remarks and words after the last music; none where there is no music."""
    last = max((number for number, line in enumerate(lines, 1) if not line.startswith(_NO_MUSIC)), default=0)
    return lines[:last]


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


def _running_sizes(lines: Sequence[str]) -> Iterator[int]:
    size = 0
    for line in lines:
        size += len(line) + 1
        yield size


def _size(lines: Sequence[str]) -> int:
    return sum(len(line) + 1 for line in lines)
