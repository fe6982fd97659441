"""The installed `hartmann serve` composes with a model behind another server, and outlives whatever that one does.

The model's server is real HTTP in the test's process; the library holds a few tunes, noted as complete, so that the
command does not fill it with thousands.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from openai_server import Serving, endless, openai_server, pieces, silence, slowly, status
from PIL import Image
from scripted_models import CAPTION, MOTIVATION, PIECE_TOKENS, TUNES

from hartmann.client import Client
from hartmann.library.ingest.corpus import fill_library
from hartmann.library.ingest.music21_tunes import Tune
from hartmann.storage import migrating
from hartmann.storage.database import connect
from hartmann.v1 import composition_pb2 as pb
from hartmann.vision.language_model import Finish, Generation, GenerationRequest, Role
from hartmann.vision.mini import clip_folder

pytestmark = pytest.mark.integration

HARTMANN = Path(sys.executable).parent / "hartmann"
PATIENCE_SECONDS = 240
SILENCE_SECONDS = 2.0


class Author:
    """What the remote model says: a description, a tune, reasons; it heeds stop strings and goes on where it was."""

    def generate(
        self, request: GenerationRequest, on_text: Callable[[str], None], should_stop: Callable[[], bool]
    ) -> Generation:
        text = self._whole(request)
        last = request.conversation[-1]
        if last.role is Role.ASSISTANT:
            text = text.removeprefix(last.text)
        for stop in request.sampling.stop:
            text = text.partition(stop)[0]
        for word in text.split(" "):
            on_text(word if text.endswith(word) else f"{word} ")
        return Generation(text, Finish.STOP, len(text), 700)

    @staticmethod
    def _whole(request: GenerationRequest) -> str:
        if request.sampling.max_tokens >= PIECE_TOKENS:
            return TUNES[request.sampling.seed % len(TUNES)]
        return CAPTION if len(request.conversation) == 1 else MOTIVATION


class MiniSpace:
    """Vectors in the space of the mini CLIP, without its weights: which piece is found does not matter here."""

    space = "mini/v1"

    async def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        config = json.loads((clip_folder() / "open_clip_config.json").read_text())
        rows = np.random.default_rng(len(texts)).normal(size=(len(texts), config["model_cfg"]["embed_dim"]))
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def fill(database_url: str) -> str:
    """Put a library of three tunes into a database, noted as complete, and give back its URL."""

    def tunes() -> list[Tune]:
        return [
            Tune(f"test/{number}", text, "test tunes", "CC0", "", "") for number, text in enumerate(TUNES)
        ]

    async def run() -> None:
        database = connect(database_url)
        await fill_library(database, MiniSpace(), tunes=tunes, processes=1)
        await database.close()

    asyncio.run(run())
    return database_url


@pytest.fixture(scope="module")
def library(database_url: str) -> str:
    """The module's database, filled."""
    return fill(database_url)


def environment(database_url: str, home: Path, model: str, **settings: object) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HARTMANN_", "DATA"))}
    wishes = {
        "database_url": database_url,
        "data_dir": home / "data",
        "vision_model": model,
        "remote_silence_seconds": SILENCE_SECONDS,
        "remote_retries": 1,
        "max_refinements": 0,
        "references_per_side": 1,
        "torch_threads": 1,
        **settings,
    }
    return (
        kept
        | {"HOME": str(home)}
        | {f"HARTMANN_{name.upper()}": str(value) for name, value in wishes.items()}
    )


