"""A data set in the format in which MidiCaps is published, made for tests: good songs and what strangers leave.

`write_data_set` makes `train.json` and the MIDI files of `made_midi.made_songs`, as a folder or as `midicaps.tar.gz`,
with broken ones in their midst, each kind in turn. A broken line or file becomes one reject, whose name it returns
with a word that its reason has to contain.
"""

from __future__ import annotations

import io
import json
import random
import struct
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from made_midi import made_songs, tune_sources


@dataclass(frozen=True)
class Row:
    """A line of `train.json` and the file that belongs to it; `link` makes that a link, None of `midi` leaves it out.

    Broken ones say under which `name` they are refused ("" for the line's number), and a word of the `reason`.
    """

    fields: dict[str, Any]
    midi: bytes | None
    reason: str = ""
    name: str = ""
    link: str = ""
    line: str = ""
    first: str = ""

    @property
    def location(self) -> str:
        return str(self.fields["location"])


@dataclass(frozen=True)
class DataSet:
    """What was written: `good` locations, and the names of what must be refused with a word of the reason."""

    folder: Path
    good: frozenset[str]
    broken: dict[str, str]


def write_data_set(
    folder: Path, songs: int, broken: int, *, archive: bool = True, seed: int = 0, huge: bool = True
) -> DataSet:
    """Write so many good songs and so many broken ones; `huge` ones of a million events only if wanted."""
    sources = tune_sources(min(300, songs))
    rows = [Row(whole(song.row()), song.midi) for song in made_songs(songs, seed, sources)]
    chance = random.Random(seed)
    for number, row in enumerate(broken_rows(broken, tuple(rows), huge=huge)):
        rows.insert(chance.randint(1, len(rows)) if number else 1, row)
    folder.mkdir(parents=True, exist_ok=True)
    refused: dict[str, str] = {}
    with (folder / "train.json").open("w", encoding="utf-8") as file:
        for number, row in enumerate(rows, start=1):
            file.write((row.line or json.dumps(row.fields)) + "\n")
            if row.reason:
                refused[row.name or f"train.json:{number}"] = row.reason
    (_write_archive if archive else _write_folder)(folder, rows)
    return DataSet(folder, frozenset(row.location for row in rows if not row.reason), refused)


def whole(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields with those that the data set has besides."""
    return fields | {
        "genre": ["rock", "pop"],
        "genre_prob": [0.7, 0.2],
        "mood": ["energetic", "film", "happy", "dark", "epic"],
        "mood_prob": [0.2, 0.1, 0.1, 0.1, 0.1],
        "tempo_word": "Allegro",
        "duration": 187,
        "duration_word": "Short song",
        "chord_summary": ["C", "Am", "F", "G"],
        "chord_summary_occurence": 6,
        "instrument_numbers_sorted": [0, 33, 128],
        "all_chords": ["C", "Am", "F", "G"] * 20,
        "all_chords_timestamps": [0.5 * number for number in range(80)],
    }


def broken_rows(count: int, good: Sequence[Row], *, huge: bool) -> Iterator[Row]:
    """So many broken rows, every kind in turn."""
    kinds = [*KINDS, _million_events] if huge else KINDS
    for number in range(count):
        row = replace(good[number % len(good)], first=good[0].location)
        place = f"lmd_full/b/broken{number:04}.mid"
        yield kinds[number % len(kinds)](number, replace(row, fields=row.fields | {"location": place}))


def _cut_line(number: int, row: Row) -> Row:
    return replace(row, line=json.dumps(row.fields)[: 120 + number % 50], reason="cut short")


def _no_object(number: int, row: Row) -> Row:
    return replace(row, line=json.dumps([number, row.location]), reason="no JSON object")


def _no_caption(number: int, row: Row) -> Row:
    fields = {name: value for name, value in row.fields.items() if name != "caption"}
    return replace(row, fields=fields, reason="no caption", name=row.location)


def _empty_caption(number: int, row: Row) -> Row:
    return replace(row, fields=row.fields | {"caption": "  "}, reason="no caption", name=row.location)


def _climbing(number: int, row: Row) -> Row:
    return replace(
        row, fields=row.fields | {"location": f"../../{number}.mid"}, midi=None, reason="leads out"
    )


def _absolute(number: int, row: Row) -> Row:
    return replace(row, fields=row.fields | {"location": "/etc/passwd"}, midi=None, reason="absolute")


def _twice(number: int, row: Row) -> Row:
    """A second line for the file of the first."""
    return replace(row, fields=row.fields | {"location": row.first}, midi=None, reason="is that of line")


def _missing(number: int, row: Row) -> Row:
    return replace(row, midi=None, reason="no such file", name=row.location)


def _no_midi(number: int, row: Row) -> Row:
    return replace(row, midi=b"<html>404 Not Found</html>" * 40, name=row.location, reason="MIDI")


def _empty(number: int, row: Row) -> Row:
    return replace(row, midi=b"", name=row.location, reason="MIDI")


def _silent(number: int, row: Row) -> Row:
    return replace(row, midi=_midi(0), name=row.location, reason="no")


def _link(number: int, row: Row) -> Row:
    return replace(row, midi=None, link="../../../../../../etc/hostname", name=row.location, reason="link")


def _million_events(number: int, row: Row) -> Row:
    return replace(row, midi=_midi(500_000), name=row.location, reason="notes")


@lru_cache(maxsize=4)
def _midi(notes: int) -> bytes:
    """A file with one track of so many notes, each a note-on and a note-off."""
    events = b"".join(bytes((0, 0x90, 40 + n % 40, 80, 60, 0x80, 40 + n % 40, 0)) for n in range(notes))
    track = events + b"\x00\xff\x2f\x00"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, 480) + b"MTrk" + struct.pack(">I", len(track)) + track


KINDS: list[Callable[[int, Row], Row]] = [
    _cut_line, _no_caption, _climbing, _missing, _no_midi, _absolute, _silent, _empty_caption, _twice, _empty,
    _no_object, _link,
]  # fmt: skip


def _write_folder(folder: Path, rows: list[Row]) -> None:
    for row in rows:
        if row.midi is None and not row.link:
            continue
        path = folder / row.location
        path.parent.mkdir(parents=True, exist_ok=True)
        if row.link:
            path.symlink_to(row.link)
        elif row.midi is not None:
            path.write_bytes(row.midi)


def _write_archive(folder: Path, rows: list[Row]) -> None:
    with tarfile.open(folder / "midicaps.tar.gz", "w:gz", compresslevel=1) as archive:
        for row in sorted(rows, key=lambda row: row.location):
            member = tarfile.TarInfo(row.location)
            if row.link:
                member.type, member.linkname = tarfile.SYMTYPE, row.link
                archive.addfile(member)
            elif row.midi is not None:
                member.size = len(row.midi)
                archive.addfile(member, io.BytesIO(row.midi))
