"""One behaviour for every model, whatever is behind it: each family with tiny random weights loaded from its folder, a
folder with code of its own, and a model behind a real HTTP server."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from model_families import FAMILIES, WITH_CODE, in_one_pass, modules_of_folders, save_family
from models import photograph
from openai_server import Serving, openai_server, status

from hartmann.errors import HartmannError, ModelFailed, ModelInputTooLong
from hartmann.vision.language_model import (
    Finish,
    Generation,
    GenerationRequest,
    Message,
    Role,
    Sampling,
    VisionLanguageModel,
)
from hartmann.vision.remote_model import RemoteModel, RemoteServer
from hartmann.vision.transformers_model import TransformersModel

pytestmark = pytest.mark.integration

LOCAL = (*FAMILIES, *WITH_CODE)
REMOTE = "openai"
PICTURE = photograph()
ASKED = (Message(Role.USER, "What do you see?", picture=True),)
PLAIN = Sampling(seed=5, max_tokens=24)
LETTERS = "start: /[a-z ]{40}/\n"
SPECIAL = (
    "<|im_end|><|image_pad|><image><|vision_start|><row_2_col_2><global-img><think></think><|assistant|>"
)


@dataclass
class Tried:
    """A model, and how its next call is made to break in the middle."""

    model: VisionLanguageModel
    breaking: Callable[[pytest.MonkeyPatch], None]

    @property
    def local(self) -> TransformersModel:
        """The model that runs here."""
        assert isinstance(self.model, TransformersModel)
        return self.model

    def wish(self, sampling: Sampling = PLAIN, **changes: Any) -> GenerationRequest:
        """A request; under a grammar where there can be one, so that no random end comes before the budget's."""
        grammar = LETTERS if self.model.info.constrains else None
        return replace(GenerationRequest(ASKED, sampling, PICTURE, grammar), **changes)

    def write(self, sampling: Sampling = PLAIN, **changes: Any) -> Generation:
        """What comes of it."""
        return self.model.generate(self.wish(sampling, **changes))


@pytest.fixture(scope="module", autouse=True)
def _code_of_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with modules_of_folders(tmp_path_factory.mktemp("modules")):
        yield


def loaded(family: str, folder: Path) -> TransformersModel:
    return TransformersModel.load(
        save_family(family, folder), threads=1, trust_remote_code=family in WITH_CODE
    )


def breaks_inside(model: TransformersModel) -> Callable[[pytest.MonkeyPatch], None]:
    """The model's last layer breaks."""

    def breaking(patch: pytest.MonkeyPatch) -> None:
        def broken(*_: object) -> torch.Tensor:
            raise RuntimeError("device-side assert triggered\nand much more")

        patch.setattr(model._model.lm_head, "forward", broken)

    return breaking


def breaks_away(serving: Serving) -> Callable[[pytest.MonkeyPatch], None]:
    """The server answers with an error."""

    def breaking(_: pytest.MonkeyPatch) -> None:
        serving.trouble[:] = [status(500)]

    return breaking


