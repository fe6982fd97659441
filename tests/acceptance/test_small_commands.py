"""The commands that need no server, as installed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from running import Hartmann, processes_of

pytestmark = pytest.mark.acceptance

GOOD = "X:1\nT:Good\nM:6/8\nL:1/8\nK:G\nGAB d2B|GAB d3|]\n"
BAD = "X:1\nT:Bad\nM:6/8\nL:1/8\nK:G\nGAB d2B|GAB d2Bc|]\n"


def test_check_is_content_with_good_notation(hartmann: Hartmann, tmp_path: Path) -> None:
    tune = tmp_path / "good.abc"
    tune.write_text(GOOD)
    assert hartmann.run("check", tune).returncode == 0


def test_check_points_at_the_bar_that_is_too_long(hartmann: Hartmann, tmp_path: Path) -> None:
    tune = tmp_path / "bad.abc"
    tune.write_text(BAD)
    done = hartmann.run("check", tune)
    assert done.returncode == 1
    assert "bar 2" in done.stdout
    assert done.stdout.rstrip().endswith("^")


def test_check_reads_standard_input_and_writes_json(hartmann: Hartmann) -> None:
    done = subprocess.run(
        [hartmann.program, "check", "-", "--json"], input=BAD, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    (problem,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert (problem["file"], problem["severity"], problem["line"], problem["bar"]) == ("-", "error", 6, 2)


def test_check_of_several_files_names_each_and_fails_if_one_has_errors(
    hartmann: Hartmann, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.abc", tmp_path / "bad.abc"
    good.write_text(GOOD)
    bad.write_text(BAD)
    done = hartmann.run("check", good, bad)
    assert done.returncode == 1
    assert done.stdout.startswith(f"{good}: fine\n{bad}:\nerror: ")
    assert hartmann.run("check", good, good).returncode == 0


def test_check_of_a_missing_file_is_a_sentence(hartmann: Hartmann, tmp_path: Path) -> None:
    done = hartmann.run("check", tmp_path / "none.abc")
    assert (done.returncode, done.stderr) == (
        2,
        f"hartmann: {tmp_path}/none.abc can't be read: no such file or directory\n",
    )


def test_doctor_finds_nothing_missing(hartmann: Hartmann) -> None:
    done = hartmann.run("doctor")
    assert done.returncode == 0, done.stdout
    assert "All that is needed is here." in done.stdout


def test_doctor_names_the_way_out_of_a_data_folder_that_cant_be_written(
    hartmann: Hartmann, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    done = Hartmann(tmp_path / "file" / "data", hartmann.home).run("doctor")
    assert done.returncode == 1
    assert "mend it: set HARTMANN_DATA_DIR" in done.stdout


def test_doctor_says_that_a_database_does_not_answer(hartmann: Hartmann) -> None:
    environment = {**hartmann.environment, "HARTMANN_DATABASE_URL": "postgresql://x@127.0.0.1:1/x"}
    done = subprocess.run(
        [hartmann.program, "doctor"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "does not answer" in done.stdout


def test_embedded_schema_is_upgraded_and_then_up_to_date(hartmann: Hartmann, data_dir: Path) -> None:
    assert hartmann.run("db", "upgrade").returncode == 0
    checked = hartmann.run("db", "check")
    assert checked.returncode == 0
    assert checked.stdout.startswith("the schema is up to date")
    assert processes_of(data_dir) == []


def test_worker_ends_cleanly_on_sigterm_while_it_starts(hartmann: Hartmann, data_dir: Path) -> None:
    worker = hartmann.start("work")
    worker.terminate()
    worker.communicate(timeout=60)
    assert worker.returncode in (0, -15)
    assert processes_of(data_dir) == []
