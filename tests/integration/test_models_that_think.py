"""Keye-VL's folder and its switches, and models whose templates open a thought: what is read, written and recorded."""

import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from model_families import modules_of_folders, save_family
from models import photograph

from hartmann.errors import ModelUnavailable
from hartmann.vision.language_model import Finish, GenerationRequest, Message, Role, Sampling
from hartmann.vision.transformers_model import TransformersModel

pytestmark = pytest.mark.integration

PICTURE = photograph()
ASKED = (Message(Role.USER, "What do you see?", picture=True),)
ASKED_AGAIN = (*ASKED, Message(Role.ASSISTANT, "A sea."), Message(Role.USER, "And now?"))
OPENS_A_THOUGHT = """{%- if add_generation_prompt %}{%- if enable_thinking is defined and enable_thinking is false %}
{{- '<think>\\n\\n</think>\\n\\n' }}{%- else %}{{- '<think>\\n' }}{%- endif %}{%- endif %}"""
"""What the templates of thinking models do at their end."""


@pytest.fixture(scope="module", autouse=True)
def _code_of_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with modules_of_folders(tmp_path_factory.mktemp("modules")):
        yield


@pytest.fixture(scope="module")
def keye(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_family("keye", tmp_path_factory.mktemp("keye"))


@pytest.fixture(scope="module")
def thinking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose template opens a thought unless it is told not to."""
    folder = save_family("qwen3-vl", tmp_path_factory.mktemp("thinking"))
    template = folder / "chat_template.jinja"
    template.write_text(template.read_text(encoding="utf-8") + OPENS_A_THOUGHT, encoding="utf-8")
    return folder


def loaded(folder: Path, thinking: str = "auto") -> TransformersModel:
    return TransformersModel.load(folder, threads=1, trust_remote_code=True, thinking=thinking)


def read(model: TransformersModel, conversation: tuple[Message, ...], may_think: bool = False) -> str:
    """The prompt as text, special tokens and all."""
    return str(model._tokenizer.decode(model._prompter.build(conversation, PICTURE, may_think).ids))


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> Callable[[TransformersModel, str], None]:
    """Makes a model choose the tokens of a text, and then its end."""

    def script(model: TransformersModel, text: str) -> None:
        tokens = iter([*model._tokenizer(text)["input_ids"], min(model._vocabulary.ends)])
        monkeypatch.setattr("hartmann.vision.continuation.Sampler.choose", lambda *_: next(tokens))

    return script


def test_code_of_a_folder_is_not_run_unasked(keye: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"code of its own.*HARTMANN_TRUST_REMOTE_CODE=true"):
        TransformersModel.load(keye)


def test_code_of_a_folder_is_read_from_that_folder_alone(keye: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(keye, tmp_path / "broken")
    (folder / "modeling_keye.py").write_text("raise ValueError('written by somebody')\n", encoding="utf-8")
    with pytest.raises(ModelUnavailable, match="written by somebody"):
        loaded(folder)


def test_a_keye_folder_loads_when_it_is_trusted_and_names_its_image_token(keye: Path) -> None:
    model = loaded(keye)
    token = model._tokenizer.convert_tokens_to_ids("<|image_pad|>")
    prompt = model._prompter.build(ASKED, PICTURE)
    assert model.info.details["architecture"] == "KeyeForConditionalGeneration"
    assert model.info.records_attention
    assert [prompt.ids[column] for column in prompt.columns] == [token] * (4 * 8)


@pytest.mark.parametrize(("setting", "words"), [("auto", ""), ("on", "/think"), ("off", "/no_think")])
def test_keye_is_told_in_the_persons_last_turn_whether_to_think(keye: Path, setting: str, words: str) -> None:
    model = loaded(keye, setting)
    assert f"What do you see?{words}" in read(model, ASKED)
    second = read(model, ASKED_AGAIN)
    assert f"And now?{words}" in second
    assert second.count("think") == second.count(words or "think")


def test_a_template_that_knows_no_thinking_is_not_told_of_it(
    keye: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("transformers"), "propagate", True)
    read(loaded(keye, "off"), ASKED)
    assert not caplog.records


def test_a_template_that_opens_a_thought_is_left_to_it_or_told_not_to(thinking: Path) -> None:
    model, silent = loaded(thinking), loaded(thinking, "off")
    assert read(model, ASKED, may_think=True).endswith("<think>\n")
    assert read(silent, ASKED, may_think=True).endswith("<think>\n\n</think>\n\n")


def test_an_answer_that_is_continued_or_under_a_grammar_begins_without_a_thought(thinking: Path) -> None:
    model = loaded(thinking)
    begun = (*ASKED, Message(Role.ASSISTANT, "warm"))
    assert read(model, begun, may_think=True).endswith("<think>\n\n</think>\n\nwarm")
    wish = GenerationRequest(ASKED, Sampling(seed=1), PICTURE, 'start: "<think>warm"\n')
    assert model.generate(wish).text == "<think>warm"


def test_thoughts_are_not_told_nor_returned_nor_recorded(
    thinking: Path, writes: Callable[[TransformersModel, str], None]
) -> None:
    model, told = loaded(thinking), list[str]()
    thought, answer = "hm. blue</think>\n\n", "warm light. And more"
    writes(model, thought + answer)
    sampling = Sampling(seed=1, stop=(".",))
    written = model.generate(
        GenerationRequest(ASKED, sampling, PICTURE, record_attention=True), on_text=told.append
    )
    assert "".join(told) == written.text == "warm light"
    assert written.finish is Finish.STOP
    assert written.tokens == len(thought) + len("warm light.")
    assert written.attention is not None
    prompt = model._prompter.build(ASKED, PICTURE, may_think=True)
    everything = model._replayed(prompt, model._prompter.tokens(thought + "warm light.")).weights()
    np.testing.assert_allclose(
        written.attention.weights, prompt.layout.on_cells(everything[len(thought) :]), rtol=1e-4, atol=1e-7
    )
    assert [written.text[start:end] for start, end in written.attention.spans] == [*"warm light", ""]


def test_an_answer_has_its_whole_budget_behind_a_thought(
    thinking: Path, writes: Callable[[TransformersModel, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = loaded(thinking)
    wish = GenerationRequest(ASKED, Sampling(seed=1, max_tokens=8), PICTURE)
    writes(model, "a long thought</think>warm light over the sea")
    answered = model.generate(wish)
    assert (answered.text, answered.finish) == ("warm lig", Finish.LENGTH)
    monkeypatch.setattr("hartmann.vision.continuation.THOUGHT_TOKENS", 5)
    writes(model, "a thought without an end")
    endless = model.generate(wish)
    assert (endless.text, endless.tokens, endless.finish) == ("", 5, Finish.LENGTH)


def test_a_model_that_thinks_of_itself_is_understood(
    keye: Path, writes: Callable[[TransformersModel, str], None]
) -> None:
    model = loaded(keye)
    writes(model, "<analysis>easy</analysis><think>hm</think><answer>warm light</answer>")
    assert model.generate(GenerationRequest(ASKED, Sampling(seed=1), PICTURE)).text == "warm light"
