"""The weights that ship: small, safe to load, and good enough to say true things."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from hartmann.training.evaluation import Piece, caption_truth, compose, motivation_truth, validity
from hartmann.training.gallery import HELD_OUT_SEED
from hartmann.training.pictures import paint
from hartmann.vision.mini import clip_folder, vlm_folder

pytestmark = pytest.mark.integration

PICTURES = 6


@pytest.fixture(scope="module")
def pieces() -> list[Piece]:
    from hartmann.vision.transformers_model import TransformersModel

    model: Any = TransformersModel.load(vlm_folder(), profile="compact")
    return [compose(model, paint(Random(HELD_OUT_SEED + n)), n) for n in range(PICTURES)]


def test_weights_take_at_most_forty_megabytes_and_hold_no_pickle() -> None:
    files = [f for folder in (vlm_folder(), clip_folder()) for f in folder.rglob("*") if f.is_file()]
    assert sum(f.stat().st_size for f in files) <= 40e6
    assert {f.suffix for f in files} <= {".safetensors", ".json", ".jinja", ".md"}


def test_model_card_stands_beside_the_weights() -> None:
    assert "music21" in (Path(vlm_folder()).parent / "MODEL_CARD.md").read_text()


def test_captions_of_unseen_scenes_are_mostly_true(pieces: list[Piece]) -> None:
    assert caption_truth(pieces)["all"] >= 0.7


def test_tunes_under_the_grammar_have_only_exact_bars(pieces: list[Piece]) -> None:
    assert validity([p.tune for p in pieces]) == {"tunes without errors": 1.0, "bars without errors": 1.0}


def test_different_pictures_get_different_tunes(pieces: list[Piece]) -> None:
    assert len({p.tune for p in pieces}) == PICTURES


def test_motivations_speak_of_the_tune(pieces: list[Piece]) -> None:
    assert motivation_truth(pieces)["meter"] >= 0.5
