"""The installed commands, killed with SIGKILL: the composition goes on, its log without a gap or a repeat."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import pytest
from running import PATIENCE_SECONDS, PHOTOS, Hartmann

from hartmann.v1 import composition_pb2, composition_pb2_grpc

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

Event = composition_pb2.CompositionEvent
PICTURE = (PHOTOS / "sunset_by_Aitzol_Berasategi.jpg").read_bytes()


@contextmanager
def serving(
    hartmann: Hartmann, *options: str
) -> Iterator[tuple[subprocess.Popen[str], composition_pb2_grpc.CompositionServiceStub]]:
    """A running `hartmann serve` and a stub that calls it; ended with SIGTERM unless it is dead already."""
    process = hartmann.start("serve", "--listen", "127.0.0.1:0", *options)
    try:
        assert process.stdout is not None
        ready = re.match(r"ready at (\S+)", process.stdout.readline())
        assert ready, "the server ended before it was ready"
        with grpc.insecure_channel(ready[1]) as channel:
            yield process, composition_pb2_grpc.CompositionServiceStub(channel)
    finally:
        end(process)


@contextmanager
def working(hartmann: Hartmann) -> Iterator[subprocess.Popen[str]]:
    """A running `hartmann work`."""
    process = hartmann.start("work")
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_SECONDS)


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()


def create(stub: composition_pb2_grpc.CompositionServiceStub, seed: int) -> str:
    request = composition_pb2.CreateCompositionRequest(picture=PICTURE, seed=seed)
    return stub.CreateComposition(request, timeout=60).composition.name


def watch(stub: composition_pb2_grpc.CompositionServiceStub, name: str, after: int = 0) -> list[Event]:
    request = composition_pb2.WatchCompositionRequest(name=name, after_sequence=after)
    events = [response.event for response in stub.WatchComposition(request, timeout=PATIENCE_SECONDS)]
    return [event for event in events if not event.HasField("heartbeat")]


def read_into_a_draft(stub: composition_pb2_grpc.CompositionServiceStub, name: str) -> list[Event]:
    """The events up to the first words of the first draft."""
    seen: list[Event] = []
    call = stub.WatchComposition(composition_pb2.WatchCompositionRequest(name=name), timeout=PATIENCE_SECONDS)
    for response in call:
        if not response.event.HasField("heartbeat"):
            seen.append(response.event)
        if response.event.text_delta.draft == 1:
            call.cancel()
            return seen
    raise AssertionError(f"the composition ended without a draft: {seen[-1]}")


def assert_whole(events: list[Event]) -> None:
    """Numbered without gaps, no stage begun twice, every text whole, and a score at the end."""
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert events[-1].HasField("score"), events[-1]
    stages = [event.stage for event in events if event.HasField("stage_started")]
    assert stages == sorted(set(stages))
    texts: dict[tuple[int, int], str] = {}
    for event in events:
        if event.HasField("text_delta"):
            key = (event.stage, event.text_delta.draft)
            assert event.text_delta.offset == len(texts.get(key, ""))
            texts[key] = texts.get(key, "") + event.text_delta.text
    [caption] = [event.caption.text for event in events if event.HasField("caption")]
    assert texts[composition_pb2.STAGE_CAPTION, 0].strip() == caption


def test_a_server_killed_in_the_middle_of_a_draft_and_started_again_finishes_as_it_would_have(
    hartmann: Hartmann,
) -> None:
    with serving(hartmann) as (first, stub):
        name = create(stub, seed=31)
        seen = read_into_a_draft(stub, name)
        kill(first)

    with serving(hartmann) as (_, stub):
        rest = watch(stub, name, seen[-1].sequence)
        undisturbed = watch(stub, create(stub, seed=31))

    assert_whole(seen + rest)
    assert rest[-1].score == undisturbed[-1].score


def test_a_second_worker_takes_over_when_the_first_is_killed(hartmann: Hartmann) -> None:
    with serving(hartmann, "--no-worker") as (_, stub), working(hartmann) as first:
        name = create(stub, seed=32)
        seen = read_into_a_draft(stub, name)
        kill(first)
        with working(hartmann):
            rest = watch(stub, name, seen[-1].sequence)

    assert_whole(seen + rest)


def test_cancelling_in_the_middle_of_a_draft_ends_the_stream_before_the_draft_is_written(
    hartmann: Hartmann,
) -> None:
    with serving(hartmann) as (_, stub):
        name = create(stub, seed=33)
        seen = read_into_a_draft(stub, name)
        cancelled = stub.CancelComposition(composition_pb2.CancelCompositionRequest(name=name), timeout=60)
        rest = watch(stub, name, seen[-1].sequence)

    assert cancelled.composition.state == composition_pb2.COMPOSITION_STATE_CANCELLED
    assert rest[-1].HasField("cancelled")
    assert not any(event.HasField("draft") for event in rest)
