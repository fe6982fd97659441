"""The fifth stage: why it was written, in words and as attention over the picture (phase 3 of the paper).

The attention of the chosen draft is read in one pass over the finished text, so that it means the same
whether the text was written at once, mended bar by bar, or edited by a person. Â of Eq. 2 for a part of
the text is the mean over its tokens of the record's rows, which are means over layers and heads already. Where
sinks are to be damped (`vision.attention_sinks`), heats are drawn without them; the event's tensor stays the model's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hartmann.composing.carry import Carry
from hartmann.composing.choosing import choose
from hartmann.composing.claims import corrected, false_claims
from hartmann.composing.events import Explained, ExplainedSpan, Stage
from hartmann.composing.facts import facts_of
from hartmann.composing.faithfulness import measure_faithfulness
from hartmann.composing.fitting import fitted
from hartmann.composing.sentences import Essay, repeats_itself
from hartmann.composing.work import Conversation, Work, answered
from hartmann.errors import AttentionUnavailable, ModelInputTooLong
from hartmann.notation.checking import check
from hartmann.notation.score import Score
from hartmann.vision.attention_sinks import damped
from hartmann.vision.language_model import AttentionRecord, Message, Role

TEMPERATURE = 0.5
NO_ROOM = "The model's context had no room left to ask for its reasons."
SENTENCE = re.compile(r"[^.!?]+(?:[.!?]+|$)")


async def explain(work: Work, carry: Carry) -> Carry:
    """Let the model motivate the chosen draft, and map its attention, unless that is done."""
    if carry.motivation is not None:
        return carry
    await work.start(Stage.EXPLAIN, carry)
    chosen = choose(carry.drafts)
    score = check(chosen.abc).score
    asked_why = work.prompts.motivation(score.title if score else "", facts_of(score) if score else None)

    async def motivate(composed: Conversation, _: int) -> str:
        asked = answered(composed, chosen.abc, asked_why)
        return await _motivate(work, asked, chosen.number, score)

    try:
        written = await fitted(work, carry, motivate)
        motivation, carry = written.result, written.carry
    except ModelInputTooLong:  # the piece is written: it is not lost for want of a reason
        motivation = NO_ROOM
    composed = work.before_draft(carry)
    explained = Explained(motivation, chosen.number, (), None)
    if work.tools.vision.info.records_attention:
        pieces = answered(composed, chosen.abc)
        reasons = "" if motivation == NO_ROOM else motivation
        motivated = answered(answered(composed, chosen.abc, asked_why), reasons)
        with suppress(AttentionUnavailable):  # a witness whose context is too small for this piece
            explained = await _with_attention(work, explained, pieces, motivated, score)
    return await work.record(
        Stage.EXPLAIN, "explanation", explained, replace(carry, refined=True, motivation=motivation)
    )


async def _motivate(work: Work, asked: Conversation, draft: int, score: Score | None) -> str:
    """The model's reasons, without anything that the score refutes."""

    def refuted(sentence: str) -> bool:
        return repeats_itself(sentence) or (score is not None and bool(false_claims(sentence, score)))

    def mended(sentence: str) -> str:
        return corrected(sentence, score) if score else sentence

    return await Essay(work, Stage.EXPLAIN, asked, TEMPERATURE, refuted, mended, part=draft).write()


async def _with_attention(
    work: Work, explained: Explained, piece: Conversation, motivated: Conversation, score: Score | None
) -> Explained:
    """Read the attention of the piece, the caption and the motivation, and test the caption's."""
    vision, picture = work.tools.vision, work.request.picture.image
    is_damped = work.request.limits.damp_attention_sinks

    def as_drawn(record: AttentionRecord) -> AttentionRecord:
        return damped(record) if is_damped else record

    described = piece[:2]
    record = await vision.attend(piece, picture)
    spans = list(spans_of_score(score, as_drawn(record))) if score else []
    caption_record = as_drawn(await vision.attend(described, picture))
    spans += spans_of_sentences("caption", described[-1], caption_record)
    if motivated[-1].text:
        motivation_record = as_drawn(await vision.attend(motivated, picture))
        spans += spans_of_sentences("motivation", motivated[-1], motivation_record)
    faithfulness = None
    if work.request.limits.measure_faithfulness:
        heat = heat_of(caption_record, 0, len(caption_record.spans))
        faithfulness = await measure_faithfulness(vision, described, picture, heat, work.request.seed)
    grid = record.grid
    attention = record.weights.reshape(-1, grid.rows, grid.columns)
    return replace(
        explained,
        spans=tuple(spans),
        attention=attention,
        faithfulness=faithfulness,
        reading=reading_in_words(vision.info.attention, is_damped=is_damped),
    )


def reading_in_words(selection: str, *, is_damped: bool) -> str:
    """How heats were read, where that is not the plain mean: `layers 8–11, all heads; sinks damped`."""
    return "; ".join(filter(None, (selection, "sinks damped" if is_damped else "")))


def spans_of_score(score: Score, record: AttentionRecord) -> Iterator[ExplainedSpan]:
    """Sections, then bars voice by voice, with the rows of the record and the heat of each."""
    for section in score.sections:
        for voice, start, end in section.spans:
            yield _span("section", section.name, start, end, record, voice=voice)
    for voice_ in score.voices:
        for bar in voice_.bars:
            place = bar.place
            label = "pickup" if bar.number == 0 else f"bar {bar.number}"
            yield _span("bar", label, place.start, place.end, record, voice=voice_.number, bar=bar.number)


def spans_of_sentences(kind: str, message: Message, record: AttentionRecord) -> Iterator[ExplainedSpan]:
    """The sentences of a text, each with its heat; their rows are of the text's own record and are not kept."""
    assert message.role is Role.ASSISTANT
    for match in SENTENCE.finditer(message.text):
        if match.group().strip():
            span = _span(kind, match.group().strip(), match.start(), match.end(), record)
            yield replace(span, first_token=0, last_token=0)


def heat_of(record: AttentionRecord, first: int, last: int) -> NDArray[np.float32]:
    """Â of Eq. 2 over tokens first…last (exclusive): shape (grid rows, grid columns), scaled to sum 1.

    Uniform where the span has no token or its tokens pay the picture no attention at all.
    """
    rows, columns = record.grid.rows, record.grid.columns
    mean = record.weights[first:last].sum(axis=0, dtype=np.float64)
    total = float(mean.sum())
    if total <= 0.0:
        return np.full((rows, columns), 1.0 / (rows * columns), np.float32)
    return np.asarray(mean / total, np.float32).reshape(rows, columns)


def tokens_between(spans: Iterable[tuple[int, int]], start: int, end: int) -> tuple[int, int]:
    """First and last (exclusive) of the tokens that overlap characters start…end; (n, n) when none does."""
    touched = [i for i, (begin, stop) in enumerate(spans) if begin < end and stop > start]
    return (touched[0], touched[-1] + 1) if touched else (0, 0)


def _span(
    kind: str, label: str, start: int, end: int, record: AttentionRecord, *, voice: int = 0, bar: int = -1
) -> ExplainedSpan:
    first, last = tokens_between(record.spans, start, end)
    return ExplainedSpan(kind, label, start, end, first, last, voice, bar, heat_of(record, first, last))
