"""A local model whose context is too small for the references: a real server's draft says what it was shown."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from models import save_tiny_model
from running_server import running_server, settings_for
from scripted_models import SPACE, ScriptedEmbedder

from hartmann.library.ingest.describing import Piece, describe_abc
from hartmann.serving.startup import Engine, Models, OnProgress, Sources
from hartmann.settings import Settings
from hartmann.v1 import composition_pb2 as pb
from hartmann.vision.model_thread import ModelThread
from hartmann.vision.transformers_model import TransformersModel

pytestmark = pytest.mark.integration

CONTEXT_TOKENS = 4096
"""The tiny model reads a byte a token: the full prompts take about 2,500, each reference 1,400 more."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = save_tiny_model(tmp_path_factory.mktemp("tiny"))
    config = json.loads((folder / "config.json").read_text())
    config["text_config"]["max_position_embeddings"] = CONTEXT_TOKENS
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def long_piece(number: int) -> Piece:
    line = "|".join(f"{'CDEFGAB'[(number + step) % 7]}2E2 G2c2" for step in range(4))
    abc = f"X:1\nT:Tune {number}\nM:4/4\nL:1/8\nK:C\n" + f"{line}|\n" * 40
    piece = describe_abc(f"test/{number}", abc, source="test", licence="CC0", caption=f"tune number {number}")
    assert isinstance(piece, Piece)
    return piece


async def fill_with_long_tunes(engine: Engine, on_progress: OnProgress) -> None:
    pieces = [long_piece(number) for number in range(4)]
    vectors = await engine.models.embedder.embed_texts([piece.caption for piece in pieces])
    await engine.library.add(pieces, SPACE, vectors)
    on_progress("Filling the library", len(pieces), len(pieces))


async def test_the_draft_of_a_model_with_a_small_context_says_what_it_was_shown(
    database_url: str, folder: Path
) -> None:
    def load(settings: Settings, with_vision: bool) -> Models:
        del settings, with_vision
        return Models(
            ModelThread(TransformersModel.load(folder, profile="full", threads=1)), ScriptedEmbedder()
        )

    settings = settings_for(database_url, references_per_side=2)
    sources = Sources(load, fill_with_long_tunes)
    async with running_server(settings, sources=sources) as server:
        name = await server.create(wishes=pb.Wishes(bars=4))
        references = (await server.until(name, "references")).references
        draft = (await server.until(name, "draft")).draft
        await server.compositions.CancelComposition(pb.CancelCompositionRequest(name=name))
    assert len(references.references) > 1
    assert re.search(
        r"references, shortened, to fit the model's context|all references shortened", draft.note
    )
    assert draft.abc
