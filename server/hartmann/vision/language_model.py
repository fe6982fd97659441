"""What a vision-language model is to the rest of Hartmann: one small protocol.

A model is given a conversation about one picture and continues its last message. The protocol is
stateless: whoever implements it may keep the key-value cache of an earlier call and reuse the common
prefix, but the result never depends on it. Calls block; `model_thread.py` runs them off the event loop.

Conventions: a conversation is a tuple of `Message`s; the picture (if any) stands before the text of
the message that has `picture=True`. If the last message is the assistant's, generation *continues* its
text (that is how a header, chosen first, is followed by a body); otherwise a new assistant message
begins. Offsets of token spans count characters of the generated text alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image


class Role(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. `picture` says that the conversation's picture stands before the text."""

    role: Role
    text: str
    picture: bool = False


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to choose tokens. Temperature 0 is greedy; `stop` strings end the text and are not part of it."""

    seed: int
    temperature: float = 0.8
    top_p: float = 0.95
    max_tokens: int = 512
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageGrid:
    """How image tokens tile the picture: row-major `rows` × `columns` equal cells over the whole picture."""

    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class AttentionRecord:
    """For each generated token its attention to each image token, mean over layers and heads (Eq. 2's inner mean).

    `weights`: float32, shape (tokens, image tokens), rows sum to at most 1. `spans`: (start, end) character
    offsets of each token in the text, shape (tokens, 2).
    """

    weights: NDArray[np.float32]
    spans: tuple[tuple[int, int], ...]
    grid: ImageGrid


class Finish(StrEnum):
    """Why generation ended."""

    STOP = "stop"
    LENGTH = "length"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Generation:
    """What a model wrote. `tokens` counts generated tokens, `prompt_tokens` the prompt's, `reused_tokens` those of them
    that came from an earlier call's cache."""

    text: str
    finish: Finish
    tokens: int
    prompt_tokens: int
    reused_tokens: int = 0
    attention: AttentionRecord | None = None


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One call: the conversation, its picture, how to sample, and an optional Lark grammar the text must match.

    `room`: a conversation that leaves fewer tokens than these for the answer is refused as too long.
    """

    conversation: tuple[Message, ...]
    sampling: Sampling
    picture: Image | None = None
    grammar: str | None = None
    record_attention: bool = False
    room: int = 1


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Who a model is (for provenance) and what it can do (for the pipeline).

    `voices`: how many voices it has learned to write under a grammar; the grammar itself takes up to eight.
    `attention`: which layers and heads its attention is the mean of, in words; empty for all of them.
    """

    name: str
    revision: str
    device: str
    context_tokens: int
    prompt_profile: str = "full"
    constrains: bool = True
    voices: int = 8
    records_attention: bool = True
    attention: str = ""
    details: dict[str, str] = field(default_factory=dict)


def ignore_text(_: str) -> None:
    """An `on_text` for callers who only want the result."""


def never_stop() -> bool:
    """A `should_stop` for callers who never cancel."""
    return False


def ignore_texts(_row: int, _text: str) -> None:
    """An `on_text` of a batch, for callers who only want the results."""


def never_stop_any(_row: int) -> bool:
    """A `should_stop` of a batch, for callers who never cancel."""
    return False


class VisionLanguageModel(Protocol):
    """A model that sees and writes."""

    @property
    def info(self) -> ModelInfo: ...

    def generate(
        self,
        request: GenerationRequest,
        on_text: Callable[[str], None] = ignore_text,
        should_stop: Callable[[], bool] = never_stop,
    ) -> Generation:
        """Continue the conversation. `on_text` gets each new piece of text; `should_stop` is asked at every token.

        Raises ModelInputTooLong when the prompt leaves no room, ModelFailed when the model breaks.
        """
        ...

    def attend(self, conversation: tuple[Message, ...], picture: Image) -> AttentionRecord:
        """The attention that the last (assistant's) message pays to the picture, by one pass over the finished text.

        Raises AttentionUnavailable where `info.records_attention` is false.
        """
        ...

    def log_probability(self, conversation: tuple[Message, ...], picture: Image) -> float:
        """Natural-log probability of the last (assistant's) message given all before it, summed over its tokens."""
        ...

    def count_tokens(self, text: str) -> int:
        """How many tokens a text takes, for budgets."""
        ...

    def close(self) -> None:
        """Free the weights. Idempotent."""
        ...


@runtime_checkable
class BatchWriter(Protocol):
    """A model that writes several texts about one picture in less time than one after the other."""

    def generate_batch(
        self,
        requests: Sequence[GenerationRequest],
        on_text: Callable[[int, str], None] = ignore_texts,
        should_stop: Callable[[int], bool] = never_stop_any,
    ) -> tuple[Generation, ...]:
        """As `generate` for each request, which keeps its own seed, grammar, stop strings and budget.

        The conversations are about one picture and begin with the same message; the more they have in common, the
        less is read. `on_text` and `should_stop` are given the request's index, 0 for the first; who is told to stop
        leaves the others writing. Raises what `generate` raises, for all of them.
        """
        ...
