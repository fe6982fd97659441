"""A model behind an OpenAI-compatible server: vLLM, SGLang, llama.cpp, Ollama, a cloud.

It writes, but what happens inside it is not to be seen: no grammar masks its tokens (drafts are checked and repaired
instead), and it records no attention. Where a local model is named as witness, attention and log-probabilities are
that model's, by replaying the finished text; `ModelInfo.details` says whose they are.

Nothing is waited for endlessly: connecting, the first token and every further one have time limits, and no stream may
bring more than `CHARACTERS_A_TOKEN` characters for each token that was asked for. A call that failed before its first
character is tried again, with exponential backoff and full jitter (M. Brooker, "Exponential Backoff and Jitter", AWS
Architecture Blog 2015) or when the server's `Retry-After` says; afterwards it is not, since what was streamed is said.
A cancelled call closes its connection within `POLL_SECONDS`, which makes vLLM and llama.cpp stop as well.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from PIL.Image import Image

from hartmann.errors import (
    AttentionUnavailable,
    HartmannError,
    MissingExtra,
    ModelFailed,
    ModelInputTooLong,
    ModelUnavailable,
)
from hartmann.vision.language_model import (
    AttentionRecord,
    Finish,
    Generation,
    GenerationRequest,
    Message,
    ModelInfo,
    VisionLanguageModel,
    ignore_text,
    never_stop,
)
from hartmann.vision.remote_chat import chat_body, is_continued
from hartmann.vision.remote_stream import EchoFilter, Piece, ThoughtFilter, read_event
from hartmann.vision.remote_trouble import Refusal, broken_off, not_a_stream, refusal, silent, unreachable

if TYPE_CHECKING:
    import httpx

POLL_SECONDS: Final = 0.02
CHARACTERS_A_TOKEN: Final = 64
"""No tokenizer's tokens are longer on average, not even in a run of spaces."""
CHARACTERS_PER_TOKEN: Final = 3
"""For budgets: a cautious mean over English and ABC, whatever the tokenizer."""
FIRST_BACKOFF_SECONDS: Final = 0.5
LONGEST_BACKOFF_SECONDS: Final = 20.0
LONGEST_ERROR_BYTES: Final = 1_000_000
DEFAULT_CONTEXT_TOKENS: Final = 8192
"""Where the server does not tell; vLLM does (`max_model_len`)."""


@dataclass(frozen=True, slots=True)
class RemoteServer:
    """Where the model is and how patient to be.

    `url` ends where `/chat/completions` begins, such as `http://127.0.0.1:8000/v1`. `model` may be empty where the
    server offers one only. Seconds are for connecting, and for the silence before the first and any further piece.
    `thinking` is what the server's chat template is told of thinking aloud, None for nothing.
    """

    url: str
    model: str = ""
    key: str = field(default="", repr=False)
    connect_seconds: float = 5.0
    silence_seconds: float = 120.0
    retries: int = 4
    longest_side: int = 1024
    context_tokens: int = 0
    thinking: bool | None = None


