"""`hartmann library …`: what it holds and what is found in it, asked of a server; the rest is in `cli/library/`."""

from __future__ import annotations

from typing import Annotated

import typer

from hartmann.cli.interruption import Interruptions
from hartmann.cli.library.ingest_command import ingest
from hartmann.cli.library.keeping_commands import export, list_pieces, rejects, remove, show
from hartmann.cli.library.reembed_command import reembed
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
        for space, count in sorted(answer.embeddings_by_space.items()):
            typer.echo(f"  {count:>8,}  vectors of {space}")


@library.command()
def search(
    text: Annotated[str, typer.Argument(help="What to look for, such as 'a calm waltz in a minor key'.")],
    number: Annotated[int, typer.Option("-n", "--number", min=1, max=100, help="How many to show.")] = 5,
    abc: Annotated[bool, typer.Option("--abc", help="Show the pieces too.")] = False,
    server: ServerOption = "",
    api_key: KeyOption = "",
) -> None:
    """Find the pieces whose captions are nearest to TEXT."""
    from hartmann.results.wording import similarity

    with Interruptions(), reached(server, api_key, say_progress) as client:
        for piece in client.search(text, number):
            typer.echo(
                f"{piece.rank}. {piece.title}  {similarity(piece, 'text')}  ({piece.id}; {piece.licence})"
            )
            typer.echo(f"   {piece.caption}")
            if abc:
                typer.echo("\n".join(f"   {line}" for line in piece.abc.splitlines()))


library.add_typer(ingest, name="ingest")
library.command("list")(list_pieces)
library.command()(show)
library.command()(remove)
library.command()(export)
library.command()(rejects)
library.command()(reembed)
