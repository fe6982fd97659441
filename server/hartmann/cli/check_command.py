"""`hartmann check FILE…`: what is wrong with tunes and where, as a compiler would say it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hartmann.cli.exit_codes import ExitCode
from hartmann.errors import InvalidRequest

if TYPE_CHECKING:
    from hartmann.notation.checking import Checked
    from hartmann.notation.problems import Problem


def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="ABC files; - reads standard input.")],
    json: Annotated[
        bool,
        typer.Option("--json", help="One JSON object a problem: file, code, severity, message, place, fix."),
    ] = False,
) -> None:
    """Check the ABC notation in FILEs: of each the first tune.

    Exit status: 0 when all is well (warnings and hints alone are fine),
    1 when a file has errors or no music, 2 when one can't be read.

    How much of a text is read is a matter of the settings max_abc_characters,
    max_abc_notes, max_abc_bars, max_abc_voices and max_abc_problems.
    """
    from hartmann.cli.configuration import load_settings
    from hartmann.notation.checking import check as check_abc
    from hartmann.notation.limits import limits_from

    limits = limits_from(load_settings())
    texts = [(file, _read(file)) for file in files]
    done = ExitCode.DONE
    for file, text in texts:
        checked = check_abc(text, limits)
        if json:
            for problem in checked.problems:
                typer.echo(_as_json(file, problem))
        else:
            typer.echo(_shown(file, checked, named=len(files) > 1))
        if not checked.ok:
            done = ExitCode.FAILED
    raise typer.Exit(done)


def _shown(file: Path, checked: Checked, *, named: bool) -> str:
    """The problems as text; above them the file's name where there are several files."""
    from hartmann.notation.rendering import render

    if not checked.problems:
        return f"{file}: fine"
    report = render(checked.problems, checked.text).rstrip("\n")
    return f"{file}:\n{report}\n" if named else report


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


def _as_json(file: Path, problem: Problem) -> str:
    import dataclasses
    import json

    return json.dumps({"file": str(file), **dataclasses.asdict(problem)}, ensure_ascii=False)
