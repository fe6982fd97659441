"""The same behaviour whatever the architecture: each family with tiny random weights, loaded from its folder."""

import numpy as np
import pytest
import torch
from model_families import FAMILIES, save_family
from models import photograph

from hartmann.vision.language_model import (
    Finish,
    GenerationRequest,
    ImageGrid,
    Message,
    Role,
    Sampling,
)
from hartmann.vision.transformers_model import TransformersModel

pytestmark = pytest.mark.integration

ASKED = (Message(Role.USER, "What do you see?", picture=True),)
PICTURE = photograph()
WISH = GenerationRequest(ASKED, Sampling(seed=4, max_tokens=20), PICTURE, "start: /[a-z ]{30}/\n", True)
GRIDS = {
    "qwen2-vl": ImageGrid(4, 8),
    "qwen2.5-vl": ImageGrid(4, 8),
    "qwen3-vl": ImageGrid(4, 8),
    "llava": ImageGrid(4, 7),
    "llava-onevision": ImageGrid(8, 12),
    "gemma3": ImageGrid(4, 4),
    "idefics3": ImageGrid(8, 12),
    "smolvlm": ImageGrid(8, 12),
    "internvl": ImageGrid(8, 12),
}


@pytest.fixture(scope="module", params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def model(family: str, tmp_path_factory: pytest.TempPathFactory) -> TransformersModel:
    return TransformersModel.load(save_family(family, tmp_path_factory.mktemp(family)), threads=1)


def test_writing_is_seeded_streamed_and_constrained(model: TransformersModel) -> None:
    pieces: list[str] = []
    first = model.generate(WISH, on_text=pieces.append)
    again = model.generate(WISH)
    assert "".join(pieces) == first.text == again.text
    assert (len(first.text), first.finish) == (20, Finish.LENGTH)
    assert again.reused_tokens == first.prompt_tokens - 1


def test_a_stop_is_heeded_within_a_token(model: TransformersModel) -> None:
    asked = iter(range(100))
    written = model.generate(WISH, should_stop=lambda: next(asked) >= 3)
    assert (written.tokens, written.finish) == (3, Finish.CANCELLED)


def test_the_image_tokens_cover_the_picture(model: TransformersModel, family: str) -> None:
    attention = model.generate(WISH).attention
    assert attention is not None
    assert attention.grid == GRIDS[family]
    assert attention.weights.shape == (20, attention.grid.rows * attention.grid.columns)


def test_attention_while_writing_is_the_attention_of_the_finished_text(model: TransformersModel) -> None:
    written = model.generate(WISH)
    replayed = model.attend((*ASKED, Message(Role.ASSISTANT, written.text)), PICTURE)
    assert written.attention is not None
    np.testing.assert_allclose(replayed.weights, written.attention.weights, rtol=1e-4, atol=1e-7)


def test_the_rows_equal_eager_attention(model: TransformersModel) -> None:
    answer = "warm light"
    recorded = model.attend((*ASKED, Message(Role.ASSISTANT, answer)), PICTURE).weights
    prompt = model._prompter.build(ASKED, PICTURE)
    tokens = model._prompter.tokens(answer)
    whole = prompt.followed_by(tokens)
    eager = model._model
    before = eager.config._attn_implementation
    eager.set_attn_implementation("eager")
    try:
        model._decoder.forget()
        model._decoder.begin(prompt.followed_by(()))
        read = torch.tensor([[prompt.ids[-1], *tokens[:-1]]])
        inputs = model._decoder._inputs(read[0].tolist(), len(prompt.ids) - 1)
        with torch.no_grad():
            output = eager(
                **inputs, past_key_values=model._decoder._read.cache, use_cache=True, output_attentions=True
            )
    finally:
        eager.set_attn_implementation(before)
        model._decoder.forget()
    matrices = torch.stack([layer[0] for layer in output.attentions])
    assert matrices.shape[-1] == len(whole.ids) - 1
    rows = matrices[..., list(prompt.columns)].mean(dim=(0, 1)).numpy()
    np.testing.assert_allclose(recorded, prompt.layout.on_cells(rows), rtol=1e-4, atol=1e-7)
