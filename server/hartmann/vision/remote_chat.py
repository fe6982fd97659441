"""A conversation as the body of `POST …/chat/completions`, the way OpenAI's servers and those like them read it.

The picture travels inside the body as a JPEG data URL, made small enough for the model first: servers count its
pixels as tokens and many refuse large bodies. An assistant's message that is to be *continued* is no part of OpenAI's
protocol. vLLM and SGLang continue it when told (`continue_final_message`), llama.cpp and Ollama do so by themselves;
a server that refuses the flag is told in words instead (`GO_ON`). Such fields that a server may not know are the
`OPTIONAL` ones: a server that names one in a refusal is asked again without it.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from typing import Any, Final

from PIL.Image import Image, Resampling

from hartmann.vision.language_model import GenerationRequest, Message, Role

JPEG_QUALITY: Final = 92
GO_ON: Final = (
    "Your answer so far is above and is not finished. Go on exactly where it ends: write only what follows, "
    "repeat nothing, explain nothing."
)


OPTIONAL: Final = (
    "continue_final_message", "add_generation_prompt", "stream_options", "seed", "top_p", "chat_template_kwargs",
)  # fmt: skip


def chat_body(
    request: GenerationRequest,
    model: str,
    longest_side: int,
    thinking: bool | None = None,
    refused: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """The request's body. `longest_side` bounds the picture, in pixels; fields in `refused` are left out.

    `thinking` tells the chat template, as vLLM, SGLang and llama.cpp pass it on, to think aloud or not to.
    """
    sampling = request.sampling
    asked_in_words = is_continued(request) and "continue_final_message" in refused
    body: dict[str, Any] = {
        "model": model,
        "messages": list(_messages(request, asked_in_words, longest_side)),
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
        "seed": sampling.seed % 2**31,
    }
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if thinking is not None:
        body["chat_template_kwargs"] = {"enable_thinking": thinking}
    if is_continued(request) and not asked_in_words:
        body |= {"continue_final_message": True, "add_generation_prompt": False}
    return {name: value for name, value in body.items() if name not in refused}


def is_continued(request: GenerationRequest) -> bool:
    """Whether the last message is the assistant's own, to be continued."""
    return request.conversation[-1].role is Role.ASSISTANT


def data_url(picture: Image, longest_side: int) -> str:
    """The picture as a JPEG inside a URL, no side longer than `longest_side` pixels."""
    small = picture.convert("RGB")
    if max(small.size) > longest_side:
        share = longest_side / max(small.size)
        size = (max(1, round(small.width * share)), max(1, round(small.height * share)))
        small = small.resize(size, Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def _messages(
    request: GenerationRequest, asked_in_words: bool, longest_side: int
) -> Iterator[dict[str, Any]]:
    for message in request.conversation:
        yield _message(message, request.picture, longest_side)
    if asked_in_words:
        yield {"role": "user", "content": GO_ON}


def _message(message: Message, picture: Image | None, longest_side: int) -> dict[str, Any]:
    if not message.picture or picture is None:
        return {"role": message.role.value, "content": message.text}
    parts = [
        {"type": "image_url", "image_url": {"url": data_url(picture, longest_side)}},
        {"type": "text", "text": message.text},
    ]
    return {"role": message.role.value, "content": parts}
