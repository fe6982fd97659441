"""The two pipes between a process and the one that started it: announcements out, and the end of the parent in."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable

from hartmann.cli import announcements


def say_to_parent() -> tuple[Callable[[announcements.Announcement], None], Callable[[], None]]:
    """What says something to the parent, and what waits for its end.

    Takes standard output and input away from everything else in the process: nothing but announcements may
    get into the one, and no child (Postgres) may hold the other open.
    """
    output = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    parent = os.dup(sys.stdin.fileno())
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    os.close(nothing)
    turn = threading.Lock()

    def say(announcement: announcements.Announcement) -> None:
        with turn:
            try:
                output.write(announcements.to_line(announcement))
                output.flush()
            except BrokenPipeError:
                return  # The parent is gone; the other pipe says so too, and stops the server.

    def wait_for_parent() -> None:
        while os.read(parent, 4096):
            pass

    return say, wait_for_parent
