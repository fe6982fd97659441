"""The postmaster of a data folder: is it alive, and how to end it. Standard library and psutil only.

`postmaster.pid` may name a zombie or a stranger (pids start again with a container), which PostgreSQL takes
for a running server. The file is never deleted: its shared-memory key is what protects the data from
backends that outlived a killed postmaster.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import psutil

STOP_SECONDS = 60.0


def pid_of(data: Path) -> int | None:
    """The pid that the data folder's `postmaster.pid` names."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int((data / "postmaster.pid").read_text().split()[0])
    return None


def is_alive(data: Path) -> bool:
    """Whether that pid is a postmaster of this very folder, and not a zombie."""
    with contextlib.suppress(psutil.Error):
        pid = pid_of(data)
        process = psutil.Process(pid) if pid else None
        return (
            process is not None
            and process.status() != psutil.STATUS_ZOMBIE
            and str(data) in process.cmdline()
        )
    return False


def defuse(data: Path, sockets: Path) -> None:
    """Put a pid that is certainly dead in the place of a stranger's, so that PostgreSQL will start."""
    pid = pid_of(data)
    if not pid or not psutil.pid_exists(pid):
        return
    dead = subprocess.Popen(["true"])
    dead.wait()
    file = data / "postmaster.pid"
    file.write_text(file.read_text().replace(str(pid), str(dead.pid), 1))
    for lock in sockets.glob(".s.PGSQL.*.lock"):
        lock.unlink(missing_ok=True)


def stop(data: Path, seconds: float = STOP_SECONDS) -> bool:
    """A fast shutdown (connections are cut, data is written); True once the postmaster is gone."""
    deadline = time.monotonic() + seconds
    if is_alive(data) and (pid := pid_of(data)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
    while is_alive(data):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
