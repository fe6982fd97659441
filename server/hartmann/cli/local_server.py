"""A process of one's own for the length of one command: a server, or a bridge.

`AnnouncingChild` starts `python -m hartmann … --announce` and stops it again; `LocalServer` is one that serves on a
free loopback port. The child is in a process group of its own, so that Ctrl-C in the terminal reaches only the
command, which then ends the child in order. What the child logs goes to a file in the data folder; the file is
removed when all went well, and named in the error when it did not.

The child also ends by itself when its standard input closes: also a command killed with SIGKILL leaves
nothing running.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from hartmann.cli.announcements import Failed, Progress, Ready, from_line
from hartmann.cli.interruption import Interrupted
from hartmann.errors import HartmannError, InvalidRequest, ServerUnavailable

STOP_SECONDS = 60.0
"""How long a child may take to finish and to stop its Postgres before it is killed."""

LOG_LINES_SHOWN = 8
PROGRAM = (sys.executable, "-m", "hartmann")


class AnnouncingChild:
    """A child that says when it is ready; a context manager. `address` is known once it is entered.

    `name` is what it is called in sentences and in its log's name: `server`. `on_progress` is called with every
    announcement of progress (the first start fills the library). Raises the child's own error when it can't start,
    ServerUnavailable when it dies without a word.
    """

    def __init__(
        self,
        name: str,
        arguments: tuple[str, ...],
        data_dir: Path,
        on_progress: Callable[[Progress], None],
        command: tuple[str, ...] = PROGRAM,
    ) -> None:
        self.address = ""
        self.name = name
        self._on_progress = on_progress
        self._command = (*command, *arguments, "--announce")
        self._log = _new_log(data_dir, name)
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                process_group=0 if os.name == "posix" else None,
            )
        try:
            self.address = self._wait_until_ready(self._process)
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del kind, trace
        process, self._process = self._process, None
        if process is None:
            return
        died = process.poll() is not None
        wait = not (isinstance(error, Interrupted) and error.at_once)
        clean = _stop(process, wait=wait)
        if isinstance(error, HartmannError) and died and self.address:
            error.message = f"the {self.name} ended with status {process.returncode}; {self.log_tail()}"
        elif isinstance(error, HartmannError) and error.code == "INTERNAL" and self.address:
            error.message += f" (the {self.name}'s log is {self._log})"
        elif clean:
            self._log.unlink(missing_ok=True)

    def wait(self) -> int:
        """Waits until the child ends by itself, and returns its status."""
        return self._process.wait() if self._process is not None else 0

    def log_tail(self) -> str:
        """The last lines that the child logged, with the name of the file."""
        lines = self._log.read_text(errors="replace").splitlines() if self._log.exists() else []
        shown = "\n".join(f"    {line}" for line in lines[-LOG_LINES_SHOWN:])
        return f"its log is {self._log}" + (f" and ends:\n{shown}" if shown else "")

    def _wait_until_ready(self, process: subprocess.Popen[str]) -> str:
        for line in _opened(process.stdout):
            match from_line(line):
                case Progress() as progress:
                    self._on_progress(progress)
                case Ready(address):
                    return address
                case Failed() as failed:
                    raise _error_from(failed, self._log)
        process.wait()
        raise ServerUnavailable(
            f"the {self.name} ended with status {process.returncode} before it was ready; {self.log_tail()}"
        )


class LocalServer(AnnouncingChild):
    """A server on a free loopback port, with a worker."""

    def __init__(
        self, data_dir: Path, on_progress: Callable[[Progress], None], command: tuple[str, ...] = PROGRAM
    ) -> None:
        super().__init__("server", ("serve", "--listen", "127.0.0.1:0"), data_dir, on_progress, command)


def _new_log(data_dir: Path, name: str) -> Path:
    """An empty file in the data folder's `logs`; says in a sentence when the folder can't be written."""
    folder = data_dir / "logs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, path = tempfile.mkstemp(prefix=f"{name}-", suffix=".log", dir=folder)
    except OSError as error:
        raise InvalidRequest(
            f"the data folder {data_dir} can't be written ({error.strerror}); "
            "set HARTMANN_DATA_DIR to a folder that can"
        ) from error
    os.close(handle)
    return Path(path)


def _opened(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise ServerUnavailable("the child was started without a pipe to hear it by")
    return stream


def _error_from(failed: Failed, log: Path) -> HartmannError:
    """The child's error as one of ours, with its own status and reason; the log is named for our own faults."""
    where = f" (see {log})" if failed.code == "INTERNAL" else ""
    error = HartmannError(failed.message + where)
    error.code, error.reason = failed.code, failed.reason
    return error


def _stop(process: subprocess.Popen[str], *, wait: bool) -> bool:
    """Ends the child: SIGTERM, patience, and SIGKILL as the last resort. Returns whether it ended well."""
    process.terminate()
    if process.stdin is not None:
        process.stdin.close()
    if not wait:
        return False
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        if process.stdout is not None and process.poll() is not None:
            process.stdout.close()
    return process.returncode == 0
