"""The weights that ship: small, safe to load, and good enough to say true things."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from hartmann.training.evaluation.captions import caption_figures
from hartmann.training.evaluation.exhibition import held_out_picture
from hartmann.training.evaluation.explanations import motivation_figures
from hartmann.training.evaluation.gathering import load_studio
from hartmann.training.evaluation.pieces import Piece
from hartmann.training.evaluation.shelf import Shelf
from hartmann.training.evaluation.studio import Studio
from hartmann.training.evaluation.validity import validity
from hartmann.vision.mini import clip_folder, vlm_folder

pytestmark = pytest.mark.integration

PICTURES = 3


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    shelf = tmp_path_factory.mktemp("studio") / "shelf.pickle"
    shelf.write_bytes(pickle.dumps(Shelf((), np.zeros((0, 128), np.float32), "mini/v1")))
    with load_studio(shelf, threads=1) as studio:
        yield studio


@pytest.fixture(scope="module")
def pieces(studio: Studio) -> list[Piece]:
    async def made() -> list[Piece]:
        pictures = [held_out_picture(number, ()) for number in range(PICTURES)]
        return [
            await studio.piece(number, picture, is_photograph=False, whole=True)
            for number, picture in enumerate(pictures)
        ]

    return asyncio.run(made())


def test_weights_take_at_most_forty_megabytes_and_hold_no_pickle() -> None:
    files = [f for folder in (vlm_folder(), clip_folder()) for f in folder.rglob("*") if f.is_file()]
    assert sum(f.stat().st_size for f in files) <= 40e6
    assert {f.suffix for f in files} <= {".safetensors", ".json", ".jinja", ".md"}


def test_model_card_stands_beside_the_weights() -> None:
    assert "music21" in (Path(vlm_folder()).parent / "MODEL_CARD.md").read_text()


def test_captions_of_unseen_scenes_are_mostly_true(pieces: list[Piece]) -> None:
    figures = caption_figures(pieces)
    assert figures["written"]["all"] >= 0.7
    assert figures["shown"]["all"] == 1.0


def test_tunes_under_the_grammar_have_only_exact_bars(pieces: list[Piece]) -> None:
    found = validity([p.draft for p in pieces])
    assert (found["tunes without errors"], found["bars without errors"]) == (1.0, 1.0)


def test_different_pictures_get_different_tunes(pieces: list[Piece]) -> None:
    assert len({p.draft for p in pieces}) == PICTURES


def test_motivations_that_are_kept_say_nothing_false_of_the_tune(pieces: list[Piece]) -> None:
    kept = motivation_figures([p.explanation for p in pieces if p.explanation])["kept"]
    shares = {kind: share for kind, share in kept.items() if not kind.startswith("naming")}
    assert shares
    assert set(shares.values()) == {1.0}
