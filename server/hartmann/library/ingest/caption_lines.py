"""Caption lines: MidiCaps's `train.json`, one JSON object a line, from strangers.

`CaptionIndex.read` goes through the file once, refuses the lines that describe nothing, and keeps for the others
where they stand; `description` reads a line again when its music is at hand. A refused line is named by its
location where it has a good one, else by its number: `train.json:17`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

from hartmann.errors import InvalidRequest
from hartmann.library.ingest.describing import Reject
from hartmann.library.ingest.unread import LONGEST_NAME

LONGEST_LINE: Final = 8 * 2**20
"""Bytes. A line of the data set has 2,500; hours of chords make hundreds of thousands."""
LONGEST_CAPTION: Final = 8_000
LONGEST_TAG: Final = 100
MOST_TAGS: Final = 32

_KEY: Final = re.compile(r"[A-G][#b♯♭]? (?:major|minor)", re.IGNORECASE)
_METER: Final = re.compile(r"[1-9][0-9]?/(?:1|2|4|8|16|32)")
_OTHERS: Final = ("duration_word", "tempo_word", "chord_summary", "chord_summary_occurence")
"""Fields that are kept as they are."""


@dataclass(frozen=True, slots=True)
class Description:
    """What a line says. Fields that it lacks, or that hold something else than they should, are empty.

    `key` as `F# minor`, `meter` as `6/8`, `tempo` in quarter notes a minute, `seconds` of the whole song; genres, moods
    and instruments in lower case, the foremost first. `line` is the line itself.
    """

    caption: str
    genres: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()
    key: str = ""
    meter: str = ""
    tempo: int = 0
    seconds: float = 0.0
    instruments: tuple[str, ...] = ()
    is_test: bool = False
    more: dict[str, Any] = field(default_factory=dict)
    line: bytes = field(default=b"", repr=False)

    @property
    def title(self) -> str:
        """A heading, since the songs have no names: `Rock in F# minor`."""
        kind = self.genres[0].capitalize() if self.genres else "Piece"
        return f"{kind} in {self.key}" if self.key else kind


class CaptionIndex:
    """The lines of a file by their locations."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offsets: dict[str, int] = {}

    def __contains__(self, place: object) -> bool:
        return place in self._offsets

    def lines(self) -> int:
        """How many lines there are, empty ones not counted. Raises InvalidRequest where the file can't be read."""
        try:
            with self._path.open("rb") as file:
                return sum(1 for line in file if line.strip())
        except OSError as error:
            raise InvalidRequest(f"{self._path} can't be read: {error.strerror}") from error

    def read(self) -> Iterator[Reject]:
        """Go through the file once; yields the lines that are refused."""
        self._offsets.clear()
        numbers: dict[str, int] = {}
        with self._path.open("rb") as file:
            number, offset = 0, 0
            while line := _next_line(file):
                number += 1
                place = self._taken(line, f"{self._path.name}:{number}", numbers) if line.strip() else None
                if isinstance(place, Reject):
                    yield place
                elif place is not None:
                    self._offsets[place], numbers[place] = offset, number
                offset = file.tell()

    def places(self) -> Iterator[str]:
        """The locations of the lines that were taken, in their order."""
        return iter(self._offsets)

    def description(self, place: str) -> Description:
        """What the line of this location says. Raises KeyError for one that was not taken."""
        with self._path.open("rb") as file:
            file.seek(self._offsets[place])
            return parse_description(file.readline(LONGEST_LINE))

    def _taken(self, line: bytes, where: str, numbers: dict[str, int]) -> str | Reject:
        """The location of a good line, or why the line is refused."""
        try:
            fields = _object(line)
            place = _place(fields)
        except ValueError as error:
            return Reject(where, str(error))
        if place in numbers:
            return Reject(where, f"its location {place} is that of line {numbers[place]} too")
        reason = _caption_fault(fields.get("caption"))
        return Reject(place, f"{reason} ({where})") if reason else place


def parse_description(line: bytes) -> Description:
    """A line as a description. Raises ValueError for what is no JSON object with a caption."""
    fields = _object(line)
    fault = _caption_fault(fields.get("caption"))
    if fault:
        raise ValueError(fault)
    tempo, seconds = _number(fields.get("tempo")), _number(fields.get("duration"))
    return Description(
        caption=" ".join(fields["caption"].split()),
        genres=_tags(fields.get("genre")),
        moods=_tags(fields.get("mood")),
        key=_matching(_KEY, fields.get("key")),
        meter=_matching(_METER, fields.get("time_signature")),
        tempo=round(tempo) if 10 <= tempo <= 1000 else 0,
        seconds=seconds if 0 < seconds < 1e6 else 0.0,
        instruments=_tags(fields.get("instrument_summary")),
        is_test=fields.get("test_set") is True,
        more={name: _plain(fields[name]) for name in _OTHERS if fields.get(name) is not None},
        line=line.strip(),
    )


def _next_line(file: Any) -> bytes:
    """The next line; of one that is too long its beginning, which is no JSON, with the rest passed over."""
    line: bytes = file.readline(LONGEST_LINE)
    rest = line
    while len(rest) == LONGEST_LINE and not rest.endswith(b"\n"):
        rest = file.readline(LONGEST_LINE)
    return line


def _object(line: bytes) -> dict[str, Any]:
    if len(line) >= LONGEST_LINE:
        raise ValueError(f"the line has more than {LONGEST_LINE:,} bytes")
    try:
        fields = json.loads(line.strip())
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "unreadable"
        raise ValueError(f"the line is no JSON object, or is cut short ({reason})") from error
    if not isinstance(fields, dict):
        raise ValueError("the line is no JSON object")
    return fields


def _place(fields: dict[str, Any]) -> str:
    """The location as a plain relative path. Raises ValueError for none, or one that leads elsewhere."""
    location = fields.get("location")
    if not isinstance(location, str) or not location.strip("./ "):
        raise ValueError("the line has no location")
    shown = location if len(location) <= LONGEST_TAG else f"{location[:LONGEST_TAG]}…"
    path = PurePosixPath(location)
    if path.is_absolute() or re.match(r"[A-Za-z]:", location):
        raise ValueError(f"its location {shown!r} is absolute; it has to lie in the data set")
    if ".." in path.parts or "\\" in location or not location.isprintable():
        raise ValueError(f"its location {shown!r} leads out of the data set")
    if len(location.encode()) > LONGEST_NAME:
        raise ValueError(f"its location {shown!r} is longer than {LONGEST_NAME} bytes")
    return str(path)


def _caption_fault(caption: object) -> str:
    """What is wrong with a caption, or ""."""
    if not isinstance(caption, str) or not caption.strip():
        return "it has no caption"
    if len(caption) > LONGEST_CAPTION:
        return f"its caption has {len(caption):,} characters; {LONGEST_CAPTION:,} are read"
    return ""


def _tags(value: object) -> tuple[str, ...]:
    """A list of words, or one word, in lower case and each once."""
    words = value if isinstance(value, list) else [value]
    cut = (word.strip().lower()[:LONGEST_TAG] for word in words[:MOST_TAGS] if isinstance(word, str))
    return tuple(dict.fromkeys(filter(None, cut)))


def _matching(pattern: re.Pattern[str], value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    return text.replace("♯", "#").replace("♭", "b") if pattern.fullmatch(text) else ""


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value) if abs(value) < 1e9 else 0.0


def _plain(value: object) -> object:
    """A short value as it is, others left out."""
    short = isinstance(value, str | int | float) or (isinstance(value, list) and len(value) <= MOST_TAGS)
    return value if short and len(json.dumps(value)) <= LONGEST_CAPTION else None
