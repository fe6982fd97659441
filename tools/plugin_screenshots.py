"""Make the README's pictures of the MuseScore plugin: the real plugin, bridge, server and mini models.

    .venv/bin/python tools/plugin_screenshots.py [--picture FILE] [--seed N] [--data DIR] [--no-musescore]

Starts `hartmann up` with a home of its own, composes in a Qt 6 engine without a screen, and writes
docs/pictures/plugin-{idle,composing,done,explained,error}-{light,dark}.png; then once in MuseScore 3 under Xvfb, for
plugin-in-musescore.png. Look at every picture before committing it. Without --data, a data folder whose library is
there, it takes some minutes: a first start fills the library.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
PLUGIN = ROOT / "plugin" / "musescore" / "Hartmann"
PICTURES = ROOT / "docs" / "pictures"
PHOTOGRAPH = ROOT / "tests" / "data" / "photos" / "picosdeeuropa_by_Aitzol_Berasategi.jpg"
WISHES = {"ensemble": "violin", "bars": "16", "meter": "6/8", "tempo": "110", "mood": "lively"}
HOME = Path("/tmp/ada")
"""A short path: it is seen in the pictures. Removed in the end."""
FOLK_DANCE = 2
"""Place of the preset with these wishes."""
SIZE = (960, 720)
FONT = "FreeSans"
PATIENCE_SECONDS = 900

sys.path[:0] = [str(ROOT / "tests" / "integration" / "plugin_qml"), str(ROOT / "tests" / "acceptance")]

if TYPE_CHECKING:
    from mock_editor import Plugin


def main() -> None:
    """Take all pictures."""
    options = _options()
    PICTURES.mkdir(parents=True, exist_ok=True)
    home = HOME
    home.mkdir()
    try:
        picture = home / "Pictures" / (options.picture.stem.split("_by_")[0] + options.picture.suffix)
        picture.parent.mkdir()
        shutil.copy(options.picture, picture)
        data = options.data or home / "data"
        in_qt_6(home, data, picture, options.seed)
        if options.musescore:
            with running_hartmann(home, data):
                in_musescore(home, data, picture)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def in_qt_6(home: Path, data: Path, picture: Path, seed: int) -> None:
    """The states, light and dark."""
    import mock_editor
    from PySide6.QtGui import QFont, QGuiApplication

    QGuiApplication.setFont(QFont(FONT, 10))
    mock_editor.register()
    remembered = mock_editor.remembering(picture=str(picture), seed=str(seed), seedLocked=True, wishes=WISHES)
    editor = mock_editor.Editor(home, major=3, remembered=remembered)
    plugin = mock_editor.Plugin(PLUGIN, editor, SIZE)
    try:
        plugin.start()
        with running_hartmann(home, data):
            compose(plugin)
        plugin.wait_until("link.status === 'noBridge'")
        plugin.tell("work.clear()")
        take(plugin, "error")
    finally:
        plugin.close()


def compose(plugin: Plugin) -> None:
    """From the empty window to the score. The first piece only wakes the models and the engraver."""
    from mock_editor import Score

    plugin.wait_until("link.ready && ask.facts !== null", PATIENCE_SECONDS)
    take(plugin, "idle")
    plugin.tell("compose()")
    plugin.wait_until("work.over && work.preview(1) !== ''", PATIENCE_SECONDS)
    plugin.editor.read.clear()
    plugin.tell("compose()")
    plugin.wait_until("work.over || work.preview(1) !== ''", PATIENCE_SECONDS)
    take(plugin, "composing", seconds=0.12)
    plugin.wait_until(lambda: plugin.editor.read, PATIENCE_SECONDS)
    plugin.editor.score = Score(Path(plugin.editor.read[0]).stem, [0])
    plugin.wait_until("work.opening === 'opened' && work.pictures.attention", PATIENCE_SECONDS)
    take(plugin, "done")
    plugin.tell("result.show('explain')")
    take(plugin, "explained")


def in_musescore(home: Path, data: Path, picture: Path) -> None:
    """MuseScore 3 on a screen of its own: the score, and the plugin, narrow, over its right side."""
    from musescore_window import Desk, desk
    from running import Hartmann, wait_until

    def move(at: Desk, window: str, *words: str) -> None:
        subprocess.run(["xdotool", words[0], window, *words[1:]], env=at.environment, check=True)

    wait_until((home / ".config" / "hartmann" / "bridge.json").exists, "the bridge")
    with desk(Hartmann(data, home), PICTURES) as at:
        move(at, at.main, "windowmove", "0", "0")
        move(at, at.main, "windowsize", "1280", "900")
        at.focus(at.main)
        time.sleep(3)
        window = at.open_plugin()
        move(at, window, "windowsize", "480", "800")
        move(at, window, "windowmove", "788", "60")
        at.type(str(picture))
        at.press(*["Tab"] * 3, *["Right"] * FOLK_DANCE, "ctrl+Return")
        wait_until(lambda: any(title.startswith("MuseScore 3: ") for title in at.titles()), "the score", 300)
        move(at, window, "windowraise")
        time.sleep(2)
        print(at.screenshot("plugin-in-musescore").relative_to(ROOT), flush=True)
    (PICTURES / "musescore.log").unlink()


def take(plugin: Plugin, name: str, seconds: float = 1.0) -> None:
    """A picture in each theme; `seconds` for images to arrive."""
    for theme in ("light", "dark"):
        plugin.tell(f"Theme.choice = '{theme}'")
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            plugin.pump()
            time.sleep(0.01)
        path = PICTURES / f"plugin-{name}-{theme}.png"
        plugin.view.grabWindow().save(str(path))
        print(path.relative_to(ROOT), flush=True)


@contextlib.contextmanager
def running_hartmann(home: Path, data: Path) -> Iterator[None]:
    """`hartmann up` until the end of the block."""
    environment = {**os.environ, "HOME": str(home), "HARTMANN_DATA_DIR": str(data)}
    environment.pop("XDG_CONFIG_HOME", None)
    command = [str(Path(sys.executable).with_name("hartmann")), "up"]
    with (home / "up.log").open("ab") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--picture", type=Path, default=PHOTOGRAPH)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--data", type=Path, help="a data folder with a filled library")
    parser.add_argument("--musescore", action=argparse.BooleanOptionalAction, default=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