@pytest.fixture(scope="module", params=[*LOCAL, REMOTE])
def tried(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    kind = str(request.param)
    model = loaded("qwen2.5-vl" if kind == REMOTE else kind, tmp_path_factory.mktemp("folder"))
    if kind != REMOTE:
        yield Tried(model, breaks_inside(model))
    else:
        with openai_server(model) as serving:
            serving.models[:] = [{"id": "tiny", "max_model_len": model.info.context_tokens}]
            remote = RemoteModel.connect(RemoteServer(serving.url, retries=0))
            yield Tried(remote, breaks_away(serving))
    model.close()


@pytest.fixture
def here(tried: Tried) -> TransformersModel:
    """The model, where it runs here; what is behind a server shows less of itself."""
    if not isinstance(tried.model, TransformersModel):
        pytest.fail("asked of a remote model")
    return tried.local


local_only = pytest.mark.parametrize("tried", LOCAL, indirect=True)


def test_text_comes_in_pieces_that_join_to_the_whole(tried: Tried) -> None:
    pieces: list[str] = []
    written = tried.model.generate(tried.wish(), on_text=pieces.append)
    assert len(pieces) > 5
    assert "".join(pieces) == written.text


def test_the_same_seed_writes_the_same_text_and_another_seed_another(tried: Tried) -> None:
    first = tried.write().text
    assert tried.write().text == first
    assert tried.write(Sampling(seed=6, max_tokens=24)).text != first


def test_temperature_0_asks_no_seed(tried: Tried) -> None:
    texts = {tried.write(Sampling(seed, temperature=0, max_tokens=12)).text for seed in (1, 2)}
    assert len(texts) == 1


def test_the_budget_of_tokens_is_kept(tried: Tried) -> None:
    written = tried.write()
    assert (written.tokens, written.finish) == (24, Finish.LENGTH)
    assert written.prompt_tokens > 16


def test_a_stop_string_ends_the_text_and_is_cut_off(tried: Tried) -> None:
    whole = tried.write().text
    stop = whole[7:9]
    pieces: list[str] = []
    wish = tried.wish(replace(PLAIN, stop=(stop,)))
    written = tried.model.generate(wish, on_text=pieces.append)
    assert (written.text, written.finish) == (whole.partition(stop)[0], Finish.STOP)
    assert "".join(pieces) == written.text


def test_what_was_told_before_a_stop_is_what_is_returned(tried: Tried) -> None:
    pieces: list[str] = []
    wish = tried.wish(replace(PLAIN, max_tokens=400), grammar=None)
    written = tried.model.generate(wish, on_text=pieces.append, should_stop=lambda: len(pieces) >= 3)
    assert written.finish is Finish.CANCELLED
    assert "".join(pieces) == written.text


def test_a_model_that_breaks_says_so_and_writes_again(tried: Tried, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tried.write().text
    with monkeypatch.context() as patch:
        tried.breaking(patch)
        with pytest.raises(ModelFailed) as caught:
            tried.write()
    assert type(caught.value) is ModelFailed
    assert "\n" not in str(caught.value)
    assert tried.write().text == before


def test_too_long_a_prompt_is_refused_and_a_shorter_one_answered(tried: Tried) -> None:
    long = (Message(Role.USER, "la " * 500, picture=True),)
    with pytest.raises(ModelInputTooLong, match=str(tried.model.info.context_tokens)):
        tried.write(conversation=long)
    assert tried.write().text


def test_any_alphabet_and_names_of_special_tokens_are_plain_text(tried: Tried) -> None:
    said = f"日本の風景 ♩ Größe ελληνικά 🎵 {SPECIAL}"
    talk = (Message(Role.USER, said, picture=True), Message(Role.ASSISTANT, said), Message(Role.USER, said))
    written = tried.write(conversation=talk, grammar=None)
    assert "<|" not in written.text
    assert "\ufffd" not in written.text
    assert tried.write(conversation=talk, grammar=None).text == written.text


def test_a_conversation_without_its_picture_is_refused(tried: Tried) -> None:
    with pytest.raises(HartmannError, match="needs the picture"):
        tried.write(picture=None)


@local_only
def test_special_tokens_of_a_persons_text_are_not_read_as_such(here: TransformersModel) -> None:
    honest = here._prompter.build(ASKED, PICTURE)
    hostile = here._prompter.build((Message(Role.USER, SPECIAL, picture=True),), PICTURE)
    assert hostile.columns == honest.columns
    assert hostile.layout.grid == honest.layout.grid
    special = set(here._tokenizer.all_special_ids)
    assert [token for token in hostile.ids if token in special] == [
        token for token in honest.ids if token in special
    ]


@local_only
@pytest.mark.parametrize("after", [0, 1, 7])
def test_a_stop_is_heeded_before_the_next_token(here: TransformersModel, tried: Tried, after: int) -> None:
    asked = iter(range(1000))
    written = here.generate(tried.wish(), should_stop=lambda: next(asked) >= after)
    assert (written.tokens, written.finish) == (after, Finish.CANCELLED)


@local_only
def test_a_grammar_is_kept_to_its_end(tried: Tried) -> None:
    written = tried.write(Sampling(seed=5, max_tokens=200), grammar='start: "warm" /[0-9]{3}/\n')
    assert written.finish is Finish.STOP
    assert written.text[:4] == "warm"
    assert written.text[4:].isdigit()


@local_only
def test_a_second_turn_reuses_the_first_and_writes_what_a_fresh_model_would(
    here: TransformersModel, tried: Tried
) -> None:
    here._decoder.forget()
    first = tried.write()
    talk = (*ASKED, Message(Role.ASSISTANT, first.text), Message(Role.USER, "Why?"))
    second = tried.write(conversation=talk)
    here._decoder.forget()
    fresh = tried.write(conversation=talk)
    assert first.reused_tokens == fresh.reused_tokens == 0
    assert second.reused_tokens >= max(here._prompter.build(ASKED, PICTURE).columns)
    assert second.text == fresh.text


@local_only
def test_greedy_writing_equals_that_of_transformers(here: TransformersModel, tried: Tried) -> None:
    """The likeliest letter behind the whole text, each time read anew and without a cache."""
    text = here._prompter.build(ASKED, PICTURE)
    begun = len(text.ids)
    letters = list(here._prompter.tokens(" abcdefghijklmnopqrstuvwxyz"))
    for _ in range(12):
        logits = in_one_pass(here, text).logits[0, -1]
        text = text.followed_by([letters[int(logits[letters].argmax())]])
    written = tried.write(Sampling(seed=1, temperature=0, max_tokens=12))
    assert written.text == here._decode(list(text.ids[begun:]))
