"""`hartmann library ingest …`: midicaps, folder, lines, corpus."""

from __future__ import annotations

import functools
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hartmann.cli.library.filling_display import FillingDisplay
from hartmann.cli.library.opening import few_threads, opened_embedder, with_database
from hartmann.cli.server_extra import server_extra
from hartmann.errors import InvalidRequest

if TYPE_CHECKING:
    from PIL.Image import Image

    from hartmann.library.ingest.embedding import CaptionEmbedder, OnProgress
    from hartmann.library.ingest.filling import Filling
    from hartmann.library.ingest.unread import Source
    from hartmann.settings import Settings
    from hartmann.storage.database import Database
    from hartmann.vision.pictures import PictureLimits

Fill = Callable[["Database", "CaptionEmbedder", "OnProgress"], Awaitable["Filling"]]

LONGEST_TERMS = 500

ingest = typer.Typer(
    help="Fill the library. Interrupted at any point, the same command goes on where it stopped.",
    no_args_is_help=True,
)

ProcessesOption = Annotated[
    int, typer.Option("--processes", min=0, max=256, help="Processes that read; 0: one for each core.")
]
ReportOption = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="FILE",
        help="Where to write the rejected files with their reasons, as JSON lines (default: in the data folder).",
    ),
]
SourceOption = Annotated[
    str, typer.Option("--source", help="Where the pieces are from, as references say it.")
]
LicenceOption = Annotated[
    str, typer.Option("--licence", "--license", help="Under which terms they may be used.")
]


@ingest.command()
def midicaps(
    path: Annotated[Path, typer.Argument(help="Folder with train.json and midicaps.tar.gz (or lmd_full/).")],
    bars: Annotated[int, typer.Option("--bars", min=4, max=256, help="Bars of each piece's excerpt.")] = 16,
    source: SourceOption = "",
    licence: LicenceOption = "",
    processes: ProcessesOption = 0,
    report: ReportOption = None,
) -> None:
    """Bring in MidiCaps, 168,385 captioned MIDI files, as published at huggingface.co/datasets/amaai-lab/MidiCaps."""
    with server_extra():
        from hartmann.library.ingest import midicaps as dataset
    terms = dataset.Terms(_terms(source) or dataset.SOURCE_NAME, _terms(licence) or dataset.LICENCE, bars)
    found = dataset.midicaps(path, terms)
    _ingest("MidiCaps", found.name, _from(found, processes), report)


@ingest.command()
def folder(
    path: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of scores, searched to any depth.")],
    name: Annotated[
        str, typer.Option("--name", help="What ids begin with after own/ (default: the folder's name).")
    ] = "",
    source: SourceOption = "",
    licence: LicenceOption = "not stated",
    bars: Annotated[
        int, typer.Option("--bars", min=4, max=256, help="Bars kept of each piece in MIDI or MusicXML.")
    ] = 64,
    musescore: Annotated[
        str, typer.Option("--musescore", metavar="PROGRAM", help="MuseScore, if it is not found by itself.")
    ] = "",
    processes: ProcessesOption = 0,
    report: ReportOption = None,
) -> None:
    """Bring in your own pieces: MusicXML, MXL, MIDI, ABC, and MuseScore's files where MuseScore is installed.

    NAME.mid is described by NAME.txt or by a picture such as NAME.jpg; without either, by what its notes show.
    """
    with server_extra():
        from hartmann.library.ingest import own_pieces
        from hartmann.library.ingest.musescore import find_musescore
    called = _name(name or path.resolve().name)
    terms = own_pieces.Terms(
        source=_terms(source) or f"own pieces ({called})",
        licence=_terms(licence),
        read_picture=_picture_reader(),
        bars=bars,
        musescore=musescore or find_musescore(),
    )
    found = own_pieces.own_pieces(path, called, terms)
    _ingest(called, found.name, _from(found, processes), report)


