"""Domain events as the protos' messages, and wishes the other way.

One function for each kind of event, found by its type. What the log stores is a `CompositionEvent` without
sequence and time: both belong to the log's row and are put in when the event is read. Numbers that mean "none"
in the domain (bar -1, similarity None) are absent fields on the wire; NaN never leaves here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import status_pb2  # type: ignore[import-untyped]
from numpy.typing import NDArray

from hartmann.composing import events
from hartmann.library.reference import Reference
from hartmann.notation.metrics import Metrics
from hartmann.notation.problems import Problem, Severity
from hartmann.v1 import composition_pb2, library_pb2, notation_pb2, tensor_pb2

_STAGES = {
    events.Stage.CAPTION: composition_pb2.STAGE_CAPTION,
    events.Stage.RETRIEVE: composition_pb2.STAGE_RETRIEVE,
    events.Stage.DRAFT: composition_pb2.STAGE_DRAFT,
    events.Stage.REFINE: composition_pb2.STAGE_REFINE,
    events.Stage.EXPLAIN: composition_pb2.STAGE_EXPLAIN,
    events.Stage.ENGRAVE: composition_pb2.STAGE_ENGRAVE,
}
_KINDS = {
    events.DraftKind.INITIAL: composition_pb2.DRAFT_KIND_INITIAL,
    events.DraftKind.REPAIR: composition_pb2.DRAFT_KIND_REPAIR,
    events.DraftKind.REFINEMENT: composition_pb2.DRAFT_KIND_REFINEMENT,
}
_SPANS = {
    "section": composition_pb2.SPAN_KIND_SECTION,
    "bar": composition_pb2.SPAN_KIND_BAR,
    "caption": composition_pb2.SPAN_KIND_CAPTION,
    "motivation": composition_pb2.SPAN_KIND_MOTIVATION,
}
_SEVERITIES = {
    Severity.HINT: notation_pb2.SEVERITY_HINT,
    Severity.WARNING: notation_pb2.SEVERITY_WARNING,
    Severity.ERROR: notation_pb2.SEVERITY_ERROR,
}
TERMINAL = frozenset({"score", "failed", "cancelled"})
"""The kinds of event that end a log."""
LARGEST_ATTENTION = 2 * 1024 * 1024
"""Bytes of attention that an event may carry: a client's default limit for a whole message is 4 MiB (gRPC)."""


def to_body(stage: events.Stage | None, event: events.Event) -> composition_pb2.CompositionEvent:
    """An event as the log stores it. `accepted` belongs to no stage."""
    body = _TRANSLATORS[type(event)](event)
    if stage is not None:
        body.stage = _STAGES[stage]
    return body


def failed(status: status_pb2.Status, stage: events.Stage | None) -> composition_pb2.CompositionEvent:
    """The event that ends a composition with an error."""
    return composition_pb2.CompositionEvent(stage=to_stage(stage), failed=status)


def cancelled() -> composition_pb2.CompositionEvent:
    """The event that ends a composition because somebody said so."""
    return composition_pb2.CompositionEvent(cancelled=composition_pb2.Cancelled())


def heartbeat(sequence: int, time: datetime) -> composition_pb2.CompositionEvent:
    """What an idle stream says: the number of the event before it, and the time."""
    return composition_pb2.CompositionEvent(
        sequence=sequence, time=to_timestamp(time), heartbeat=composition_pb2.Heartbeat()
    )


def numbered(body: bytes, sequence: int, time: datetime) -> composition_pb2.CompositionEvent:
    """A stored event with the number and the time of its row; attention too large for a message left out."""
    event = composition_pb2.CompositionEvent.FromString(body)
    if len(event.explanation.attention.contents) > LARGEST_ATTENTION:
        event.explanation.ClearField("attention")
        event.explanation.attention_left_out = True
    event.sequence = sequence
    event.time.CopyFrom(to_timestamp(time))
    return event


def kind_of(event: composition_pb2.CompositionEvent) -> str:
    """Which of the oneof is set, such as `text_delta`."""
    return event.WhichOneof("event") or ""


def to_timestamp(time: datetime) -> Timestamp:
    """A moment, with its zone, as the protos write it."""
    timestamp = Timestamp()
    timestamp.FromDatetime(time)
    return timestamp


def to_stage(stage: events.Stage | None) -> composition_pb2.Stage.ValueType:
    """The stage's number; unspecified for none."""
    return composition_pb2.STAGE_UNSPECIFIED if stage is None else _STAGES[stage]


def from_stage(value: int) -> events.Stage | None:
    """The stage of a number; None for unspecified and for numbers we don't know."""
    return next((stage for stage, number in _STAGES.items() if number == value), None)


def from_wishes(message: composition_pb2.Wishes) -> events.Wishes:
    """What a person asked for, as the domain says it."""
    return events.Wishes(
        key=message.key,
        meter=message.meter,
        tempo_bpm=message.tempo_bpm,
        mood=message.mood,
        ensemble=message.ensemble,
        bars=message.bars,
        difficulty=message.difficulty,
    )


def to_wishes(wishes: events.Wishes) -> composition_pb2.Wishes:
    """The other way."""
    return composition_pb2.Wishes(
        key=wishes.key,
        meter=wishes.meter,
        tempo_bpm=wishes.tempo_bpm,
        mood=wishes.mood,
        ensemble=wishes.ensemble,
        bars=wishes.bars,
        difficulty=wishes.difficulty,
    )


