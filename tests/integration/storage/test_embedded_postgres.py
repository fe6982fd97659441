"""The embedded Postgres: shared by processes, gone after the last, whatever way they end."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from hartmann.errors import DatabaseUnavailable
from hartmann.storage import postgres_user, postmaster
from hartmann.storage.embedded_postgres import EmbeddedPostgres

pytestmark = pytest.mark.integration

USER = Path(__file__).parent / "postgres_user_process.py"
SECONDS = 30.0


@pytest.fixture(scope="module")
def initialised() -> Iterator[Path]:
    """A folder whose database exists and does not run, to copy from."""
    with temporary_folder() as folder:
        with EmbeddedPostgres(folder):
            pass
        yield folder


@pytest.fixture
def folder(initialised: Path) -> Iterator[Path]:
    """A database of the test's own that does not run yet."""
    with temporary_folder() as folder:
        subprocess.run(["cp", "-a", str(initialised), str(folder)], check=True)
        yield folder


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A new folder with a short path in one that others can't enter (0700), and nothing left of it afterwards."""
    made = Path(tempfile.mkdtemp(prefix="h", dir="/tmp"))
    yield made / "pg"
    postmaster.stop(made / "pg" / "data")
    until(lambda: not watchdogs(made / "pg"))
    shutil.rmtree(made)


class UserProcess:
    """A process that opens the database of a folder and uses it until it is told to end."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(USER), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> UserProcess:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "open\n"
        return self

    def __exit__(self, *_: object) -> None:
        self.end(signal.SIGKILL)

    def end(self, how: signal.Signals) -> None:
        self.process.send_signal(how)
        self.process.communicate()


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def watchdogs(folder: Path) -> list[int]:
    """The pids of the watchdogs of a folder."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            command = process.cmdline()
            if "hartmann.storage.postgres_watchdog" in command and str(folder) in command:
                found.append(process.pid)
    return found


def answers(server: EmbeddedPostgres) -> bool:
    with contextlib.suppress(psycopg.OperationalError):
        psycopg.connect(server.url).close()
        return True
    return False


def test_it_answers_and_has_pgvector(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server, psycopg.connect(server.url) as connection:
        connection.execute("CREATE EXTENSION vector")
        row = connection.execute("SELECT '[1,2]'::halfvec(2) <#> '[3,4]'").fetchone()
    assert row == (-11.0,)


def test_it_keeps_its_data_over_a_restart(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server, psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS number")
    assert not server.is_alive()
    with EmbeddedPostgres(folder) as server, psycopg.connect(server.url) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (42,)


def test_it_is_open_to_its_own_user_alone(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        for private in (server.data, server.sockets):
            assert stat.S_IMODE(private.stat().st_mode) == 0o700
        pid = postmaster.pid_of(server.data)
        assert pid is not None
        assert psutil.Process(pid).uids().effective != 0
        assert [c for c in psutil.Process(pid).net_connections() if c.family.name.startswith("AF_INET")] == []


def test_a_second_opening_in_one_process_keeps_it_running_until_both_are_closed(folder: Path) -> None:
    with EmbeddedPostgres(folder) as outer:
        with EmbeddedPostgres(folder):
            pass
        assert answers(outer)
    assert not outer.is_alive()


def test_two_processes_share_it_and_the_last_one_stops_it(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    with UserProcess(folder) as first, UserProcess(folder) as second:
        pid = postmaster.pid_of(server.data)
        first.end(signal.SIGTERM)
        assert answers(server)
        assert postmaster.pid_of(server.data) == pid
        second.end(signal.SIGTERM)
        assert not server.is_alive()


def test_processes_that_start_at_once_share_one_server(folder: Path) -> None:
    starting = [UserProcess(folder) for _ in range(3)]
    with contextlib.ExitStack() as stack:
        for process in starting:
            stack.enter_context(process)
        assert answers(EmbeddedPostgres(folder))
        for process in starting:
            process.end(signal.SIGTERM)
    until(lambda: not EmbeddedPostgres(folder).is_alive())


def test_it_is_gone_after_its_only_user_was_killed_with_kill_9(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    with UserProcess(folder) as only:
        assert answers(server)
        only.end(signal.SIGKILL)
        until(lambda: not server.is_alive())


def test_a_new_user_adopts_a_server_whose_users_and_watchdog_were_killed(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    with UserProcess(folder) as victim:
        until(lambda: bool(watchdogs(folder)))
        for pid in watchdogs(folder):
            os.kill(pid, signal.SIGKILL)
        victim.end(signal.SIGKILL)
    orphan = postmaster.pid_of(server.data)
    assert answers(server)
    with server:
        assert postmaster.pid_of(server.data) == orphan
    assert not server.is_alive()


def test_it_starts_again_after_the_postmaster_was_killed(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS number")
        pid = postmaster.pid_of(server.data)
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        until(lambda: not server.is_alive())
        server.start_again()
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SELECT number FROM kept").fetchone() == (42,)


def test_a_stale_pid_file_that_names_a_living_stranger_does_not_keep_it_from_starting(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        file = server.data / "postmaster.pid"
        pid, running = postmaster.pid_of(server.data), file.read_text()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        until(lambda: not server.is_alive())
    file.write_text(running.replace(str(pid), str(os.getpid()), 1))
    with EmbeddedPostgres(folder) as server:
        assert answers(server)


def test_a_folder_with_too_long_a_path_is_refused_with_advice() -> None:
    with pytest.raises(DatabaseUnavailable, match="choose a shorter data folder"):
        EmbeddedPostgres(Path("/tmp") / ("x" * 90)).start()


def test_a_folder_that_can_not_be_made_is_refused_with_advice(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DatabaseUnavailable, match="choose another data folder"):
        EmbeddedPostgres(Path("/proc/hartmann")).start()


def test_a_broken_configuration_is_reported_with_the_place_of_the_log(folder: Path) -> None:
    with pytest.raises(
        DatabaseUnavailable, match=r"does not start: .*contains errors \(see /tmp/.*/data/log\)"
    ):
        EmbeddedPostgres(folder, shared_buffers="plenty", start_seconds=1.0).start()


def test_a_closed_folder_on_the_way_is_found(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    found = postgres_user.closed_folder(closed / "deeper" / "data")
    assert found is not None
    assert found in (closed, *closed.parents)
    assert postgres_user.closed_folder(Path("/usr/bin/env")) is None
