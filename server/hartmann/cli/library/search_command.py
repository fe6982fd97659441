"""`hartmann library search`: what is near words, a picture, or both, of the pieces that pass the options."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hartmann.cli.interruption import Interruptions
from hartmann.cli.reaching import KeyOption, ServerOption, reached, say_progress
from hartmann.library.search_rule import SearchRule

if TYPE_CHECKING:
    from hartmann.v1 import library_pb2

_ONLY = "Which pieces"


def search(
    text: Annotated[
        str, typer.Argument(help="What to look for, such as 'a calm waltz in a minor key'.")
    ] = "",
    picture: Annotated[
        Path | None,
        typer.Option(
            "--picture", exists=True, dir_okay=False, help="A picture to look for, beside or without TEXT."
        ),
    ] = None,
    number: Annotated[
        int,
        typer.Option(
            "-n", "--number", min=1, max=100, help="How many to show; of each, under the rule united."
        ),
    ] = 5,
    abc: Annotated[bool, typer.Option("--abc", help="Show the pieces too.")] = False,
    rule: Annotated[
        SearchRule | None,
        typer.Option(
            "--rule",
            help="With a picture and TEXT: the nearest to each, united (the paper's rule), one search by the weighted "
            "mean of both, or both fused by rank. Else what the server is set to.",
        ),
    ] = None,
    image_weight: Annotated[
        float | None, typer.Option(min=0, max=1, help="The picture's part in the weighted mean.")
    ] = None,
    exact: Annotated[bool, typer.Option("--exact", help="Compare every piece, without the index.")] = False,
    copies: Annotated[
        bool, typer.Option("--copies", help="Show near-identical pieces too, such as one tune in two keys.")
    ] = False,
    genre: Annotated[
        str, typer.Option(help="Any part of it: jig finds slip jigs.", rich_help_panel=_ONLY)
    ] = "",
    key: Annotated[str, typer.Option(help="Such as 'G major'.", rich_help_panel=_ONLY)] = "",
    mode: Annotated[str, typer.Option(help="Such as dorian.", rich_help_panel=_ONLY)] = "",
    meter: Annotated[str, typer.Option(help="Such as 6/8.", rich_help_panel=_ONLY)] = "",
    instrument: Annotated[
        list[str] | None, typer.Option(help="That plays; several must all play.", rich_help_panel=_ONLY)
    ] = None,
    slowest: Annotated[
        float | None, typer.Option(help="Quarter notes a minute.", rich_help_panel=_ONLY)
    ] = None,
    fastest: Annotated[
        float | None, typer.Option(help="Quarter notes a minute.", rich_help_panel=_ONLY)
    ] = None,
    fewest_bars: Annotated[int | None, typer.Option(min=0, rich_help_panel=_ONLY)] = None,
    most_bars: Annotated[int | None, typer.Option(min=0, rich_help_panel=_ONLY)] = None,
    source: Annotated[str, typer.Option(help="Any part of it.", rich_help_panel=_ONLY)] = "",
    licence: Annotated[str, typer.Option(help="Any part of it.", rich_help_panel=_ONLY)] = "",
    server: ServerOption = "",
    api_key: KeyOption = "",
) -> None:
    """Find the pieces nearest to TEXT, to a picture, or to both."""
    from hartmann.v1 import library_pb2

    request = library_pb2.SearchReferencesRequest(
        text=text,
        picture=picture.read_bytes() if picture else b"",
        k=number,
        rule=library_pb2.SearchRule.Value(f"SEARCH_RULE_{rule.upper() if rule else 'UNSPECIFIED'}"),
        image_weight=image_weight,
        exact=exact,
        keep_near_identical=copies,
        filter=library_pb2.ReferenceFilter(
            genre=genre,
            key=key,
            mode=mode,
            meter=meter,
            instruments=instrument or (),
            slowest_bpm=slowest,
            fastest_bpm=fastest,
            fewest_bars=fewest_bars,
            most_bars=most_bars,
            source=source,
            licence=licence,
        ),
    )
    with Interruptions(), reached(server, api_key, say_progress) as client:
        found = client.search_by(request)
        for piece in found:
            _show(piece, abc)
        if not found:
            typer.echo("nothing in the library is like that", err=True)


def _show(piece: library_pb2.Reference, abc: bool) -> None:
    from hartmann.results.wording import similarity

    near = {"image": "picture", "text": "text"}
    asked = [side for side in near if piece.HasField(f"similarity_to_{side}")]  # type: ignore[arg-type]
    if len(asked) == 1:
        told = similarity(piece, asked[0])
    else:
        told = ", ".join(f"{near[side]} {similarity(piece, side)}" for side in asked)
    typer.echo(f"{piece.rank}. {piece.title}  {told}  ({piece.id}; {piece.licence})")
    typer.echo(f"   {piece.caption}")
    if abc:
        typer.echo("\n".join(f"   {line}" for line in piece.abc.splitlines()))
