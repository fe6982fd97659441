"""When a model's server says no: what that means for a person, and whether to ask again.

Asking again helps when a server is busy (429), breaks (5xx), is not there yet or went away; never when it understood
and refused. A refusal that names an optional field of ours is answered by leaving the field out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from hartmann.errors import HartmannError, ModelFailed, ModelInputTooLong, ModelUnavailable, Overloaded
from hartmann.vision.remote_chat import OPTIONAL
from hartmann.vision.remote_stream import error_text

DEFAULT_RETRY_SECONDS: Final = 5.0
LONGEST_RETRY_SECONDS: Final = 60.0
_TOO_LONG: Final = re.compile(
    r"context.{0,20}(length|window|size)|maximum.{0,20}(tokens|length)|too (long|large|many tokens)", re.I
)
_CONTEXT_LENGTH: Final = re.compile(r'context length is (\d+)|"n_ctx": *(\d+)', re.I)
_PROMPT_LENGTH: Final = re.compile(
    r'(\d+) in the messages|(\d+) input tokens|messages resulted in (\d+)|"n_prompt_tokens": *(\d+)', re.I
)


class Refusal(Exception):
    """A call that failed.

    `error` is for the caller if nothing helps; `again` says whether asking again may help, after `wait_seconds` if the
    server said so; `field` names an optional field that the server does not take.
    """

    def __init__(
        self, error: HartmannError, again: bool = False, wait_seconds: float | None = None, field: str = ""
    ) -> None:
        super().__init__(error.message)
        self.error, self.again, self.wait_seconds, self.field = error, again, wait_seconds, field


def refusal(url: str, status: int, headers: Mapping[str, str], body: str) -> Refusal:
    """What an answer other than 200 means."""
    said = _said(body)
    if status in {401, 403}:
        return Refusal(ModelUnavailable(f"{url} refuses the key ({said}); set HARTMANN_REMOTE_API_KEY"))
    if status == 404:
        return Refusal(
            ModelUnavailable(
                f"{url} has no such model or address ({said}); "
                "see HARTMANN_VISION_MODEL and HARTMANN_REMOTE_MODEL"
            )
        )
    if status == 429:
        wait = _retry_after(headers)
        return Refusal(
            Overloaded(f"{url} is busy ({said})", retry_seconds=wait or DEFAULT_RETRY_SECONDS), True, wait
        )
    if status >= 500:
        return Refusal(ModelFailed(f"{url} failed with {status}: {said}"), True, _retry_after(headers))
    if _TOO_LONG.search(said):
        error = ModelInputTooLong(
            f"the prompt does not fit the model behind {url}: {said}", metadata=_lengths(body)
        )
        return Refusal(error)
    field = next((name for name in OPTIONAL if name in said), "")
    return Refusal(
        ModelFailed(f"{url} refused the call with {status}: {said}"), again=bool(field), field=field
    )


def not_a_stream(url: str, kind: str, body: str) -> Refusal:
    """An answer 200 that is no stream of events: another program's page, most likely."""
    return Refusal(
        ModelUnavailable(
            f"{url} answered with {kind or 'no content type'} instead of events ({_said(body)!r}); "
            "does the address end in /v1?"
        )
    )


def unreachable(url: str, error: Exception) -> Refusal:
    """Nobody answers, or not in time."""
    reason = str(error) or type(error).__name__
    return Refusal(
        ModelUnavailable(f"the model's server {url} can't be reached ({reason}); is it running?"), again=True
    )


def silent(url: str, seconds: float) -> Refusal:
    """The connection stands, but nothing comes."""
    return Refusal(ModelFailed(f"the model's server {url} said nothing for {seconds:g} seconds"), again=True)


def broken_off(url: str, error: Exception | str) -> Refusal:
    """The connection ended before the answer did."""
    reason = str(error) or type(error).__name__
    return Refusal(ModelFailed(f"the model's server {url} broke off ({reason})"), again=True)


def _lengths(body: str) -> dict[str, str]:
    """How long the prompt is and how much the model holds, where a server says both (vLLM, llama.cpp, OpenAI)."""
    context, prompt = _CONTEXT_LENGTH.search(body), _PROMPT_LENGTH.search(body)
    if context is None or prompt is None:
        return {}
    return {"contextTokens": _number(context), "promptTokens": _number(prompt)}


def _number(found: re.Match[str]) -> str:
    return next(group for group in found.groups() if group)


def _said(body: str) -> str:
    try:
        return error_text(json.loads(body))
    except ValueError:
        return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body)).strip()[:120] or "no reason given"


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of `Retry-After` (RFC 9110, 10.2.3); dates and nonsense count as not given."""
    try:
        return min(LONGEST_RETRY_SECONDS, max(0.0, float(headers.get("retry-after", ""))))
    except ValueError:
        return None
