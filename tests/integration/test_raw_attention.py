"""Raw attention in a file: every layer's and head's matrix is transformers' own, and the file is a safetensors file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from eager_attention import eager_matrices
from models import photograph, save_tiny_model
from safetensors.numpy import load_file

from hartmann.errors import AttentionUnavailable, InvalidRequest
from hartmann.vision import raw_attention
from hartmann.vision.image_grid import layout_of
from hartmann.vision.language_model import Message, Role
from hartmann.vision.raw_attention import RawAttention, RawType, write_raw
from hartmann.vision.transformers_model import TransformersModel

pytestmark = pytest.mark.integration

ASKED = (Message(Role.USER, "What do you see?", picture=True),)
FINISHED = (*ASKED, Message(Role.ASSISTANT, "a wide warm picture"))
UNLIMITED = 1 << 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def model(folder: Path) -> TransformersModel:
    return TransformersModel.load(folder, threads=1)


@pytest.fixture(scope="module")
def matrices(model: TransformersModel) -> np.ndarray:
    """Eager attention, shape (tokens, layers, heads, |I|)."""
    return eager_matrices(model, ASKED, photograph(), FINISHED[-1].text).numpy()


def header_of(path: Path) -> dict[str, object]:
    body = path.read_bytes()
    return json.loads(body[8 : 8 + int.from_bytes(body[:8], "little")])["__metadata__"]


def test_every_layer_and_head_is_that_of_eager_attention(
    model: TransformersModel, matrices: np.ndarray, tmp_path: Path
) -> None:
    target = tmp_path / "raw.safetensors"
    write_raw(model.attend_each(FINISHED, photograph()), target, {}, RawType.FLOAT32, UNLIMITED)
    np.testing.assert_allclose(load_file(target)["attention"], matrices, rtol=1e-4, atol=1e-8)


def test_half_precision_is_half_as_large_and_three_digits_exact(
    model: TransformersModel, matrices: np.ndarray, tmp_path: Path
) -> None:
    target = tmp_path / "raw.safetensors"
    write_raw(model.attend_each(FINISHED, photograph()), target, {}, RawType.FLOAT16, UNLIMITED)
    stored = load_file(target)["attention"]
    assert stored.nbytes == 2 * matrices.size
    np.testing.assert_allclose(stored, matrices, rtol=1e-3, atol=1e-7)


def test_a_file_written_token_by_token_is_the_same(
    model: TransformersModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, piecewise = tmp_path / "whole", tmp_path / "piecewise"
    write_raw(model.attend_each(FINISHED, photograph()), whole, {}, RawType.FLOAT32, UNLIMITED)
    monkeypatch.setattr(raw_attention, "BLOCK_BYTES", 1)
    raw = model.attend_each(FINISHED, photograph())
    write_raw(raw, piecewise, {}, RawType.FLOAT32, UNLIMITED)
    np.testing.assert_allclose(load_file(piecewise)["attention"], load_file(whole)["attention"], rtol=1e-4)


def test_its_mean_on_the_cells_is_what_the_model_attends_to(model: TransformersModel, tmp_path: Path) -> None:
    target = tmp_path / "raw.safetensors"
    write_raw(model.attend_each(FINISHED, photograph()), target, {}, RawType.FLOAT32, UNLIMITED)
    stored = load_file(target)
    mean = np.tensordot(stored["attention"].mean(axis=(1, 2)), stored["cells"], 1)
    record = model.attend(FINISHED, photograph())
    assert mean.shape[1:] == (record.grid.rows, record.grid.columns)
    np.testing.assert_allclose(mean.reshape(record.weights.shape), record.weights, rtol=1e-4)


def test_the_file_says_what_its_numbers_are_of(model: TransformersModel, tmp_path: Path) -> None:
    target = tmp_path / "raw.safetensors"
    write_raw(
        model.attend_each(FINISHED, photograph()), target, {"model": "tiny"}, RawType.FLOAT16, UNLIMITED
    )
    told = {name: json.loads(value) for name, value in header_of(target).items()}
    assert told["text"] == FINISHED[-1].text
    assert "".join(told["text"][start:end] for start, end in told["tokens"]) == told["text"]
    assert told["model"] == "tiny"
    assert told["axes"] == ["tokens", "layers", "heads", "image tokens"]


def test_chosen_layers_and_heads_alone_are_averaged_and_written(folder: Path, matrices: np.ndarray) -> None:
    model = TransformersModel.load(folder, threads=1, attention_layers="last half", attention_heads="0,2")
    layers = list(range(matrices.shape[1] - round(matrices.shape[1] / 2), matrices.shape[1]))
    chosen = matrices[:, layers][:, :, [0, 2]]
    record = model.attend(FINISHED, photograph())
    np.testing.assert_allclose(record.weights, chosen.mean(axis=(1, 2)), rtol=1e-4)
    raw = model.attend_each(FINISHED, photograph())
    assert (raw.layers, raw.heads) == (tuple(layers), (0, 2))
    np.testing.assert_allclose(np.concatenate(list(raw.blocks)), chosen, rtol=1e-4, atol=1e-8)
    assert "heads 0, 2" in model.info.attention


def test_a_layer_that_the_model_does_not_have_is_named_when_it_is_loaded(folder: Path) -> None:
    with pytest.raises(InvalidRequest, match="there is no layer 99: the model has"):
        TransformersModel.load(folder, threads=1, attention_layers="99")


def made(blocks: list[np.ndarray], tokens: int = 4) -> RawAttention:
    spans = tuple((n, n + 1) for n in range(tokens))
    return RawAttention("abcd", spans, layout_of(9, {}, 1), (0, 1), (0, 1, 2), iter(blocks))


def test_what_is_larger_than_the_limit_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    def never() -> np.ndarray:
        raise AssertionError("nothing may be computed")
        yield

    target = tmp_path / "raw"
    raw = RawAttention(
        "a", ((0, 1),) * 1000, layout_of(900, {}, 1), tuple(range(36)), tuple(range(32)), never()
    )
    with pytest.raises(
        InvalidRequest, match=r"takes 1,978 MiB \(1000 tokens × 36 layers × 32 heads × 900 image"
    ):
        write_raw(raw, target, {}, RawType.FLOAT16, 1 << 30)
    assert not target.exists()


@pytest.mark.parametrize("blocks", [[np.zeros((4, 1, 3, 9))], [np.zeros((3, 2, 3, 9))], []])
def test_a_file_that_would_not_be_whole_is_not_left_behind(tmp_path: Path, blocks: list[np.ndarray]) -> None:
    with pytest.raises(AttentionUnavailable):
        write_raw(made(blocks), tmp_path / "raw", {}, RawType.FLOAT32, UNLIMITED)
    assert not list(tmp_path.iterdir())
