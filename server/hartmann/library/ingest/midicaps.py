"""MidiCaps: 168,385 MIDI files with captions (J. Melechovsky, A. Roy, D. Herremans, ISMIR 2024; CC BY-SA 4.0).

The data set as published is a folder with `train.json`, one JSON object a line, and the MIDI files, as
`midicaps.tar.gz` or unpacked. Each line's `location` (`lmd_full/1/1b9f….mid`) names its file in the archive or below
the folder. The fields that we use beside `caption`: `genre`, `mood` (lists, best first), `key` (`F# minor`),
`time_signature`, `tempo` (quarter notes a minute), `duration` (seconds), `instrument_summary`, `chord_summary`,
`test_set`; what a field may not hold is passed over, as are fields that we don't know. A line without a location
or a caption is refused, and so is one whose location leads out of the data set.

The lines are indexed by location, as places in the file, so that memory holds little of the 428 MB. An archive is
read once from end to end, in its own order, and never unpacked to disk; a folder in the order of the lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from hartmann.errors import InvalidRequest, UnreadableScore
from hartmann.library.features import MusicFeatures
from hartmann.library.ingest.caption_lines import CaptionIndex, Description
from hartmann.library.ingest.describing import DescribedBy, Piece, Reject, describe_abc
from hartmann.library.ingest.tar_files import TarFile, read_tar
from hartmann.library.ingest.unread import MOST_FILE_BYTES, Source, Unread, digest_of
from hartmann.moods import mood_words

SOURCE: Final = "midicaps"
SOURCE_NAME: Final = "MidiCaps (Melechovsky, Roy and Herremans, 2024), MIDI from the Lakh MIDI dataset"
LICENCE: Final = "CC-BY-SA-4.0"
CAPTIONS: Final = "train.json"
ARCHIVES: Final = ("midicaps.tar.gz", "midicaps.tgz", "midicaps.tar")
BARS: Final = 16
"""Bars of an excerpt. Whole songs have 12,000 characters of ABC; sixteen bars have about 1,400."""

MOST_NOTES: Final = 250_000
"""Files with more are no songs. Reading one with 250,000 takes a second."""


@dataclass(frozen=True)
class Terms:
    """What is recorded of every piece, and how long its excerpt is."""

    source: str = SOURCE_NAME
    licence: str = LICENCE
    bars: int = BARS


@dataclass(frozen=True)
class CaptionedMidi:
    """A MIDI file with what the data set says about it, not yet read."""

    name: str
    midi: bytes = field(repr=False)
    description: Description
    terms: Terms

    @cached_property
    def digest(self) -> str:
        """Of the MIDI, the line and the terms."""
        terms = self.terms
        return digest_of(self.midi, self.description.line, terms.source, terms.licence, str(terms.bars))

    @property
    def size(self) -> int:
        """Bytes of MIDI."""
        return len(self.midi)

    def describe(self) -> Piece | Reject:
        """The piece, with its excerpt in ABC, the caption, and features as the data set states them."""
        from hartmann.notation.from_midi import Limits, midi_to_abc

        try:
            limits = Limits(bytes=MOST_FILE_BYTES, notes=MOST_NOTES)
            abc = midi_to_abc(self.midi, bars=self.terms.bars, limits=limits)
        except UnreadableScore as error:
            return Reject(self.name, error.message)
        piece = describe_abc(
            f"{SOURCE}/{self.name}",
            abc,
            source=self.terms.source,
            licence=self.terms.licence,
            title=self.description.title,
            caption=self.description.caption,
        )
        return with_description(piece, self.description) if isinstance(piece, Piece) else piece


def with_description(piece: Piece, said: Description) -> Piece:
    """The piece with what the data set says of the whole song in place of what the excerpt shows."""
    return replace(
        piece,
        features=_features(piece.features, said),
        described_by=DescribedBy.DATA_SET,
        instruments=said.instruments or piece.instruments,
        more={
            **said.more,
            "genres": list(said.genres),
            "mood_tags": list(said.moods),
            "test_set": said.is_test,
        },
    )


def midicaps(path: Path, terms: Terms = Terms()) -> Source:
    """The data set at `path`, which is its folder or its `train.json`.

    Raises:
        InvalidRequest: there is no data set there.
    """
    folder, captions = _located(path)
    index = CaptionIndex(captions)
    archive = next((folder / name for name in ARCHIVES if (folder / name).is_file()), None)

    def files() -> Iterator[Unread | Reject]:
        yield from index.read()
        unpacked = _unpacked(folder, index)
        if unpacked is not None:
            yield from _from_folder(unpacked, index, terms)
        elif archive is not None:
            yield from _from_archive(archive, index, terms)
        else:
            yield from (Reject(place, f"{folder} holds no such file") for place in index.places())

    return Source(SOURCE, index.lines(), files)


def _located(path: Path) -> tuple[Path, Path]:
    folder = path.parent if path.is_file() else path
    captions = path if path.is_file() else path / CAPTIONS
    if not captions.is_file():
        raise InvalidRequest(
            f"{path} is no MidiCaps data set: it needs {CAPTIONS}, one JSON object a line, and {ARCHIVES[0]} or the "
            "folder that is in it, from huggingface.co/datasets/amaai-lab/MidiCaps"
        )
    return folder, captions


def _unpacked(folder: Path, index: CaptionIndex) -> Path | None:
    """The folder that locations start from, if the archive has been unpacked here."""
    tops = {place.partition("/")[0] for place in index.places()}
    return next(
        (root for root in (folder, folder / "midicaps") if any((root / top).exists() for top in tops)), None
    )


def _from_folder(folder: Path, index: CaptionIndex, terms: Terms) -> Iterator[Unread | Reject]:
    root = folder.resolve()
    for place in index.places():
        path = root / place
        reason = _why_not(path, root)
        if reason:
            yield Reject(place, reason)
            continue
        try:
            yield CaptionedMidi(place, path.read_bytes(), index.description(place), terms)
        except OSError as error:
            yield Reject(place, f"it can't be read: {error.strerror}")


def _why_not(path: Path, root: Path) -> str:
    """Why a file is not even opened, or ""."""
    try:
        real = path.resolve()
    except (OSError, RuntimeError):
        return "it is a link that leads nowhere"
    if not real.is_relative_to(root):
        return "it is a link that leads out of the data set"
    if not real.exists():
        return "the data set holds no such file"
    if not real.is_file():
        return "it is no file"
    size = real.stat().st_size
    return f"it has {size:,} bytes; {MOST_FILE_BYTES:,} are read" if size > MOST_FILE_BYTES else ""


def _from_archive(archive: Path, index: CaptionIndex, terms: Terms) -> Iterator[Unread | Reject]:
    """The archive's files that a line describes, then the lines whose file it does not have."""
    seen: set[str] = set()
    for member in read_tar(archive, wanted=index.__contains__):
        seen.add(member.id if isinstance(member, Reject) else member.name)
        if isinstance(member, TarFile):
            yield CaptionedMidi(member.name, member.data, index.description(member.name), terms)
        else:
            yield member
    for place in index.places():
        if place not in seen:
            yield Reject(place, "the archive holds no such file")


def _features(measured: MusicFeatures, said: Description) -> MusicFeatures:
    """What was measured, with key, meter, tempo, genre, mood and instrument as stated, where they are."""
    stated: dict[str, Any] = {}
    if said.key:
        stated |= {"key": said.key, "mode": said.key.rpartition(" ")[2].lower()}
    if said.meter:
        stated["meter"] = said.meter
    if said.tempo:
        stated |= {"bpm": said.tempo, "beat": Fraction(1), "tempo_given": True}
    if said.genres:
        stated["genre"] = said.genres[0]
    if said.instruments:
        stated["instrument"] = said.instruments[0]
    stated["moods"] = said.moods or mood_words(measured.valence, measured.arousal)
    if said.seconds:
        stated["seconds"] = said.seconds
    return replace(measured, **stated)
