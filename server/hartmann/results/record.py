"""What a composition has said so far: the events in order, and the latest of each kind that a result needs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from google.protobuf.json_format import MessageToDict, Parse, ParseError

from hartmann.errors import InvalidRequest
from hartmann.v1 import composition_pb2 as pb


@dataclass(slots=True)
class Record:
    """One composition as its events tell it. `add` takes each event once, in order.

    `stage_seconds` holds how long each finished stage took, by the server's clock.
    """

    picture: str
    prompt: str = ""
    events: list[pb.CompositionEvent] = field(default_factory=list)
    drafts: list[pb.Draft] = field(default_factory=list)
    accepted: pb.Accepted | None = None
    caption: pb.Caption | None = None
    references: pb.References | None = None
    explanation: pb.Explanation | None = None
    score: pb.Score | None = None
    stage_seconds: dict[pb.Stage.ValueType, float] = field(default_factory=dict)
    _stage: pb.Stage.ValueType = pb.STAGE_UNSPECIFIED
    _stage_began: float = 0.0

    def add(self, event: pb.CompositionEvent) -> None:
        """Takes one event."""
        self.events.append(event)
        match event.WhichOneof("event"):
            case "stage_started":
                self._end_stage(event)
                self._stage, self._stage_began = event.stage, _time(event)
            case "draft":
                self.drafts.append(event.draft)
            case "accepted" | "caption" | "references" | "explanation" as kind:
                setattr(self, kind, getattr(event, kind))
            case "score":
                self._end_stage(event)
                self.score = event.score

    def seconds_into_stage(self, event: pb.CompositionEvent) -> float:
        """How long after its stage began an event came, by the server's clock."""
        return max(0.0, _time(event) - self._stage_began)

    def _end_stage(self, event: pb.CompositionEvent) -> None:
        if self._stage != pb.STAGE_UNSPECIFIED:
            self.stage_seconds[self._stage] = self.seconds_into_stage(event)


def to_json(event: pb.CompositionEvent) -> str:
    """The event as one line of JSON (protobuf's JSON mapping), without the line's end."""
    return json.dumps(MessageToDict(event), ensure_ascii=False)


def to_json_lines(events: list[pb.CompositionEvent]) -> bytes:
    """All events, one a line, UTF-8."""
    return "".join(to_json(event) + "\n" for event in events).encode()


def events_from(text: str) -> list[pb.CompositionEvent]:
    """The events that `to_json_lines` wrote. Raises InvalidRequest for a line that is none."""
    found = []
    for number, line in enumerate(text.removesuffix("\n").split("\n"), 1):
        try:
            found.append(Parse(line, pb.CompositionEvent()))
        except ParseError as error:
            raise InvalidRequest(f"line {number} is no event of a composition") from error
    return found


def _time(event: pb.CompositionEvent) -> float:
    return event.time.seconds + event.time.nanos / 1e9
