"""What comes back from `chat/completions`: server-sent events, their text, and what a model only thought.

A stream is lines `data: {…}` (WHATWG HTML, section 9.2), ended by `data: [DONE]`. Reasoning models write their
thoughts either into a field of their own, which is passed over, or between `<think>` and `</think>` in the text,
which `ThoughtFilter` takes out even where a tag is split over two pieces.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from hartmann.errors import ModelFailed
from hartmann.vision.language_model import Finish

DONE: Final = "[DONE]"
_OPEN, _CLOSE = "<think>", "</think>"


@dataclass(frozen=True, slots=True)
class Piece:
    """One event of a stream: new text, why it ended (None while it goes on), tokens written and read if told."""

    text: str = ""
    finish: Finish | None = None
    tokens: int | None = None
    prompt_tokens: int | None = None


def read_event(line: str) -> Piece | None:
    """The piece that a line of the stream brings; None for comments, blank lines and other fields.

    Raises ModelFailed for an error that the server reports inside the stream, and for what is no JSON.
    """
    if not line.startswith("data:"):
        return None
    data = line.removeprefix("data:").strip()
    if data == DONE:
        return Piece(finish=Finish.STOP)
    try:
        event = json.loads(data)
    except ValueError as error:
        raise ModelFailed(f"the model's server sent what is no JSON: {data[:80]!r}") from error
    if not isinstance(event, dict):
        raise ModelFailed(f"the model's server sent no event: {data[:80]!r}")
    if event.get("error"):
        raise ModelFailed(f"the model's server broke off: {error_text(event)}")
    return _piece(event)


def error_text(body: Any) -> str:
    """The sentence in an error's body, whichever of the usual shapes it has; at most 300 characters."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(error, dict):
        error = error.get("message") or error.get("detail") or error
    return str(error)[:300]


def _piece(event: dict[str, Any]) -> Piece:
    usage = event.get("usage") or {}
    counted = usage.get("completion_tokens"), usage.get("prompt_tokens")
    choices = event.get("choices") or []
    if not choices:
        return Piece("", None, *counted)
    delta = choices[0].get("delta") or choices[0].get("message") or {}
    return Piece(delta.get("content") or "", _finish(choices[0].get("finish_reason")), *counted)


def _finish(reason: str | None) -> Finish | None:
    if reason is None:
        return None
    if reason == "content_filter":
        raise ModelFailed(
            "the model's server refused to answer (content filter); change the picture or the prompt"
        )
    return Finish.LENGTH if reason == "length" else Finish.STOP


class ThoughtFilter:
    """Passes text on without what stands between `<think>` and `</think>`.

    >>> thoughts = ThoughtFilter()
    >>> [thoughts.pass_on(piece) for piece in ("<th", "ink>hm</thi", "nk>\\n\\nX:1", " T:A")]
    ['', '', 'X:1', ' T:A']
    """

    def __init__(self) -> None:
        self._held = ""
        self._thinking = False
        self._just_thought = False

    def pass_on(self, text: str) -> str:
        """What of the new text, and of text held back before, can be shown."""
        self._held += text
        shown = ""
        while self._held:
            tag = _CLOSE if self._thinking else _OPEN
            before, found, after = self._held.partition(tag)
            if found:
                shown += "" if self._thinking else self._spoken(before)
                self._just_thought = self._thinking or self._just_thought
                self._thinking, self._held = not self._thinking, after
                continue
            keep = _overlap(self._held, tag)
            ready, self._held = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
            return shown + ("" if self._thinking else self._spoken(ready))
        return shown

    def end(self) -> str:
        """What was held back and turned out to be no tag."""
        rest, self._held = ("" if self._thinking else self._held), ""
        return rest

    def _spoken(self, text: str) -> str:
        """Text outside thoughts; blank lines right behind a thought belong to it."""
        if self._just_thought:
            text = text.lstrip()
            self._just_thought = not text
        return text


class EchoFilter:
    """Passes text on without `begun`, where it begins with all of it: chat models like to start again from the top.

    >>> echo = EchoFilter("It is warm.")
    >>> [echo.pass_on(piece) for piece in ("It is", " warm. ", "Still.")], echo.end()
    (['', ' ', 'Still.'], '')
    """

    def __init__(self, begun: str) -> None:
        self._begun, self._held = begun, ""

    def pass_on(self, text: str) -> str:
        """What of the new text, and of text held back before, is no echo for certain."""
        self._held += text
        if self._begun and self._begun.startswith(self._held) and self._held != self._begun:
            return ""
        return self.end()

    def end(self) -> str:
        """What is held back, without the echo."""
        shown, self._held = self._held.removeprefix(self._begun), ""
        self._begun = ""
        return shown


def _overlap(text: str, tag: str) -> int:
    """How many characters at the end of `text` could begin `tag`."""
    return next((n for n in range(min(len(tag) - 1, len(text)), 0, -1) if text.endswith(tag[:n])), 0)
