"""Nothing is written outside the data folder, also by the packages that we use."""

from __future__ import annotations

import os
from pathlib import Path


def keep_caches_inside(data_dir: Path) -> None:
    """Sends caches that packages would put into the person's home to the data folder; before they are imported.

    matplotlib, which MusPy imports, writes a list of all fonts at its first import.
    """
    os.environ.setdefault("MPLCONFIGDIR", str(data_dir / "cache" / "matplotlib"))
