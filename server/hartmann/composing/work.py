"""Work: one composition under way, and the conversation with the model that it consists of.

The conversation has always the same shape, so that a model's cache of its beginning serves every stage:
picture and caption prompt, caption, compose prompt, piece, then what is asked about the piece.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hartmann.composing.carry import Carry
from hartmann.composing.events import Event, Stage, StageStarted
from hartmann.composing.headers import unit_of
from hartmann.composing.journal import Journal
from hartmann.composing.own_score import EXCERPT_ID, ExcerptUse, as_draft, ending, filled
from hartmann.composing.prompts import Prompts
from hartmann.composing.request import CompositionRequest
from hartmann.composing.seeds import derive_seed
from hartmann.composing.streaming import Writer, stream_text
from hartmann.composing.tools import Tools
from hartmann.composing.wishes import MusicalWishes, in_words, read_wishes
from hartmann.library.excerpts import excerpt
from hartmann.library.reference import Reference
from hartmann.moods import known_moods
from hartmann.vision.language_model import Generation, GenerationRequest, Message, Role, Sampling

EXCERPT = 1400
"""Characters of each reference that a prompt shows: the median of 16 bars (appendix A of the design)."""
Conversation = tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """A request with everything needed to fulfil it."""

    request: CompositionRequest
    tools: Tools
    journal: Journal
    prompts: Prompts
    wishes: MusicalWishes

    @staticmethod
    def begin(request: CompositionRequest, tools: Tools, journal: Journal) -> Work:
        """Read the wishes, filled up from the excerpt, and choose the prompts. Raises InvalidWish."""
        prompts = Prompts(tools.vision.info.prompt_profile)
        wishes = read_wishes(filled(request.wishes, request.excerpt))
        return Work(request, tools, journal, prompts, wishes)

    async def start(self, stage: Stage, carry: Carry) -> None:
        """Say that a stage begins."""
        await self.journal.record(stage, "started", StageStarted(stage), carry)

    async def record(self, stage: Stage, part: str, event: Event, carry: Carry) -> Carry:
        """Log a result with the carry that contains it, and return that carry."""
        await self.journal.record(stage, part, event, carry)
        return carry

    async def say(self, stage: Stage, conversation: Conversation, sampling: Sampling, draft: int = 0) -> str:
        """Let the model answer in free text, streaming it."""

        async def produce(write: Writer) -> str:
            return (await self.generate(conversation, sampling, write)).text

        return await stream_text(self.journal, stage, draft, produce)

    async def generate(
        self,
        conversation: Conversation,
        sampling: Sampling,
        write: Writer,
        grammar: str | None = None,
        room: int = 1,
    ) -> Generation:
        """One call to the model about this composition's picture, unless it leaves less than `room` tokens."""
        return await self.answer(self.ask(conversation, sampling, grammar, room), write)

    def ask(
        self, conversation: Conversation, sampling: Sampling, grammar: str | None = None, room: int = 1
    ) -> GenerationRequest:
        """A request about this composition's picture."""
        return GenerationRequest(conversation, sampling, self.request.picture.image, grammar, room=room)

    async def answer(self, request: GenerationRequest, write: Writer) -> Generation:
        """One call to the model."""
        return await self.tools.vision.generate(request, write)

    async def generate_batch(
        self, requests: Sequence[GenerationRequest], writers: Sequence[Writer]
    ) -> tuple[Generation, ...]:
        """One call for several texts, each with its writer."""
        return await self.tools.vision.generate_batch(requests, lambda row, text: writers[row](text))

    def sampling(
        self,
        stage: Stage,
        *parts: int | str,
        temperature: float,
        max_tokens: int,
        top_p: float = 0.95,
        stop: tuple[str, ...] = (),
    ) -> Sampling:
        """How to sample one answer; its seed follows from the composition's."""
        return Sampling(derive_seed(self.request.seed, stage, *parts), temperature, top_p, max_tokens, stop)

    def before_caption(self) -> Conversation:
        """What the model is shown to write the caption."""
        return (Message(Role.USER, self.prompts.caption(self.request.prompt), picture=True),)

    def before_draft(
        self, carry: Carry, references: Sequence[Reference] | None = None, extra: str = ""
    ) -> Conversation:
        """What the model is shown to write the piece; `references` replaces the carry's where fewer are tried."""
        caption = carry.caption or ""
        fitting = carry.references if carry.shown is None else carry.shown
        shown = references if references is not None else fitting or ()
        text = self.prompts.compose(
            caption=caption,
            prompt=self.request.prompt,
            wishes=self._wishes_in_words(),
            references=[replace(each, abc=self._opening(each)) for each in shown],
            instruction=" ".join(filter(None, (self.request.instruction, extra))),
            use=self._use(shown),
        )
        return (*self.before_caption(), Message(Role.ASSISTANT, caption), Message(Role.USER, text))

    def _wishes_in_words(self) -> dict[str, str]:
        """The wishes as the model knows them: the mini learned the words of the table of moods, one at a time."""
        words = in_words(self.wishes)
        if self.is_compact and (moods := known_moods(self.wishes.mood)):
            words["mood"] = moods[0]
        return words

    @property
    def is_compact(self) -> bool:
        """Whether the model is spoken to as the mini was trained."""
        return self.tools.vision.info.prompt_profile == "compact"

    def _use(self, shown: Sequence[Reference]) -> str:
        own = self.request.excerpt
        return own.use.value if own and shown and shown[0].id == EXCERPT_ID else ""

    def _opening(self, reference: Reference) -> str:
        """What a prompt shows of a piece: its beginning; of bars to continue, their end; to the mini one voice."""
        own = self.request.excerpt
        if own is None or reference.id != EXCERPT_ID:
            return excerpt(reference.abc, EXCERPT)
        if self.is_compact:
            return as_draft(own, unit_of(own.abc))
        return (ending if own.use is ExcerptUse.CONTINUE else excerpt)(own.abc, EXCERPT)


def answered(conversation: Conversation, answer: str, *then_asked: str) -> Conversation:
    """The conversation after the model's answer and, if any, what it is asked next."""
    asked = (Message(Role.USER, text) for text in then_asked)
    return (*conversation, Message(Role.ASSISTANT, answer), *asked)
