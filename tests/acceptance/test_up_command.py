"""`hartmann up` and `hartmann bridge` as a person runs them: all ready, one Ctrl-C, deaths, a second one."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import Request, urlopen

import psutil
import pytest
from running import PATIENCE_SECONDS, Hartmann, wait_until

pytestmark = pytest.mark.acceptance


@dataclass
class Up:
    """A running `hartmann up`, with what it said."""

    process: subprocess.Popen[str]
    config: Path
    environment: dict[str, str]
    said: list[str] = field(default_factory=list)

    def read_until(self, words: str) -> str:
        """Reads what it says up to a line with these words."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if words in line:
                return line
        raise AssertionError(f"it ended without {words!r}: {self.said}")

    def child(self, name: str) -> psutil.Process:
        """The server or the bridge."""
        children = psutil.Process(self.process.pid).children()
        (found,) = (child for child in children if name in child.cmdline()[3:4])
        return found

    def health(self) -> dict[str, object]:
        """What the bridge says."""
        connection = json.loads((self.config / "bridge.json").read_text())
        headers = {"Authorization": f"Bearer {connection['token']}"}
        with urlopen(Request(f"{connection['url']}/v1/health", headers=headers)) as answer:
            told: dict[str, dict[str, object]] = json.load(answer)
        return told["server"]


@contextmanager
def up(hartmann: Hartmann, home: Path) -> Iterator[Up]:
    """`hartmann up` with a home and ports of its own; whatever is left of it is killed at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    environment = {**hartmann.environment, "HOME": str(home), "HARTMANN_LISTEN": address}
    process = subprocess.Popen(
        [hartmann.program, "up", "--port", "0"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield Up(process, home / ".config" / "hartmann", environment)
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_everything_comes_up_survives_a_death_and_goes_with_one_ctrl_c(
    hartmann: Hartmann, tmp_path: Path
) -> None:
    with up(hartmann, tmp_path) as running:
        running.read_until("ready")
        running.read_until("Ctrl-C stops everything")
        assert any("Plugins > Hartmann" in line for line in running.said)
        assert running.health()["state"] == "ready"

        second = subprocess.run(
            [hartmann.program, "up"], env=running.environment, capture_output=True, text=True, check=False
        )
        assert second.returncode == 1
        assert "hartmann up is running already" in second.stderr

        other = subprocess.run(
            [hartmann.program, "bridge"], env=running.environment, capture_output=True, text=True, check=False
        )
        assert other.returncode == 1
        assert "a bridge of yours runs already at http://127.0.0.1:" in other.stderr

        running.child("bridge").kill()
        assert "status -9; starting it again" in running.read_until("bridge ended by itself")
        running.read_until("the bridge is back")
        assert running.health()["state"] == "ready"

        children = psutil.Process(running.process.pid).children(recursive=True)
        os.killpg(running.process.pid, signal.SIGINT)
        assert running.process.wait(PATIENCE_SECONDS) == 0
        wait_until(lambda: not any(child.is_running() for child in children), "every child to end")
        assert not (running.config / "bridge.json").exists()


def test_children_end_when_up_is_killed(hartmann: Hartmann, tmp_path: Path) -> None:
    with up(hartmann, tmp_path) as running:
        running.read_until("Ctrl-C stops everything")
        children = [running.child("bridge"), running.child("serve")]
        running.process.kill()
        psutil.wait_procs(children, timeout=60)
        assert not any(child.is_running() for child in children)


def test_plugin_is_installed_looked_at_and_removed(hartmann: Hartmann, tmp_path: Path) -> None:
    folder = tmp_path / "MuseScore4" / "Plugins"
    folder.mkdir(parents=True)
    option = ("--musescore", str(folder))
    before = hartmann.run("plugin", "status", *option)
    assert (before.returncode, "not installed" in before.stdout) == (1, True)
    installed = hartmann.run("plugin", "install", *option)
    assert installed.returncode == 0, installed.stderr
    assert "Home > Plugins" in installed.stdout
    assert (folder / "Hartmann" / "Hartmann.qml").is_file()
    pointer = json.loads((folder / "Hartmann" / "location.json").read_text())
    assert pointer == {"connection": str(hartmann.home / ".config" / "hartmann" / "bridge.json")}
    assert "installed 0." in hartmann.run("plugin", "status", *option).stdout
    assert hartmann.run("plugin", "uninstall", *option).returncode == 0
    assert list(folder.iterdir()) == []
