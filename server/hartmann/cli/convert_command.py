"""`hartmann convert IN… OUT`: scores from one format to another, many files in one go.

What is wrong with one file is one line on standard error, and the others are converted all the same; the
exit status tells at the end. Nothing that exists is overwritten without `--force`, and nothing is ever half
written.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hartmann.cli.exit_codes import ExitCode
from hartmann.errors import InvalidRequest
from hartmann.results.printable import printable

if TYPE_CHECKING:
    from hartmann.cli.conversion import Destination, Outcome


def convert(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="IN... [OUT]",
            help="Files to read, and the one to write unless -d is given; - is standard input or output.",
            show_default=False,
        ),
    ],
    directory: Annotated[
        Path | None,
        typer.Option("-d", "--directory", help="Write into this folder, under the names of the files read."),
    ] = None,
    to: Annotated[
        str,
        typer.Option(
            "-t", "--to", metavar="FORMAT", help="abc, musicxml, mxl or mid; else OUT's suffix says."
        ),
    ] = "",
    force: Annotated[bool, typer.Option("-f", "--force", help="Overwrite files that exist.")] = False,
) -> None:
    """Convert scores among ABC, MusicXML, compressed MusicXML and MIDI.

    Formats go by suffix: .abc, .musicxml or .xml, .mxl, .mid or .midi.

    Of an ABC file with many tunes each becomes a file, NAME-1, NAME-2, …

    Ends with status 1 when a file could not be converted; the others are.
    """
    from hartmann.cli.conversion import Converter

    sources, destination = _plan(files, directory, to)
    converter = Converter(destination, force)
    failed = 0
    for source in sources:
        outcome = converter.convert(source)
        _report(source, outcome, told=directory is not None)
        failed += bool(outcome.failures)
    if failed:
        if len(sources) > 1:
            _complain(f"{failed} of {len(sources)} files could not be converted, or not wholly")
        raise typer.Exit(ExitCode.FAILED)


def _plan(files: list[Path], directory: Path | None, to: str) -> tuple[list[Path], Destination]:
    """What to read, and where to write. Raises InvalidRequest for a command line that does not say both."""
    from hartmann.cli.conversion import STDIO, Destination
    from hartmann.notation.formats import format_named, format_of

    if directory is not None:
        if not to:
            raise InvalidRequest("say the format to write, such as --to musicxml")
        return files, Destination(format_named(to), _folder(directory))
    *sources, out = files
    if not sources:
        raise InvalidRequest(f"say where to write: hartmann convert {out} OUT, or -d FOLDER --to FORMAT")
    if len(sources) > 1:
        raise InvalidRequest(
            f"{len(sources)} files don't fit into {out}; write them with -d FOLDER --to FORMAT"
        )
    if out.is_dir():
        raise InvalidRequest(f"{out} is a folder; write into it with -d {out} --to FORMAT")
    if out == STDIO and not to:
        raise InvalidRequest("say the format of standard output, such as --to musicxml")
    destination = Destination(format_named(to) if to else format_of(out), file=out)
    if out == STDIO and not destination.kind.is_text and sys.stdout.isatty():
        raise InvalidRequest(f"{destination.kind.value} is nothing to show in a terminal; send it to a file")
    return sources, destination


def _folder(directory: Path) -> Path:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidRequest(f"{directory} can't be a folder: {(error.strerror or '').lower()}") from error
    return directory


def _report(source: Path, outcome: Outcome, told: bool) -> None:
    if told:
        for path in outcome.written:
            typer.echo(printable(str(path)))
    for failure in outcome.failures:
        _complain(f"{source}: {failure}")
    if count := outcome.notation_errors:
        errors = "one error" if count == 1 else f"{count} errors"
        _complain(
            f"{source}: converted, though there is {errors} in the notation; see: hartmann check {source}"
        )


def _complain(sentence: str) -> None:
    print(f"hartmann: {printable(sentence)}", file=sys.stderr)