@ingest.command()
def lines(
    path: Annotated[
        Path, typer.Argument(metavar="FILE", help="JSON lines, as `library export` writes them.")
    ],
    processes: ProcessesOption = 0,
    report: ReportOption = None,
) -> None:
    """Bring in pieces that another library exported; ids, captions, sources and licences are kept."""
    with server_extra():
        from hartmann.library.ingest.piece_lines import piece_lines
    found = piece_lines(path)
    _ingest(path.name, found.name, _from(found, processes), report)


@ingest.command()
def corpus(processes: ProcessesOption = 0, report: ReportOption = None) -> None:
    """Bring in the tunes of the music21 package, as a server does at its first start; brings removed ones back."""
    with server_extra():
        from hartmann.library.ingest import corpus as tunes
        from hartmann.library.ingest.filling import cores

    async def fill(database: Database, embedder: CaptionEmbedder, progress: OnProgress) -> Filling:
        return await tunes.fill_library(
            database, embedder, progress, processes=processes or cores(), look_again=True
        )

    _ingest("the corpus", tunes.SOURCE, fill, report)


def _from(source: Source, processes: int) -> Fill:
    """The filling from a source."""

    async def fill(database: Database, embedder: CaptionEmbedder, progress: OnProgress) -> Filling:
        from hartmann.library.ingest import filling

        return await filling.fill(database, source, embedder, progress, processes=processes)

    return fill


def _ingest(what: str, source: str, fill: Fill, report: Path | None) -> None:
    """Fill, say what came of it, and write the report."""

    async def work(settings: Settings, database: Database) -> tuple[Filling, Path | None]:
        async with opened_embedder(settings) as embedder:
            with few_threads(settings.torch_threads or 1), FillingDisplay(what) as progress:
                filling = await fill(database, embedder, progress)
        target = report or settings.data_dir / "reports" / f"{_file_name(source)}.jsonl"
        return filling, await _write_report(database, source, target) if filling.rejected else None

    filling, written = with_database(work)
    typer.echo(_sentence(filling))
    if written is not None:
        typer.echo(f"rejected files and the reasons: {written}")


def _sentence(filling: Filling) -> str:
    rate = filling.pieces / filling.seconds if filling.seconds else 0.0
    return (
        f"{filling.pieces:,} pieces are new or changed, {filling.unchanged:,} unchanged, {filling.rejected:,} rejected "
        f"({filling.seconds:.1f} s, {rate:.0f} pieces/s)"
    )


async def _write_report(database: Database, source: str, path: Path) -> Path:
    """Every rejected file of a source with the reason, one JSON object a line."""
    from hartmann.library.ingest import ledger

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as file:
            async with database.transaction() as connection:
                async for refused in ledger.refused(connection, source):
                    row = {"file": refused.name, "reason": refused.reason}
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
    except OSError as error:
        raise InvalidRequest(
            f"the report can't be written to {path} ({error.strerror}); `hartmann library rejects` prints it"
        ) from error
    return path


def _picture_reader() -> Callable[[bytes], Image]:
    """Reads a picture file within the limits of the settings; can travel to other processes."""
    from hartmann.cli.configuration import load_settings
    from hartmann.vision.pictures import PictureLimits

    settings = load_settings()
    limits = PictureLimits(settings.max_picture_bytes, settings.max_picture_pixels)
    return functools.partial(_read_picture, limits=limits)


def _read_picture(data: bytes, limits: PictureLimits) -> Image:
    from hartmann.vision.pictures import read_picture

    return read_picture(data, limits).image


def _terms(text: str) -> str:
    if len(text) > LONGEST_TERMS:
        raise InvalidRequest(
            f"sources and licences have at most {LONGEST_TERMS} characters, this has {len(text):,}"
        )
    return " ".join(text.split())


def _name(text: str) -> str:
    """A folder's name as part of an id."""
    if not text or "/" in text or not text.isprintable() or len(text) > 100:
        raise InvalidRequest(f"{text!r} can't begin ids; give a name with --name, without slashes")
    return text


def _file_name(source: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in source)
