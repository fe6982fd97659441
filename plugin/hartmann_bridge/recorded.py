"""What compositions have said so far, read from the server and kept in memory while it is looked at.

The log only grows, so what was read once stays right, and only what is new is asked for. Pieces of text that were
shown live, and the large tensor of all tokens, are not kept.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from dataclasses import dataclass, field

from hartmann.results.record import Record
from hartmann.v1 import composition_pb2 as pb
from hartmann_bridge.server_link import ServerLink

KEPT = 16
"""Compositions: a person looks at a few at a time, and a score with its maps is about a megabyte."""


@dataclass(slots=True)
class Recorded:
    """A composition's events without deltas and without the attention of single tokens."""

    composition: pb.Composition
    events: list[pb.CompositionEvent] = field(default_factory=list)
    last_sequence: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def record(self, picture: str = "") -> Record:
        """The same as the code that writes files wants it."""
        record = Record(picture, self.composition.prompt)
        for event in self.events:
            record.add(event)
        return record

    @property
    def explanation(self) -> pb.Explanation | None:
        """The latest explanation."""
        return self.record().explanation

    @property
    def drafts(self) -> dict[int, pb.Draft]:
        """Drafts by number."""
        return {draft.number: draft for draft in self.record().drafts}


class RecordedCompositions:
    """The compositions that were looked at last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Recorded] = OrderedDict()

    async def get(self, link: ServerLink, name: str) -> Recorded:
        """A composition with every event that is in its log now. Raises the server's error."""
        try:
            composition = await link.get(name)
        except BaseException:
            self._kept.pop(name, None)
            raise
        recorded = self._kept.setdefault(name, Recorded(composition))
        recorded.composition = composition
        self._kept.move_to_end(name)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        async with recorded.turn:
            await _read(link, name, recorded, composition.last_sequence)
        return recorded


async def _read(link: ServerLink, name: str, recorded: Recorded, last: int) -> None:
    if recorded.last_sequence >= last:
        return
    async with contextlib.aclosing(link.events(name, recorded.last_sequence)) as events:
        async for event in events:
            if event.sequence > recorded.last_sequence:
                recorded.last_sequence = event.sequence
                _keep(recorded, event)
            if recorded.last_sequence >= last:
                return


def _keep(recorded: Recorded, event: pb.CompositionEvent) -> None:
    kind = event.WhichOneof("event")
    if kind in ("text_delta", "heartbeat"):
        return
    if kind == "explanation":
        event.explanation.ClearField("attention")
    recorded.events.append(event)
