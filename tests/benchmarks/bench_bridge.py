"""How long a person waits at the bridge: from Compose to something to see, and from the score to saved files.

Run with `make bench`. A real server with the mini models, a real bridge, HTTP over a socket. The data folder is a fresh
one, whose library is filled beforehand, unless HARTMANN_DATA_DIR names one. Beside the first event stands the
same over gRPC alone, so that the bridge's own share is seen; targets stand beside the figures; nothing is asserted.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hartmann.cli.announcements import Progress
from hartmann.cli.local_server import AnnouncingChild, LocalServer
from hartmann.client import Client
from hartmann_bridge.engraving_worker import engrave
from hartmann_bridge.musicxml_checks import check_musicxml

PHOTOS = sorted((Path(__file__).parent.parent / "data" / "photos").glob("*.jpg"))
FIRST_EVENT_TARGET = 0.5
SAVED_TARGET = 2.0
"""Of which opening in the editor takes a part; a running MuseScore 3 needs 0.2 s."""


def ignore(progress: Progress) -> None:
    """Nobody watches a benchmark."""


def say(what: str, seconds: float, target: float | None = None) -> None:
    """One line: the figure and its target."""
    beside = f"   target {target:g} s" if target is not None else ""
    print(f"{what:<62} {seconds:8.3f} s{beside}", flush=True)


@contextmanager
def folders() -> Iterator[Path]:
    """A folder for data, settings and scores; the data folder is another one if HARTMANN_DATA_DIR names it."""
    folder = Path(tempfile.mkdtemp(prefix="h", dir="/tmp"))
    os.environ.setdefault("HARTMANN_DATA_DIR", str(folder / "data"))
    os.environ["HOME"], os.environ["XDG_CONFIG_HOME"] = str(folder), str(folder / "config")
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


class Caller:
    """Calls one bridge."""

    def __init__(self, folder: Path) -> None:
        connection = json.loads((folder / "config" / "hartmann" / "bridge.json").read_text())
        self.url, self.token = connection["url"], connection["token"]

    def open(self, method: str, path: str, body: Any = None) -> Any:
        """The open answer."""
        url = path if path.startswith("http") else self.url + path
        headers = {"Authorization": f"Bearer {self.token}"}
        data = None if body is None else json.dumps(body).encode()
        return urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method))

    def json(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON."""
        with self.open(method, path, body) as answer:
            return json.load(answer)


def timed(work: Callable[[], object]) -> float:
    """Seconds that it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def compose(caller: Caller, photo: Path, seed: int) -> tuple[float, float, float, str]:
    """Seconds from Compose to the first event and to the first stage, from the score to saved files; and the id."""
    began, first, stage = time.perf_counter(), 0.0, 0.0
    made = caller.json("POST", "/v1/compositions", {"picture": str(photo), "seed": seed})["id"]
    with caller.open("GET", f"/v1/compositions/{made}/events") as lines:
        for line in lines:
            first = first or time.perf_counter() - began
            event = json.loads(line)
            if "stageStarted" in event:
                stage = stage or time.perf_counter() - began
    saved = timed(lambda: caller.json("POST", f"/v1/compositions/{made}/save", {}))
    return first, stage, saved, made


def first_event_without_bridge(client: Client, photo: Path, seed: int) -> float:
    """Seconds from the call to the first event over gRPC alone; the composition is cancelled then."""
    began = time.perf_counter()
    composing = client.compose(photo.read_bytes(), seed=seed)
    for _ in composing:
        seconds = time.perf_counter() - began
        composing.cancel()
        return seconds
    raise AssertionError("a stream without events")


def measure(caller: Caller, client: Client) -> None:
    """All figures of a running bridge."""
    alone = [first_event_without_bridge(client, photo, 1) for photo in PHOTOS * 3]
    found = [compose(caller, photo, seed) for seed in (1, 2) for photo in PHOTOS]
    say("gRPC alone: call to first event, median", statistics.median(alone))
    say("Compose to first event, median", statistics.median(f for f, *_ in found), FIRST_EVENT_TARGET)
    say("Compose to first event, slowest", max(f for f, *_ in found), FIRST_EVENT_TARGET)
    say("Compose to first stage, median", statistics.median(s for _, s, *_ in found), FIRST_EVENT_TARGET)
    say("score event to files saved, median", statistics.median(s for *_, s, _ in found), SAVED_TARGET)
    say("score event to files saved, slowest", max(s for *_, s, _ in found), SAVED_TARGET)
    made = [one for *_, one in found]
    scores = [caller.open("GET", f"/v1/compositions/{one}/score").read() for one in made]
    say(
        "  of which checking the MusicXML, median",
        statistics.median(timed(lambda s=s: check_musicxml(s)) for s in scores),
    )
    say(
        "  engraving a preview (SVG and PNG), median",
        statistics.median(timed(lambda s=s: engrave(s)) for s in scores),
    )
    pictures = [caller.json("GET", f"/v1/compositions/{one}/pictures") for one in made]
    for what, urls in {
        "a draft's preview for the first time": [one["drafts"][0]["png"] for one in pictures],
        "an attention picture": [one["attention"]["whole"] for one in pictures],
        "a thumbnail": [one["picture"] for one in pictures],
    }.items():
        say(
            f"{what}, over HTTP, median",
            statistics.median(timed(lambda u=u: caller.open("GET", u).read()) for u in urls),
        )


def main() -> None:
    """All figures."""
    with folders() as folder:
        data = Path(os.environ["HARTMANN_DATA_DIR"])
        with LocalServer(data, ignore) as server, Client(server.address) as client:
            arguments = ("bridge", "--server", server.address, "--port", "0")
            began = time.perf_counter()
            with AnnouncingChild("bridge", arguments, data, ignore):
                say("hartmann bridge until it answers", time.perf_counter() - began)
                measure(Caller(folder), client)


if __name__ == "__main__":
    main()
