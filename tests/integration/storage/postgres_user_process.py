"""Opens the embedded Postgres of a folder, prints `open`, and closes it on SIGTERM.

python postgres_user_process.py FOLDER
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from hartmann.storage.embedded_postgres import EmbeddedPostgres


def main(folder: Path) -> None:
    """Use it until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with EmbeddedPostgres(folder):
        print("open", flush=True)
        signal.pause()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
