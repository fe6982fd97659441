"""`hartmann compose IMAGE`: shows a composition while it happens and writes its files."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hartmann.cli.exit_codes import ExitCode
from hartmann.cli.reaching import KeyOption, ServerOption, reached
from hartmann.errors import HartmannError, InvalidRequest

if TYPE_CHECKING:
    from hartmann.cli.display import Display
    from hartmann.cli.interruption import Interruptions
    from hartmann.client import Composing
    from hartmann.composing.events import Wishes
    from hartmann.results.record import Record

WISHES = "What the music should be"
LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Order:
    """What the command line asked for."""

    picture: Path
    body: bytes
    prompt: str
    wishes: Wishes
    seed: int | None
    output: Path


def compose(
    image: Annotated[
        Path,
        typer.Argument(metavar="IMAGE", help="A JPEG, PNG, WebP, TIFF, GIF or BMP file.", show_default=False),
    ],
    prompt: Annotated[str, typer.Option(help="What the music should be about.", rich_help_panel=WISHES)] = "",
    key: Annotated[str, typer.Option(help="Such as G, 'E minor', 'D dorian'.", rich_help_panel=WISHES)] = "",
    meter: Annotated[str, typer.Option(help="Such as 6/8.", rich_help_panel=WISHES)] = "",
    tempo: Annotated[
        float,
        typer.Option(help="Quarter notes a minute, 20 to 300.", rich_help_panel=WISHES, show_default=False),
    ] = 0.0,
    mood: Annotated[str, typer.Option(help="A word or two, such as calm.", rich_help_panel=WISHES)] = "",
    ensemble: Annotated[
        str, typer.Option(help="Instruments, such as 'flute, cello'.", rich_help_panel=WISHES)
    ] = "",
    bars: Annotated[
        int, typer.Option(help="How many bars, 1 to 256.", rich_help_panel=WISHES, show_default=False)
    ] = 0,
    difficulty: Annotated[str, typer.Option(help="easy, medium or hard.", rich_help_panel=WISHES)] = "",
    seed: Annotated[
        int | None,
        typer.Option(min=0, max=LARGEST_SEED, help="The same seed gives the same score; drawn if not given."),
    ] = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="DIR", help="Folder for the files; made if missing.")
    ] = Path("scores"),
    server: ServerOption = "",
    api_key: KeyOption = "",
    json: Annotated[bool, typer.Option("--json", help="Events as JSON lines on standard output.")] = False,
) -> None:
    """Look at IMAGE and write a score for it.

    Writes NAME.musicxml, .abc, .mid, .attention.png, .explanation.md and .events.jsonl, NAME from the picture's
    file name; files that are there are never overwritten. Ctrl-C cancels the composition, a second one leaves
    at once.
    """
    body = read_picture_file(image)
    check_output_folder(output)
    from hartmann.composing.events import Wishes

    wishes = Wishes(
        key=key,
        meter=meter,
        tempo_bpm=tempo,
        mood=mood,
        ensemble=ensemble,
        bars=bars,
        difficulty=difficulty,
    )
    order = Order(image, body, prompt, wishes, seed, output)
    if not server:
        check_order(order)
    raise typer.Exit(_compose(order, server, api_key, as_json=json))


def read_picture_file(path: Path) -> bytes:
    """The file's bytes; says in a sentence what is wrong with the path before anything is started."""
    if path.is_dir():
        raise InvalidRequest(f"{path} is a folder; name a picture file")
    try:
        body = path.read_bytes()
    except FileNotFoundError as error:
        raise InvalidRequest(f"there is no file {path}") from error
    except OSError as error:
        raise InvalidRequest(f"{path} can't be read: {(error.strerror or str(error)).lower()}") from error
    if not body:
        raise InvalidRequest(f"{path} is empty")
    return body


def check_output_folder(folder: Path) -> None:
    """Raises InvalidRequest where files can't be written, without making anything yet."""
    nearest = folder
    while not os.path.lexists(nearest) and nearest != nearest.parent:
        nearest = nearest.parent
    if not nearest.is_dir():
        raise InvalidRequest(f"{nearest} is not a folder; choose another with -o")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise InvalidRequest(f"the folder {nearest} can't be written; choose another with -o")


def check_order(order: Order) -> None:
    """Raises what a server of ours would raise, before the seconds that it takes to start one."""
    from hartmann.cli.configuration import load_settings
    from hartmann.composing.wishes import read_wishes
    from hartmann.vision.pictures import PictureLimits, read_picture

    settings = load_settings()
    read_picture(order.body, PictureLimits(settings.max_picture_bytes, settings.max_picture_pixels))
    read_wishes(order.wishes)


def _compose(order: Order, server: str, api_key: str, *, as_json: bool) -> int:
    """The whole of it; returns the exit status."""
    from hartmann.cli.display import choose_display
    from hartmann.cli.interruption import Interruptions
    from hartmann.results.record import Record
    from hartmann.v1 import composition_pb2 as pb

    record = Record(order.picture.name, order.prompt)
    with (
        Interruptions() as interruptions,
        choose_display(as_json=as_json) as display,
        reached(server, api_key, display.preparing) as client,
    ):
        composing = client.compose(
            order.body,
            prompt=order.prompt,
            wishes=pb.Wishes(**dataclasses.asdict(order.wishes)),
            seed=order.seed,
            cancel_on_disconnect=not server,
        )
        follow(composing, record, display, interruptions)
        status = _finish(order, record, display, interruptions)
        display.stopping()
    return status


def follow(composing: Composing, record: Record, display: Display, interruptions: Interruptions) -> None:
    """Shows every event up to the end; the first Ctrl-C or SIGTERM cancels the composition."""
    with interruptions.gently(_canceller(composing, display)):
        for event in composing:
            record.add(event)
            display.event(event, record)


def _canceller(composing: Composing, display: Display) -> Callable[[], None]:
    def cancel() -> None:
        display.cancelling()
        try:
            composing.cancel()
        except HartmannError as error:
            composing.give_up(error)

    return cancel


def _finish(order: Order, record: Record, display: Display, interruptions: Interruptions) -> int:
    """Writes the files of a finished composition; raises the error of a failed one."""
    from hartmann.remote_errors import error_from_status
    from hartmann.results.contents import contents_of
    from hartmann.results.files import name_for, write_results

    last = record.events[-1]
    if last.WhichOneof("event") == "failed":
        raise error_from_status(last.failed)
    if record.score is None:
        return 128 + interruptions.first if interruptions.first else ExitCode.CANCELLED
    try:
        files = write_results(order.output, name_for(order.picture), contents_of(record, order.body))
    except OSError as error:
        raise InvalidRequest(f"the files can't be written to {order.output}: {error.strerror}") from error
    display.written(files)
    return ExitCode.DONE
