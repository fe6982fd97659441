"""MuseScore 3 with its window, on a screen of its own (Xvfb), worked by keyboard as a person would.

There is no window manager: a window gets the keys that it is given the focus for.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import ImageGrab
from running import Hartmann, wait_until

from musescore import PROFILE

SHORTCUT = "Ctrl+Alt+Shift+H"
PLUGINS = Path("Documents/MuseScore3/Plugins")
PATHS = """\
paths\\myPlugins={home}/Documents/MuseScore3/Plugins
paths\\myScores={home}/Documents/MuseScore3/Scores
"""


def seed_home(home: Path) -> None:
    """A profile in which no dialog of a first start waits for anybody."""
    settings = home / ".config" / "MuseScore"
    settings.mkdir(parents=True, exist_ok=True)
    application, _, rest = PROFILE.partition("\n\n")
    text = f"{application}\n{PATHS.format(home=home)}workspace=Basic\n\n{rest}"
    (settings / "MuseScore3.ini").write_text(text)
    (home / PLUGINS).mkdir(parents=True, exist_ok=True)
    (home / "run").mkdir(mode=0o700, exist_ok=True)


@dataclass
class Desk:
    """A screen with MuseScore on it. `home` is the person's, `shots` where screenshots go."""

    home: Path
    display: str
    shots: Path
    editor: subprocess.Popen[bytes]
    main: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """What MuseScore and xdotool are run with."""
        return desk_environment(self.home, self.display)

    def has_editor(self) -> bool:
        """Whether MuseScore's main window is there."""
        return bool(self._windows("^MuseScore 3"))

    def titles(self) -> list[str]:
        """The titles of all windows that can be seen."""
        return [self._xdotool("getwindowname", window) for window in self._windows(".")]

    def open_plugin(self) -> str:
        """Press the shortcut until the plugin's window is there; returns the window."""

        def opened() -> bool:
            if not self._windows("^Hartmann"):
                self.focus(self.main)
                self._xdotool("key", "--clearmodifiers", SHORTCUT.lower())
            return bool(self._windows("^Hartmann"))

        wait_until(opened, "the plugin's window", 30)
        window = self._windows("^Hartmann")[0]
        self.focus(window)
        return window

    def focus(self, window: str) -> None:
        """Give a window the keys."""
        self._xdotool("windowfocus", "--sync", window)

    def type(self, text: str) -> None:
        """Type into what has the focus."""
        self._xdotool("type", "--delay", "4", text)

    def press(self, *keys: str) -> None:
        """Press keys, one after another."""
        self._xdotool("key", "--clearmodifiers", *keys)

    def shows_score(self, name: str) -> bool:
        """Whether MuseScore's window shows the score of that name, by its title."""
        return any(title.startswith(f"MuseScore 3: {name}") for title in self.titles())

    def screenshot(self, name: str) -> Path:
        """The whole screen as `NAME.png`."""
        path = self.shots / f"{name}.png"
        ImageGrab.grab(xdisplay=self.display).save(path)
        return path

    def save_score(self, path: Path) -> None:
        """Save the open score under a name, by the dialog that Ctrl+S brings for a score that was imported."""
        self.focus(self.main)
        self.press("ctrl+s")
        wait_until(lambda: bool(self._windows("^Save Score$")), "the dialog that saves", 15)
        self.focus(self._windows("^Save Score$")[0])
        self.press("ctrl+a")
        self.type(str(path))
        self.press("Return")
        wait_until(path.exists, f"{path.name} to be saved", 15)

    def _windows(self, name: str) -> list[str]:
        return self._xdotool("search", "--onlyvisible", "--name", name).split()

    def _xdotool(self, *arguments: str) -> str:
        done = subprocess.run(
            ["xdotool", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        return done.stdout.strip()


def desk_environment(home: Path, display: str) -> dict[str, str]:
    """Nothing of the tester's own desktop gets in."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "QT_", "HARTMANN_"))}
    return {
        **kept, "HOME": str(home), "DISPLAY": display, "XDG_RUNTIME_DIR": str(home / "run"), "LANG": "C.UTF-8",
        "QT_LOGGING_RULES": "*.debug=false",
    }  # fmt: skip


@contextmanager
def screen() -> Iterator[str]:
    """An X server of our own; yields its display."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    try:
        server = subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL)
    except FileNotFoundError:
        pytest.fail("Xvfb is not installed; run: apt-get install xvfb xdotool")
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            yield f":{told.readline().strip()}"
    finally:
        server.terminate()
        server.wait(10)


@contextmanager
def desk(hartmann: Hartmann, shots: Path) -> Iterator[Desk]:
    """MuseScore started with the plugin that `hartmann plugin install` put there."""
    seed_home(hartmann.home)
    installed = hartmann.run(
        "plugin", "install", "--musescore", hartmann.home / PLUGINS, "--shortcut", SHORTCUT
    )
    assert installed.returncode == 0, installed.stderr
    with screen() as display, (shots / "musescore.log").open("wb") as log:
        environment = desk_environment(hartmann.home, display)
        editor = subprocess.Popen(["mscore3", "-m", "-w"], env=environment, stdout=log, stderr=log)
        found = Desk(hartmann.home, display, shots, editor)
        try:
            wait_until(lambda: editor.poll() is not None or found.has_editor(), "MuseScore's window", 60)
            assert editor.poll() is None, "MuseScore ended by itself; does another one run?"
            found.main = found._windows("^MuseScore 3")[0]
            yield found
        finally:
            editor.kill()
            editor.wait(10)
