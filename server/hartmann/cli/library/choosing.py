"""Options that say which pieces of the library are meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hartmann.cli.server_extra import server_extra

if TYPE_CHECKING:
    from hartmann.library.keeping import Choice

PrefixOption = Annotated[
    str, typer.Option("--prefix", help="Pieces whose ids begin so, such as midicaps/ or own/waltzes/.")
]
FromOption = Annotated[str, typer.Option("--source", help="Pieces whose source contains this.")]
GenreOption = Annotated[str, typer.Option("--genre", help="Pieces whose genre contains this.")]
KeyOption = Annotated[str, typer.Option("--key", help="Pieces in this key, such as 'G major'.")]
MeterOption = Annotated[str, typer.Option("--meter", help="Pieces in this meter, such as 6/8.")]


def choice(
    ids: list[str] | None = None,
    *,
    prefix: str = "",
    source: str = "",
    genre: str = "",
    key: str = "",
    meter: str = "",
) -> Choice:
    """The pieces that the options mean."""
    with server_extra():
        from hartmann.library.keeping import Choice
        from hartmann.library.reference_filter import ReferenceFilter
    return Choice(
        tuple(ids or ()),
        ReferenceFilter(id_prefix=prefix, source=source, genre=genre, key=key, meter=meter),
    )
