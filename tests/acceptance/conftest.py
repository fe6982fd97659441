"""The installed commands with a data folder of the session's own, far from the person's.

- `data_dir`: a short-lived data folder; the first command that starts a server fills its library.
- `hartmann`: runs the installed command with that data folder; see `running.Hartmann`.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from running import Hartmann, processes_of, wait_until


@pytest.fixture(scope="session")
def data_dir() -> Iterator[Path]:
    """A data folder whose path is short enough for Postgres's socket."""
    folder = Path(tempfile.mkdtemp(prefix="h", dir="/tmp"))
    yield folder
    wait_until(lambda: not processes_of(folder), "the last server to end")
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def hartmann(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Hartmann:
    """The installed command."""
    return Hartmann(data_dir, tmp_path_factory.mktemp("home"))
