"""How far a filling has come, on standard error: a bar with rate, time left and rejects, or lines now and then.

A terminal gets one line that is written over; anything else gets a line every five seconds, for logs.
"""

from __future__ import annotations

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

LINE_EVERY_SECONDS = 5.0


class FillingDisplay:
    """Call it with (done, total, rejected); a context manager."""

    def __init__(self, task: str) -> None:
        self._task = task
        self._console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[rejected]} rejected"),
            console=self._console,
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self._id = self._bar.add_task(task, total=None, rejected=0)
        self._said, self._done = time.monotonic(), 0

    def __enter__(self) -> FillingDisplay:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def __call__(self, done: int, total: int, rejected: int) -> None:
        self._bar.update(self._id, completed=done, total=total or None, rejected=rejected)
        now = time.monotonic()
        if self._bar.disable and now - self._said >= LINE_EVERY_SECONDS:
            rate = (done - self._done) / (now - self._said)
            self._said, self._done = now, done
            print(
                f"{self._task}: {done:,} of {total:,}, {rate:.0f}/s, {rejected:,} rejected",
                file=sys.stderr,
                flush=True,
            )


class _Rate(ProgressColumn):
    """Pieces a second, lately."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:.0f}/s", style="progress.data.speed")
