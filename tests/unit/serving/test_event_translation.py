"""Domain events on the wire: nothing is lost, what is undefined is absent, numbers and times come from the row."""

from __future__ import annotations

import math
from dataclasses import fields
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hartmann.composing import events
from hartmann.composing.events import DraftKind, DraftWritten, Explained, ExplainedSpan, Stage, Wishes
from hartmann.library.reference import Reference
from hartmann.notation.metrics import Metrics
from hartmann.notation.problems import Problem, Severity
from hartmann.serving import event_translation
from hartmann.serving.event_translation import (
    from_stage,
    from_wishes,
    numbered,
    to_body,
    to_metrics,
    to_problem,
    to_reference,
    to_stage,
    to_tensor,
    to_wishes,
)
from hartmann.v1 import composition_pb2, notation_pb2

NOW = datetime(2026, 5, 4, 3, 2, 1, 654321, UTC)
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def test_every_kind_of_event_of_the_domain_has_its_message() -> None:
    kinds = set(composition_pb2.CompositionEvent.DESCRIPTOR.oneofs_by_name["event"].fields)
    beyond_the_pipeline = {"failed", "cancelled", "heartbeat"}
    assert len(kinds) == len(events.Event.__args__) + len(beyond_the_pipeline)


@pytest.mark.parametrize("stage", Stage)
def test_stages_go_there_and_back(stage: Stage) -> None:
    assert from_stage(to_stage(stage)) is stage


def test_an_unknown_stage_is_none() -> None:
    assert from_stage(0) is from_stage(99) is None


@UNHURRIED
@given(st.builds(Wishes, TEXT, TEXT, st.floats(allow_nan=False), TEXT, TEXT, st.integers(-5, 999), TEXT))
def test_wishes_go_there_and_back(wishes: Wishes) -> None:
    assert from_wishes(to_wishes(wishes)) == wishes


def test_a_stored_event_gets_the_number_and_the_time_of_its_row() -> None:
    body = to_body(Stage.CAPTION, events.CaptionWritten("a field")).SerializeToString()

    event = numbered(body, 7, NOW)

    assert (event.sequence, event.stage, event.caption.text) == (7, composition_pb2.STAGE_CAPTION, "a field")
    assert event.time.ToDatetime(UTC) == NOW


def test_metrics_that_are_undefined_are_absent_and_never_nan() -> None:
    message = to_metrics(Metrics(pitch_range=0.0, polyphony=math.nan, scale_consistency=None))

    assert message.HasField("pitch_range")
    assert not message.HasField("polyphony")
    assert not message.HasField("scale_consistency")


def test_every_metric_of_the_domain_is_a_field() -> None:
    assert {field.name for field in fields(Metrics)} == set(notation_pb2.Metrics.DESCRIPTOR.fields_by_name)


def test_a_problem_without_a_bar_has_none_and_one_in_the_anacrusis_has_zero() -> None:
    nowhere = to_problem(Problem("no-music", Severity.ERROR, "there are no notes"))
    anacrusis = to_problem(Problem("bar-too-long", Severity.WARNING, "too long", 3, 4, 1, 0))

    assert not nowhere.HasField("bar")
    assert anacrusis.HasField("bar")
    assert (anacrusis.bar, anacrusis.severity) == (0, notation_pb2.SEVERITY_WARNING)


def test_a_similarity_that_was_not_asked_for_is_absent() -> None:
    message = to_reference(Reference("id", "T", "c", "abc", "s", "l", similarity_to_text=0.0, rank=1))

    assert message.HasField("similarity_to_text")
    assert not message.HasField("similarity_to_image")


@UNHURRIED
@given(st.lists(st.integers(0, 4), min_size=1, max_size=4))
def test_a_tensor_reads_back_as_the_array_it_was(shape: list[int]) -> None:
    array = np.arange(math.prod(shape), dtype=np.float32).reshape(shape)

    message = to_tensor("t", array)

    assert np.array_equal(np.frombuffer(message.contents, "<f4").reshape(tuple(message.shape)), array)


def test_a_tensor_is_row_major_even_when_the_array_is_not() -> None:
    array = np.asfortranarray(np.array([[1, 2], [3, 4]], np.float64))

    assert np.frombuffer(to_tensor("t", array).contents, "<f4").tolist() == [1, 2, 3, 4]


def test_a_draft_keeps_its_problems_and_the_bars_that_changed() -> None:
    problem = Problem("bar-too-long", Severity.ERROR, "too long", 9, 1, 2, 7)
    draft = DraftWritten(3, DraftKind.REPAIR, "X:1", (problem,), None, ((2, 7),), "why")

    message = to_body(Stage.REFINE, draft).draft

    assert (message.number, message.kind, message.note) == (3, composition_pb2.DRAFT_KIND_REPAIR, "why")
    assert [(bar.voice, bar.bar) for bar in message.changed_bars] == [(2, 7)]
    assert not message.HasField("metrics")
    assert message.problems[0].bar == 7


def explained(tokens: int) -> Explained:
    span = ExplainedSpan("bar", "bar 1", 4, 9, 1, 3, 1, 1, np.full((2, 3), 1 / 6, np.float32))
    return Explained("because", 2, (span,), np.ones((tokens, 2, 3), np.float32), math.inf)


def test_an_explanation_has_attention_of_the_shape_of_tokens_and_grid() -> None:
    message = to_body(Stage.EXPLAIN, explained(4)).explanation

    assert list(message.attention.shape) == [4, 2, 3]
    assert (message.grid.rows, message.grid.columns) == (2, 3)
    assert list(message.spans[0].heat.shape) == [2, 3]
    assert not message.HasField("faithfulness")


def test_attention_too_large_for_a_message_is_left_out_when_it_is_read_but_stays_in_the_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_translation, "LARGEST_ATTENTION", 95)
    body = to_body(Stage.EXPLAIN, explained(4)).SerializeToString()

    read = numbered(body, 1, NOW).explanation

    assert read.attention_left_out
    assert not read.HasField("attention")
    assert read.grid.rows == 2
    assert len(composition_pb2.CompositionEvent.FromString(body).explanation.attention.contents) == 96
