"""How a composition is shown while it happens: one interface, and the choice among its implementations.

`LiveDisplay` for a terminal, `PlainDisplay` for anything else, `JsonDisplay` for programs. A display only
shows; it decides nothing and writes no files.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Protocol

from hartmann.cli.announcements import Progress
from hartmann.results.record import Record
from hartmann.v1.composition_pb2 import CompositionEvent


class Display(Protocol):
    """Something that shows a composition; a context manager around the whole of it."""

    def __enter__(self) -> Display:
        """Begins to show."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leaves the terminal as it was."""
        ...

    def preparing(self, progress: Progress) -> None:
        """The server is being started; the first start fills the library."""
        ...

    def event(self, event: CompositionEvent, record: Record) -> None:
        """Something happened; `record` has taken the event already. A failure is left to the command to say."""
        ...

    def stopping(self) -> None:
        """All is shown; the command's own server is being stopped."""
        ...

    def cancelling(self) -> None:
        """The person asked to stop; the composition is being cancelled."""
        ...

    def written(self, files: Mapping[str, Path]) -> None:
        """The results are on the disk, by suffix."""
        ...


def choose_display(*, as_json: bool) -> Display:
    """JSON where it was asked for, live in a terminal, plain lines otherwise."""
    if as_json:
        from hartmann.cli.json_display import JsonDisplay

        return JsonDisplay(sys.stdout)
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=False)
    if console.is_terminal and not console.is_dumb_terminal:
        from hartmann.cli.live_display import LiveDisplay

        return LiveDisplay(console)
    from hartmann.cli.plain_display import PlainDisplay

    return PlainDisplay(sys.stdout)
