"""Paths that programs name: only ordinary files are read, and never more of them than is taken."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from http import HTTPStatus
from pathlib import Path

import pytest

from hartmann_bridge.refusals import Refused
from hartmann_bridge.user_files import read_user_file

LARGEST = 1000


def refusal(named: str | Path) -> Refused:
    """What reading it is refused with."""
    with pytest.raises(Refused) as caught:
        read_user_file(str(named), LARGEST, field="picture")
    assert caught.value.field == "picture"
    return caught.value


def test_file_is_read_by_its_path_a_link_or_a_file_address(tmp_path: Path) -> None:
    file = tmp_path / "a holiday ä?.png"
    file.write_bytes(b"content")
    (tmp_path / "link").symlink_to(file)
    expected = (file.resolve(), b"content")
    assert read_user_file(str(file), LARGEST, field="") == expected
    assert read_user_file(str(tmp_path / "link"), LARGEST, field="") == expected
    assert read_user_file(file.as_uri(), LARGEST, field="") == expected


def test_home_is_known_by_its_sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "x.png").write_bytes(b"x")
    assert read_user_file("~/x.png", LARGEST, field="")[1] == b"x"


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/tty", "/dev/stdin"])
def test_devices_and_links_to_them_are_refused(tmp_path: Path, device: str) -> None:
    (tmp_path / "picture.png").symlink_to(device)
    for named in (device, tmp_path / "picture.png"):
        assert refusal(named).status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)


def test_pipe_that_nobody_writes_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    assert refusal(tmp_path / "pipe.png").reason == "PATH_REFUSED"


def test_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("s")
        assert refusal(tmp_path / "s").reason == "PATH_REFUSED"


def test_folder_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path).message == f"{tmp_path.resolve()} is a folder; name a file"


def test_two_gibibytes_are_refused_before_a_byte_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "huge.png").open("wb") as file:
        file.truncate(2 * 2**30)

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("a byte was read")

    opened = os.fdopen
    monkeypatch.setattr(os, "fdopen", lambda *a, **k: _unreadable(opened(*a, **k), forbidden))
    refused = refusal(tmp_path / "huge.png")
    assert (refused.reason, refused.status) == ("FILE_TOO_LARGE", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def _unreadable(file: object, forbidden: object) -> object:
    class Guarded:
        def __enter__(self) -> Guarded:
            return self

        def __exit__(self, *_: object) -> None:
            file.close()  # type: ignore[attr-defined]

        def fileno(self) -> int:
            return file.fileno()  # type: ignore[attr-defined, no-any-return]

        read = forbidden

    return Guarded()


def test_file_that_grows_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.png").write_bytes(b"x" * (LARGEST + 1))
    real = os.fstat
    monkeypatch.setattr(os, "fstat", lambda handle: os.stat_result((*real(handle)[:6], 1, *real(handle)[7:])))
    assert refusal(tmp_path / "x.png").reason == "FILE_TOO_LARGE"


@pytest.mark.parametrize(
    "named", ["", "picture.png", "../picture.png", "/etc/\0passwd", "http://evil.example/x.png"]
)
def test_what_is_no_whole_path_is_refused(named: str) -> None:
    assert refusal(named).reason == "PATH_INVALID"


def test_missing_file_and_empty_file_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    assert refusal(tmp_path / "none.png").status == HTTPStatus.NOT_FOUND
    assert refusal(tmp_path / "empty.png").reason == "FILE_EMPTY"


def test_circle_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert refusal(tmp_path / "a").reason == "PATH_REFUSED"


def test_what_the_user_may_not_read_is_refused() -> None:
    # Root may read anything, so the child gives that up first; its way to the file is open.
    program = (
        "import os, sys\n"
        "from hartmann_bridge.refusals import Refused\n"
        "from hartmann_bridge.user_files import read_user_file\n"
        "if os.geteuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "try: read_user_file(sys.argv[1], 1000, field='picture')\n"
        "except Refused as refused: print(refused.reason, int(refused.status))\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        secret = Path(folder) / "secret.png"
        secret.write_bytes(b"secret")
        secret.chmod(0)
        secret.parent.chmod(0o755)
        command = [sys.executable, "-c", program, str(secret)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["PATH_REFUSED", "403"]