def to_reference(reference: Reference) -> library_pb2.Reference:
    """A piece of the library."""
    return library_pb2.Reference(
        id=reference.id,
        title=reference.title,
        caption=reference.caption,
        abc=reference.abc,
        source=reference.source,
        licence=reference.licence,
        similarity_to_image=_finite(reference.similarity_to_image),
        similarity_to_text=_finite(reference.similarity_to_text),
        rank=reference.rank,
    )


def to_problem(problem: Problem) -> notation_pb2.Problem:
    """Something wrong with a draft."""
    return notation_pb2.Problem(
        code=problem.code,
        severity=_SEVERITIES[problem.severity],
        message=problem.message,
        line=problem.line,
        column=problem.column,
        voice=problem.voice,
        bar=_counted(problem.bar),
        fix=problem.fix,
    )


def to_metrics(metrics: Metrics) -> notation_pb2.Metrics:
    """The eight measures; undefined ones absent."""
    names = notation_pb2.Metrics.DESCRIPTOR.fields_by_name
    return notation_pb2.Metrics(**{name: _finite(getattr(metrics, name)) for name in names})


def to_tensor(name: str, array: NDArray[np.float32]) -> tensor_pb2.Tensor:
    """An array as FP32, row-major, little-endian."""
    return tensor_pb2.Tensor(
        name=name,
        datatype=tensor_pb2.TENSOR_DATATYPE_FP32,
        shape=array.shape,
        contents=np.ascontiguousarray(array, dtype="<f4").tobytes(),
    )


def _accepted(event: events.Accepted) -> composition_pb2.CompositionEvent:
    accepted = composition_pb2.Accepted(
        seed=event.seed,
        vision_model=event.vision_model,
        embedding_space=event.embedding_space,
        program_version=event.program_version,
        queue_position=event.queue_position,
    )
    return composition_pb2.CompositionEvent(accepted=accepted)


def _stage_started(event: events.StageStarted) -> composition_pb2.CompositionEvent:
    return composition_pb2.CompositionEvent(
        stage=_STAGES[event.stage], stage_started=composition_pb2.StageStarted()
    )


def _text_delta(event: events.TextDelta) -> composition_pb2.CompositionEvent:
    delta = composition_pb2.TextDelta(draft=event.draft, offset=event.offset, text=event.text)
    return composition_pb2.CompositionEvent(stage=_STAGES[event.stage], text_delta=delta)


def _caption(event: events.CaptionWritten) -> composition_pb2.CompositionEvent:
    return composition_pb2.CompositionEvent(caption=composition_pb2.Caption(text=event.text))


def _references(event: events.ReferencesFound) -> composition_pb2.CompositionEvent:
    references = composition_pb2.References(references=map(to_reference, event.references), note=event.note)
    return composition_pb2.CompositionEvent(references=references)


def _draft(event: events.DraftWritten) -> composition_pb2.CompositionEvent:
    draft = composition_pb2.Draft(
        number=event.number,
        kind=_KINDS[event.kind],
        abc=event.abc,
        problems=map(to_problem, event.problems),
        metrics=None if event.metrics is None else to_metrics(event.metrics),
        changed_bars=[composition_pb2.ChangedBar(voice=v, bar=b) for v, b in event.changed_bars],
        note=event.note,
    )
    return composition_pb2.CompositionEvent(draft=draft)


def _explanation(event: events.Explained) -> composition_pb2.CompositionEvent:
    explanation = composition_pb2.Explanation(
        motivation=event.motivation,
        draft=event.draft,
        spans=map(_span, event.spans),
        faithfulness=_finite(event.faithfulness),
        attention_reading=event.reading,
    )
    if event.attention is not None:
        explanation.attention.CopyFrom(to_tensor("attention", event.attention))
        _, explanation.grid.rows, explanation.grid.columns = event.attention.shape
    return composition_pb2.CompositionEvent(explanation=explanation)


def _span(span: events.ExplainedSpan) -> composition_pb2.ExplainedSpan:
    return composition_pb2.ExplainedSpan(
        kind=_SPANS[span.kind],
        label=span.label,
        start=span.start,
        end=span.end,
        first_token=span.first_token,
        last_token=span.last_token,
        voice=span.voice,
        bar=_counted(span.bar),
        heat=to_tensor("heat", span.heat) if span.heat.size else None,
    )


def _score(event: events.ScoreWritten) -> composition_pb2.CompositionEvent:
    score = composition_pb2.Score(
        musicxml=event.musicxml,
        midi=event.midi,
        abc=event.abc,
        title=event.title,
        draft=event.draft,
        rule=event.rule,
        originality=map(_overlap, event.originality),
        provenance=[composition_pb2.ProvenanceField(name=n, value=v) for n, v in event.provenance],
    )
    return composition_pb2.CompositionEvent(score=score)


def _overlap(overlap: events.Overlap) -> composition_pb2.Overlap:
    return composition_pb2.Overlap(
        reference_id=overlap.reference_id,
        longest_run=overlap.longest_run,
        ngram_overlap=overlap.ngram_overlap,
        first_bar=_counted(overlap.first_bar),
        last_bar=_counted(overlap.last_bar),
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _counted(bar: int) -> int | None:
    return bar if bar >= 0 else None


_TRANSLATORS: dict[type, Callable[[Any], composition_pb2.CompositionEvent]] = {
    events.Accepted: _accepted,
    events.StageStarted: _stage_started,
    events.TextDelta: _text_delta,
    events.CaptionWritten: _caption,
    events.ReferencesFound: _references,
    events.DraftWritten: _draft,
    events.Explained: _explanation,
    events.ScoreWritten: _score,
}
