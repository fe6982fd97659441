"""A bridge with a script: the HTTP API that the plugin uses, answered from memory and stopped wherever a test likes.

It stands where the real bridge stands, so that states that are hard to come by (a refusal, a bridge that dies in the
middle of a line, a server that goes away) can be shown and tested. `Script` says what happens; `ScriptedBridge`
serves it on a free port and keeps what it was asked.
"""

from __future__ import annotations

import contextlib
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from PIL import Image

TOKEN = "scripted-token"
CREATE = ("POST", "/v1/compositions")
ABC = (
    "X:1\nT:Harbour Lights\nM:3/4\nL:1/8\nQ:1/4=84\nK:Dmin\n"
    "% [A]\nd2 f2 a2|g2 e2 c2|f4 e2|d6|\n% [B]\na4 g2|f2 e2 d2|e2 c2 A2|d6|]\n"
)
CAPTION = (
    "A wide mountain landscape under a pale sky. Grey rock rises in the upper half, and a green slope leads down to "
    "the lower right. The light is soft; the mood is serene and a little solemn."
)
MOTIVATION = (
    "The long slope asks for a melody that falls by steps and rests at each ledge. The pale sky keeps the harmony "
    "plain, and the slow meter leaves room for the echo of the valley."
)
METRICS = {
    "pitchRange": 15.0, "pitchesUsed": 10.0, "pitchClassesUsed": 7.0, "polyphony": 1.0, "scaleConsistency": 1.0,
    "pitchEntropy": 3.1, "pitchClassEntropy": 2.7, "emptyBeatRate": 0.04,
}  # fmt: skip
REFERENCES = [
    {
        "id": "music21/essenFolksong/altdeu10/33", "title": "Es ist ein Schnitter", "abc": ABC, "rank": 1,
        "caption": "A solemn folk song in D minor, 3/4, at a walking pace, for voice.",
        "source": "Essen Folksong Collection, altdeu10", "licence": "free for research",
        "similarityToImage": 0.71, "similarityToText": 0.64,
    },
    {
        "id": "music21/oneills1850/0412", "title": "The Lark on the Strand", "abc": ABC, "rank": 2,
        "caption": "A serene air in G major, 6/8, for whistle.", "source": "O'Neill's Music of Ireland, 1850",
        "licence": "public domain", "similarityToText": 0.58,
    },
]  # fmt: skip
PROBLEM = {
    "code": "bar-too-long", "severity": "SEVERITY_ERROR", "voice": 1, "bar": 3, "line": 8, "column": 9,
    "message": "the bar lasts 7/8 where the meter is 3/4", "fix": "leave out an eighth note",
}  # fmt: skip


def events() -> list[dict[str, Any]]:
    """A composition from its first event to its last, two and a half seconds apart."""
    told: list[tuple[str, str, dict[str, Any]]] = [
        ("", "accepted", {"seed": 7, "visionModel": "hartmann-mini/1", "embeddingSpace": "mini/v1"}),
        ("CAPTION", "stageStarted", {}),
        ("CAPTION", "textDelta", {"text": CAPTION[:90]}),
        ("CAPTION", "textDelta", {"text": CAPTION[90:], "offset": 90}),
        ("CAPTION", "caption", {"text": CAPTION}),
        ("RETRIEVE", "stageStarted", {}),
        ("RETRIEVE", "references", {"references": REFERENCES}),
        ("DRAFT", "stageStarted", {}),
        ("DRAFT", "textDelta", {"draft": 1, "text": ABC[:70]}),
        ("DRAFT", "draft", {"number": 1, "kind": "DRAFT_KIND_INITIAL", "abc": ABC, "problems": [PROBLEM]}),
        ("DRAFT", "textDelta", {"draft": 2, "text": ABC[:80]}),
        ("DRAFT", "draft", {"number": 2, "kind": "DRAFT_KIND_REPAIR", "abc": ABC, "metrics": METRICS,
                            "changedBars": [{"voice": 1, "bar": 3}]}),
        ("REFINE", "stageStarted", {}),
        ("REFINE", "draft", {"number": 3, "kind": "DRAFT_KIND_REFINEMENT", "abc": ABC, "metrics": METRICS,
                             "changedBars": [{"voice": 1, "bar": b} for b in (3, 4, 5, 7)]}),
        ("EXPLAIN", "stageStarted", {}),
        ("EXPLAIN", "textDelta", {"text": MOTIVATION[:60]}),
        ("EXPLAIN", "explanation", {"motivation": MOTIVATION, "draft": 3, "faithfulness": 1.8}),
        ("ENGRAVE", "stageStarted", {}),
        ("ENGRAVE", "score", {"title": "Harbour Lights", "draft": 3, "rule": "The latest draft without problems.",
                              "originality": [{"referenceId": REFERENCES[0]["id"], "longestRun": 5}]}),
    ]  # fmt: skip
    return [event(number, stage, kind, body) for number, (stage, kind, body) in enumerate(told, 1)]


