"""Piece lines: the library, or part of it, as JSON, one piece a line, to be taken in again elsewhere.

    {"id": "own/songs/waltz.mid", "title": "Waltz", "source": "own pieces", "licence": "mine", "caption": "…",
     "abc": "X:1\\n…", "picture": "base64 of a JPEG", "genre": "waltz", "key": "G major", …, "features": {…}}

`id` and `abc` are needed; what else is left out is found out anew. Vectors don't travel: another library may embed
into another space.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from PIL import Image, UnidentifiedImageError

from hartmann.errors import InvalidRequest
from hartmann.library.features import MusicFeatures
from hartmann.library.ingest.describing import DescribedBy, Piece, Reject, describe_abc
from hartmann.library.ingest.unread import LONGEST_NAME, MOST_FILE_BYTES, Source, Unread, digest_of

COLUMNS: Final = {
    "genre": str, "key": str, "mode": str, "meter": str, "instrument": str, "bars": int, "notes": int,
    "valence": float, "arousal": float,
}  # fmt: skip
"""Features with a column of their own that a line may state, and their types."""


@dataclass(frozen=True)
class PieceLine:
    """A line, not yet read. `where` is its file and number."""

    where: str
    line: bytes = field(repr=False)

    @cached_property
    def said(self) -> Mapping[str, Any]:
        """What the line says; empty for one that is no JSON object."""
        try:
            found = json.loads(self.line)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def name(self) -> str:
        """The piece's id, or the line's number where it has none."""
        found = self.said.get("id")
        good = isinstance(found, str) and found.isprintable() and 0 < len(found.encode()) <= LONGEST_NAME
        return str(found) if good else self.where

    @cached_property
    def digest(self) -> str:
        """Of the line."""
        return digest_of(self.line)

    @property
    def size(self) -> int:
        """Bytes."""
        return len(self.line)

    def describe(self) -> Piece | Reject:
        """The piece as the line has it."""
        said = self.said
        if not said:
            return Reject(self.name, "the line is no JSON object, or is cut short")
        if self.name == self.where:
            return Reject(self.name, f"the line has no id of 1 to {LONGEST_NAME} printable characters")
        texts = {name: _text(said, name) for name in ("abc", "title", "source", "licence", "caption")}
        if not texts["abc"].strip():
            return Reject(self.name, "the line has no abc")
        try:
            picture = _picture(said.get("picture"))
        except ValueError as error:
            return Reject(self.name, str(error))
        piece = describe_abc(self.name, texts.pop("abc"), **texts)
        return _restored(piece, said, picture) if isinstance(piece, Piece) else piece


def piece_lines(path: Path) -> Source:
    """The pieces of a file as a source of its name. Raises InvalidRequest where the file can't be read."""
    try:
        with path.open("rb") as file:
            total = sum(1 for line in file if line.strip())
    except OSError as error:
        raise InvalidRequest(f"{path} can't be read: {error.strerror}") from error

    def files() -> Iterator[Unread | Reject]:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(MOST_FILE_BYTES), b""), start=1):
                where = f"{path.name}:{number}"
                if len(line) >= MOST_FILE_BYTES:
                    yield Reject(where, f"the line has more than {MOST_FILE_BYTES:,} bytes")
                elif line.strip():
                    yield PieceLine(where, line)

    return Source(f"lines/{path.name}", total, files)


def to_line(values: Mapping[str, Any], picture: bytes = b"") -> str:
    """A piece as a line, newline included."""
    whole = dict(values)
    if picture:
        whole["picture"] = base64.b64encode(picture).decode("ascii")
    return json.dumps(whole, ensure_ascii=False) + "\n"


def _restored(piece: Piece, said: Mapping[str, Any], picture: bytes) -> Piece:
    """The piece with what the line states in place of what was measured."""
    features = said.get("features")
    stated = features if isinstance(features, dict) else {}
    by = stated.get("described_by")
    return replace(
        piece,
        picture=picture,
        described_by=DescribedBy(str(by)) if by in set(DescribedBy) else piece.described_by,
        features=replace(piece.features, **_columns(said, piece.features)),
        more=stated,
    )


def _columns(said: Mapping[str, Any], measured: MusicFeatures) -> dict[str, Any]:
    """The stated features that have a column of their own."""
    found = {name: said[name] for name, kind in COLUMNS.items() if type(said.get(name)) is kind}
    mood, tempo = said.get("mood"), said.get("tempo_bpm")
    if isinstance(mood, str) and mood:
        found["moods"] = tuple(mood.split(", "))
    if isinstance(tempo, float) and 1 <= tempo <= 1000:
        found["beat"] = Fraction(tempo) / measured.bpm
    return found


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""


def _picture(value: object) -> bytes:
    """The bytes of a picture that can be read. Raises ValueError for others."""
    if not value:
        return b""
    try:
        data = base64.b64decode(str(value), validate=True)
        Image.open(BytesIO(data), formats=("JPEG", "PNG")).verify()
    except (binascii.Error, UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise ValueError("its picture is no JPEG or PNG in base64") from error
    return data
