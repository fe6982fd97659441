"""`hartmann convert` as installed: the round through every format, and pipes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from running import Hartmann

pytestmark = pytest.mark.acceptance

TUNE = "X:1\nT:Tune\nM:6/8\nL:1/8\nQ:3/8=100\nK:G\nGAB d2B|GAB d3:|\n"


def test_a_tune_goes_through_every_format_and_comes_back(hartmann: Hartmann, tmp_path: Path) -> None:
    first = tmp_path / "tune.abc"
    first.write_text(TUNE)
    for before, after in [("abc", "musicxml"), ("musicxml", "mxl"), ("mxl", "mid"), ("mid", "back.abc")]:
        done = hartmann.run("convert", tmp_path / f"tune.{before}", tmp_path / f"tune.{after}")
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert hartmann.run("check", tmp_path / "tune.back.abc").returncode == 0


def test_the_command_works_in_a_pipe(hartmann: Hartmann) -> None:
    done = subprocess.run(
        [hartmann.program, "convert", "-", "-", "--to", "mid"],
        input=TUNE.encode(),
        capture_output=True,
        env=hartmann.environment,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout.startswith(b"MThd")


def test_many_files_are_converted_in_one_go(hartmann: Hartmann, tmp_path: Path) -> None:
    names = [tmp_path / f"{letter}.abc" for letter in "abc"]
    for name in names:
        name.write_text(TUNE)
    names[1].write_bytes(b"")
    done = hartmann.run("convert", *names, "--directory", tmp_path / "out", "--to", ".MXL")
    assert done.returncode == 1
    assert [path.name for path in sorted((tmp_path / "out").iterdir())] == ["a.mxl", "c.mxl"]
    assert f"{names[1]}: it is empty" in done.stderr