class RemoteModel:
    """A `VisionLanguageModel` that asks a server. One call at a time, from one thread at a time."""

    def __init__(self, server: RemoteServer, info: ModelInfo, witness: VisionLanguageModel | None) -> None:
        self._server, self._info, self._witness = server, info, witness
        self._refused: frozenset[str] = frozenset()
        self._jitter = random.Random()

    @classmethod
    def connect(
        cls, server: RemoteServer, *, witness: VisionLanguageModel | None = None, profile: str = "full"
    ) -> RemoteModel:
        """Ask the server which models it has. Raises ModelUnavailable when it can't be reached, refuses the key, or
        has no such model; MissingExtra without httpx."""
        offered = asyncio.run(_offered(server))
        name, context = _chosen(server, offered)
        seen_by = {"attention": f"replayed by {witness.info.name}"} if witness else {"attention": "none"}
        info = ModelInfo(
            name=name,
            revision="",
            device=server.url,
            context_tokens=context,
            prompt_profile=profile,
            constrains=False,
            records_attention=witness is not None,
            details=seen_by,
        )
        return cls(replace(server, model=name), info, witness)

    @property
    def info(self) -> ModelInfo:
        """Who the model is."""
        return self._info

    def generate(
        self,
        request: GenerationRequest,
        on_text: Callable[[str], None] = ignore_text,
        should_stop: Callable[[], bool] = never_stop,
    ) -> Generation:
        """As the protocol says. A grammar is not applied: `info.constrains` is false.

        Raises ModelUnavailable (server away, key refused), Overloaded (it stays busy), ModelInputTooLong, ModelFailed.
        """
        if request.picture is None and any(message.picture for message in request.conversation):
            raise ModelFailed("the conversation needs the picture, and none was given")
        return asyncio.run(self._generate(request, on_text, should_stop))

    def attend(self, conversation: tuple[Message, ...], picture: Image) -> AttentionRecord:
        """The witness's attention to the last message; where its context is too small for all that was said, to that
        message as an answer to the first. Raises AttentionUnavailable without a witness, or when that is too long too.
        """
        witness = self._seen_by_witness()
        try:
            return witness.attend(conversation, picture)
        except ModelInputTooLong:
            pass
        try:
            return witness.attend((conversation[0], conversation[-1]), picture)
        except ModelInputTooLong as error:
            raise AttentionUnavailable(f"{witness.info.name} can't replay so long a text: {error}") from error

    def log_probability(self, conversation: tuple[Message, ...], picture: Image) -> float:
        """The witness's log-probability. Raises AttentionUnavailable without one."""
        return self._seen_by_witness().log_probability(conversation, picture)

    def count_tokens(self, text: str) -> int:
        """A cautious guess; the tokenizer is the server's."""
        return math.ceil(len(text) / CHARACTERS_PER_TOKEN)

    def close(self) -> None:
        """Close the witness; connections last for one call alone."""
        if self._witness is not None:
            self._witness.close()

    def _seen_by_witness(self) -> VisionLanguageModel:
        if self._witness is None:
            raise AttentionUnavailable(
                f"{self._info.name} is behind a server, which shows no attention; set HARTMANN_ATTENTION_MODEL to "
                "a local model (such as mini) that replays its texts"
            )
        return self._witness

    async def _generate(
        self, request: GenerationRequest, on_text: Callable[[str], None], should_stop: Callable[[], bool]
    ) -> Generation:
        """Write in a task, and leave it as soon as a stop is asked for."""
        answer = _Answer(request, on_text)
        writing = asyncio.ensure_future(self._with_retries(request, answer))
        while not writing.done():
            if should_stop():
                writing.cancel()
                await asyncio.gather(writing, return_exceptions=True)
                return answer.generation(Finish.CANCELLED)
            await asyncio.wait({writing}, timeout=POLL_SECONDS)
        return answer.generation(writing.result())

    async def _with_retries(self, request: GenerationRequest, answer: _Answer) -> Finish:
        """Ask until an answer begins, or asking again does not help."""
        attempt = 0
        while True:
            try:
                return await self._ask(request, answer)
            except Refusal as refused:
                if refused.field and refused.field not in self._refused:
                    self._refused |= {refused.field}
                    continue
                if left := _room_left(refused.error, request):
                    request = replace(request, sampling=replace(request.sampling, max_tokens=left))
                    continue
                if not refused.again or answer.has_begun or attempt >= self._server.retries:
                    raise refused.error from refused
                await asyncio.sleep(
                    self._pause(attempt) if refused.wait_seconds is None else refused.wait_seconds
                )
                attempt += 1

    async def _ask(self, request: GenerationRequest, answer: _Answer) -> Finish:
        """One call. Raises Refusal."""
        import httpx

        url = f"{self._server.url}/chat/completions"
        server = self._server
        body = chat_body(request, server.model, server.longest_side, server.thinking, self._refused)
        try:
            async with (
                _client(self._server) as client,
                client.stream("POST", url, json=body) as response,
            ):
                await _check(response, url)
                return await answer.take(response.aiter_lines(), url)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise unreachable(self._server.url, error) from error
        except httpx.TimeoutException as error:
            raise silent(self._server.url, self._server.silence_seconds) from error
        except httpx.TransportError as error:
            raise broken_off(self._server.url, error) from error

    def _pause(self, attempt: int) -> float:
        return self._jitter.uniform(0, min(LONGEST_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2**attempt))


def _room_left(error: HartmannError, request: GenerationRequest) -> int:
    """Tokens that an answer may take where a server refused to promise as many as were allowed; 0 where that does
    not help: it does not say, or fewer are left than the answer needs."""
    told = error.metadata
    if not isinstance(error, ModelInputTooLong) or not told:
        return 0
    left = int(told["contextTokens"]) - int(told["promptTokens"])
    return left if request.room <= left < request.sampling.max_tokens else 0


