"""`hartmann serve` and the commands that ask it, as installed."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import PATIENCE_SECONDS, PHOTOS, Hartmann, processes_of

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]

SUNSET = PHOTOS / "sunset_by_Aitzol_Berasategi.jpg"


@pytest.fixture(scope="module")
def server(hartmann: Hartmann, data_dir: Path) -> Iterator[str]:
    """The address of a running `hartmann serve`; it must end well after SIGTERM, and its Postgres with it."""
    process = hartmann.start("serve", "--listen", "127.0.0.1:0")
    assert process.stdout is not None
    ready = re.match(r"ready at (\S+)", process.stdout.readline())
    if not ready:
        raise AssertionError(process.communicate(timeout=PATIENCE_SECONDS)[1])
    yield ready[1]
    process.terminate()
    process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0
    assert processes_of(data_dir) == []


def good(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_compose_uses_the_server_it_is_told_of(hartmann: Hartmann, server: str, tmp_path: Path) -> None:
    composed = hartmann.compose(SUNSET, tmp_path, "--server", server, "--seed", "1", "--bars", "8")
    assert "score" in composed.events[-1]


def test_library_holds_at_least_ten_thousand_pieces(hartmann: Hartmann, server: str) -> None:
    pieces = good(hartmann.run("library", "stats", "--server", server)).split()[0]
    assert int(pieces.replace(",", "")) >= 10_000


def test_library_is_searched_by_words(hartmann: Hartmann, server: str) -> None:
    found = good(hartmann.run("library", "search", "a lively jig", "-n", "3", "--server", server))
    assert [line[:2] for line in found.splitlines()[::2]] == ["1.", "2.", "3."]


def test_composition_can_be_watched_again_from_a_number(
    hartmann: Hartmann, server: str, tmp_path: Path
) -> None:
    first = hartmann.compose(SUNSET, tmp_path, "--server", server, "--seed", "3", "--bars", "8")
    name = good(hartmann.run("compositions", "list", "-n", "1", "--server", server)).split()[0]
    again = good(hartmann.run("compositions", "watch", name, "--after", "4", "--json", "--server", server))
    assert [json.loads(line) for line in again.splitlines()] == first.events[4:]


def test_finished_score_can_be_fetched(hartmann: Hartmann, server: str, tmp_path: Path) -> None:
    composed = hartmann.compose(SUNSET, tmp_path, "--server", server, "--seed", "4", "--bars", "8")
    name = good(hartmann.run("compositions", "list", "-n", "1", "--server", server)).split()[0]
    good(hartmann.run("compositions", "score", name, tmp_path / "again.abc", "--server", server))
    assert (tmp_path / "again.abc").read_bytes() == composed.file(f"{SUNSET.stem}.abc").read_bytes()


def test_unknown_composition_is_a_sentence(hartmann: Hartmann, server: str) -> None:
    done = hartmann.run("compositions", "get", "nobody", "--server", server)
    assert done.returncode == 2
    assert done.stderr.startswith("hartmann: ")
    assert "Traceback" not in done.stderr


def test_deleted_composition_is_gone(hartmann: Hartmann, server: str, tmp_path: Path) -> None:
    hartmann.compose(SUNSET, tmp_path, "--server", server, "--seed", "5", "--bars", "4")
    name = good(hartmann.run("compositions", "list", "-n", "1", "--server", server)).split()[0]
    good(hartmann.run("compositions", "delete", name, "--server", server))
    assert name not in good(hartmann.run("compositions", "list", "--server", server))
