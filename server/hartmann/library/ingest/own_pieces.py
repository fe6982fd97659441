"""A person's own pieces: a folder of scores, each described by a text or a picture of the same name beside it.

Scores are `.musicxml`, `.xml`, `.mxl`, `.mid`, `.midi`, `.abc` (each tune of a book is a piece), and `.mscz` and
`.mscx` where MuseScore is installed. `Waltz.mid` is described by `Waltz.txt`, by a picture such as `Waltz.jpg`, or
by both; what has neither gets a caption from its own features, marked as ours (`DescribedBy.FEATURES`). A picture
is kept upright and at most 1,024 pixels wide or high. Ids are `own/NAME/PATH`, the path below the folder.

Folders are searched to any depth; hidden files and folders are passed by, and so is whatever is no score.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Final

from PIL import Image

from hartmann.errors import HartmannError, InvalidRequest
from hartmann.library.ingest.describing import DescribedBy, Piece, Reject, describe_abc
from hartmann.library.ingest.musescore import MUSESCORE_SUFFIXES, export_musicxml
from hartmann.library.ingest.unread import MOST_FILE_BYTES, Source, Unread, digest_of
from hartmann.notation.checking import split_tunebook

MUSICXML: Final = (".musicxml", ".xml", ".mxl")
MIDI: Final = (".mid", ".midi")
ABC: Final = (".abc",)
SCORES: Final = (*MUSICXML, *MIDI, *ABC, *MUSESCORE_SUFFIXES)
TEXT: Final = ".txt"
PICTURES: Final = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".gif", ".bmp")
BARS: Final = 64
"""Bars that are kept of a piece in MIDI or MusicXML, an anacrusis not counted: enough for any excerpt, and for seeing
whether a draft copies it."""
LONGEST_TEXT: Final = 8_000
PICTURE_PIXELS: Final = 1024

ReadPicture = Callable[[bytes], Image.Image]
"""From a picture file to upright pixels; raises a HartmannError with the reason when it is none. It is pickled."""


@dataclass(frozen=True)
class Terms:
    """What is recorded of every piece, how it is read, and with what."""

    source: str
    licence: str
    read_picture: ReadPicture
    bars: int = BARS
    musescore: str = ""


@dataclass(frozen=True)
class OwnPiece:
    """A score with what describes it, not yet read. `suffix` says how `score` is to be read."""

    name: str
    id: str
    suffix: str
    score: bytes = field(repr=False)
    text: bytes = field(repr=False)
    picture: bytes = field(repr=False)
    terms: Terms

    @cached_property
    def digest(self) -> str:
        """Of the files and the terms; of a MuseScore file also whether MuseScore was there to read it."""
        terms = self.terms
        program = terms.musescore if self.suffix in MUSESCORE_SUFFIXES else ""
        return digest_of(
            self.suffix,
            self.score,
            self.text,
            self.picture,
            terms.source,
            terms.licence,
            str(terms.bars),
            program,
        )

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return len(self.score) + len(self.text) + len(self.picture)

    def describe(self) -> Piece | Reject:
        """The piece with its description, or what is wrong with the score or the description."""
        try:
            picture = small_picture(self.terms.read_picture(self.picture)) if self.picture else b""
            caption, abc = read_text(self.text), self._abc()
        except HartmannError as error:
            return Reject(self.name, error.message)
        piece = describe_abc(
            self.id,
            abc,
            source=self.terms.source,
            licence=self.terms.licence,
            untitled=PurePosixPath(self.name).stem,
            caption=caption,
        )
        if isinstance(piece, Piece) and picture:
            by = piece.described_by if caption else DescribedBy.PICTURE
            return replace(piece, picture=picture, described_by=by)
        return piece if isinstance(piece, Piece) else replace(piece, id=self.name)

    def _abc(self) -> str:
        """The score as ABC. Raises UnreadableScore."""
        if self.suffix in ABC:
            return self.score.decode("utf-8", "replace").removeprefix("\ufeff")
        if self.suffix in MIDI:
            from hartmann.notation.from_midi import midi_to_abc

            return midi_to_abc(self.score, bars=self.terms.bars)
        from hartmann.notation.from_musicxml import musicxml_to_abc

        is_musescore = self.suffix in MUSESCORE_SUFFIXES
        data = export_musicxml(self.score, self.suffix, self.terms.musescore) if is_musescore else self.score
        return musicxml_to_abc(data, bars=self.terms.bars)


def own_pieces(folder: Path, name: str, terms: Terms) -> Source:
    """The pieces of a folder as the source `own/NAME`. Raises InvalidRequest where there is no folder, or no score."""
    if not folder.is_dir():
        raise InvalidRequest(f"{folder} is no folder; give the folder that holds the scores")
    scores = list(_scores(folder))
    if not scores:
        raise InvalidRequest(f"{folder} holds no scores; they end in {', '.join(SCORES)}")

    def files() -> Iterator[Unread | Reject]:
        for path in scores:
            yield from _unread(path, path.relative_to(folder).as_posix(), f"own/{name}", terms)

    return Source(f"own/{name}", len(scores), files)


def small_picture(image: Image.Image) -> bytes:
    """The picture as JPEG of at most 1,024 pixels a side."""
    image.thumbnail((PICTURE_PIXELS, PICTURE_PIXELS), Image.Resampling.LANCZOS)
    file = BytesIO()
    image.convert("RGB").save(file, "JPEG", quality=92)
    return file.getvalue()


def read_text(data: bytes) -> str:
    """A description as one paragraph; "" where there is none. Raises InvalidRequest for one that is too long."""
    text = " ".join(data.decode("utf-8", "replace").replace("\ufeff", "").split())
    if len(text) > LONGEST_TEXT:
        raise InvalidRequest(f"its description has {len(text):,} characters; {LONGEST_TEXT:,} are read")
    return text


def _scores(folder: Path) -> Iterator[Path]:
    """Every score below the folder, in the order of names; links to folders are not followed."""
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix.lower() in SCORES:
                yield Path(parent) / name


def _unread(path: Path, name: str, prefix: str, terms: Terms) -> Iterator[Unread | Reject]:
    """The pieces of one file: one, or the tunes of a book."""
    suffix = path.suffix.lower()
    try:
        score, text, picture = _read(path), _beside(path, (TEXT,)), _beside(path, PICTURES)
    except (OSError, InvalidRequest) as error:
        yield Reject(name, error.message if isinstance(error, InvalidRequest) else _unreadable(error))
        return
    if suffix not in ABC:
        yield OwnPiece(name, f"{prefix}/{name}", suffix, score, text, picture, terms)
        return
    tunes = split_tunebook(score.decode("utf-8", "replace")) or [""]
    for number, tune in enumerate(tunes, start=1):
        place = name if len(tunes) == 1 else f"{name}/{number}"
        yield OwnPiece(place, f"{prefix}/{place}", suffix, tune.encode(), text, picture, terms)


def _beside(path: Path, suffixes: tuple[str, ...]) -> bytes:
    """The file of the same name with the first of these suffixes that there is, in either case; else nothing."""
    for suffix in suffixes:
        for spelled in (suffix, suffix.upper()):
            file = path.with_suffix(spelled)
            if file.is_file():
                return _read(file)
    return b""


def _read(path: Path) -> bytes:
    """The bytes of a file. Raises InvalidRequest for one that is too large, OSError for one that can't be read."""
    size = path.stat().st_size
    if size > MOST_FILE_BYTES:
        raise InvalidRequest(f"{path.name} has {size:,} bytes; {MOST_FILE_BYTES:,} are read")
    return path.read_bytes()


def _unreadable(error: OSError) -> str:
    return f"it can't be read: {error.strerror or error}"
