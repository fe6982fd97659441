"""The recorded attention is the model's own: against eager attention with every matrix kept, and cell by cell."""

from pathlib import Path

import numpy as np
import pytest
import torch
from eager_attention import eager_matrices
from models import photograph, save_tiny_model
from PIL import Image

from hartmann.errors import AttentionUnavailable
from hartmann.vision.image_attention import image_rows
from hartmann.vision.image_grid import layout_of
from hartmann.vision.language_model import GenerationRequest, ImageGrid, Message, Role, Sampling
from hartmann.vision.transformers_model import TransformersModel

pytestmark = pytest.mark.integration

ASKED = (Message(Role.USER, "What do you see?", picture=True),)
ANSWER = "a wide warm picture with a low horizon"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def model(folder: Path) -> TransformersModel:
    return TransformersModel.load(folder, threads=1)


@pytest.mark.parametrize("size", [(280, 168), (140, 224)])
def test_the_rows_equal_eager_attention(model: TransformersModel, size: tuple[int, int]) -> None:
    picture = photograph(*size)
    recorded = model.attend((*ASKED, Message(Role.ASSISTANT, ANSWER)), picture).weights
    eager = eager_matrices(model, ASKED, picture, ANSWER).mean(dim=(1, 2))
    np.testing.assert_allclose(recorded, eager.numpy(), rtol=1e-4)


def test_attention_differs_between_tokens_and_cells(model: TransformersModel) -> None:
    weights = model.attend((*ASKED, Message(Role.ASSISTANT, ANSWER)), photograph()).weights
    assert weights.std(axis=1).min() > 1e-4
    assert weights.std(axis=0).max() > 1e-4


def test_greedy_writing_equals_that_of_transformers(model: TransformersModel, folder: Path) -> None:
    from transformers import AutoModelForImageTextToText

    plain = AutoModelForImageTextToText.from_pretrained(folder, attn_implementation="eager", dtype="float32")
    prompt = model._prompter.build(ASKED, photograph())
    kinds = [*prompt.per_token["mm_token_type_ids"], *[0] * len(prompt.ids)][: len(prompt.ids)]
    expected = (
        plain.eval()
        .generate(
            input_ids=torch.tensor([prompt.ids]),
            mm_token_type_ids=torch.tensor([kinds]),
            **prompt.tensors,
            max_new_tokens=24,
            do_sample=False,
            suppress_tokens=np.flatnonzero(~model._vocabulary.writable).tolist(),
        )[0, len(prompt.ids) :]
        .tolist()
    )
    wish = GenerationRequest(ASKED, Sampling(seed=1, temperature=0, max_tokens=24), photograph())
    assert model.generate(wish).text == model._decode(expected).replace("\ufffd", "")


@pytest.mark.parametrize("size", [(280, 168), (168, 280), (420, 140), (196, 196)])
def test_a_change_in_one_region_moves_the_token_of_its_cell(
    model: TransformersModel, size: tuple[int, int]
) -> None:
    picture = photograph(*size)
    prompt = model._prompter.build(ASKED, picture)
    grid = prompt.layout.grid
    assert grid.rows * grid.columns == len(prompt.columns)
    assert abs(grid.columns / grid.rows / (size[0] / size[1]) - 1) < 0.35
    for cell in (0, grid.columns - 1, grid.columns * (grid.rows // 2) + 1, grid.rows * grid.columns - 1):
        row, column = divmod(cell, grid.columns)
        box = (
            column * size[0] // grid.columns,
            row * size[1] // grid.rows,
            (column + 1) * size[0] // grid.columns,
            (row + 1) * size[1] // grid.rows,
        )
        changed = picture.copy()
        changed.paste(tuple(255 - int(value) for value in np.asarray(picture.crop(box)).mean((0, 1))), box)
        moved = (seen(model, changed) - seen(model, picture)).norm(dim=-1)
        assert int(moved.argmax()) == cell


def seen(model: TransformersModel, picture: Image.Image) -> torch.Tensor:
    """The embeddings of the image tokens, shape (tokens, size)."""
    tensors = model._prompter.build(ASKED, picture).tensors
    with torch.no_grad():
        features = model._model.model.get_image_features(
            pixel_values=tensors["pixel_values"], image_grid_thw=tensors["image_grid_thw"]
        )
    return torch.cat(list(features.pooler_output))


def test_rows_hide_the_future() -> None:
    generator = torch.Generator().manual_seed(1)
    query = torch.randn(1, 4, 3, 8, generator=generator)
    key = torch.randn(1, 2, 6, 8, generator=generator)
    rows = image_rows(query, key, None, None, torch.arange(6))
    assert torch.allclose(rows.sum(dim=1), torch.ones(3))
    assert (rows[0, 4:] == 0).all()
    assert rows[1, 5] == 0


def test_grouped_heads_meet_their_own_keys() -> None:
    generator = torch.Generator().manual_seed(2)
    query = torch.randn(1, 6, 2, 8, generator=generator)
    key = torch.randn(1, 3, 5, 8, generator=generator)
    grouped = image_rows(query, key, None, 0.3, torch.arange(5))
    repeated = image_rows(query, key.repeat_interleave(2, dim=1), None, 0.3, torch.arange(5))
    assert torch.allclose(grouped, repeated)


def test_a_boolean_mask_and_an_additive_one_hide_the_same() -> None:
    query, key = torch.randn(1, 2, 1, 4), torch.randn(1, 2, 5, 4)
    seen_keys = torch.tensor([True, False, True, True, False]).view(1, 1, 1, 5)
    additive = torch.where(seen_keys, 0.0, torch.finfo(torch.float32).min)
    columns = torch.arange(5)
    boolean = image_rows(query, key, seen_keys, None, columns)
    assert torch.allclose(boolean, image_rows(query, key, additive, None, columns))
    assert (boolean[0, [1, 4]] == 0).all()


def test_a_square_of_tokens_is_a_square_grid() -> None:
    assert layout_of(576, {}, 1).grid == ImageGrid(24, 24)


def test_merged_patches_are_cells() -> None:
    assert layout_of(15, {"image_grid_thw": torch.tensor([[1, 6, 10]])}, 2).grid == ImageGrid(3, 5)


def test_tiles_stand_where_they_were_cut_and_the_overview_spreads() -> None:
    layout = layout_of(4 * 7, {"rows": [[2]], "cols": [[3]]}, 1)
    assert layout.grid == ImageGrid(4, 6)
    shares = layout.shares.reshape(28, 4, 6)
    assert shares[0, 0, 0] == 1
    assert shares[4 * 5 + 3, 3, 5] == 1
    assert shares[4 * 2 + 1, 0, 5] == 1
    overview = shares[24 + 1]
    assert overview[:2, 3:].ravel().tolist() == pytest.approx([1 / 6] * 6)
    assert overview[2:].sum() == 0
    assert layout.on_cells(np.ones((2, 28), np.float32)).sum() == pytest.approx(56)


@pytest.mark.parametrize("tokens", [0, 7])
def test_tokens_that_form_no_grid_are_refused(tokens: int) -> None:
    with pytest.raises(AttentionUnavailable, match=f"{tokens} image tokens form no grid"):
        layout_of(tokens, {}, 1)
