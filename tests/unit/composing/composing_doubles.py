"""Doubles at the pipeline's edges: a model that says what a test scripted, a journal in memory, a small library.

They implement the protocols of `composing.tools` and `composing.journal` whole, and nothing of the pipeline.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from grammar_walks import walk
from numpy.typing import NDArray
from PIL import Image

from hartmann.composing.carry import Carry
from hartmann.composing.events import Event, Stage, TextDelta
from hartmann.composing.headers import header_of
from hartmann.composing.tools import Tools
from hartmann.errors import AttentionUnavailable
from hartmann.library.reference import Reference
from hartmann.vision.language_model import (
    AttentionRecord,
    Finish,
    Generation,
    GenerationRequest,
    ImageGrid,
    Message,
    ModelInfo,
    Role,
    ignore_text,
    ignore_texts,
)
from hartmann.vision.pictures import Picture

GRID = ImageGrid(2, 3)
Answer = str | Callable[[str], str]

TUNE = """X:1
T:Morning
M:4/4
L:1/8
Q:1/4=100
K:Gmaj
% [A]
GABc d2B2|A2F2 G4|GABc d2B2|A2F2 G4|
% [B]
dedB c2A2|BcBG A4|GABc d2B2|A2F2 G4|]"""


def picture() -> Picture:
    """A picture of 90 × 60 pixels: blue above, orange below."""
    image = Image.new("RGB", (90, 60), (40, 80, 200))
    image.paste((230, 140, 30), (0, 30, 90, 60))
    data = image.tobytes()
    return Picture(image, hashlib.sha256(data).hexdigest(), "PNG", *image.size)


@dataclass
class ScriptedModel:
    """Answers by the first key that stands in the last user message; a list of answers is used up one by one.

    Under a grammar it answers with the header, and then, when that begins its message, with the body.
    """

    answers: dict[str, list[Answer] | Answer]
    attends: bool = True
    attends_to: int = 1_000_000
    """The longest text, in characters, whose attention it can tell."""
    constrained: bool = False
    profile: str = "full"
    voices: int = 8
    asked: list[GenerationRequest] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)

    @property
    def info(self) -> ModelInfo:
        return ModelInfo(
            "scripted",
            "1",
            "cpu",
            4096,
            self.profile,
            constrains=self.constrained,
            voices=self.voices,
            records_attention=self.attends,
        )

    async def generate(
        self, request: GenerationRequest, on_text: Callable[[str], None] = ignore_text
    ) -> Generation:
        self.asked.append(request)
        asked = [message.text for message in request.conversation if message.role is Role.USER]
        text = self._answer(asked[-1])
        if request.grammar is not None:
            header = header_of(text)
            begun = request.conversation[-1].role is Role.ASSISTANT
            text = text.removeprefix(header) if begun else header
        elif request.conversation[-1].role is Role.ASSISTANT:
            text = text.removeprefix(request.conversation[-1].text)
        for stop in request.sampling.stop:
            text = text.split(stop)[0]
        for start in range(0, len(text), 7):
            on_text(text[start : start + 7])
        return Generation(text, Finish.STOP, len(text), 10)

    async def generate_batch(
        self, requests: Sequence[GenerationRequest], on_text: Callable[[int, str], None] = ignore_texts
    ) -> tuple[Generation, ...]:
        """All of them, one after the other; `batches` notes how many."""
        self.batches.append(len(requests))
        return tuple([await self.generate(each, partial(on_text, row)) for row, each in enumerate(requests)])

    def _answer(self, prompt: str) -> str:
        for key, answer in self.answers.items():
            if key in prompt:
                if isinstance(answer, list):
                    answer = answer.pop(0) if len(answer) > 1 else answer[0]
                return answer(prompt) if callable(answer) else answer
        raise AssertionError(f"no scripted answer for: {prompt[:200]}")

    async def attend(self, conversation: tuple[Message, ...], picture: Image.Image) -> AttentionRecord:
        """One token a character; character i looks at cell i mod 6 alone."""
        assert conversation[-1].role is Role.ASSISTANT
        text = conversation[-1].text
        if len(text) > self.attends_to:
            raise AttentionUnavailable("so long a text can't be replayed")
        weights = np.zeros((len(text), GRID.rows * GRID.columns), np.float32)
        weights[np.arange(len(text)), np.arange(len(text)) % weights.shape[1]] = 0.5
        return AttentionRecord(weights, tuple((i, i + 1) for i in range(len(text))), GRID)

    def count_tokens(self, text: str) -> int:
        """Four characters a token."""
        return len(text) // 4

    async def log_probability(self, conversation: tuple[Message, ...], picture: Image.Image) -> float:
        """Falls with every pixel of the upper left cell that is not as it was."""
        cell = np.asarray(picture)[:30, :30].astype(float)
        return -10.0 - float(np.abs(cell - (40, 80, 200)).mean())


@dataclass
class RandomWriter(ScriptedModel):
    """Under a grammar it writes any text of it, drawn by the seed it is given, and no more characters than tokens that
    it may write, four for one."""

    async def generate(
        self, request: GenerationRequest, on_text: Callable[[str], None] = ignore_text
    ) -> Generation:
        if request.grammar is None:
            return await super().generate(request, on_text)
        self.asked.append(request)
        text = walk(request.grammar, request.sampling.seed, stop="".join(request.sampling.stop) or "\0")
        most = 4 * request.sampling.max_tokens
        finish = Finish.STOP if len(text) <= most else Finish.LENGTH
        on_text(text[:most])
        return Generation(text[:most], finish, len(text), 10)


class FixedEmbedder:
    """Every picture is one axis, every text another."""

    space = "fixed/v1"

    async def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.tile(np.array([1, 0, 0], np.float32), (len(texts), 1))

    async def embed_pictures(self, pictures: Sequence[Image.Image]) -> NDArray[np.float32]:
        return np.tile(np.array([0, 1, 0], np.float32), (len(pictures), 1))


@dataclass
class ShelfLibrary:
    """A library that brings what stands on its shelf."""

    shelf: tuple[Reference, ...] = ()

    async def find(
        self, space: str, image: NDArray[np.float32] | None, text: NDArray[np.float32] | None, k: int
    ) -> tuple[Reference, ...]:
        assert space == "fixed/v1"
        assert image is not None
        assert text is not None
        return self.shelf[: 2 * k]


class Crash(Exception):
    """The worker died."""


@dataclass
class MemoryJournal:
    """A journal in memory that can die after so many records, and be resumed from what it holds."""

    records: dict[tuple[Stage, str], Event] = field(default_factory=dict)
    carry: Carry | None = None
    dies_after: int | None = None
    _logged: dict[tuple[Stage, int], int] = field(default_factory=dict)

    async def record(self, stage: Stage, part: str, event: Event, carry: Carry | None = None) -> None:
        if self.dies_after is not None and len(self.records) >= self.dies_after:
            raise Crash
        self.records.setdefault((stage, part), event)
        if carry is not None:
            self.carry = Carry.from_json(carry.to_json())

    def characters_logged(self, stage: Stage, draft: int) -> int:
        return self._logged.get((stage, draft), 0)

    def resumed(self, dies_after: int | None = None) -> MemoryJournal:
        """The journal as the next worker finds it."""
        logged: dict[tuple[Stage, int], int] = {}
        for event in self.events(TextDelta):
            key = event.stage, event.draft
            logged[key] = max(logged.get(key, 0), event.offset + len(event.text))
        return MemoryJournal(dict(self.records), self.carry, dies_after, logged)

    def events(self, kind: type) -> list[Event]:
        """The events of one kind, in order."""
        return [event for event in self.records.values() if isinstance(event, kind)]

    def text(self, stage: Stage, draft: int) -> str:
        """What the deltas of (stage, draft) give when joined."""
        deltas = [e for e in self.events(TextDelta) if (e.stage, e.draft) == (stage, draft)]
        assert [d.offset for d in deltas] == [
            sum(len(e.text) for e in deltas[:i]) for i in range(len(deltas))
        ]
        return "".join(delta.text for delta in deltas)


def tools(model: ScriptedModel, *shelf: Reference) -> Tools:
    """Tools with these."""
    return Tools(model, FixedEmbedder(), ShelfLibrary(shelf), "0.0.test")


def reference(abc: str, name: str = "one") -> Reference:
    """A reference with this notation."""
    return Reference(
        f"test/{name}", name.title(), "A calm tune.", abc, "made for the test", "CC0-1.0", 0.5, 0.4, 1
    )
