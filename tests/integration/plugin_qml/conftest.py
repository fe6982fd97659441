"""The plugin in a Qt 6 engine, with a scripted bridge.

- `plugin_folder`: the plugin's source.
- `open_plugin`: opens it in a mock editor; everything is closed after the test, and a message that Qt printed
  meanwhile (a QML error, a binding loop) fails it.
- `bridge`: a scripted bridge that it finds.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import mock_editor
import pytest
from mock_editor import Editor, OpenPlugin, Plugin
from scripted_bridge import Script, ScriptedBridge, scripted_bridge

HARMLESS = ("QML Image: Connection", "This plugin does not support raise()")
"""Pictures of a bridge that is gone; Qt without a screen has no front."""

FOLDER = Path(__file__).parents[3] / "plugin" / "musescore" / "Hartmann"


@pytest.fixture(scope="session", autouse=True)
def editor_types() -> None:
    """The editor's QML types."""
    mock_editor.register()


@pytest.fixture(scope="session")
def plugin_folder() -> Path:
    """Where `Hartmann.qml` lies."""
    return FOLDER


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The person's home: the plugin looks for the bridge's file there."""
    return tmp_path / "home"


@pytest.fixture
def bridge(home: Path) -> Iterator[ScriptedBridge]:
    """A bridge that tells a whole composition."""
    with scripted_bridge(Script(), home) as running:
        yield running


@pytest.fixture
def open_plugin(home: Path) -> Iterator[OpenPlugin]:
    """Opens and starts the plugin; keyword arguments are the editor's."""
    opened: list[Plugin] = []

    def open_it(size: tuple[int, int] = (960, 720), beside: Plugin | None = None, **editor: object) -> Plugin:
        plugin = Plugin(FOLDER, Editor(home, **editor), size, beside)  # type: ignore[arg-type]
        opened.append(plugin)
        plugin.start()
        return plugin

    yield open_it
    said = [text for plugin in opened for text in plugin.messages]
    messages = [text for text in said if not any(words in text for words in HARMLESS)]
    for plugin in reversed(opened):
        plugin.close()
    assert messages == []
