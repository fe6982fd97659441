"""A model of the mini's architecture with random weights: what the conformance suite does not ask of every model."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from models import photograph, save_tiny_model

from hartmann.errors import AttentionUnavailable, ModelFailed, ModelInputTooLong, ModelUnavailable
from hartmann.notation.score import Meter
from hartmann.vision.bar_grammar import body_grammar
from hartmann.vision.header_grammar import header_grammar
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

PICTURE = photograph()
LETTERS = "start: /[a-z ]{30}/\n"
ASKED = (Message(Role.USER, "What do you see?", picture=True),)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def model(folder: Path) -> Iterator[TransformersModel]:
    loaded = TransformersModel.load(folder, threads=1, profile="compact")
    yield loaded
    loaded.close()


def request(**changes: object) -> GenerationRequest:
    plain = GenerationRequest(
        conversation=ASKED, sampling=Sampling(seed=5, max_tokens=24), picture=PICTURE, grammar=LETTERS
    )
    return replace(plain, **changes)


def answered(text: str) -> tuple[Message, ...]:
    return (*ASKED, Message(Role.ASSISTANT, text))


def test_loading_says_who_the_model_is(model: TransformersModel, folder: Path) -> None:
    info = model.info
    assert (info.name, info.device, info.context_tokens) == (folder.name, "cpu", 2048)
    assert (info.prompt_profile, info.constrains, info.records_attention) == ("compact", True, True)


def test_a_grammar_that_is_fulfilled_ends_the_text(model: TransformersModel) -> None:
    written = model.generate(request(sampling=Sampling(seed=5, max_tokens=200)))
    assert (len(written.text), written.finish) == (30, Finish.STOP)


def test_free_writing_holds_no_special_tokens_or_broken_characters(model: TransformersModel) -> None:
    written = model.generate(request(grammar=None, sampling=Sampling(seed=2, max_tokens=120)))
    assert "<|" not in written.text
    assert "\ufffd" not in written.text


def test_a_header_and_then_its_body_make_bars_that_add_up(model: TransformersModel) -> None:
    header = model.generate(request(grammar=header_grammar(), sampling=Sampling(seed=1, max_tokens=400))).text
    body = body_grammar(Meter(3, 8), Fraction(1, 8), min_bars=2, max_bars=4)
    written = model.generate(
        request(conversation=answered(header), grammar=body, sampling=Sampling(seed=1, max_tokens=400))
    )
    assert header.startswith("X:1\nT:")
    assert written.finish is Finish.STOP
    assert written.text.endswith(("|]", ":|"))


def test_an_assistants_text_is_continued_to_the_character(model: TransformersModel) -> None:
    whole = model.generate(request(sampling=Sampling(seed=5, temperature=0, max_tokens=20)))
    rest = replace(request(), grammar="start: /[a-z ]{20}/\n")
    begun = (*rest.conversation, Message(Role.ASSISTANT, whole.text[:10]))
    continued = model.generate(
        replace(rest, conversation=begun, sampling=Sampling(seed=9, temperature=0, max_tokens=10))
    )
    assert whole.text[:10] + continued.text == whole.text


def test_what_was_read_before_is_not_read_again_and_changes_nothing(folder: Path) -> None:
    warm, cold = TransformersModel.load(folder, threads=1), TransformersModel.load(folder, threads=1)
    conversations = [ASKED, answered("a bright picture. "), (*answered("a bright picture. "), *ASKED[1:])]
    longer = (*answered("warm"), Message(Role.USER, "Write a tune."), Message(Role.ASSISTANT, "X:1\n"))
    for number, conversation in enumerate([*conversations, longer, ASKED]):
        wish = request(conversation=conversation, sampling=Sampling(seed=number, max_tokens=16))
        kept = warm.generate(wish)
        fresh = cold.generate(wish)
        cold._decoder.forget()
        assert kept.text == fresh.text
        assert fresh.reused_tokens == 0
        assert (kept.reused_tokens > 60) == (number > 0)


def test_another_picture_is_read_anew(model: TransformersModel) -> None:
    model.generate(request())
    other = model.generate(request(picture=photograph(seed=5)))
    assert other.reused_tokens == 0
    assert other.text != model.generate(request()).text


def test_conversations_that_take_turns_keep_their_pictures(model: TransformersModel) -> None:
    pictures = [photograph(seed=seed) for seed in (11, 12, 13)]
    first = [model.generate(request(picture=picture)) for picture in pictures]
    second = [model.generate(request(picture=picture)) for picture in pictures]
    assert [written.text for written in second] == [written.text for written in first]
    assert all(written.reused_tokens == written.prompt_tokens - 1 for written in second)


def test_no_more_conversations_are_kept_than_allowed(model: TransformersModel) -> None:
    pictures = [photograph(seed=seed) for seed in range(20, 25)]
    for picture in pictures:
        model.generate(request(picture=picture))
    assert model.generate(request(picture=pictures[0])).reused_tokens == 0
    assert model.generate(request(picture=pictures[-1])).reused_tokens > 60


def test_the_revision_tells_weights_apart(folder: Path, tmp_path: Path) -> None:
    same = TransformersModel.load(folder).info.revision
    other = TransformersModel.load(save_tiny_model(tmp_path, seed=2)).info.revision
    assert TransformersModel.load(folder).info.revision == same != other
    assert len(same) == 12


def test_the_same_picture_in_another_object_is_known(model: TransformersModel) -> None:
    model.generate(request())
    assert model.generate(request(picture=PICTURE.copy())).reused_tokens > 60


def test_a_conversation_without_a_picture_goes_too(model: TransformersModel) -> None:
    text_only = (Message(Role.USER, "Hello"),)
    assert len(model.generate(request(conversation=text_only, picture=None)).text) == 24


def test_a_prompt_beyond_the_context_is_refused_with_both_numbers(model: TransformersModel) -> None:
    long = (Message(Role.USER, "la " * 1000, picture=True),)
    with pytest.raises(ModelInputTooLong, match="the model holds 2048"):
        model.generate(request(conversation=long))


def test_writing_ends_where_the_context_does(model: TransformersModel) -> None:
    nearly = (Message(Role.USER, "l" * 1960, picture=True),)
    written = model.generate(
        request(conversation=nearly, grammar=None, sampling=Sampling(seed=1, max_tokens=500))
    )
    assert written.tokens <= 2048 - written.prompt_tokens
    assert written.prompt_tokens < 2048


def test_a_grammar_that_can_not_be_read_fails_with_its_reason(model: TransformersModel) -> None:
    with pytest.raises(ModelFailed, match="the grammar can't be used"):
        model.generate(request(grammar="start: unknown_rule"))


def test_a_failure_leaves_the_model_usable(model: TransformersModel) -> None:
    before = model.generate(request()).text
    with pytest.raises(OSError, match="the listener broke"):
        model.generate(request(), on_text=_break)
    assert model.generate(request()).text == before


def _break(_: str) -> None:
    raise OSError("the listener broke")


def test_the_log_probability_is_the_sum_over_the_tokens(model: TransformersModel) -> None:
    whole = model.log_probability(answered("abcdef"), PICTURE)
    parts = model.log_probability(answered("abc"), PICTURE)
    assert whole < parts < 0
    steps = [_step(model, "abcdef"[:length]) for length in range(1, 7)]
    assert whole == pytest.approx(sum(steps), rel=1e-4)


def _step(model: TransformersModel, text: str) -> float:
    """log p of the last character, from the logits of the model's own forward."""
    prompt = model._prompter.build(answered(text[:-1]) if len(text) > 1 else ASKED, PICTURE)
    model._decoder.forget()
    model._decoder.begin(prompt)
    logits = model._decoder.advance([prompt.ids[-1]])[0]
    return float(torch.log_softmax(logits, -1)[model._prompter.tokens(text)[-1]])


def test_there_is_a_row_for_every_token_and_a_cell_for_every_image_token(model: TransformersModel) -> None:
    attention = model.generate(request(record_attention=True)).attention
    assert attention is not None
    assert attention.grid == ImageGrid(6, 10)
    assert attention.weights.shape == (24, 60)
    assert (attention.weights > 0).all()
    assert (attention.weights.sum(axis=1) <= 1 + 1e-5).all()


def test_without_a_picture_there_is_nothing_to_attend_to(model: TransformersModel) -> None:
    with pytest.raises(AttentionUnavailable, match="shows no picture"):
        model.generate(request(conversation=(Message(Role.USER, "Hi"),), picture=None, record_attention=True))


def test_tokens_are_counted(model: TransformersModel) -> None:
    assert model.count_tokens("twelve bytes") == 12


def test_a_closed_model_says_so(folder: Path) -> None:
    closed = TransformersModel.load(folder)
    closed.close()
    closed.close()
    with pytest.raises(ModelUnavailable, match="was closed"):
        closed.generate(request())
