"""`hartmann library ingest`, killed twice on the way, ends as if nothing had happened."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from made_midicaps import DataSet, write_data_set
from running import Hartmann, processes_of, wait_until

from hartmann.storage.embedded_postgres import EmbeddedPostgres

pytestmark = pytest.mark.acceptance

SONGS, BROKEN = 300, 12


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hartmann]:
    """The installed command with a data folder in which nothing is yet."""
    folder = Path(tempfile.mkdtemp(prefix="h", dir="/tmp"))
    yield Hartmann(folder, tmp_path_factory.mktemp("home"))
    wait_until(lambda: not processes_of(folder), "the last command to end")
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    """A data set in MidiCaps's format."""
    return write_data_set(tmp_path_factory.mktemp("set"), SONGS, BROKEN, huge=False)


def files_read(command: Hartmann) -> int:
    """How many files the ledger knows, seen from outside; 0 while there is no database."""
    try:
        with psycopg.connect(EmbeddedPostgres(command.data_dir / "postgres").url) as connection:
            row = connection.execute("SELECT count(*) FROM library_file").fetchone()
            return int(row[0]) if row else 0
    except psycopg.Error:
        return 0


def kill_after(command: Hartmann, folder: Path, files: int) -> None:
    """Start the command and send it SIGKILL as soon as the ledger knows so many files."""
    process = command.start("library", "ingest", "midicaps", folder)
    wait_until(lambda: files_read(command) >= files, f"{files} files to be read", seconds=240)
    process.send_signal(signal.SIGKILL)
    process.communicate()


def lines_of(done: subprocess.CompletedProcess[str]) -> list[dict[str, str]]:
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_data_set_comes_in_whole_and_once_though_the_command_is_killed_twice(
    command: Hartmann, made: DataSet
) -> None:
    kill_after(command, made.folder, 1)
    kill_after(command, made.folder, 180)
    report = command.data_dir / "rejected.jsonl"
    done = command.run("library", "ingest", "midicaps", made.folder, "--report", report)
    assert done.returncode == 0, done.stderr
    assert f"{BROKEN} rejected" in done.stdout

    listed = [piece["id"] for piece in lines_of(command.run("library", "list", "--json", "-n", "0"))]
    assert sorted(listed) == sorted(f"midicaps/{place}" for place in made.good)
    refused = {row["file"]: row["reason"] for row in map(json.loads, report.read_text().splitlines())}
    assert refused.keys() == made.broken.keys()
    assert all(word in refused[name] for name, word in made.broken.items())
    assert {row["file"] for row in lines_of(command.run("library", "rejects", "--json"))} == refused.keys()


def test_a_piece_is_shown_exported_and_removed(command: Hartmann, tmp_path: Path) -> None:
    (tmp_path / "scores").mkdir()
    (tmp_path / "scores" / "waltz.abc").write_text(
        "X:1\nM:3/4\nL:1/4\nK:Dmin\nDFA|d2A|FGE|D3|DFA|d2A|FGE|D3|]\n"
    )
    (tmp_path / "scores" / "waltz.txt").write_text("A walk in the rain.")
    done = command.run(
        "library", "ingest", "folder", tmp_path / "scores", "--name", "mine", "--licence", "CC0-1.0"
    )
    assert "1 pieces are new" in done.stdout, done.stderr
    shown = command.run("library", "show", "own/mine/waltz.abc").stdout.splitlines()
    assert shown[:3] == ["waltz", "A walk in the rain.", "own pieces (mine); CC0-1.0"]
    assert command.run("library", "export", tmp_path / "out", "--prefix", "own/").returncode == 0
    assert (tmp_path / "out" / "own" / "mine" / "waltz_abc.txt").read_text() == "A walk in the rain.\n"
    assert command.run("library", "remove", "--prefix", "own/", "--yes").stdout == "1 piece removed\n"
    assert command.run("library", "remove", "--prefix", "own/", "--yes").returncode == 1


def test_interrupting_ends_the_command_and_its_processes_in_order(command: Hartmann, made: DataSet) -> None:
    process = command.start("library", "ingest", "midicaps", made.folder, "--bars", "8")
    wait_until(lambda: files_read(command) > 0, "the database to answer", seconds=120)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert "Traceback" not in said


def test_what_is_no_data_set_is_said_in_a_sentence(command: Hartmann, tmp_path: Path) -> None:
    done = command.run("library", "ingest", "midicaps", tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"hartmann: {tmp_path} is no MidiCaps data set: it needs train.json")
