"""A model behind a real HTTP server behaves like one in the process, and a server's troubles become clear errors."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from models import photograph, save_tiny_model
from openai_server import Serving, endless, openai_server, pieces, silence, status

from hartmann.errors import (
    AttentionUnavailable,
    HartmannError,
    ModelFailed,
    ModelInputTooLong,
    ModelUnavailable,
    Overloaded,
)
from hartmann.vision.language_model import Finish, GenerationRequest, Message, Role, Sampling
from hartmann.vision.remote_model import RemoteModel, RemoteServer
from hartmann.vision.transformers_model import TransformersModel

pytestmark = pytest.mark.integration

PICTURE = photograph()
ASKED = (Message(Role.USER, "What do you see?", picture=True),)
REQUEST = GenerationRequest(ASKED, Sampling(seed=5, max_tokens=24), PICTURE)


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TransformersModel]:
    model = TransformersModel.load(save_tiny_model(tmp_path_factory.mktemp("tiny")), threads=1)
    yield model
    model.close()


@pytest.fixture(scope="module")
def server(local: TransformersModel) -> Iterator[Serving]:
    with openai_server(local) as serving:
        yield serving


@pytest.fixture(autouse=True)
def _forgotten(server: Serving) -> None:
    server.bodies.clear()
    server.trouble.clear()
    server.left.clear()


@pytest.fixture
def model(server: Serving) -> RemoteModel:
    return RemoteModel.connect(RemoteServer(server.url, retries=2))


def impatient(server: Serving, **changes: object) -> RemoteModel:
    return RemoteModel.connect(replace(RemoteServer(server.url, retries=0, silence_seconds=0.3), **changes))


def answered(text: str) -> tuple[Message, ...]:
    return (*ASKED, Message(Role.ASSISTANT, text))


def test_connecting_says_who_the_model_is(model: RemoteModel, server: Serving) -> None:
    info = model.info
    assert (info.name, info.device, info.context_tokens) == ("tiny", server.url, 2048)
    assert (info.constrains, info.records_attention) == (False, False)


def test_the_budget_of_tokens_is_kept_and_counted_by_the_server(model: RemoteModel) -> None:
    written = model.generate(REQUEST)
    assert (written.tokens, written.finish) == (24, Finish.LENGTH)
    assert written.prompt_tokens > 60


def test_the_server_sees_the_picture_no_larger_than_allowed(model: RemoteModel, server: Serving) -> None:
    from openai_server import _request

    model.generate(replace(REQUEST, picture=photograph(2048, 1000)))
    seen = _request(server.bodies[-1]).picture
    assert seen is not None
    assert seen.size == (1024, 500)


def test_an_answer_is_continued_and_not_begun_again(model: RemoteModel, server: Serving) -> None:
    begun = replace(REQUEST, conversation=answered("a warm light"))
    assert model.generate(begun).text
    assert server.bodies[-1]["continue_final_message"] is True
    assert server.bodies[-1]["messages"][-1] == {"role": "assistant", "content": "a warm light"}


def test_a_server_that_does_not_know_a_field_is_asked_without_it(model: RemoteModel, server: Serving) -> None:
    server.trouble[:] = [
        status(400, {"error": {"message": "Unrecognized request argument: continue_final_message"}}),
        pieces("a warm li", "ght, and", " blue"),
    ]
    begun = replace(REQUEST, conversation=answered("a warm light"))
    assert model.generate(begun).text == ", and blue"
    assert "continue_final_message" not in server.bodies[-1]
    assert "Go on exactly where it ends" in server.bodies[-1]["messages"][-1]["content"]


@pytest.mark.parametrize("thinking", [True, False])
def test_the_servers_template_is_told_to_think_or_not(server: Serving, thinking: bool) -> None:
    model = RemoteModel.connect(RemoteServer(server.url, retries=2, thinking=thinking))
    assert model.generate(REQUEST).text
    assert server.bodies[-1]["chat_template_kwargs"] == {"enable_thinking": thinking}
    server.trouble[:] = [
        status(400, {"error": {"message": "Unrecognized request argument: chat_template_kwargs"}}),
        pieces("warm"),
    ]
    assert model.generate(REQUEST).text == "warm"
    assert "chat_template_kwargs" not in server.bodies[-1]


def test_a_server_is_told_nothing_of_thinking_unless_it_is_set(model: RemoteModel, server: Serving) -> None:
    assert model.generate(REQUEST).text
    assert "chat_template_kwargs" not in server.bodies[-1]


def test_a_stop_is_heeded_and_the_server_told(model: RemoteModel, server: Serving) -> None:
    heard: list[str] = []
    long = replace(REQUEST, sampling=Sampling(seed=5, max_tokens=1500))
    written = model.generate(long, on_text=heard.append, should_stop=lambda: len(heard) >= 3)
    assert written.finish is Finish.CANCELLED
    assert written.text == "".join(heard)
    assert server.left.wait(10)


def test_a_stop_is_heeded_while_nothing_comes(model: RemoteModel, server: Serving) -> None:
    server.trouble[:] = [silence()]
    assert model.generate(REQUEST, should_stop=lambda: bool(server.bodies)).finish is Finish.CANCELLED


def test_thoughts_are_not_part_of_the_answer(model: RemoteModel, server: Serving) -> None:
    server.trouble[:] = [pieces("<thi", "nk>I see", " blue.</th", "ink>\n\n", "X:1", "\nT:Sea")]
    assert model.generate(REQUEST).text == "X:1\nT:Sea"


@pytest.mark.parametrize("trouble", [status(429, retry_after="0"), status(500), status(503, "<h1>Down</h1>")])
def test_a_server_in_passing_trouble_is_asked_again(
    model: RemoteModel, server: Serving, trouble: object
) -> None:
    server.trouble[:] = [trouble, trouble, pieces("warm", " light")]
    assert model.generate(REQUEST).text == "warm light"
    assert len(server.bodies) == 3


@pytest.mark.parametrize(
    ("trouble", "error", "said"),
    [
        (status(429, retry_after="7"), Overloaded, "is busy"),
        (status(500), ModelFailed, "failed with 500: trouble 500"),
        (status(401), ModelUnavailable, "HARTMANN_REMOTE_API_KEY"),
        (status(404), ModelUnavailable, "HARTMANN_REMOTE_MODEL"),
        (status(400, {"error": {"message": "maximum context length is 2048"}}), ModelInputTooLong, "2048"),
        (status(400, {"detail": "no pictures here"}), ModelFailed, "no pictures here"),
        (status(200, "<html><h1>Hello</h1></html>"), ModelUnavailable, "text/html instead of events"),
        (silence(), ModelFailed, "said nothing for 0.3 seconds"),
        (pieces("X:1", finish=None, done=False), ModelFailed, "broke off"),
        (pieces(finish="content_filter"), ModelFailed, "content filter"),
    ],
)
def test_a_server_in_lasting_trouble_is_a_clear_error(
    server: Serving, trouble: object, error: type[HartmannError], said: str
) -> None:
    server.trouble[:] = [trouble]
    with pytest.raises(error, match=said):
        impatient(server).generate(REQUEST)


def test_a_busy_servers_wish_for_patience_is_passed_on(server: Serving) -> None:
    server.trouble[:] = [status(429, retry_after="7")]
    with pytest.raises(Overloaded) as caught:
        impatient(server).generate(REQUEST)
    assert caught.value.retry_seconds == 7


def test_what_was_said_is_not_said_again(model: RemoteModel, server: Serving) -> None:
    server.trouble[:] = [pieces("X:1", finish=None, done=False), pieces("X:1", " again")]
    heard: list[str] = []
    with pytest.raises(ModelFailed, match="broke off"):
        model.generate(REQUEST, on_text=heard.append)
    assert (heard, len(server.bodies)) == (["X:1"], 1)


def test_an_endless_stream_is_left(server: Serving) -> None:
    server.trouble[:] = [endless("la " * 100)]
    written = impatient(server).generate(REQUEST)
    assert written.finish is Finish.LENGTH
    assert len(written.text) < 24 * 64 + 600


REFUSALS = {
    "vLLM": "'max_tokens' or 'max_completion_tokens' is too large: 3000. This model's maximum context length is 2048 "
    "tokens and your request has {} input tokens (3000 > 2048 - {}).",
    "vLLM before 0.9": "This model's maximum context length is 2048 tokens. However, you requested 3900 tokens "
    "({} in the messages, 3000 in the completion). Please reduce the length of the messages or completion.",
}


def refused(server: str, prompt: int) -> dict[str, object]:
    if server == "llama.cpp":
        said = "the request exceeds the available context size, try increasing it"
        return {"error": {"code": 400, "message": said, "n_prompt_tokens": prompt, "n_ctx": 2048}}
    return {"error": {"message": REFUSALS[server].format(prompt, prompt)}}


@pytest.mark.parametrize("kind", [*REFUSALS, "llama.cpp"])
def test_a_server_that_has_room_for_less_is_asked_for_less(
    model: RemoteModel, server: Serving, kind: str
) -> None:
    server.trouble[:] = [status(400, refused(kind, 900)), pieces("warm")]
    long = replace(REQUEST, sampling=Sampling(seed=5, max_tokens=3000), room=800)
    assert model.generate(long).text == "warm"
    assert server.bodies[-1]["max_tokens"] == 2048 - 900


@pytest.mark.parametrize("kind", [*REFUSALS, "llama.cpp"])
def test_a_prompt_that_leaves_too_little_room_is_said_with_its_length(
    model: RemoteModel, server: Serving, kind: str
) -> None:
    server.trouble[:] = [status(400, refused(kind, 1900))]
    long = replace(REQUEST, sampling=Sampling(seed=5, max_tokens=3000), room=800)
    with pytest.raises(ModelInputTooLong) as caught:
        model.generate(long)
    assert caught.value.metadata == {"promptTokens": "1900", "contextTokens": "2048"}
    assert len(server.bodies) == 1


def test_nobody_there_is_said_with_the_address() -> None:
    with pytest.raises(ModelUnavailable, match=r"http://127\.0\.0\.1:9/v1 can't be reached"):
        RemoteModel.connect(RemoteServer("http://127.0.0.1:9/v1"))


def test_a_wrong_key_is_refused_at_the_start_and_a_right_one_shown(local: TransformersModel) -> None:
    with openai_server(local, key="secret") as serving:
        with pytest.raises(ModelUnavailable, match="refuses the key"):
            RemoteModel.connect(RemoteServer(serving.url, key="guess"))
        server = RemoteServer(serving.url, key="secret")
        assert RemoteModel.connect(server).generate(REQUEST).text
        assert "secret" not in repr(server)


def test_one_of_several_models_must_be_named(local: TransformersModel) -> None:
    with openai_server(local) as serving:
        serving.models[:] = [{"id": "small"}, {"id": "large"}]
        with pytest.raises(ModelUnavailable, match="offers small, large; name one in HARTMANN_REMOTE_MODEL"):
            RemoteModel.connect(RemoteServer(serving.url))
        named = RemoteModel.connect(RemoteServer(serving.url, model="large"))
        assert (named.info.name, named.info.context_tokens) == ("large", 8192)


def test_without_a_witness_there_is_no_attention_and_it_says_so(model: RemoteModel) -> None:
    with pytest.raises(AttentionUnavailable, match="HARTMANN_ATTENTION_MODEL"):
        model.attend(answered("warm"), PICTURE)


def test_a_witness_replays_what_was_written(server: Serving, local: TransformersModel) -> None:
    model = RemoteModel.connect(RemoteServer(server.url), witness=local)
    replayed = model.attend(answered("warm"), PICTURE)
    assert (replayed.weights == local.attend(answered("warm"), PICTURE).weights).all()
    assert model.info.details["attention"] == f"replayed by {local.info.name}"
    assert model.log_probability(answered("warm"), PICTURE) < 0


def test_a_witness_with_a_small_context_replays_the_last_answer(
    server: Serving, local: TransformersModel, tmp_path: Path
) -> None:
    model = RemoteModel.connect(RemoteServer(server.url), witness=local)
    talk = (*answered("la " * 800), Message(Role.USER, "Why?"), Message(Role.ASSISTANT, "warm"))
    assert model.attend(talk, PICTURE).weights.shape[0] == len("warm")
    with pytest.raises(AttentionUnavailable, match="can't replay so long a text"):
        model.attend(answered("la " * 800), PICTURE)
