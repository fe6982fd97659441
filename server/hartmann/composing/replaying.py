"""A finished piece looked at again: what a model was shown and wrote, as a conversation whose attention can be read.

Nothing is composed, and nothing but a picture, a model and the texts is needed: attention is read by one pass over the
finished text, so a piece that another model wrote, or a person, can be looked at too. What the model is shown is what
the pipeline shows it without wishes; references are shown where they are known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from hartmann.composing.captioning import MAX_TOKENS
from hartmann.composing.events import ExplainedSpan
from hartmann.composing.explaining import heat_of, spans_of_score, spans_of_sentences
from hartmann.composing.prompts import Prompts
from hartmann.composing.work import EXCERPT, Conversation, answered
from hartmann.library.excerpts import excerpt
from hartmann.library.reference import Reference
from hartmann.notation.score import Score
from hartmann.vision.language_model import (
    AttentionRecord,
    GenerationRequest,
    ImageGrid,
    Message,
    Role,
    Sampling,
    VisionLanguageModel,
)

Heat = tuple[str, NDArray[np.float32]]
"""What a map is of, and Â of Eq. 2 for it, shape (grid rows, grid columns)."""


class PartKind(StrEnum):
    """What maps are drawn of: parts of the piece, or sentences of its description."""

    SECTION = "section"
    VOICE = "voice"
    BAR = "bar"
    CAPTION = "caption"


@dataclass(frozen=True, slots=True)
class Finished:
    """A piece and what it was written from. `prompt` is what the person asked for in words."""

    caption: str
    abc: str
    prompt: str = ""
    references: tuple[Reference, ...] = ()


def described(piece: Finished, profile: str) -> Conversation:
    """The conversation up to the description of the picture."""
    asked = Message(Role.USER, Prompts(profile).caption(piece.prompt), picture=True)
    return answered((asked,), piece.caption)


def composed(piece: Finished, profile: str) -> Conversation:
    """The conversation up to the piece."""
    text = Prompts(profile).compose(
        caption=piece.caption,
        prompt=piece.prompt,
        wishes={},
        references=[replace(each, abc=excerpt(each.abc, EXCERPT)) for each in piece.references],
    )
    return answered((*described(piece, profile), Message(Role.USER, text)), piece.abc)


def describe(model: VisionLanguageModel, picture: Image, prompt: str) -> str:
    """A description by the model, its likeliest words, for a piece that has none."""
    conversation = described(Finished("", "", prompt), model.info.prompt_profile)[:1]
    sampling = Sampling(seed=0, temperature=0, max_tokens=MAX_TOKENS)
    return model.generate(GenerationRequest(conversation, sampling, picture)).text.strip()


def heats_of(score: Score, record: AttentionRecord, kind: PartKind) -> Iterator[Heat]:
    """The maps of a piece's parts, in the order of the text; bars and sections of several voices name theirs."""
    spans = list(spans_of_score(score, record))
    if kind is PartKind.VOICE:
        yield from _voices(score, record, spans)
        return
    several = len(score.voices) > 1
    for span in spans:
        if span.kind == kind:
            yield f"{span.label}, voice {span.voice}" if several else span.label, span.heat


def heats_of_sentences(message: Message, record: AttentionRecord) -> Iterator[Heat]:
    """The maps of a text's sentences."""
    for span in spans_of_sentences("caption", message, record):
        yield span.label, span.heat


def tokens_of_score(score: Score, tokens: Sequence[tuple[int, int]]) -> Iterator[dict[str, int | str]]:
    """Sections and bars with the tokens that write them, `first_token` to `last_token` (exclusive), as plain values."""
    nothing = AttentionRecord(np.zeros((len(tokens), 1), np.float32), tuple(tokens), ImageGrid(1, 1))
    for span in spans_of_score(score, nothing):
        yield {name: value for name, value in asdict(span).items() if name != "heat"}


def _voices(score: Score, record: AttentionRecord, spans: Sequence[ExplainedSpan]) -> Iterator[Heat]:
    """One map for each voice: its bars together, wherever they stand in the text."""
    for voice in score.voices:
        bars = [span for span in spans if span.kind == "bar" and span.voice == voice.number]
        rows = sorted({row for bar in bars for row in range(bar.first_token, bar.last_token)})
        its_own = replace(
            record, weights=record.weights[rows], spans=tuple(record.spans[row] for row in rows)
        )
        yield f"voice {voice.number}", heat_of(its_own, 0, len(rows))
