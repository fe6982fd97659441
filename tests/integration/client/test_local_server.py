"""The server that a command starts for itself: told by small children that behave well and badly."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from hartmann.cli.announcements import Progress
from hartmann.cli.interruption import Interrupted
from hartmann.cli.local_server import LocalServer
from hartmann.errors import HartmannError, InvalidPicture, InvalidRequest, ServerUnavailable

pytestmark = pytest.mark.integration

READY = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print('{"kind": "progress", "task": "Filling", "done": 1, "total": 2}')
print('{"kind": "ready", "address": "127.0.0.1:4242"}', flush=True)
sys.stdin.read()
"""


class Child:
    """A LocalServer whose child runs `program`, with what it reported on the way."""

    def __init__(self, folder: Path, program: str) -> None:
        self.folder = folder
        self.progress: list[Progress] = []
        self.server = LocalServer(folder, self.progress.append, (sys.executable, "-c", program))

    @property
    def logs(self) -> list[Path]:
        return list((self.folder / "logs").iterdir())


def lose(server: LocalServer) -> None:
    """Waits until the child is dead, and says what a client would say then."""
    assert server._process is not None
    server._process.wait(30)
    raise ServerUnavailable("no server answers")


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_address_and_progress_are_those_announced(tmp_path: Path) -> None:
    child = Child(tmp_path, READY)
    with child.server as server:
        assert server.address == "127.0.0.1:4242"
    assert child.progress == [Progress("Filling", 1, 2)]


def test_child_is_gone_and_its_log_too_after_a_good_end(tmp_path: Path) -> None:
    child = Child(tmp_path, READY)
    with child.server as server:
        assert server._process is not None
        pid = server._process.pid
        assert is_running(pid)
    assert not is_running(pid)
    assert child.logs == []


def test_child_lives_in_a_process_group_of_its_own(tmp_path: Path) -> None:
    with Child(tmp_path, READY).server as server:
        assert server._process is not None
        assert os.getpgid(server._process.pid) != os.getpgid(0)


def test_log_is_kept_and_named_when_the_server_failed(tmp_path: Path) -> None:
    child = Child(tmp_path, READY)
    with pytest.raises(HartmannError) as caught, child.server:
        raise HartmannError("the composition failed")
    assert caught.value.message == f"the composition failed (the server's log is {child.logs[0]})"


def test_log_is_removed_when_the_request_was_at_fault(tmp_path: Path) -> None:
    child = Child(tmp_path, READY)
    with pytest.raises(InvalidPicture), child.server:
        raise InvalidPicture("no picture")
    assert child.logs == []


def test_child_that_dies_later_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    child = Child(tmp_path, READY.replace("sys.stdin.read()", "sys.exit('struck by lightning')"))
    with pytest.raises(ServerUnavailable) as caught, child.server as server:
        lose(server)
    assert caught.value.message.startswith("the server ended with status 1; its log is ")
    assert "struck by lightning" in caught.value.message


def test_log_is_removed_after_ctrl_c(tmp_path: Path) -> None:
    child = Child(tmp_path, READY)
    with pytest.raises(Interrupted), child.server:
        raise Interrupted(2)
    assert child.logs == []


def test_error_of_the_server_is_raised_with_its_reason(tmp_path: Path) -> None:
    said = '{"kind": "failed", "reason": "SCHEMA_OUTDATED", "code": "UNAVAILABLE", "message": "run: upgrade"}'
    child = Child(tmp_path, f"print({said!r})")
    with pytest.raises(HartmannError, match="run: upgrade") as caught, child.server:
        raise AssertionError("it never was ready")
    assert (caught.value.code, caught.value.reason) == ("UNAVAILABLE", "SCHEMA_OUTDATED")


def test_silent_death_is_told_with_the_end_of_the_log(tmp_path: Path) -> None:
    child = Child(tmp_path, "import sys; sys.exit('a bolt from the blue')")
    with pytest.raises(ServerUnavailable, match="status 1 before it was ready") as caught, child.server:
        raise AssertionError("it never was ready")
    assert "a bolt from the blue" in caught.value.message
    assert str(child.logs[0]) in caught.value.message


def test_stubborn_child_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hartmann.cli.local_server.STOP_SECONDS", 0.2)
    deaf = READY.replace("lambda *_: sys.exit(0)", "signal.SIG_IGN") + "\nwhile True: signal.pause()"
    with Child(tmp_path, deaf).server as server:
        assert server._process is not None
        pid = server._process.pid
    assert not is_running(pid)


def test_data_folder_that_cant_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidRequest, match="HARTMANN_DATA_DIR"):
        Child(tmp_path / "file", READY)
