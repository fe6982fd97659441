"""Every family's recorded attention is its own, by eager attention over the whole sequence; and what a region of the
picture changes is the image tokens that are said to lie there, whatever the picture's shape."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from eager_attention import eager_matrices
from model_families import FAMILIES, WITH_CODE, in_one_pass, modules_of_folders, save_family
from models import photograph
from numpy.typing import NDArray
from PIL import Image

from hartmann.vision.chat_prompt import Prompt
from hartmann.vision.image_grid import ImageGrid
from hartmann.vision.language_model import GenerationRequest, Message, Role, Sampling
from hartmann.vision.transformers_model import TransformersModel

pytestmark = pytest.mark.integration

ASKED = (Message(Role.USER, "What do you see?", picture=True),)
ANSWER = "warm light over a low horizon"
SHAPES = {"wide": (420, 140), "a photograph's": (280, 168), "tall": (140, 224), "square": (196, 196)}
GRIDS = {
    "qwen2-vl": ImageGrid(4, 8),
    "qwen2.5-vl": ImageGrid(4, 8),
    "qwen3-vl": ImageGrid(4, 8),
    "keye": ImageGrid(4, 8),
    "llava": ImageGrid(4, 7),
    "llava-onevision": ImageGrid(8, 12),
    "gemma3": ImageGrid(4, 4),
    "idefics3": ImageGrid(8, 12),
    "smolvlm": ImageGrid(8, 12),
    "internvl": ImageGrid(8, 12),
}
"""Of a photograph of 280 × 168 pixels, by each family's published rule with the tiny models' sizes."""


@pytest.fixture(scope="module", autouse=True)
def _code_of_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with modules_of_folders(tmp_path_factory.mktemp("modules")):
        yield


@pytest.fixture(scope="module", params=[*FAMILIES, *WITH_CODE])
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def model(family: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TransformersModel]:
    folder: Path = save_family(family, tmp_path_factory.mktemp("folder"))
    loaded = TransformersModel.load(folder, threads=1, trust_remote_code=family in WITH_CODE)
    yield loaded
    loaded.close()


def eager_rows(model: TransformersModel, picture: Image.Image) -> NDArray[np.float32]:
    """Eq. 2's inner mean for the answer's tokens: mean over layers and heads, on the cells."""
    layout = model._prompter.build(ASKED, picture).layout
    return layout.on_cells(eager_matrices(model, ASKED, picture, ANSWER).mean(dim=(1, 2)).numpy())


def seen(model: TransformersModel, prompt: Prompt) -> torch.Tensor:
    """What the text's first layer is given for the image tokens, shape (tokens, size)."""
    output = in_one_pass(model, prompt, output_hidden_states=True)
    return output.hidden_states[0][0, list(prompt.columns)]


@pytest.mark.parametrize("shape", ["a photograph's", "tall"])
def test_the_rows_equal_eager_attention(model: TransformersModel, shape: str) -> None:
    picture = photograph(*SHAPES[shape])
    recorded = model.attend((*ASKED, Message(Role.ASSISTANT, ANSWER)), picture).weights
    np.testing.assert_allclose(recorded, eager_rows(model, picture), rtol=1e-4, atol=1e-8)


def test_attention_while_writing_is_the_attention_of_the_finished_text(model: TransformersModel) -> None:
    wish = GenerationRequest(
        ASKED, Sampling(seed=4, max_tokens=20), photograph(), "start: /[a-z ]{30}/\n", True
    )
    written = model.generate(wish)
    replayed = model.attend((*ASKED, Message(Role.ASSISTANT, written.text)), photograph())
    assert written.attention is not None
    assert written.attention.spans == replayed.spans
    np.testing.assert_allclose(replayed.weights, written.attention.weights, rtol=1e-4, atol=1e-7)


def test_recording_changes_no_token(model: TransformersModel) -> None:
    sampling, grammar = Sampling(seed=4, max_tokens=12), "start: /[a-z ]{30}/\n"
    texts = [
        model.generate(GenerationRequest(ASKED, sampling, photograph(), grammar, recorded)).text
        for recorded in (False, True)
    ]
    assert texts[0] == texts[1]


def test_the_image_tokens_cover_the_picture(model: TransformersModel, family: str) -> None:
    attention = model.attend((*ASKED, Message(Role.ASSISTANT, ANSWER)), photograph())
    assert attention.grid == GRIDS[family]
    assert attention.weights.shape == (len(ANSWER), attention.grid.rows * attention.grid.columns)
    assert (attention.weights.sum(axis=1) <= 1 + 1e-5).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_change_in_one_region_moves_the_tokens_that_lie_there(model: TransformersModel, shape: str) -> None:
    picture = photograph(*SHAPES[shape])
    prompt = model._prompter.build(ASKED, picture)
    before, shares = seen(model, prompt), prompt.layout.shares
    shown = np.flatnonzero(shares.max(axis=0) > 0.5)
    for cell in (int(shown[0]), int(shown[len(shown) // 2 + 1]), int(shown[-1])):
        changed = model._prompter.build(ASKED, with_another_cell(picture, prompt.layout.grid, cell))
        moved = (seen(model, changed) - before).norm(dim=-1).numpy()
        for tokens in one_for_each_size(shares):
            assert shares[tokens[moved[tokens].argmax()], cell] > 0.9 * shares[tokens, cell].max()


@pytest.mark.parametrize("shape", ["wide", "tall"])
def test_what_no_token_covers_moves_none(model: TransformersModel, shape: str) -> None:
    picture = photograph(*SHAPES[shape])
    prompt = model._prompter.build(ASKED, picture)
    hidden = np.flatnonzero(prompt.layout.shares.max(axis=0) == 0)
    before = seen(model, prompt)
    for cell in hidden[:: max(1, len(hidden) // 2)]:
        changed = model._prompter.build(ASKED, with_another_cell(picture, prompt.layout.grid, int(cell)))
        assert (seen(model, changed) - before).norm(dim=-1).max() < 1e-5


def one_for_each_size(shares: NDArray[np.float32]) -> list[NDArray[np.int64]]:
    """Image tokens by how much of the picture each covers: those of tiles or lines, and those of the overview."""
    cells = (shares > 0).sum(axis=1)
    fine = cells <= 4
    groups = [np.flatnonzero(fine & (cells > 0)), np.flatnonzero(~fine)]
    return [group for group in groups if len(group)]


def with_another_cell(picture: Image.Image, grid: ImageGrid, cell: int) -> Image.Image:
    """The picture with the opposite of a cell's mean colour in the cell's place."""
    row, column = divmod(cell, grid.columns)
    width, height = picture.size
    box = (
        round(column * width / grid.columns),
        round(row * height / grid.rows),
        round((column + 1) * width / grid.columns),
        round((row + 1) * height / grid.rows),
    )
    mean = np.asarray(picture.crop(box)).mean((0, 1))
    changed = picture.copy()
    changed.paste(tuple(255 if value < 128 else 0 for value in mean), box)
    return changed
