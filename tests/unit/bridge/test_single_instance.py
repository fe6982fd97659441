"""One at a time, and the second one learns who the first is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hartmann_bridge.single_instance import SingleInstance


def test_second_one_is_told_who_holds_it(tmp_path: Path) -> None:
    with (
        SingleInstance(tmp_path / "lock", "process 1") as first,
        SingleInstance(tmp_path / "lock", "2") as second,
    ):
        assert first.taken
        assert not second.taken
        assert second.holder == "process 1"


def test_lock_is_free_after_its_holder_left(tmp_path: Path) -> None:
    with SingleInstance(tmp_path / "lock", "process 1"):
        pass
    with SingleInstance(tmp_path / "lock", "process 2") as second:
        assert second.taken


def test_lock_is_free_after_its_holder_was_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time; from hartmann_bridge.single_instance import SingleInstance\n"
        "from pathlib import Path\n"
        "with SingleInstance(Path(sys.argv[1]), 'child') as held:\n"
        "    print(held.taken, flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "True\n"
        with SingleInstance(tmp_path / "lock", "us") as second:
            assert second.holder == "child"
        child.kill()
    with SingleInstance(tmp_path / "lock", "us") as third:
        assert third.taken
