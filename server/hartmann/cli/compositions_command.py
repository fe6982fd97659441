"""`hartmann compositions list|get|watch|cancel|delete`: the compositions that a server keeps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hartmann.cli.exit_codes import ExitCode
from hartmann.cli.interruption import Interruptions
from hartmann.cli.reaching import KeyOption, ServerOption, reached, say_progress
from hartmann.errors import InvalidRequest

if TYPE_CHECKING:
    from hartmann.v1.composition_pb2 import Composition

compositions = typer.Typer(help="The compositions that a server keeps.", no_args_is_help=True)

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Such as compositions/019a…; the first part may be left out.")
]


@compositions.command("list")
def list_compositions(
    number: Annotated[int, typer.Option("-n", "--number", min=1, help="How many at most.")] = 20,
    server: ServerOption = "",
    api_key: KeyOption = "",
) -> None:
    """List the newest compositions."""
    with Interruptions(), reached(server, api_key, say_progress) as client:
        for composition in client.list(number):
            typer.echo(_line(composition))


@compositions.command()
def get(name: Name, server: ServerOption = "", api_key: KeyOption = "") -> None:
    """Say everything about one composition, as JSON."""
    from google.protobuf.json_format import MessageToJson

    with Interruptions(), reached(server, api_key, say_progress) as client:
        typer.echo(MessageToJson(client.get(_full(name)), ensure_ascii=False))


@compositions.command()
def watch(
    name: Name,
    after: Annotated[int, typer.Option(min=0, help="Only the events with a greater number.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Events as JSON lines on standard output.")] = False,
    server: ServerOption = "",
    api_key: KeyOption = "",
) -> None:
    """Show a composition's events to its end. Ctrl-C ends the watching, not the composition."""
    from hartmann.cli.display import choose_display
    from hartmann.remote_errors import error_from_status
    from hartmann.results.record import Record

    record = Record(name)
    with (
        Interruptions(),
        choose_display(as_json=json) as display,
        reached(server, api_key, display.preparing) as client,
    ):
        for event in client.watch(_full(name), after):
            record.add(event)
            display.event(event, record)
        last = record.events[-1] if record.events else None
        if last is not None and last.WhichOneof("event") == "failed":
            raise error_from_status(last.failed)
        if last is not None and last.WhichOneof("event") == "cancelled":
            raise typer.Exit(ExitCode.CANCELLED)


@compositions.command()
def cancel(name: Name, server: ServerOption = "", api_key: KeyOption = "") -> None:
    """Cancel a composition."""
    with Interruptions(), reached(server, api_key, say_progress) as client:
        typer.echo(_line(client.cancel(_full(name))))


@compositions.command()
def delete(name: Name, server: ServerOption = "", api_key: KeyOption = "") -> None:
    """Delete a composition and everything it logged."""
    with Interruptions(), reached(server, api_key, say_progress) as client:
        client.delete(_full(name))


@compositions.command()
def score(
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="To write: .musicxml, .mid or .abc.")],
    server: ServerOption = "",
    api_key: KeyOption = "",
) -> None:
    """Fetch a finished score into FILE, which must not exist."""
    from hartmann.v1 import notation_pb2

    formats = {
        ".musicxml": notation_pb2.SCORE_FORMAT_MUSICXML,
        ".mid": notation_pb2.SCORE_FORMAT_MIDI,
        ".abc": notation_pb2.SCORE_FORMAT_ABC,
    }
    if file.suffix not in formats:
        raise InvalidRequest(f"{file.name} should end in .musicxml, .mid or .abc")
    with Interruptions(), reached(server, api_key, say_progress) as client:
        content = client.score(_full(name), formats[file.suffix])
    try:
        with file.open("xb") as opened:
            opened.write(content)
    except OSError as error:
        raise InvalidRequest(f"{file} can't be written: {(error.strerror or str(error)).lower()}") from error


def _full(name: str) -> str:
    return name if name.startswith("compositions/") else f"compositions/{name}"


def _line(composition: Composition) -> str:
    from hartmann.v1.composition_pb2 import CompositionState

    state = CompositionState.Name(composition.state).removeprefix("COMPOSITION_STATE_").lower()
    when = composition.create_time.ToDatetime().isoformat(sep=" ", timespec="seconds")
    return f"{composition.name}  {when} UTC  {state:<9}  {composition.prompt}".rstrip()
