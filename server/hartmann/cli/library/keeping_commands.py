"""`hartmann library list`, `show`, `remove`, `export` and `rejects`."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hartmann.cli.exit_codes import ExitCode
from hartmann.cli.library.choosing import (
    FromOption,
    GenreOption,
    KeyOption,
    MeterOption,
    PrefixOption,
    choice,
)
from hartmann.cli.library.opening import with_database
from hartmann.errors import InvalidRequest
from hartmann.results.printable import printable

if TYPE_CHECKING:
    from hartmann.library.keeping import Choice, Kept
    from hartmann.library.reference import Reference
    from hartmann.settings import Settings
    from hartmann.storage.database import Database


def list_pieces(
    prefix: PrefixOption = "",
    source: FromOption = "",
    genre: GenreOption = "",
    key: KeyOption = "",
    meter: MeterOption = "",
    number: Annotated[int, typer.Option("-n", "--number", min=0, help="How many at most; 0: all.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="Everything about each, as JSON lines.")] = False,
) -> None:
    """List pieces in the order of their ids: id, title, and whose words the caption is."""
    chosen = choice(prefix=prefix, source=source, genre=genre, key=key, meter=meter)

    async def work(_: Settings, database: Database) -> tuple[int, int]:
        from hartmann.library import keeping

        shown = 0
        async for piece in keeping.kept(database, chosen):
            typer.echo(_json(piece) if as_json else _row(piece))
            shown += 1
            if shown == number:
                break
        return shown, await keeping.count(database, chosen)

    shown, total = with_database(work)
    if shown < total:
        print(f"{shown:,} of {total:,} pieces; -n 0 lists all", file=sys.stderr)


def show(
    id: Annotated[str, typer.Argument(metavar="ID", help="As `list` and `search` show it.")],
    tokens: Annotated[
        int, typer.Option("--tokens", min=0, help="As a prompt with so much room for it shows it; 0: whole.")
    ] = 0,
) -> None:
    """Show one piece: title, caption, source, licence, and its notation."""

    async def work(_: Settings, database: Database) -> Reference:
        from hartmann.library.repository import PostgresLibrary

        return await PostgresLibrary(database).get(id)

    reference = with_database(work)
    from hartmann.library.excerpts import for_prompt

    shown = for_prompt(reference, tokens) if tokens else reference
    for line in (shown.title, shown.caption, f"{shown.source}; {shown.licence}"):
        typer.echo(printable(line))
    typer.echo(shown.abc, nl=False)


def remove(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]…", help="Ids, as `list` shows them.")
    ] = None,
    prefix: PrefixOption = "",
    source: FromOption = "",
    genre: GenreOption = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
) -> None:
    """Remove pieces with their captions, pictures and vectors. Asks first, unless --yes is given."""
    if not (ids or prefix or source or genre):
        raise InvalidRequest("say which pieces: ids, --prefix, --source or --genre")
    chosen = choice(ids, prefix=prefix, source=source, genre=genre)

    async def work(_: Settings, database: Database) -> int:
        from hartmann.library import keeping
        from hartmann.library.ingest.filling import tidy

        found = await keeping.count(database, chosen)
        if not found or not (yes or typer.confirm(f"Remove {_pieces(found)}?", err=True)):
            return 0
        removed = await keeping.remove(database, chosen)
        await tidy(database)
        return removed

    removed = with_database(work)
    typer.echo(f"{_pieces(removed)} removed")
    raise typer.Exit(ExitCode.DONE if removed else ExitCode.FAILED)


def export(
    path: Annotated[
        Path,
        typer.Argument(metavar="PATH", help="A file ending in .jsonl, or a folder; - for standard output."),
    ],
    prefix: PrefixOption = "",
    source: FromOption = "",
    genre: GenreOption = "",
    key: KeyOption = "",
    meter: MeterOption = "",
) -> None:
    """Write pieces out: as JSON lines for `library ingest lines`, or as a folder of ABC files with their descriptions
    and pictures beside them for `library ingest folder`.
    """
    chosen = choice(prefix=prefix, source=source, genre=genre, key=key, meter=meter)

    async def work(_: Settings, database: Database) -> int:
        if str(path) == "-" or path.suffix == ".jsonl":
            return await _export_lines(database, chosen, path)
        return await _export_folder(database, chosen, path)

    try:
        written = with_database(work)
    except OSError as error:
        raise InvalidRequest(f"{path} can't be written: {error.strerror}") from error
    print(f"{_pieces(written)} written", file=sys.stderr)


def rejects(
    source: Annotated[
        str, typer.Argument(help="What was read: midicaps, own/NAME, music21… (default: everything).")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="As JSON lines.")] = False,
) -> None:
    """List the files that did not become pieces, each with the reason."""

    async def work(_: Settings, database: Database) -> None:
        from hartmann.library.ingest import ledger

        async with database.transaction() as connection:
            async for refused in ledger.refused(connection, source or None):
                row = {"source": refused.source, "file": refused.name, "reason": refused.reason}
                line = f"{refused.source}: {refused.name}: {refused.reason}"
                typer.echo(json.dumps(row, ensure_ascii=False) if as_json else printable(line))

    with_database(work)


async def _export_lines(database: Database, chosen: Choice, path: Path) -> int:
    from hartmann.library import keeping
    from hartmann.library.ingest.piece_lines import to_line

    written = 0
    with nullcontext(sys.stdout) if str(path) == "-" else path.open("w", encoding="utf-8") as file:
        async for piece in keeping.kept(database, chosen):
            file.write(to_line(piece.values(), piece.picture))
            written += 1
    return written


async def _export_folder(database: Database, chosen: Choice, folder: Path) -> int:
    """`ID.abc`, and beside it `ID.txt` and `ID.jpg`. Captions that are ours are left out: they come anew."""
    from hartmann.library import keeping

    written = 0
    async for piece in keeping.kept(database, chosen):
        _write_piece(folder / file_stem(piece.id), piece)
        written += 1
    return written


def _write_piece(stem: Path, piece: Kept) -> None:
    from hartmann.library.ingest.describing import DescribedBy

    stem.parent.mkdir(parents=True, exist_ok=True)
    stem.with_name(f"{stem.name}.abc").write_text(piece.abc, encoding="utf-8")
    if piece.described_by in (DescribedBy.TEXT, DescribedBy.DATA_SET):
        stem.with_name(f"{stem.name}.txt").write_text(f"{piece.caption}\n", encoding="utf-8")
    if piece.picture:
        stem.with_name(f"{stem.name}.jpg").write_bytes(piece.picture)


def file_stem(id: str) -> str:
    """An id as a path below a folder: its parts, none of them hidden, none leading elsewhere, dots made harmless."""
    parts = (
        "".join(c if c.isalnum() or c in " -_()" else "_" for c in part).strip() for part in id.split("/")
    )
    return "/".join(part or "_" for part in parts)


def _row(piece: Kept) -> str:
    words = {
        "features": "our words",
        "text": "a text",
        "picture": "a picture",
        "data set": "the data set's words",
    }
    by = words.get(piece.described_by, "")
    return printable("  ".join(filter(None, (piece.id, piece.title, by and f"({by})"))))


def _json(piece: Kept) -> str:
    return json.dumps(piece.values(), ensure_ascii=False)


def _pieces(number: int) -> str:
    return f"{number:,} {'piece' if number == 1 else 'pieces'}"
