"""A client that knows the server's address and nothing else of ours: it learns the protos from reflection."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest
from google.protobuf import message_factory
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from running_server import Running, a_picture
from scripted_models import GRID, TUNES

pytestmark = pytest.mark.integration

SERVICE = "hartmann.v1.CompositionService"


def compose_by_reflection(address: str, picture: bytes) -> list[Any]:
    """Every event of a composition, through messages built from the server's own descriptors."""
    with grpc.insecure_channel(address) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        assert SERVICE in database.get_services()
        method = DescriptorPool(database).FindServiceByName(SERVICE).FindMethodByName("Compose")
        request_class = message_factory.GetMessageClass(method.input_type)
        response_class = message_factory.GetMessageClass(method.output_type)
        call = channel.unary_stream(
            f"/{SERVICE}/Compose",
            request_serializer=request_class.SerializeToString,
            response_deserializer=response_class.FromString,
        )
        return [response.event for response in call(request_class(picture=picture, seed=3), timeout=60)]


async def test_every_event_is_read_in_order_numbered_without_gaps(server: Running) -> None:
    events = await asyncio.to_thread(compose_by_reflection, server.address, a_picture())

    numbered = [event for event in events if event.WhichOneof("event") != "heartbeat"]
    assert [event.sequence for event in numbered] == list(range(1, len(numbered) + 1))
    assert numbered[0].WhichOneof("event") == "accepted"
    assert numbered[-1].WhichOneof("event") == "score"
    assert {event.WhichOneof("event") for event in numbered} == {
        "accepted", "stage_started", "text_delta", "caption", "references", "draft", "explanation", "score",
    }  # fmt: skip


async def test_the_attention_has_as_many_bytes_as_its_shape_says_and_the_grid_of_the_picture(
    server: Running,
) -> None:
    events = await asyncio.to_thread(compose_by_reflection, server.address, a_picture())

    [explanation] = [event.explanation for event in events if event.WhichOneof("event") == "explanation"]
    tokens, rows, columns = explanation.attention.shape
    assert len(explanation.attention.contents) == 4 * tokens * rows * columns
    assert (rows, columns) == (explanation.grid.rows, explanation.grid.columns) == (GRID.rows, GRID.columns)
    bars = [span for span in explanation.spans if span.label.startswith("bar ")]
    assert len(bars) == 8
    assert all(0 <= span.first_token < span.last_token <= tokens for span in bars)


async def test_the_score_is_made_from_one_of_the_drafts(server: Running) -> None:
    events = await asyncio.to_thread(compose_by_reflection, server.address, a_picture())

    drafts = {event.draft.number: event.draft for event in events if event.WhichOneof("event") == "draft"}
    score = events[-1].score
    assert score.abc == drafts[score.draft].abc
    assert score.abc.strip() in {tune.strip() for tune in TUNES}
    assert score.musicxml.startswith(b"<?xml")
    assert score.midi.startswith(b"MThd")
