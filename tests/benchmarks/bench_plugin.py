"""How soon the plugin shows something: in a Qt 6 engine without a screen, against a bridge that answers from memory.

    .venv/bin/python tests/benchmarks/bench_plugin.py [--runs N]

- press → progress: from pressing Compose to a drawn frame that says so
- press → first event: until the first event of the stream is on the page
- score → file: from the `score` event to MuseScore 3 being asked to read the saved file

The reference beside them, in the same run, is one bare request to the same bridge over a new connection. What the
models and MuseScore itself take comes on top; see bench_compose.py.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "integration" / "plugin_qml"))

import mock_editor  # noqa: E402
from scripted_bridge import TOKEN, Script, ScriptedBridge, events, scripted_bridge  # noqa: E402


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    mock_editor.register()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with scripted_bridge(Script(events=[]), home) as bridge:
            editor = mock_editor.Editor(home, major=3, remembered=mock_editor.remembering())
            plugin = mock_editor.Plugin(ROOT / "plugin" / "musescore" / "Hartmann", editor)
            plugin.start()
            plugin.wait_until("link.ready")
            measured = [measure(plugin, bridge, number) for number in range(runs)]
            request = [seconds(lambda: bare_request(bridge)) for _ in range(runs)]
            plugin.close()
    print(f"median and worst of {runs} runs, in milliseconds")
    show("one bare request (reference)", request)
    for name, times in zip(
        ("press → progress drawn", "press → first event", "score → file"),
        zip(*measured, strict=True),
        strict=True,
    ):
        show(name, times)


def measure(plugin: mock_editor.Plugin, bridge: ScriptedBridge, number: int) -> tuple[float, float, float]:
    """One composition."""
    told = events()
    plugin.tell("work.clear()")
    plugin.editor.read.clear()
    bridge.script.events = told[:1]
    bridge.script.file = f"/scores/{number}.musicxml"
    start = time.perf_counter()
    plugin.tell("compose()")
    plugin.view.grabWindow()
    drawn = time.perf_counter() - start
    plugin.wait_until("work.story.last >= 1")
    first = time.perf_counter() - start
    bridge.script.tell(*told[1:-1])
    plugin.wait_until(f"work.story.last >= {len(told) - 1}")
    opened = seconds(lambda: (bridge.script.tell(told[-1]), plugin.wait_until(lambda: plugin.editor.read)))
    return drawn, first, opened


def bare_request(bridge: ScriptedBridge) -> bytes:
    """The bridge's health."""
    request = urllib.request.Request(f"{bridge.url}/v1/health", headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request) as answer:
        return bytes(answer.read())


def seconds(do: Callable[[], object]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    do()
    return time.perf_counter() - start


def show(name: str, times: tuple[float, ...] | list[float]) -> None:
    """One line."""
    print(f"{name:<30}{1000 * statistics.median(times):8.1f}{1000 * max(times):8.1f}")


if __name__ == "__main__":
    main()
