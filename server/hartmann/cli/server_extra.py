"""The parts of the program that need `hartmann[server]`: a missing package becomes the command that mends it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hartmann.errors import MissingExtra


@contextmanager
def server_extra() -> Iterator[None]:
    """Imports inside raise MissingExtra where a package of the extra is not installed."""
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "a package").partition(".")[0]
        if package == "hartmann":
            raise
        raise MissingExtra(package, "server") from error
