"""Several texts written side by side: each is the text that its seed writes alone."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from models import photograph, save_tiny_model

from hartmann.errors import ModelFailed, ModelInputTooLong
from hartmann.notation.score import Meter
from hartmann.vision.bar_grammar import body_grammar
from hartmann.vision.language_model import Finish, GenerationRequest, Message, Role, Sampling
from hartmann.vision.transformers_model import TransformersModel

pytestmark = pytest.mark.integration

PICTURE = photograph()
LETTERS = "start: /[a-z ]{30}/\n"
ASKED = (Message(Role.USER, "What do you see?", picture=True),)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TransformersModel]:
    loaded = TransformersModel.load(save_tiny_model(tmp_path_factory.mktemp("tiny")), threads=1)
    yield loaded
    loaded.close()


def request(seed: int = 5, begun: str = "", **changes: object) -> GenerationRequest:
    conversation = (*ASKED, Message(Role.ASSISTANT, begun)) if begun else ASKED
    plain = GenerationRequest(conversation, Sampling(seed=seed, max_tokens=20), PICTURE, LETTERS)
    return replace(plain, **changes)


def test_each_draft_is_the_one_that_its_seed_writes_alone(model: TransformersModel) -> None:
    requests = [request(seed) for seed in range(6)]
    written = model.generate_batch(requests)
    assert [each.text for each in written] == [model.generate(each).text for each in requests]
    assert len({each.text for each in written}) == 6


def test_drafts_go_on_from_beginnings_of_different_lengths(model: TransformersModel) -> None:
    bodies = body_grammar(Meter(3, 8), Fraction(1, 8), min_bars=2, max_bars=3)
    requests = [
        request(1, "a bright picture. ", grammar=bodies, sampling=Sampling(1, max_tokens=80)),
        request(2),
        request(3, "a", grammar=None),
        request(4, "a bright pic", sampling=Sampling(4, temperature=0.0, max_tokens=9)),
    ]
    written = model.generate_batch(requests)
    alone = [model.generate(each) for each in requests]
    assert [(each.text, each.finish, each.tokens, each.prompt_tokens) for each in written] == [
        (each.text, each.finish, each.tokens, each.prompt_tokens) for each in alone
    ]
    assert written[0].finish is Finish.STOP


def test_a_conversation_without_a_picture_goes_in_a_batch_too(model: TransformersModel) -> None:
    requests = [
        request(seed, conversation=(Message(Role.USER, text),), picture=None)
        for seed, text in enumerate(["Hello", "Good morning"])
    ]
    written = model.generate_batch(requests)
    assert [each.text for each in written] == [model.generate(each).text for each in requests]


def test_a_draft_that_meets_its_stop_leaves_the_others_writing(model: TransformersModel) -> None:
    stop = model.generate(request(1)).text[4:6]
    requests = [request(1, sampling=Sampling(1, max_tokens=20, stop=(stop,))), request(2)]
    first, second = model.generate_batch(requests)
    assert (first.finish, first.text) == (Finish.STOP, model.generate(requests[0]).text)
    assert (second.finish, second.tokens) == (Finish.LENGTH, 20)


@pytest.mark.parametrize("after", [0, 3])
def test_one_of_a_batch_stops_before_its_next_token(model: TransformersModel, after: int) -> None:
    pieces: dict[int, str] = defaultdict(str)
    asked: dict[int, int] = defaultdict(int)

    def hear(row: int, text: str) -> None:
        pieces[row] += text

    def stop(row: int) -> bool:
        asked[row] += 1
        return row == 1 and asked[row] > after

    written = model.generate_batch([request(seed) for seed in (5, 6, 7)], hear, stop)
    assert [each.tokens for each in written] == [20, after, 20]
    assert [each.finish for each in written] == [Finish.LENGTH, Finish.CANCELLED, Finish.LENGTH]
    assert [pieces[row] for row in range(3)] == [each.text for each in written]
    assert written[2].text == model.generate(request(7)).text


def test_every_draft_is_streamed_as_it_grows(model: TransformersModel) -> None:
    heard: list[int] = []
    model.generate_batch([request(seed) for seed in (5, 6)], lambda row, _: heard.append(row))
    assert heard[:8] == [0, 1] * 4


def test_the_picture_is_read_once_for_a_batch_and_stays_read(model: TransformersModel) -> None:
    model.generate(request(9))
    written = model.generate_batch([request(1, "ab"), request(2, "cd")])
    assert all(each.reused_tokens == each.prompt_tokens - 2 for each in written)
    assert model.generate(request(1, "ab")).reused_tokens >= written[0].reused_tokens


def test_attention_of_a_batch_is_that_of_each_draft_alone(model: TransformersModel) -> None:
    requests = [request(seed, record_attention=True) for seed in (5, 6)]
    for together, wish in zip(model.generate_batch(requests), requests, strict=True):
        alone = model.generate(wish)
        assert together.attention is not None
        assert alone.attention is not None
        assert together.attention.spans == alone.attention.spans
        np.testing.assert_allclose(together.attention.weights, alone.attention.weights, rtol=1e-4, atol=1e-7)


def test_no_requests_are_no_texts(model: TransformersModel) -> None:
    assert model.generate_batch([]) == ()


def test_a_batch_is_about_one_picture(model: TransformersModel) -> None:
    with pytest.raises(ModelFailed, match="a batch is about one picture"):
        model.generate_batch([request(1), request(2, picture=photograph(seed=4))])


def test_a_prompt_without_room_fails_the_batch_and_leaves_the_model_usable(model: TransformersModel) -> None:
    before = model.generate(request()).text
    with pytest.raises(ModelInputTooLong):
        model.generate_batch([request(), request(6, "la " * 1000)])
    assert model.generate(request()).text == before