def event(number: int, stage: str, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    """One event in protobuf's JSON mapping."""
    seconds = 2.5 * number
    time = f"2026-01-01T12:{int(seconds // 60):02}:{seconds % 60:06.3f}Z"
    return {"sequence": str(number), "time": time, "stage": f"STAGE_{stage or 'UNSPECIFIED'}", kind: body}


def up_to(kind: str, count: int = 1) -> list[dict[str, Any]]:
    """The events up to and with the `count`-th of a kind."""
    told = events()
    places = [place for place, one in enumerate(told) if kind in one]
    return told[: places[count - 1] + 1]


@dataclass
class Script:
    """What the bridge answers. `events` may be appended to while a plugin watches."""

    events: list[dict[str, Any]] = field(default_factory=events)
    server: dict[str, str] = field(default_factory=lambda: {"state": "ready", "message": ""})
    refusals: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    """"POST /v1/compositions" → status and error."""
    picture: Path | None = None
    engraved: Path | None = None
    attended: Path | None = None
    earlier: list[dict[str, Any]] = field(default_factory=list)
    file: str = "/home/you/Music/Hartmann/Harbour Lights.musicxml"
    cut_after: int = 0
    """End the connection in the middle of a line after so many events, once."""
    silent: threading.Event = field(default_factory=threading.Event)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def tell(self, *more: dict[str, Any]) -> None:
        """Appends events, and wakes whoever watches."""
        with self.changed:
            self.events += more
            self.changed.notify_all()


class ScriptedBridge:
    """The script on a port of this machine; `asked` has every request as (method, path, body)."""

    def __init__(self, script: Script, port: int = 0) -> None:
        self.script = script
        self.asked: list[tuple[str, str, Any]] = []
        self.closing = threading.Event()
        bridge = self

        class Handler(_Handler):
            owner = bridge

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def requests(self, method: str, path: str) -> list[Any]:
        """The bodies of the requests of a kind."""
        return [body for verb, asked, body in self.asked if (verb, asked.split("?")[0]) == (method, path)]

    def write_connection(self, home: Path) -> None:
        """The file that names this bridge, where the plugin looks for it."""
        place = home / ".config" / "hartmann" / "bridge.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps({"url": self.url, "token": TOKEN, "pid": 1, "version": "0"}))

    def close(self) -> None:
        """Ends the server and every stream, as a killed process would."""
        self.closing.set()
        with self.script.changed:
            self.script.changed.notify_all()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@contextmanager
def scripted_bridge(script: Script, home: Path) -> Iterator[ScriptedBridge]:
    """A bridge whose file lies where the plugin looks for it."""
    bridge = ScriptedBridge(script)
    bridge.write_connection(home)
    try:
        yield bridge
    finally:
        bridge.close()


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    owner: ScriptedBridge
    protocol_version = "HTTP/1.1"

    def log_message(self, *words: object) -> None:
        """Nothing: requests are kept in `asked`."""

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def _answer(self, method: str) -> None:
        if self.owner.closing.is_set():
            self.close_connection = True
            return None
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        path = self.path.split("?")[0]
        if path.startswith("/media/"):
            return self._media(path.removeprefix("/media/"))
        self.owner.asked.append((method, self.path, body))
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._json(
                401, {"error": {"reason": "UNAUTHENTICATED", "message": "The token does not fit."}}
            )
        if refusal := self.owner.script.refusals.get(f"{method} {path}"):
            return self._json(refusal[0], {"error": refusal[1]})
        if path.endswith("/events"):
            return self._stream()
        return self._json(200, self._found(method, path, body))

    def _found(self, method: str, path: str, body: Any) -> Any:
        script, url = self.owner.script, self.owner.url
        if path == "/v1/health":
            return {
                "bridge": {"version": "0", "url": url},
                "server": {"address": "localhost:50051", **script.server},
                "musescore": {"path": "/usr/bin/mscore3", "version": "3.2.3"},
            }
        if path == "/v1/pictures/check":
            return {"path": body["path"], "format": "JPEG", "width": 1024, "height": 683, "bytes": 216000,
                    "url": f"{url}/media/picture"}  # fmt: skip
        if path.endswith("/pictures"):
            return self._pictures()
        if path.endswith(("/save", "/open")):
            return {"files": {"musicxml": script.file}, "opened_with": "mscore"}
        if path == "/v1/compositions" and method == "GET":
            return {"compositions": script.earlier, "next_page_token": ""}
        return {"id": "c1", "state": "queued", "prompt": "", "wishes": {}, "seed": 7, "error": None, "files": None,
                "created": "2026-01-01T12:00:00Z", "picture_url": f"{url}/media/picture"}  # fmt: skip

    def _pictures(self) -> dict[str, Any]:
        media = f"{self.owner.url}/media"
        drafts = [one["draft"]["number"] for one in self.owner.script.events if "draft" in one]
        attention = None
        if any("explanation" in one for one in self.owner.script.events):
            sections = [{"name": name, "label": f"{name} · {where}", "url": f"{media}/attended"}
                        for name, where in (("A", "the upper left"), ("B", "the lower right"))]  # fmt: skip
            bars = [{"voice": 1, "bar": bar, "url": f"{media}/attended"} for bar in range(1, 9)]
            attention = {"whole": f"{media}/attended", "sections": sections, "bars": bars}
        engraved = [{"number": n, "svg": "", "png": f"{media}/engraved?{n}"} for n in drafts]
        return {"picture": f"{media}/picture", "attention": attention, "drafts": engraved}

    def _media(self, name: str) -> None:
        script = self.owner.script
        path = {"picture": script.picture, "engraved": script.engraved, "attended": script.attended}[name]
        content = path.read_bytes() if path else _plain()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _json(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _stream(self) -> None:
        with contextlib.suppress(ConnectionError):
            self._lines()

    def _lines(self) -> None:
        script = self.owner.script
        after = int(dict(pair.split("=") for pair in self.path.split("?")[1].split("&"))["after"])
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        sent = after
        while not self.owner.closing.is_set():
            for one in script.events[sent:]:
                line = json.dumps(one).encode() + b"\n"
                sent += 1
                if script.cut_after and sent > script.cut_after:
                    script.cut_after = 0
                    self.wfile.write(line[: len(line) // 2])
                    return
                self.wfile.write(line)
                self.wfile.flush()
                if {"score", "failed", "cancelled"} & one.keys():
                    return
            with script.changed:
                if len(script.events) <= sent and not self.owner.closing.is_set():
                    script.changed.wait(0.2)


def _plain() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (60, 40), (120, 160, 200)).save(file, "PNG")
    return file.getvalue()
