"""Running the installed commands, and looking at what they leave behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

PHOTOS = Path(__file__).parent.parent / "data" / "photos"
PATIENCE_SECONDS = 600
"""The first start fills the library, which may take three minutes on two free cores."""


@dataclass
class Hartmann:
    """Runs `hartmann …` with the session's data folder and an empty home."""

    data_dir: Path
    home: Path
    program: Path = field(default=Path(sys.executable).parent / "hartmann")

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a command: nothing of the person's settings gets in."""
        kept = {
            k: v for k, v in os.environ.items() if not k.startswith(("HARTMANN_", "DATABASE_URL", "XDG_"))
        }
        return {**kept, "HOME": str(self.home), "HARTMANN_DATA_DIR": str(self.data_dir)}

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs to the end."""
        return subprocess.run(
            [self.program, *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Begins, with pipes for both outputs, in a process group of its own (as a shell would)."""
        return subprocess.Popen(
            [self.program, *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def compose(self, picture: Path, output: Path, *options: str) -> Composed:
        """Composes with `--json`; the command must succeed."""
        done = self.run("compose", picture, "--output", output, "--json", *options)
        assert done.returncode == 0, done.stderr
        return Composed(output, [json.loads(line) for line in done.stdout.splitlines()])


@dataclass(frozen=True)
class Composed:
    """What a successful command left: files by suffix, and the events of its standard output."""

    output: Path
    events: list[dict[str, Any]]

    def file(self, suffix: str) -> Path:
        """The one file that ends so."""
        (found,) = (path for path in self.output.iterdir() if path.name.endswith(suffix))
        return found

    def event(self, kind: str) -> dict[str, Any]:
        """The last event of a kind."""
        found: dict[str, Any] = [event[kind] for event in self.events if kind in event][-1]
        return found


def read_events_until(process: subprocess.Popen[str], kind: str) -> list[dict[str, Any]]:
    """Reads a running command's JSON lines until one of a kind came."""
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(json.loads(line))
        if kind in seen[-1]:
            return seen
    assert process.stderr is not None
    raise AssertionError(f"no {kind} before the end; standard error: {process.stderr.read()}")


def processes_of(data_dir: Path) -> list[str]:
    """Command lines of every process that works on a data folder: servers by environment, Postgres by argument."""
    found = []
    for process in psutil.process_iter():
        try:
            line = " ".join(process.cmdline())
            if str(data_dir) in line or process.environ().get("HARTMANN_DATA_DIR") == str(data_dir):
                found.append(line)
        except psutil.Error:
            continue
    return found


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Looks again and again until the condition holds; fails with what was waited for."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"waited {seconds} s for {what}"
        time.sleep(0.05)
