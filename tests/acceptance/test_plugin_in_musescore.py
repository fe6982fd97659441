"""The plugin in the real MuseScore 3, before the real bridge, server, database and models: a picture becomes a score.

Every test starts MuseScore with a home of its own, opens the plugin by its shortcut and works it by keyboard. What came
of it is seen from outside: in the titles of MuseScore's windows, in the score that MuseScore itself saves, and in what
the bridge tells. Screenshots go into the folder named by HARTMANN_SCREENSHOTS, if any. How often the first test is
repeated says `--musescore-runs`.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from lxml import etree
from musescore_window import Desk, desk
from running import PATIENCE_SECONDS, PHOTOS, Hartmann, wait_until

from musescore import MuseScore

pytestmark = [pytest.mark.acceptance, pytest.mark.musescore, pytest.mark.screen, pytest.mark.timeout(900)]

PICTURE = PHOTOS / "sunset_by_Aitzol_Berasategi.jpg"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The first test as often as asked."""
    if "run" in metafunc.fixturenames:
        metafunc.parametrize("run", range(metafunc.config.getoption("--musescore-runs")))


class Studio:
    """Server and bridge as two processes that can be killed and started again. The server's port stays."""

    def __init__(self, hartmann: Hartmann) -> None:
        self.hartmann = hartmann
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._listen = f"127.0.0.1:{free.getsockname()[1]}"
        self.server = self._started("serve", "--listen", self._listen)
        self.bridge = self._started("bridge", "--server", self._listen, "--port", "0")

    def kill_server_and_start_it_again(self) -> None:
        """With SIGKILL."""
        self._kill(self.server)
        self.server = self._started("serve", "--listen", self._listen)

    def kill_bridge_and_start_it_again(self) -> None:
        """With SIGKILL; the new one has another port."""
        self._kill(self.bridge)
        self.bridge = self._started("bridge", "--server", self._listen, "--port", "0")

    def ask(self, method: str, path: str) -> httpx.Response:
        """A call to the bridge as the plugin makes it."""
        found = json.loads((self.hartmann.home / ".config" / "hartmann" / "bridge.json").read_text())
        headers = {"authorization": f"Bearer {found['token']}"}
        return httpx.request(method, found["url"] + path, headers=headers, timeout=30)

    def latest(self) -> dict[str, Any]:
        """The composition that was begun last, as the bridge shows it; empty when there is none."""
        compositions = self.ask("GET", "/v1/compositions").json()["compositions"]
        return dict(compositions[0]) if compositions else {}

    def close(self) -> None:
        """Ends both."""
        for process in (self.bridge, self.server):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE_SECONDS)

    def _started(self, *arguments: str) -> subprocess.Popen[str]:
        process = self.hartmann.start(*arguments)
        assert process.stdout is not None
        assert re.match("ready at", process.stdout.readline()), f"{arguments[0]} ended before it was ready"
        return process

    @staticmethod
    def _kill(process: subprocess.Popen[str]) -> None:
        process.kill()
        process.communicate()


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Where screenshots go."""
    kept = os.environ.get("HARTMANN_SCREENSHOTS")
    folder = Path(kept) if kept else tmp_path / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def studio(data_dir: Path, tmp_path: Path) -> Iterator[Studio]:
    """A person's home, with server and bridge running."""
    home = tmp_path / "home"
    home.mkdir()
    opened = Studio(Hartmann(data_dir, home))
    yield opened
    opened.close()


@contextmanager
def composing(studio: Studio, shots: Path) -> Iterator[Desk]:
    """MuseScore with the plugin open, a picture's path typed, and Ctrl+Return pressed."""
    before = studio.latest().get("id")
    with desk(studio.hartmann, shots) as at:
        at.open_plugin()
        at.type(str(PICTURE))
        at.press("ctrl+Return")
        wait_until(lambda: studio.latest().get("id") not in {before, None}, "the composition to begin", 30)
        yield at


def wait_for_stage(studio: Studio, *stages: str) -> None:
    """Until the composition is there."""
    wait_until(lambda: studio.latest().get("stage") in stages, f"one of the stages {stages}", 60)


def wait_for_score(studio: Studio, at: Desk) -> str:
    """Until MuseScore shows the finished score; returns the composition's id."""
    wait_until(lambda: studio.latest()["state"] == "finished", "the composition to finish", 120)

    def shown() -> bool:
        files = studio.latest().get("files") or {}
        return "musicxml" in files and at.shows_score(Path(files["musicxml"]).stem)

    wait_until(shown, "the score to open", 30)
    return str(studio.latest()["id"])


def notes(score: Path) -> list[tuple[str, ...]]:
    """Every note and rest of a MusicXML file in order: step, alteration, octave and duration in divisions."""
    told = ("pitch/step", "pitch/alter", "pitch/octave", "duration")
    return [tuple(note.findtext(name, "") for name in told) for note in etree.parse(score).iter("note")]


def test_a_picture_becomes_an_open_score(run: int, studio: Studio, shots: Path, tmp_path: Path) -> None:
    with composing(studio, shots) as at:
        at.screenshot(f"composing-{run}")
        identity = wait_for_score(studio, at)
        at.screenshot(f"done-{run}")
        saved = tmp_path / "saved.mscz"
        at.save_score(saved)
    event = studio.ask("GET", f"/v1/compositions/{identity}/score?format=musicxml").content
    judge = MuseScore(tmp_path / "judge")
    opened = judge.convert({"event": event}, "xml")
    assert opened.complaints == []
    assert notes(judge.convert_file(saved, "xml")) == notes(opened.folder / "event.xml") != []


def test_escape_and_return_cancel_and_the_plugin_stays_usable(studio: Studio, shots: Path) -> None:
    with composing(studio, shots) as at:
        at.press("Escape", "Return")
        wait_until(lambda: studio.latest()["state"] == "cancelled", "the composition to be cancelled", 30)
        at.screenshot("cancelled")
        cancelled = studio.latest()["id"]

        def begun_anew() -> bool:
            at.press("ctrl+Return")  # does nothing while the plugin still says that it is stopping
            return bool(studio.latest()["id"] != cancelled)

        wait_until(begun_anew, "a composition to begin anew", 30)
        wait_for_score(studio, at)


def test_a_bridge_that_is_killed_on_the_way_is_found_again(studio: Studio, shots: Path) -> None:
    with composing(studio, shots) as at:
        wait_for_stage(studio, "draft", "refine", "explain")
        studio.kill_bridge_and_start_it_again()
        wait_for_score(studio, at)
        at.screenshot("after-the-bridge-died")


def test_a_server_that_is_killed_on_the_way_goes_on(studio: Studio, shots: Path) -> None:
    with composing(studio, shots) as at:
        wait_for_stage(studio, "retrieve", "draft", "refine")
        studio.kill_server_and_start_it_again()
        wait_for_score(studio, at)
        at.screenshot("after-the-server-died")


def test_without_a_bridge_the_plugin_says_what_to_start_and_goes_on_when_it_is_there(
    studio: Studio, shots: Path
) -> None:
    studio.bridge.send_signal(signal.SIGTERM)
    studio.bridge.communicate(timeout=30)
    with desk(studio.hartmann, shots) as at:
        at.open_plugin()
        at.type(str(PICTURE))
        at.press("ctrl+Return")
        at.screenshot("no-bridge")
        studio.bridge = studio._started("bridge", "--server", studio._listen, "--port", "0")
        wait_until(lambda: bool(studio.latest()), "the composition to begin", 30)
        wait_for_score(studio, at)
