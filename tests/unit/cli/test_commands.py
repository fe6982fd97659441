"""What the commands say about bad input, before anything is started, and how quickly they answer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hartmann import __version__
from hartmann.cli import main
from hartmann.cli.doctor_command import required_by_extra

HEAVY = ("torch", "grpc", "numpy", "transformers", "music21", "sqlalchemy", "pydantic")


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit status of `hartmann ARGUMENTS…`, in this process."""
    monkeypatch.setattr(sys, "argv", ["hartmann", *arguments])
    try:
        return main()
    except SystemExit as end:
        return int(end.code or 0)


def failing_with(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str]:
    return run(monkeypatch, *arguments), capsys.readouterr().err


def test_missing_picture_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "none.jpg"
    assert failing_with(monkeypatch, capsys, "compose", str(missing)) == (
        2,
        f"hartmann: there is no file {missing}\n",
    )


def test_folder_in_place_of_a_picture_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert failing_with(monkeypatch, capsys, "compose", str(tmp_path)) == (
        2,
        f"hartmann: {tmp_path} is a folder; name a picture file\n",
    )


def test_empty_picture_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty.jpg"
    empty.touch()
    assert failing_with(monkeypatch, capsys, "compose", str(empty)) == (2, f"hartmann: {empty} is empty\n")


def test_output_that_is_a_file_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "a.jpg"
    picture.write_bytes(b"x")
    code, said = failing_with(monkeypatch, capsys, "compose", str(picture), "-o", str(picture / "scores"))
    assert (code, said) == (2, f"hartmann: {picture} is not a folder; choose another with -o\n")


def test_faulty_setting_is_said_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "a.jpg"
    picture.write_bytes(b"x")
    monkeypatch.setenv("HARTMANN_MODEL_QUEUE", "many")
    code, said = failing_with(
        monkeypatch, capsys, "compose", str(picture), "-o", str(tmp_path), "--server", ""
    )
    assert code == 2
    assert "model_queue" in said


def test_nobody_at_the_servers_address_is_said_with_the_command_that_starts_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "a.jpg"
    picture.write_bytes(b"x")
    arguments = ("compose", str(picture), "-o", str(tmp_path), "--server", "127.0.0.1:1", "--json")
    code, said = failing_with(monkeypatch, capsys, *arguments)
    assert code == 3
    assert said.startswith("hartmann: no server answers at 127.0.0.1:1 (")
    assert said.endswith("start one with: hartmann serve\n")


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1:", ":50061", "127.0.0.1:99999", "host:port"])
def test_address_without_host_or_port_is_said(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "a.jpg"
    picture.write_bytes(b"x")
    arguments = ("compose", str(picture), "-o", str(tmp_path), "--server", address, "--json")
    code, said = failing_with(monkeypatch, capsys, *arguments)
    assert (code, said.startswith(f"hartmann: {address!r} is no address")) == (2, True)


def test_unknown_option_is_bad_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "compose", "--colour", "blue") == 2


def test_version_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"hartmann {__version__}\n"


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_nothing_heavy_is_imported_to_say(argument: str) -> None:
    program = (
        "import sys; sys.argv = ['hartmann', sys.argv[1]]\n"
        "from hartmann.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, argument], capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"


def test_doctor_knows_the_packages_of_the_extra() -> None:
    required = required_by_extra("server")
    assert {"torch", "psycopg", "sqlalchemy"} <= set(required)
    assert "typer" not in required