@contextmanager
def serve(database_url: str, home: Path, model: str, **settings: object) -> Iterator[str]:
    """The address of `hartmann serve`; it must be alive at the end and leave when it is told to."""
    log = home / "serve.log"
    with log.open("w") as errors:
        process = subprocess.Popen(
            [HARTMANN, "serve", "--listen", "127.0.0.1:0"],
            env=environment(database_url, home, model, **settings),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            assert said.startswith("ready at "), log.read_text()
            yield said.removeprefix("ready at ").strip()
            assert process.poll() is None, log.read_text()
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0
    assert "Traceback" not in log.read_text()


class Remote:
    """The model's server, which can go down and come up again at the same address."""

    def __init__(self) -> None:
        self.serving = Serving()
        self._open = ExitStack()
        self.up()

    @property
    def trouble(self) -> list[Any]:
        """How the coming calls will go wrong."""
        return self.serving.trouble

    @property
    def url(self) -> str:
        """Its address."""
        return self.serving.url

    def up(self) -> None:
        """Answer, from now on."""
        port = int(self.url.removesuffix("/v1").rpartition(":")[2] or 0)
        self._open.enter_context(openai_server(Author(), port=port, serving=self.serving))

    def down(self) -> None:
        """Leave: open streams break, and nobody listens."""
        self._open.close()


@pytest.fixture(scope="module")
def remote() -> Iterator[Remote]:
    model = Remote()
    yield model
    model.down()


@pytest.fixture(scope="module")
def server(library: str, remote: Remote, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(library, tmp_path_factory.mktemp("home"), remote.url) as address:
        yield address


def picture() -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(file, "PNG")
    return file.getvalue()


def composed(server: str) -> list[pb.CompositionEvent]:
    with Client(server) as client:
        return list(client.compose(picture(), seed=7))


def last(events: list[pb.CompositionEvent], kind: str) -> pb.CompositionEvent:
    found = [event for event in events if event.WhichOneof("event") == kind]
    assert found, [event.WhichOneof("event") for event in events]
    return found[-1]


def test_the_whole_way_with_a_remote_model_is_told_in_words(
    server: str, remote: Remote, tmp_path: Path
) -> None:
    (tmp_path / "view.png").write_bytes(picture())
    done = subprocess.run(
        [HARTMANN, "compose", tmp_path / "view.png", "--server", server, "--output", tmp_path, "--json"],
        env=environment("", tmp_path, remote.url),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    order = ["accepted", "caption", "references", "draft", "explanation", "score"]
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [kind for event in events for kind in order if kind in event] == order
    (explanation,) = tmp_path.glob("*.explanation.md")
    assert "The wide field asks for long notes" in explanation.read_text()
    assert "This model records no attention" in explanation.read_text()
    assert list(tmp_path.glob("*.musicxml"))
    assert not list(tmp_path.glob("*.attention.png"))


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param([status(429, retry_after="0")], id="busy once"),
        pytest.param([status(500)], id="broken once"),
        pytest.param([status(503, "<h1>Bad gateway</h1>")], id="a proxy's page once"),
        pytest.param([slowly(*CAPTION.split(" ")[:5], seconds=SILENCE_SECONDS / 4)], id="slow"),
        pytest.param([pieces(CAPTION), pieces("I can't.")], id="no music at first"),
        pytest.param([pieces(CAPTION), endless("la ")], id="an endless draft"),
    ],
)
def test_passing_trouble_is_overcome(server: str, remote: Remote, trouble: list[object]) -> None:
    remote.trouble[:] = trouble
    events = composed(server)
    assert events[-1].WhichOneof("event") == "score", events[-1]
    assert not remote.trouble


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        pytest.param([status(429, retry_after="0")] * 2, "is busy", id="busy"),
        pytest.param([status(500)] * 2, "failed with 500: trouble 500", id="broken"),
        pytest.param([status(401)], "HARTMANN_REMOTE_API_KEY", id="wrong key"),
        pytest.param([status(200, "<html><h1>Hello</h1>")], "text/html instead of events", id="a web page"),
        pytest.param([silence()] * 2, "said nothing for 2 seconds", id="silence"),
        pytest.param([pieces("")], "described the picture with no words", id="an empty answer"),
        pytest.param(
            [pieces(CAPTION), pieces("X:1\nT:", finish=None, done=False)], "broke off", id="cut in a draft"
        ),
    ],
)
def test_lasting_trouble_fails_the_composition_and_not_the_server(
    server: str, remote: Remote, trouble: list[object], said: str
) -> None:
    remote.trouble[:] = trouble
    events = composed(server)
    assert said in last(events, "failed").failed.message
    assert not remote.trouble


def test_a_context_that_overflows_shows_fewer_references_and_the_draft_says_so(
    server: str, remote: Remote
) -> None:
    said = "This model's maximum context length is 2048 tokens and your request has 1500 input tokens"
    remote.trouble[:] = [pieces(CAPTION), status(400, {"error": {"message": said}})]
    events = composed(server)
    drafts = [event.draft for event in events if event.WhichOneof("event") == "draft"]
    assert re.fullmatch("shown none of [12] references, to fit the model's context", drafts[0].note)
    assert "Reference 1" not in remote.serving.bodies[-1]["messages"][2]["content"]
    assert events[-1].WhichOneof("event") == "score"


def test_a_model_that_goes_down_in_a_draft_fails_it_and_serves_again_when_it_is_back(
    server: str, remote: Remote
) -> None:
    remote.trouble[:] = [pieces(CAPTION), silence()]
    events = []
    with Client(server) as client:
        for event in client.compose(picture(), seed=7):
            events.append(event)
            if event.stage == pb.STAGE_DRAFT and event.WhichOneof("event") == "stage_started":
                remote.down()
    remote.up()
    assert "can't be reached" in last(events, "failed").failed.message
    assert last(composed(server), "score").score.musicxml


def test_attention_is_a_local_witness_s(empty_database_url: str, remote: Remote, tmp_path: Path) -> None:
    migrating.upgrade(
        empty_database_url
    )  # its own: the other server's worker, without a witness, leaves it alone
    settings = {"attention_model": "mini", "measure_faithfulness": False}
    with serve(fill(empty_database_url), tmp_path, remote.url, **settings) as address:
        events = composed(address)
    explanation = last(events, "explanation").explanation
    tokens, rows, columns = explanation.attention.shape
    assert tokens > 20
    assert (rows, columns) == (explanation.grid.rows, explanation.grid.columns)
    kinds = {pb.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_").lower() for span in explanation.spans}
    assert kinds == {"section", "bar", "caption", "motivation"}
    assert explanation.motivation == MOTIVATION
    assert last(events, "score").score.musicxml


def test_a_model_that_is_down_at_the_start_is_a_sentence_and_an_exit_code(
    library: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [HARTMANN, "serve", "--listen", "127.0.0.1:0"],
        env=environment(library, tmp_path, "http://127.0.0.1:9/v1"),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 3
    assert "the model's server http://127.0.0.1:9/v1 can't be reached" in done.stderr
    assert "Traceback" not in done.stderr
