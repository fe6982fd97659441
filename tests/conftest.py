"""What all tests share: which outside programs a test needs, and what happens where they are absent.

Tests marked `musescore`, `screen` or `abc2midi` are judged by programs that pip can't install. Where those are absent
the tests are left out with a line that says so; in CI (the variable CI is set) their absence fails the run.
"""

from __future__ import annotations

import os
import shutil

import hypothesis
import pytest

PROGRAMS = {
    "musescore": ("mscore3", "musescore3"),
    "screen": ("xdotool", "xvfb xdotool"),
    "abc2midi": ("abc2midi", "abcmidi"),
}
"""Marker → (program, the Debian packages that are needed for it)."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """How often the whole way in MuseScore is gone."""
    parser.addoption(
        "--musescore-runs", type=int, default=1, help="repeat the whole way in MuseScore this many times"
    )


def _absent(item: pytest.Item) -> str | None:
    for marker, (program, _) in PROGRAMS.items():
        if item.get_closest_marker(marker) and shutil.which(program) is None:
            return marker
    return None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what can't be judged here; fail in CI."""
    left_out = {item: marker for item in items if (marker := _absent(item))}
    if not left_out:
        return
    packages = " ".join(sorted({PROGRAMS[marker][1] for marker in left_out.values()}))
    sentence = f"{len(left_out)} tests need programs that are not installed; run: apt-get install {packages}"
    if os.environ.get("CI"):
        raise pytest.UsageError(sentence)
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]
    config.stash[_NOTE] = sentence


_NOTE = pytest.StashKey[str]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say at the end what was left out, where it will be seen."""
    if note := config.stash.get(_NOTE, ""):
        terminalreporter.write_line(note, yellow=True)


hypothesis.settings.register_profile("hartmann", deadline=None, print_blob=True)
hypothesis.settings.load_profile("hartmann")
