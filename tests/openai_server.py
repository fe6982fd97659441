"""An OpenAI-compatible server over real HTTP, in a thread: it serves a local model, or misbehaves as it is told.

`Serving.trouble` is a list of behaviours, one for each coming call; when it is empty, calls are answered by the model.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import socket
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import uvicorn
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from hartmann.errors import ModelInputTooLong
from hartmann.vision.language_model import Generation, GenerationRequest, Message, Role, Sampling

Answer = Callable[[dict[str, Any]], Awaitable[Response]]


class SyncWriter(Protocol):
    """What of a `VisionLanguageModel` the server needs."""

    def generate(
        self, request: GenerationRequest, on_text: Callable[[str], None], should_stop: Callable[[], bool]
    ) -> Generation: ...


@dataclass
class Serving:
    """A running server: where it is, what it was asked, how it will misbehave, how many streams were left early."""

    url: str = ""
    key: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    trouble: list[Answer] = field(default_factory=list)
    models: list[dict[str, Any]] = field(default_factory=lambda: [{"id": "tiny", "max_model_len": 2048}])
    left: threading.Event = field(default_factory=threading.Event)


@contextmanager
def openai_server(
    model: SyncWriter | None = None, key: str = "", port: int = 0, serving: Serving | None = None
) -> Iterator[Serving]:
    """Serve until the block ends, on a port (0: any that is free); `serving` goes on from an earlier block."""
    serving = serving or Serving(key=key)
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen()  # whoever connects before the thread serves waits, and is not refused
        serving.url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        config = uvicorn.Config(_application(serving, model), log_level="critical", lifespan="off", ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            yield serving
        finally:
            server.should_exit = server.force_exit = True
            thread.join()


def pieces(*texts: str, finish: str | None = "stop", done: bool = True) -> Answer:
    """A stream of these texts."""

    async def answer(_: dict[str, Any]) -> Response:
        async def stream() -> AsyncIterator[str]:
            for text in texts:
                yield _event({"delta": {"content": text}, "finish_reason": None})
            if finish:
                yield _event({"delta": {}, "finish_reason": finish})
            if done:
                yield "data: [DONE]\n\n"

        return StreamingResponse(stream(), media_type="text/event-stream")

    return answer


def slowly(*texts: str, seconds: float) -> Answer:
    """A stream of these texts with a pause before each."""

    async def answer(_: dict[str, Any]) -> Response:
        async def stream() -> AsyncIterator[str]:
            for text in texts:
                await asyncio.sleep(seconds)
                yield _event({"delta": {"content": text}, "finish_reason": None})
            yield _event({"delta": {}, "finish_reason": "stop"})
            yield "data: [DONE]\n\n"

        return StreamingResponse(stream(), media_type="text/event-stream")

    return answer


def status(code: int, body: Any = None, **headers: str) -> Answer:
    """An answer that is none. A body that is text goes out as HTML."""

    async def answer(_: dict[str, Any]) -> Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if isinstance(body, str):
            return Response(body, code, sent, "text/html")
        return JSONResponse(body or {"error": {"message": f"trouble {code}"}}, code, sent)

    return answer


def silence() -> Answer:
    """A stream that begins and never says anything."""

    async def answer(_: dict[str, Any]) -> Response:
        async def stream() -> AsyncIterator[str]:
            yield ": waiting\n\n"
            await asyncio.Event().wait()

        return StreamingResponse(stream(), media_type="text/event-stream")

    return answer


def endless(text: str) -> Answer:
    """A stream that says the same for ever."""

    async def answer(_: dict[str, Any]) -> Response:
        async def stream() -> AsyncIterator[str]:
            while True:
                yield _event({"delta": {"content": text}, "finish_reason": None})
                await asyncio.sleep(0)

        return StreamingResponse(stream(), media_type="text/event-stream")

    return answer


def _application(serving: Serving, model: SyncWriter | None) -> Starlette:
    async def models(request: Request) -> Response:
        return _refused(request, serving) or JSONResponse({"object": "list", "data": serving.models})

    async def chat(request: Request) -> Response:
        if refused := _refused(request, serving):
            return refused
        body = await request.json()
        serving.bodies.append(body)
        if serving.trouble:
            return await serving.trouble.pop(0)(body)
        assert model is not None
        return await _begun(_written(serving, model, body))

    routes = [Route("/v1/models", models), Route("/v1/chat/completions", chat, methods=["POST"])]
    return Starlette(routes=routes)


def _refused(request: Request, serving: Serving) -> Response | None:
    if serving.key and request.headers.get("authorization") != f"Bearer {serving.key}":
        return JSONResponse({"error": {"message": "wrong key"}}, 401)
    return None


async def _begun(stream: AsyncGenerator[str]) -> Response:
    """The stream, once there is something in it; a prompt that is too long is refused before, as vLLM does."""
    try:
        first = await anext(stream)
    except ModelInputTooLong as error:
        return JSONResponse({"error": {"message": f"beyond the maximum context length: {error}"}}, 400)

    async def whole() -> AsyncIterator[str]:
        async with aclosing(stream):
            yield first
            async for event in stream:
                yield event

    return StreamingResponse(whole(), media_type="text/event-stream")


async def _written(serving: Serving, model: SyncWriter, body: dict[str, Any]) -> AsyncGenerator[str]:
    """What the model writes, piece by piece, as it writes it."""
    loop, texts, leave = asyncio.get_running_loop(), asyncio.Queue[str | None](), threading.Event()

    def write() -> Any:
        try:
            return model.generate(
                _request(body), lambda text: loop.call_soon_threadsafe(texts.put_nowait, text), leave.is_set
            )
        finally:
            loop.call_soon_threadsafe(texts.put_nowait, None)

    writing = asyncio.ensure_future(asyncio.to_thread(write))
    try:
        while (text := await texts.get()) is not None:
            yield _event({"delta": {"content": text}, "finish_reason": None})
        written = await writing
        yield _event({"delta": {}, "finish_reason": written.finish.value})
        usage = {"prompt_tokens": written.prompt_tokens, "completion_tokens": written.tokens}
        yield f"data: {json.dumps({'choices': [], 'usage': usage})}\n\n"
        yield "data: [DONE]\n\n"
    finally:
        if not writing.done():
            leave.set()
            serving.left.set()


def _request(body: dict[str, Any]) -> GenerationRequest:
    messages, picture = [], None
    for message in body["messages"]:
        content = message["content"]
        if isinstance(content, list):
            data = content[0]["image_url"]["url"].partition("base64,")[2]
            picture = Image.open(io.BytesIO(base64.b64decode(data)))
            content = content[1]["text"]
            messages.append(Message(Role(message["role"]), content, picture=True))
        else:
            messages.append(Message(Role(message["role"]), content))
    sampling = Sampling(
        body["seed"], body["temperature"], body["top_p"], body["max_tokens"], tuple(body.get("stop", ()))
    )
    return GenerationRequest(tuple(messages), sampling, picture)


def _event(choice: dict[str, Any]) -> str:
    return f"data: {json.dumps({'choices': [{'index': 0, **choice}]})}\n\n"
