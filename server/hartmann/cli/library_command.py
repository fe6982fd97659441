"""`hartmann library …`: what it holds and what is found in it, asked of a server; the rest is in `cli/library/`."""

from __future__ import annotations

import typer

from hartmann.cli.interruption import Interruptions
from hartmann.cli.library.ingest_command import ingest
from hartmann.cli.library.keeping_commands import export, list_pieces, rejects, remove, show
from hartmann.cli.library.reembed_command import reembed
from hartmann.cli.library.search_command import search
from hartmann.cli.reaching import KeyOption, ServerOption, reached, say_progress

library = typer.Typer(
    help="The library of reference pieces: search it, fill it, keep it.", no_args_is_help=True
)


@library.command()
def stats(server: ServerOption = "", api_key: KeyOption = "") -> None:
    """Say how much the library holds."""
    with Interruptions(), reached(server, api_key, say_progress) as client:
        answer = client.library_stats()
        typer.echo(
            f"{answer.reference_count:,} pieces" + ("" if answer.filled else " (not yet filled completely)")
        )
        for source, count in sorted(answer.references_by_source.items()):
            typer.echo(f"  {count:>8,}  {source}")
        for space in answer.spaces:
            searched = "by an index" if space.indexed else "by comparing each"
            numbers = f"{space.dimensions} numbers each, searched {searched}"
            typer.echo(f"  {space.vector_count:>8,}  vectors of {space.space} ({numbers})")


library.command()(search)
library.add_typer(ingest, name="ingest")
library.command("list")(list_pieces)
library.command()(show)
library.command()(remove)
library.command()(export)
library.command()(rejects)
library.command()(reembed)