class _Answer:
    """What has come of one answer so far, handed on piece by piece."""

    def __init__(self, request: GenerationRequest, on_text: Callable[[str], None]) -> None:
        begun = request.conversation[-1].text if is_continued(request) else ""
        self._thoughts, self._echo = ThoughtFilter(), EchoFilter(begun)
        self._on_text, self._text = on_text, ""
        self._most = request.sampling.max_tokens * CHARACTERS_A_TOKEN
        self._pieces, self._received = 0, 0
        self._counted: tuple[int | None, int | None] = (None, None)

    @property
    def has_begun(self) -> bool:
        """Whether anything was handed on, so that asking again would say it twice."""
        return bool(self._text)

    async def take(self, lines: AsyncIterator[str], url: str) -> Finish:
        """Read a stream to its end. Raises Refusal when it breaks off, ModelFailed for what can't be read."""
        finish = None
        async for line in lines:
            piece = read_event(line)
            if piece is None:
                continue
            self._add(piece)
            finish = finish or piece.finish
            if self._received > self._most:
                finish = Finish.LENGTH
                break
        if finish is None:
            raise broken_off(url, "the stream ended in the middle")
        self._say(self._echo.pass_on(self._thoughts.end()) + self._echo.end())
        return finish

    def generation(self, finish: Finish) -> Generation:
        """The answer; tokens are counted by pieces where the server does not tell."""
        written, read = self._counted
        return Generation(self._text, finish, written if written is not None else self._pieces, read or 0)

    def _add(self, piece: Piece) -> None:
        if piece.tokens is not None or piece.prompt_tokens is not None:
            self._counted = piece.tokens, piece.prompt_tokens
        self._pieces += bool(piece.text)
        self._received += len(piece.text)
        self._say(self._echo.pass_on(self._thoughts.pass_on(piece.text)))

    def _say(self, text: str) -> None:
        if text:
            self._text += text
            self._on_text(text)


async def _check(response: httpx.Response, url: str) -> None:
    """Raise Refusal for everything but a stream of events."""
    kind = response.headers.get("content-type", "").partition(";")[0]
    if response.status_code == 200 and kind == "text/event-stream":
        return
    body = (await _beginning(response)).decode("utf-8", "replace")
    if response.status_code == 200:
        raise not_a_stream(url, kind, body)
    raise refusal(url, response.status_code, response.headers, body)


async def _beginning(response: httpx.Response) -> bytes:
    """The first bytes of a body: as much as an error needs, however long it is."""
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > LONGEST_ERROR_BYTES:
            break
    return body[:LONGEST_ERROR_BYTES]


async def _offered(server: RemoteServer) -> list[dict[str, object]]:
    """The server's list of models. Raises ModelUnavailable."""
    import httpx

    url = f"{server.url}/models"
    try:
        async with _client(server) as client, client.stream("GET", url) as response:
            body = (await _beginning(response)).decode("utf-8", "replace")
            if response.status_code != 200:
                raise refusal(url, response.status_code, response.headers, body).error
            return [model for model in json.loads(body)["data"] if isinstance(model, dict)]
    except httpx.TransportError as error:
        raise unreachable(server.url, error).error from error
    except (ValueError, TypeError, KeyError) as error:
        raise ModelUnavailable(f"{url} lists no models; does the address end in /v1?") from error


def _chosen(server: RemoteServer, offered: list[dict[str, object]]) -> tuple[str, int]:
    """The model's name and context in tokens. Raises ModelUnavailable when it can't be told which is meant."""
    names = [str(model.get("id")) for model in offered]
    name = server.model or (names[0] if len(names) == 1 else "")
    if name not in names:
        raise ModelUnavailable(
            f"{server.url} offers {', '.join(names[:8]) or 'no models'}; name one in HARTMANN_REMOTE_MODEL"
        )
    told = offered[names.index(name)].get("max_model_len")
    return name, server.context_tokens or (told if isinstance(told, int) else DEFAULT_CONTEXT_TOKENS)


def _client(server: RemoteServer) -> httpx.AsyncClient:
    try:
        import httpx
    except ImportError as error:
        raise MissingExtra("httpx", "server") from error
    return httpx.AsyncClient(
        headers={"authorization": f"Bearer {server.key}"} if server.key else {},
        timeout=httpx.Timeout(server.silence_seconds, connect=server.connect_seconds),
        trust_env=False,
    )
