"""One file to another format: reads its tunes, writes them, and says what came of it.

A file of many tunes (`X:1`, `X:2`, …) stays one file as ABC. In every other format each tune is a file of
its own, `NAME-1`, `NAME-2`, … by its `X:` number, with zeros in front so that names sort as numbers do.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from hartmann.errors import HartmannError, InvalidNotation, InvalidRequest, MissingExtra
from hartmann.notation.formats import Format, format_of, format_seen, read_as_abc, write_as
from hartmann.results.whole_files import write_whole

STDIO = Path("-")
_NUMBER = re.compile(r"^[ \t]*X:[ \t]*(\d*)[^\n]*", re.M)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where results go: into `folder` under the source's name, or to the one `file` (`-`: standard output)."""

    kind: Format
    folder: Path | None = None
    file: Path = STDIO

    def path(self, source: Path, number: str = "") -> Path:
        """The file for a source, or for the tune of this number in it."""
        if self.folder is None:
            return self.file
        stem = "score" if source == STDIO else source.stem
        return self.folder / f"{stem}{number and '-'}{number}{self.kind.value}"


@dataclass(slots=True)
class Outcome:
    """What came of one source: the files written, the errors in its notation, and what could not be written and why."""

    written: list[Path] = field(default_factory=list)
    notation_errors: int = 0
    failures: list[str] = field(default_factory=list)


class Converter:
    """Converts one source after the other; no file is written twice, none that exists unless `force` says so."""

    def __init__(self, destination: Destination, force: bool) -> None:
        self.destination = destination
        self.force = force
        self.owners: dict[Path, Path] = {}

    def convert(self, source: Path) -> Outcome:
        """Convert all tunes of one file. Raises `MissingExtra`; everything else that goes wrong is in the outcome."""
        outcome = Outcome()
        try:
            parts = self._parts(source)
        except MissingExtra:
            raise
        except Exception as error:
            outcome.failures.append(_sentence(error))
            return outcome
        for target, tunes in parts.items():
            try:
                self._write_part(source, target, tunes, outcome)
            except MissingExtra:
                raise
            except Exception as error:
                tune = f"tune {_numbers(tunes)[0]}: " if len(parts) > 1 else ""
                outcome.failures.append(tune + _sentence(error))
        return outcome

    def _parts(self, source: Path) -> dict[Path, list[str]]:
        """The files to write, each with the ABC of the tunes that go into it."""
        from hartmann.notation.checking import split_tunebook

        content = _read(source)
        if not content.strip():
            raise InvalidRequest("it is empty")
        text = read_as_abc(content, format_seen(content) if source == STDIO else format_of(source))
        tunes = split_tunebook(text)
        if len(tunes) < 2 or self.destination.kind is Format.ABC:
            return {self.destination.path(source): tunes}
        if self.destination.folder is None:
            raise InvalidRequest(
                f"there are {len(tunes)} tunes in it; write one file each with -d FOLDER --to FORMAT"
            )
        return {
            self.destination.path(source, number): [tune]
            for number, tune in zip(_numbers(tunes), tunes, strict=True)
        }

    def _write_part(self, source: Path, target: Path, tunes: list[str], outcome: Outcome) -> None:
        self._claim(target, source)
        body, errors = _converted(tunes, self.destination.kind)
        self._write(target, body)
        outcome.written.append(target)
        outcome.notation_errors += errors

    def _claim(self, target: Path, source: Path) -> None:
        """Make sure, before any work, that `source` may be written to `target`."""
        if target == STDIO:
            return
        owner = self.owners.setdefault(target.absolute(), source)
        if owner != source:
            raise InvalidRequest(f"{target} was just made of {owner}; convert this one into another folder")
        if not self.force and os.path.lexists(target):
            raise InvalidRequest(f"{target} exists already; --force overwrites it")

    def _write(self, target: Path, body: bytes) -> None:
        if target == STDIO:
            _write_out(body)
            return
        try:
            write_whole(target, body, replace=self.force)
        except FileExistsError as error:
            raise InvalidRequest(f"{target} exists already; --force overwrites it") from error
        except OSError as error:
            raise InvalidRequest(f"{target} can't be written: {_reason(error)}") from error


def _converted(tunes: list[str], kind: Format) -> tuple[bytes, int]:
    """(the tunes as one file of this format, how many errors their notation has)."""
    from hartmann.notation.checking import check

    bodies, errors = [], 0
    for number, tune in zip(_numbers(tunes), tunes, strict=True):
        checked = check(tune)
        if checked.score is None:
            said = next((f": {error.message}" for error in checked.errors), "")
            raise InvalidNotation(f"there is no music in it{said}")
        body = write_as(checked.score, kind)
        bodies.append(_renumbered(body, number) if len(tunes) > 1 else body)
        errors += len(checked.errors)
    return b"\n".join(bodies), errors


def _renumbered(body: bytes, number: str) -> bytes:
    return body.replace(b"X:1\n", f"X:{int(number)}\n".encode(), 1)


def _numbers(tunes: list[str]) -> list[str]:
    """The tunes' own `X:` numbers, or their places where a number is missing or comes twice; all of one width."""
    own = [match[1] if (match := _NUMBER.search(tune)) else "" for tune in tunes]
    numbers = own if all(own) and len({int(n) for n in own}) == len(own) else map(str, range(1, len(own) + 1))
    plain = [str(int(number)) for number in numbers]
    return [number.zfill(max(map(len, plain))) for number in plain]


def _write_out(body: bytes) -> None:
    try:
        sys.stdout.buffer.write(body)
        sys.stdout.buffer.flush()
    except OSError as error:
        raise InvalidRequest(f"standard output can't be written: {_reason(error)}") from error


def _read(source: Path) -> bytes:
    if source.is_dir():
        raise InvalidRequest("it is a folder; name the files in it")
    try:
        return sys.stdin.buffer.read() if source == STDIO else source.read_bytes()
    except OSError as error:
        raise InvalidRequest(f"it can't be read: {_reason(error)}") from error


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _sentence(error: Exception) -> str:
    """What to tell of an error; a fault of ours stops its own file only, and says that it is ours."""
    if isinstance(error, HartmannError):
        return error.message
    return f"a fault of this program, please report it with the file: {type(error).__name__}: {error}"
