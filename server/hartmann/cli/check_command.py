"""`hartmann check FILE.abc`: what is wrong with a tune and where, as a compiler would say it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hartmann.cli.exit_codes import ExitCode
from hartmann.errors import InvalidRequest

if TYPE_CHECKING:
    from hartmann.notation.problems import Problem


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An ABC file; - reads standard input.")],
    json: Annotated[bool, typer.Option("--json", help="One JSON object a problem.")] = False,
) -> None:
    """Check the ABC notation in FILE.

    Ends with status 1 when there are errors or no music; warnings and hints alone are fine.
    """
    from hartmann.notation.checking import check as check_abc
    from hartmann.notation.problems import Severity
    from hartmann.notation.rendering import render

    checked = check_abc(_read(file))
    if json:
        for problem in checked.problems:
            typer.echo(_as_json(problem))
    else:
        typer.echo(
            render(checked.problems, checked.text).rstrip("\n") if checked.problems else f"{file}: fine"
        )
    bad = checked.score is None or any(p.severity is Severity.ERROR for p in checked.problems)
    raise typer.Exit(ExitCode.FAILED if bad else ExitCode.DONE)


def _read(file: Path) -> str:
    """The text; bytes that are no UTF-8 are read as Latin-1, which older ABC files are in."""
    try:
        body = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise InvalidRequest(f"{file} can't be read: {(error.strerror or str(error)).lower()}") from error
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("latin-1")


def _as_json(problem: Problem) -> str:
    import dataclasses
    import json

    return json.dumps(dataclasses.asdict(problem), ensure_ascii=False)
