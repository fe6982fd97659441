"""`hartmann library reembed`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hartmann.cli.library.filling_display import FillingDisplay
from hartmann.cli.library.opening import opened_embedder, with_database
from hartmann.errors import InvalidRequest

if TYPE_CHECKING:
    from hartmann.library.reembedding import Reembedding
    from hartmann.settings import Settings
    from hartmann.storage.database import Database


def reembed(
    model: Annotated[
        str,
        typer.Option(
            "--model", help="The embedding model, named as in the settings (default: the configured one)."
        ),
    ] = "",
    space: Annotated[
        str, typer.Option("--space", help="The space that is expected of the model; another one is refused.")
    ] = "",
    remove_others: Annotated[
        bool, typer.Option("--remove-others", help="When complete, remove the vectors of all other spaces.")
    ] = False,
) -> None:
    """Embed every caption and picture with another model, beside the vectors that are there.

    Servers go on searching in the old space meanwhile; start them with the new model when this is done. Interrupted,
    the same command goes on where it stopped.
    """

    async def work(settings: Settings, database: Database) -> Reembedding:
        from hartmann.library import reembedding

        async with opened_embedder(settings, model) as embedder:
            if space and embedder.space != space:
                raise InvalidRequest(
                    f"{model or settings.embedding_model} embeds into the space {embedder.space}, not into {space}; "
                    "name the model of that space with --model"
                )
            with FillingDisplay(f"Embedding into {embedder.space}") as progress:
                return await reembedding.reembed(database, embedder, progress, remove_others=remove_others)

    done = with_database(work)
    typer.echo(f"the library is complete in {done.space}: {done.made:,} vectors are new")
    for other, number in sorted(done.removed.items()):
        typer.echo(f"{number:,} vectors of {other} removed")
