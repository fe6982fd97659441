"""A stream of events that outlives its server: told by a server that goes away wherever it likes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hartmann.errors import CompositionNotFound, HartmannError, ServerUnavailable
from hartmann.v1 import composition_pb2 as pb
from hartmann.v1.tensor_pb2 import Tensor
from hartmann_bridge import event_stream
from hartmann_bridge.event_stream import event_lines, to_line, until

LAST = 8


@dataclass
class Server:
    """Keeps `LAST` events, and breaks after the numbers in `breaks`; away for `absences` calls after each break."""

    breaks: list[int] = field(default_factory=list)
    absences: int = 1
    fault: HartmannError | None = None
    away_for: int = 0
    asked_after: list[int] = field(default_factory=list)

    async def get(self, name: str) -> pb.Composition:
        if self.fault is not None:
            raise self.fault
        if self.away_for:
            self.away_for -= 1
            raise ServerUnavailable("no server answers")
        return pb.Composition(name=name, state=pb.COMPOSITION_STATE_SUCCEEDED, last_sequence=LAST)

    async def events(self, name: str, after: int) -> AsyncGenerator[pb.CompositionEvent]:
        self.asked_after.append(after)
        yield pb.CompositionEvent(sequence=after, heartbeat=pb.Heartbeat())
        for number in range(after + 1, LAST + 1):
            yield event(number)
            if number in self.breaks:
                self.breaks.remove(number)
                self.away_for = self.absences
                raise ServerUnavailable("the line broke")


def event(number: int) -> pb.CompositionEvent:
    if number == LAST:
        return pb.CompositionEvent(sequence=number, score=pb.Score(title="A tune"))
    return pb.CompositionEvent(sequence=number, text_delta=pb.TextDelta(text=f"{number} "))


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "FIRST_PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(event_stream, "LONGEST_PAUSE_SECONDS", 0.0)


async def read(server: Server, after: int = 0) -> list[dict[str, Any]]:
    return [json.loads(line) async for line in event_lines(server, "compositions/1", after)]


def numbers(lines: list[dict[str, Any]]) -> list[int]:
    """Of the events in the log."""
    return [int(line["sequence"]) for line in lines if "sequence" in line and "heartbeat" not in line]


def said(lines: list[dict[str, Any]]) -> list[str]:
    """What the bridge says about the server."""
    return [line["bridge"]["server"] for line in lines if "bridge" in line]


async def test_stream_ends_after_the_terminal_event() -> None:
    lines = await read(Server())
    assert numbers(lines) == list(range(1, LAST + 1))
    assert lines[-1]["score"] == {"title": "A tune"}


async def test_stream_begins_after_the_number_asked_for() -> None:
    assert numbers(await read(Server(), after=5)) == [6, 7, 8]


async def test_heartbeats_are_passed_on_with_their_number() -> None:
    first = (await read(Server()))[0]
    assert (first["sequence"], first["heartbeat"]) == ("0", {})


async def test_server_that_goes_away_and_comes_back_is_told_once_each() -> None:
    server = Server(breaks=[3], absences=5)
    lines = await read(server)
    assert said(lines) == ["away", "back"]
    assert numbers(lines) == list(range(1, LAST + 1))
    assert server.asked_after == [0, 3]


async def test_absence_is_said_again_while_it_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "REPEAT_SECONDS", 0.0)
    assert said(await read(Server(away_for=4))) == ["away"] * 4 + ["back"]


@given(st.lists(st.integers(1, LAST), unique=True), st.integers(0, 3), st.integers(0, LAST))
def test_every_event_comes_once_and_in_order_wherever_the_line_breaks(
    breaks: list[int], absences: int, after: int
) -> None:
    lines = asyncio.run(read(Server(breaks=list(breaks), absences=absences), after))
    assert numbers(lines) == list(range(after + 1, LAST + 1))


async def test_composition_that_is_deleted_ends_the_stream_with_its_reason() -> None:
    lines = await read(Server(fault=CompositionNotFound("it was deleted")))
    assert lines == [{"bridge": {"error": {"reason": "COMPOSITION_NOT_FOUND", "message": "it was deleted"}}}]


async def test_stream_ends_when_one_of_its_ends_comes() -> None:
    end = asyncio.Event()

    async def endless() -> AsyncGenerator[bytes]:
        yield b"first"
        await asyncio.Event().wait()

    lines = until(endless(), end.wait(), asyncio.Event().wait())
    assert await anext(lines) == b"first"
    end.set()
    with pytest.raises(StopAsyncIteration):
        await anext(lines)


def test_numbers_inside_tensors_are_left_out_unless_asked_for() -> None:
    heat = Tensor(name="heat", shape=[1, 2], contents=b"\0" * 8)
    explained = pb.CompositionEvent(
        sequence=3,
        explanation=pb.Explanation(
            motivation="So it is.", attention=heat, spans=[pb.ExplainedSpan(heat=heat)]
        ),
    )
    without, whole = (json.loads(to_line(explained, tensors=wanted)) for wanted in (False, True))
    assert without["explanation"]["attention"] == {"name": "heat", "shape": ["1", "2"]}
    assert "contents" not in without["explanation"]["spans"][0]["heat"]
    assert whole["explanation"]["attention"]["contents"] == "AAAAAAAAAAA="
