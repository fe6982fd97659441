"""`hartmann attention` from end to end, with a tiny model: what it writes is what the model attends to."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from models import photograph, save_tiny_model
from safetensors import safe_open

from hartmann.cli import main
from hartmann.composing.explaining import heat_of, spans_of_score
from hartmann.composing.replaying import Finished, PartKind, composed, heats_of
from hartmann.notation.checking import check
from hartmann.vision.language_model import AttentionRecord, ImageGrid
from hartmann.vision.transformers_model import TransformersModel

pytestmark = pytest.mark.integration

TUNE = "X:1\nT:Two\nM:2/4\nL:1/8\nK:G\nV:1\nGABc|d2B2|\nV:2\nG2G2|D2D2|\nV:1\nABcd|G4|]\nV:2\nD2D2|G4|]"
CAPTION = "A boat at rest. The water is dark."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("tiny"))


def test_maps_and_raw_attention_of_a_picture_and_a_tune(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    picture, tune = tmp_path / "boat.png", tmp_path / "tune.abc"
    maps, raw = tmp_path / "maps.png", tmp_path / "raw.safetensors"
    photograph().save(picture)
    tune.write_text(TUNE)
    settings = {"VISION_MODEL": folder, "PROMPT_PROFILE": "compact", "TORCH_THREADS": 1}
    for name, value in settings.items():
        monkeypatch.setenv(f"HARTMANN_{name}", str(value))
    arguments = ["attention", picture, tune, "--caption", CAPTION, "-o", maps, "--by", "bar", "--raw", raw]
    monkeypatch.setattr(sys, "argv", ["hartmann", *map(str, arguments), "--raw-type", "float32"])
    with pytest.raises(SystemExit) as end:
        sys.exit(main())
    assert not end.value.code
    assert capsys.readouterr().out == f"{maps}\n{raw}\n"
    assert maps.read_bytes().startswith(b"\x89PNG")

    model = TransformersModel.load(folder, threads=1)
    conversation = composed(Finished(CAPTION, TUNE), "compact")
    record = model.attend(conversation, photograph())
    score = check(TUNE).score
    assert score is not None
    expected = {(s.kind, s.voice, s.label): s.heat for s in spans_of_score(score, record)}
    with safe_open(raw, "numpy") as file:
        a, cells = file.get_tensor("attention"), file.get_tensor("cells")
        parts = json.loads(file.metadata()["parts"])
    assert len(parts) == len(expected) == 8
    for part in parts:
        tokens = a[part["first_token"] : part["last_token"]]
        heat = np.tensordot(tokens.mean(axis=(0, 1, 2)), cells, 1)
        key = (part["kind"], part["voice"], part["label"])
        np.testing.assert_allclose(heat / heat.sum(), expected[key], rtol=1e-3)


def test_the_map_of_a_voice_is_that_of_its_bars_wherever_they_stand() -> None:
    score = check(TUNE).score
    assert score is not None
    weights = np.random.default_rng(1).random((len(TUNE), 6)).astype(np.float32)
    record = AttentionRecord(weights, tuple((n, n + 1) for n in range(len(TUNE))), ImageGrid(2, 3))
    labels, heats = zip(*heats_of(score, record, PartKind.VOICE), strict=True)
    assert labels == ("voice 1", "voice 2")
    rows = [n for bar in score.voices[1].bars for n in range(bar.place.start, bar.place.end)]
    expected = weights[rows].sum(axis=0)
    np.testing.assert_allclose(heats[1].ravel(), expected / expected.sum(), rtol=1e-5)
    assert not np.allclose(heats[1], heat_of(record, min(rows), max(rows) + 1))
