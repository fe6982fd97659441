"""The studio: compositions as a person gets them, made with the pipeline's own stages, and overheard.

Nothing of the conversation is repeated here: the stages of `composing` are called with the shipped models, and what the
model was asked first in a stage is noted, so that it can be asked the same without anything checking its answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from PIL.Image import Image

from hartmann.composing import captioning, explaining
from hartmann.composing.captioning import write_caption
from hartmann.composing.carry import Carry
from hartmann.composing.choosing import choose
from hartmann.composing.drafting import write_drafts
from hartmann.composing.events import Event, Stage
from hartmann.composing.explaining import explain, heat_of
from hartmann.composing.faithfulness import measure_falls
from hartmann.composing.pipeline import compose
from hartmann.composing.refining import refine_drafts
from hartmann.composing.request import CompositionRequest, Limits
from hartmann.composing.retrieving import find_references
from hartmann.composing.tools import Embeddings, ReferenceLibrary, SeeingWriter, Tools
from hartmann.composing.work import Conversation, Work
from hartmann.training.evaluation.pieces import Commission, Explanation, Piece, Told
from hartmann.training.evaluation.steering import IN_WORDS, wished
from hartmann.vision.language_model import (
    AttentionRecord,
    Generation,
    GenerationRequest,
    Message,
    ModelInfo,
    Role,
    Sampling,
    ignore_text,
    ignore_texts,
)
from hartmann.vision.picture_features import measure
from hartmann.vision.pictures import Picture

WRITTEN_TOKENS = 300
"""Of a caption or a motivation that nobody checks."""


class Silence:
    """A journal that keeps nothing but when the first text came, in seconds of `time.perf_counter`."""

    def __init__(self) -> None:
        self.first_text: float | None = None

    async def record(self, stage: Stage, part: str, event: Event, carry: Carry | None = None) -> None:
        """Note the time of the first text."""
        del stage, event, carry
        if part.startswith("text/") and self.first_text is None:
            self.first_text = time.perf_counter()

    def characters_logged(self, stage: Stage, draft: int) -> int:
        """Nothing was logged before."""
        del stage, draft
        return 0


class Listener:
    """A model that is overheard: `first` is the first conversation since `listen`, `first_token` when it was first
    answered with any text. A `SeeingWriter`."""

    def __init__(self, model: SeeingWriter) -> None:
        self._model = model
        self.listen()

    def listen(self) -> None:
        """Begin anew."""
        self.first: Conversation | None = None
        self.first_token: float | None = None

    @property
    def info(self) -> ModelInfo:
        """The model's own."""
        return self._model.info

    async def generate(
        self, request: GenerationRequest, on_text: Callable[[str], None] = ignore_text
    ) -> Generation:
        """As the model does."""
        self.first = self.first or request.conversation

        def tell(text: str) -> None:
            self.first_token = self.first_token or time.perf_counter()
            on_text(text)

        return await self._model.generate(request, tell)

    async def generate_batch(
        self, requests: Sequence[GenerationRequest], on_text: Callable[[int, str], None] = ignore_texts
    ) -> tuple[Generation, ...]:
        """As the model does."""
        return await self._model.generate_batch(requests, on_text)

    async def attend(self, conversation: Conversation, picture: Image) -> AttentionRecord:
        """As the model does."""
        return await self._model.attend(conversation, picture)

    async def log_probability(self, conversation: Conversation, picture: Image) -> float:
        """As the model does."""
        return await self._model.log_probability(conversation, picture)

    def count_tokens(self, text: str) -> int:
        """As the model does."""
        return self._model.count_tokens(text)


@dataclass(frozen=True, slots=True)
class Studio:
    """Where pieces are made."""

    model: SeeingWriter
    embedder: Embeddings
    library: ReferenceLibrary

    async def piece(self, number: int, image: Image, *, is_photograph: bool, whole: bool) -> Piece:
        """Everything that is measured about one picture; with `whole`, of the first pictures, all there is."""
        listener = Listener(self.model)
        request = _request(image, number)
        work = self._work(request, listener)
        carry = await write_caption(work, Carry())
        written = await self._unchecked(work, listener, captioning.TEMPERATURE) if whole else ""
        caption = Told(written, carry.caption or "")
        carry = await find_references(work, carry)
        drafted = await write_drafts(work, carry)
        piece = Piece(
            number,
            measure(image),
            is_photograph,
            caption,
            drafted.drafts[0].abc,
            await self._free(request, carry),
        )
        if not whole:
            return piece
        return replace(
            piece,
            asked=await self._asked(request, carry),
            worded=await self._worded(request),
            explanation=await self._explanation(work, listener, drafted),
        )

    async def timed(self, image: Image, seed: int) -> tuple[float, float, float]:
        """Seconds of a whole composition: to the first token of the caption, to the first text shown, to the score."""
        listener, silence = Listener(self.model), Silence()
        began = time.perf_counter()
        await compose(replace(_request(image, seed), limits=Limits()), self._tools(listener), silence)
        done = time.perf_counter()
        return (listener.first_token or done) - began, (silence.first_text or done) - began, done - began

    async def _free(self, request: CompositionRequest, carry: Carry) -> str:
        """A draft that nothing constrains and nobody mends."""
        limits = replace(request.limits, free_notation=True, max_repairs=0)
        work = self._work(replace(request, limits=limits), self.model)
        return (await write_drafts(work, carry)).drafts[0].abc

    async def _asked(self, request: CompositionRequest, carry: Carry) -> Commission:
        wishes, commission = wished(request.seed)
        drafted = await write_drafts(self._work(replace(request, wishes=wishes), self.model), carry)
        return replace(commission, tune=drafted.drafts[0].abc)

    async def _worded(self, request: CompositionRequest) -> Commission:
        commission = IN_WORDS[request.seed % len(IN_WORDS)]
        work = self._work(replace(request, prompt=commission.how), self.model)
        carry = await find_references(work, await write_caption(work, Carry()))
        return replace(commission, tune=(await write_drafts(work, carry)).drafts[0].abc)

    async def _explanation(self, work: Work, listener: Listener, drafted: Carry) -> Explanation:
        refined = await refine_drafts(work, drafted)
        listener.listen()
        explained = await explain(work, refined)
        motivation = Told(
            await self._unchecked(work, listener, explaining.TEMPERATURE), explained.motivation or ""
        )
        described = (*work.before_caption(), Message(Role.ASSISTANT, refined.caption or ""))
        image = work.request.picture.image
        record = await self.model.attend(described, image)
        heat = heat_of(record, 0, len(record.spans))
        falls = await measure_falls(self.model, described, image, heat, work.request.seed)
        attended, random = (falls.attended, falls.random) if falls else (0.0, 0.0)
        return Explanation(choose(refined.drafts).abc, motivation, attended, random)

    async def _unchecked(self, work: Work, listener: Listener, temperature: float) -> str:
        """What the model answers, at once and whole, to what it was asked first."""
        assert listener.first is not None
        sampling = Sampling(work.request.seed, temperature, 0.95, WRITTEN_TOKENS)
        asked = GenerationRequest(listener.first, sampling, work.request.picture.image)
        return (await self.model.generate(asked)).text.strip()

    def _work(self, request: CompositionRequest, model: SeeingWriter) -> Work:
        return Work.begin(request, self._tools(model), Silence())

    def _tools(self, model: SeeingWriter) -> Tools:
        return Tools(model, self.embedder, self.library, "evaluation")


def _request(image: Image, seed: int) -> CompositionRequest:
    picture = Picture(image, "", "PNG", *image.size)
    return CompositionRequest(picture, seed, limits=Limits(measure_faithfulness=False))
