"""How long a person waits: starting, the first event, the first text, the score; and what `hartmann --help` costs.

Run with `make bench`. The first start, which fills the library, is made beforehand and reported alone. The
data folder is a fresh one unless HARTMANN_DATA_DIR names one. Targets stand beside the figures; nothing is
asserted.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hartmann.cli.announcements import Progress
from hartmann.cli.local_server import LocalServer
from hartmann.client import Client

PHOTOS = sorted((Path(__file__).parent.parent / "data" / "photos").glob("*.jpg"))
FIRST_EVENT_TARGET = 0.5
FIRST_TEXT_TARGET = 1.0
SCORE_TARGET = 10.0
FILL_TARGET = 180.0
HELP_TARGET = 0.4


def ignore(progress: Progress) -> None:
    """Nobody watches a benchmark."""


def say(what: str, seconds: float, target: float | None = None) -> None:
    """One line: the figure and its target."""
    beside = f"   target {target:g} s" if target is not None else ""
    print(f"{what:<52} {seconds:8.2f} s{beside}", flush=True)


@contextmanager
def data_folder() -> Iterator[Path]:
    """The folder that HARTMANN_DATA_DIR names, or a fresh one for the length of the benchmark."""
    if named := os.environ.get("HARTMANN_DATA_DIR"):
        yield Path(named)
        return
    folder = Path(tempfile.mkdtemp(prefix="h", dir="/tmp"))
    os.environ["HARTMANN_DATA_DIR"] = str(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def start_and_stop(folder: Path) -> float:
    """Seconds until a server of one's own is ready."""
    began = time.perf_counter()
    with LocalServer(folder, ignore):
        return time.perf_counter() - began


def compose(client: Client, photo: Path, seed: int) -> tuple[float, float, float]:
    """Seconds from the request to the first event, to the first text of the caption, and to the score.

    A mini's caption is shown from its first checked sentence on; its first token comes before that.
    """
    began = time.perf_counter()
    first = text = 0.0
    for event in client.compose(photo.read_bytes(), seed=seed):
        first = first or time.perf_counter() - began
        kind = event.WhichOneof("event")
        assert kind != "failed", event.failed
        if kind == "text_delta":
            text = text or time.perf_counter() - began
    return first, text, time.perf_counter() - began


def cpu_of_help() -> float:
    """Seconds of processor time that `hartmann --help` takes: the least of five."""

    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "hartmann", "--help"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return min(once() for _ in range(5))


def main() -> None:
    """All figures."""
    say("hartmann --help, processor time", cpu_of_help(), HELP_TARGET)
    with data_folder() as folder:
        say("first start, filling the library", start_and_stop(folder), FILL_TARGET)
        began = time.perf_counter()
        with LocalServer(folder, ignore) as server, Client(server.address) as client:
            say("second start, until the server is ready", time.perf_counter() - began)
            figures = [compose(client, photo, seed) for seed in (1, 2) for photo in PHOTOS]
        say("request to first event, the first composition", figures[0][0], FIRST_EVENT_TARGET)
        events, texts, scores = zip(*figures, strict=True)
        say("request to first event, median", statistics.median(events), FIRST_EVENT_TARGET)
        say("request to the caption's first text, median", statistics.median(texts), FIRST_TEXT_TARGET)
        say("request to score, the first composition", scores[0], SCORE_TARGET)
        say("request to score, median", statistics.median(scores), SCORE_TARGET)
        say("request to score, slowest", max(scores), SCORE_TARGET)


if __name__ == "__main__":
    main()
