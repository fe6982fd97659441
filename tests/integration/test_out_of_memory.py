"""A device without memory: one more try with less, then a failure that says what to do, and the model lives on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from model_families import save_family
from models import photograph, save_tiny_model

from hartmann.errors import ModelFailed
from hartmann.vision import out_of_memory
from hartmann.vision.language_model import GenerationRequest, Message, Role, Sampling
from hartmann.vision.out_of_memory import STRETCH
from hartmann.vision.transformers_model import TransformersModel

pytestmark = pytest.mark.integration

PICTURE = photograph()
LARGE = photograph(560, 420)
ASKED = (Message(Role.USER, "What do you see?", picture=True),)
ANSWERED = (*ASKED, Message(Role.ASSISTANT, "a bright picture"))
CUDA = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
CPU = RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory: 8 bytes")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TransformersModel]:
    loaded = TransformersModel.load(save_tiny_model(tmp_path_factory.mktemp("tiny")), threads=1)
    yield loaded
    loaded.close()


def request(seed: int = 5, **changes: object) -> GenerationRequest:
    plain = GenerationRequest(ASKED, Sampling(seed=seed, max_tokens=16), PICTURE, "start: /[a-z ]{30}/\n")
    return replace(plain, **changes)


@contextmanager
def no_memory(
    model: TransformersModel, fails: Callable[[int], bool], error: Exception = CUDA
) -> Iterator[list[torch.Size]]:
    """Passes of the model by their numbers, from 0, that find no memory. Yields the shapes of what all were to read."""
    shapes: list[torch.Size] = []

    def before(module: Any, args: Any, inputs: dict[str, Any]) -> None:
        shapes.append(inputs["input_ids"].shape)
        if fails(len(shapes) - 1):
            raise error

    hook = model._model.register_forward_pre_hook(before, with_kwargs=True)
    try:
        yield shapes
    finally:
        hook.remove()


@pytest.mark.parametrize("error", [CUDA, CPU, MemoryError()], ids=["cuda", "cpu", "python"])
@pytest.mark.parametrize("fails_at", [0, 1, 9])
def test_a_text_goes_on_as_if_nothing_had_happened(
    model: TransformersModel, fails_at: int, error: Exception
) -> None:
    undisturbed, told = model.generate(request()).text, []
    model._decoder.forget()
    with no_memory(model, lambda number: number == fails_at, error):
        written = model.generate(request(), told.append)
    assert written.text == undisturbed == "".join(told)


def test_attention_is_whole_after_a_second_try(model: TransformersModel) -> None:
    wish = request(record_attention=True)
    undisturbed = model.generate(wish).attention
    with no_memory(model, lambda number: number == 6):
        written = model.generate(wish).attention
    assert written is not None
    assert undisturbed is not None
    assert written.spans == undisturbed.spans
    np.testing.assert_allclose(written.weights, undisturbed.weights, rtol=1e-4, atol=1e-7)


def test_the_second_try_keeps_nothing_and_reads_in_short_stretches(model: TransformersModel) -> None:
    long = (Message(Role.USER, "la " * 200, picture=True),)
    model.generate(request())
    with no_memory(model, lambda number: number == 0) as shapes:
        written = model.generate(request(conversation=long))
    columns = model._prompter.build(long, PICTURE).columns
    prompt = [length for _, length in shapes[1:] if length > 1]
    assert written.reused_tokens == 0
    assert sum(prompt) == written.prompt_tokens - 1
    assert prompt[0] == max(columns[-1] + 1, STRETCH)
    assert max(prompt[1:]) == STRETCH


def test_without_memory_for_the_second_try_the_failure_says_what_to_do(model: TransformersModel) -> None:
    undisturbed = model.generate(request()).text
    with (
        no_memory(model, lambda _: True) as shapes,
        pytest.raises(ModelFailed, match="out of memory twice") as failure,
    ):
        model.generate(request())
    assert len(shapes) == 2
    for remedy in ("HARTMANN_DTYPE", "HARTMANN_QUANTISATION", "HARTMANN_PICTURE_PIXELS"):
        assert remedy in failure.value.message
    assert not model._decoder._kept
    assert model.generate(request()).text == undisturbed


def test_other_failures_are_not_tried_again(model: TransformersModel) -> None:
    broken = RuntimeError("shapes do not match")
    with no_memory(model, lambda _: True, broken) as shapes, pytest.raises(ModelFailed, match="do not match"):
        model.generate(request())
    assert len(shapes) == 1


@pytest.fixture
def seer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TransformersModel:
    """A tiny model whose processor shows pictures of 9 to 40 tokens as large as they are."""
    monkeypatch.setattr(out_of_memory, "LEAST_PIXELS", 10_000)
    return TransformersModel.load(save_family("qwen2-vl", tmp_path), threads=1)


def test_a_large_picture_is_shown_smaller_from_then_on_and_covered_whole(seer: TransformersModel) -> None:
    wish = request(picture=LARGE, record_attention=True)
    before = seer.generate(wish).attention
    with no_memory(seer, lambda _: True), pytest.raises(ModelFailed):
        seer.generate(wish)
    assert seer._pictures.most == 0, "what did not help is taken back"
    with no_memory(seer, lambda number: number == 0):
        second = seer.generate(wish).attention
    after = seer.generate(wish)
    assert before is not None
    assert second is not None
    assert after.attention is not None
    assert second.weights.shape[1] <= 0.75 * before.weights.shape[1]
    assert second.weights.shape[1] == second.grid.rows * second.grid.columns
    assert after.attention.grid == second.grid
    assert after.reused_tokens == after.prompt_tokens - 1


def test_a_batch_is_halved_and_every_draft_stays_what_it_was(model: TransformersModel) -> None:
    requests = [request(seed) for seed in range(5)]
    undisturbed = [each.text for each in model.generate_batch(requests)]
    with no_memory(model, lambda number: number == 7) as shapes:
        written = model.generate_batch(requests)
    assert [each.text for each in written] == undisturbed
    assert max(rows for rows, _ in shapes[:8]) == 5
    assert max(rows for rows, _ in shapes[8:]) == 3


def test_a_replay_is_read_in_shorter_stretches(model: TransformersModel) -> None:
    undisturbed = model.attend(ANSWERED, PICTURE)
    likely = model.log_probability(ANSWERED, PICTURE)
    with no_memory(model, lambda number: number == 0):
        replayed = model.attend(ANSWERED, PICTURE)
    with no_memory(model, lambda number: number == 0):
        assert model.log_probability(ANSWERED, PICTURE) == pytest.approx(likely, rel=1e-5)
    np.testing.assert_allclose(replayed.weights, undisturbed.weights, rtol=1e-4, atol=1e-7)
