"""Processes that die: the composition goes on elsewhere, and its log has no gap and no repeat."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc.aio
import pytest
from running_server import Event, Running, a_picture, kinds, without_heartbeats
from scripted_models import CAPTION, TUNES, ScriptedWriter

from hartmann.v1 import composition_pb2

pytestmark = pytest.mark.integration

SCRIPT = Path(__file__).parents[2] / "server_process.py"
SLOW, FAST = 5.0, 0.0
"""Seconds a word: a slow writer never comes to the end of a draft."""


class Process:
    """A server or a worker that a test can kill."""

    def __init__(self, process: asyncio.subprocess.Process, said: str) -> None:
        self.process = process
        self.address = said

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)

    async def end(self, number: int = signal.SIGTERM) -> int:
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await self.process.wait()


@asynccontextmanager
async def process(kind: str, database_url: str, pace: float = FAST) -> AsyncIterator[Process]:
    """A process that has said that it is there; killed at the end."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        str(SCRIPT),
        kind,
        database_url,
        str(pace),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(SCRIPT.parent)},
    )
    try:
        assert child.stdout is not None
        said = (await child.stdout.readline()).decode().strip()
        assert said, "the process ended before it was ready"
        yield Process(child, said)
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


@asynccontextmanager
async def client(address: str) -> AsyncIterator[Running]:
    """What a test asks a server of another process."""
    async with grpc.aio.insecure_channel(address) as channel:
        yield Running(address, ScriptedWriter(), channel, asyncio.Event())


async def read_into_a_draft(server: Running, name: str) -> list[Event]:
    """The events up to the first words of a draft."""
    seen: list[Event] = []
    call = server.compositions.WatchComposition(composition_pb2.WatchCompositionRequest(name=name))
    async for response in call:
        seen.append(response.event)
        if response.event.text_delta.draft == 1:
            break
    call.cancel()
    return without_heartbeats(seen)


def assert_whole(events: list[Event]) -> None:
    """Numbered without gaps, nothing twice, every text complete, and a score at the end."""
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert kinds(events)[-1] == "score"
    stages = [event.stage for event in events if event.HasField("stage_started")]
    assert stages == sorted(set(stages))
    texts: dict[tuple[int, int], str] = {}
    for event in events:
        if event.HasField("text_delta"):
            key = (event.stage, event.text_delta.draft)
            assert event.text_delta.offset == len(texts.get(key, ""))
            texts[key] = texts.get(key, "") + event.text_delta.text
    assert texts[composition_pb2.STAGE_CAPTION, 0] == CAPTION
    drafts = {event.draft.number: event for event in events if event.HasField("draft")}
    for number, event in drafts.items():
        assert texts[event.stage, number].strip() == event.draft.abc.strip()


async def test_a_server_killed_in_the_middle_of_a_draft_finishes_as_it_would_have_when_started_again(
    database_url: str,
) -> None:
    async with process("serve", database_url, SLOW) as first, client(first.address) as server:
        name = await server.create(seed=21)
        seen = await read_into_a_draft(server, name)
        first.kill()
        await first.process.wait()

    async with process("serve", database_url) as second, client(second.address) as server:
        rest = await server.watch(name, seen[-1].sequence)
        undisturbed = await server.compose(seed=21)

    assert_whole(seen + rest)
    assert rest[-1].score == undisturbed[-1].score


async def test_killed_with_bars_to_continue_it_goes_on_with_them(database_url: str) -> None:
    bars = composition_pb2.Excerpt(
        content=TUNES[1].encode(), use=composition_pb2.EXCERPT_USE_CONTINUE, first_bar=2, last_bar=3
    )
    async with process("serve", database_url, SLOW) as first, client(first.address) as server:
        name = await server.create(excerpt=bars, seed=4)
        seen = await read_into_a_draft(server, name)
        first.kill()
        await first.process.wait()

    async with process("serve", database_url) as second, client(second.address) as server:
        rest = await server.watch(name, seen[-1].sequence)
        undisturbed = await server.compose(excerpt=bars, seed=4)

    assert_whole(seen + rest)
    assert rest[-1].score == undisturbed[-1].score
    assert rest[-1].score.originality[0].reference_id == "excerpt"


async def test_a_second_worker_takes_over_from_one_that_does_not_come_back(database_url: str) -> None:
    async with (
        process("front", database_url) as front,
        client(front.address) as server,
        process("work", database_url, SLOW) as first,
    ):
        name = await server.create()
        seen = await read_into_a_draft(server, name)
        async with process("work", database_url):
            first.kill()
            rest = await server.watch(name, seen[-1].sequence)

    assert_whole(seen + rest)


async def test_a_worker_asked_to_stop_hands_its_work_to_another_at_once(database_url: str) -> None:
    async with (
        process("front", database_url) as front,
        client(front.address) as server,
        process("work", database_url, SLOW) as first,
    ):
        name = await server.create()
        seen = await read_into_a_draft(server, name)
        async with process("work", database_url):
            assert await first.end(signal.SIGTERM) == 0
            rest = await server.watch(name, seen[-1].sequence)

    assert_whole(seen + rest)


async def test_a_composition_in_another_process_is_cancelled_by_the_front(database_url: str) -> None:
    async with (
        process("front", database_url) as front,
        client(front.address) as server,
        process("work", database_url, SLOW),
    ):
        name = await server.create()
        seen = await read_into_a_draft(server, name)
        request = composition_pb2.CancelCompositionRequest(name=name)
        cancelled = (await server.compositions.CancelComposition(request)).composition
        rest = await server.watch(name, seen[-1].sequence)

    assert cancelled.state == composition_pb2.COMPOSITION_STATE_CANCELLED
    assert kinds(rest)[-1] == "cancelled"


async def test_a_client_killed_after_n_events_gets_exactly_the_rest(database_url: str) -> None:
    script = (
        "import sys, grpc\n"
        "from hartmann.v1 import composition_pb2 as m, composition_pb2_grpc as g\n"
        "stub = g.CompositionServiceStub(grpc.insecure_channel(sys.argv[1]))\n"
        "for r in stub.WatchComposition(m.WatchCompositionRequest(name=sys.argv[2])):\n"
        "    print(r.event.sequence, flush=True)\n"
    )
    async with process("serve", database_url) as running, client(running.address) as server:
        name = await server.create(picture=a_picture())
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, running.address, name, stdout=asyncio.subprocess.PIPE
        )
        assert child.stdout is not None
        seen = [int(await child.stdout.readline()) for _ in range(4)]
        child.kill()
        await child.wait()

        rest = await server.watch(name, seen[-1])
        whole = await server.watch(name)

    assert seen + [event.sequence for event in rest] == [event.sequence for event in whole]
    assert_whole(whole)
