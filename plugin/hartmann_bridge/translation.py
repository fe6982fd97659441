"""Compositions between the server's messages and the bridge's JSON."""

from __future__ import annotations

import re
import uuid
from http import HTTPStatus

from hartmann.remote_errors import error_from_status
from hartmann.v1 import composition_pb2 as pb
from hartmann_bridge import bodies
from hartmann_bridge.refusals import Refused

STATES: dict[pb.CompositionState.ValueType, bodies.StateName] = {
    pb.COMPOSITION_STATE_QUEUED: "queued",
    pb.COMPOSITION_STATE_RUNNING: "running",
    pb.COMPOSITION_STATE_SUCCEEDED: "finished",
    pb.COMPOSITION_STATE_FAILED: "failed",
    pb.COMPOSITION_STATE_CANCELLED: "cancelled",
}
STAGES: dict[pb.Stage.ValueType, bodies.StageName] = {
    pb.STAGE_CAPTION: "caption",
    pb.STAGE_RETRIEVE: "retrieve",
    pb.STAGE_DRAFT: "draft",
    pb.STAGE_REFINE: "refine",
    pb.STAGE_EXPLAIN: "explain",
    pb.STAGE_ENGRAVE: "engrave",
}
_USES = {"continue": pb.EXCERPT_USE_CONTINUE, "vary": pb.EXCERPT_USE_VARY}
_ID = re.compile(r"[0-9a-f]{32}")


def name_of(composition: str) -> str:
    """`compositions/{id}` for an id; nothing but an id gets into a name."""
    if not _ID.fullmatch(composition):
        raise Refused(
            HTTPStatus.NOT_FOUND, "COMPOSITION_NOT_FOUND", "there is no composition of this id", field="id"
        )
    return f"compositions/{composition}"


def id_of(name: str) -> str:
    """The id in `compositions/{id}`."""
    return name.removeprefix("compositions/")


def to_json(
    composition: pb.Composition, picture_url: str, files: bodies.Files | None = None
) -> bodies.Composition:
    """A composition as the bridge shows it; what the server does not say stays unset."""
    state = STATES.get(composition.state, "queued")
    known: dict[str, object] = {}
    if stage := _stage(composition, state):
        known["stage"] = stage
    for field in ("title", "instruction"):
        if said := getattr(composition, field):
            known[field] = said
    if composition.revised_from:
        known["revised_from"] = id_of(composition.revised_from)
    return bodies.Composition.model_validate(
        {
            "id": id_of(composition.name),
            "state": state,
            "prompt": composition.prompt,
            "wishes": _wishes_to_json(composition.wishes),
            "seed": composition.seed,
            "created": composition.create_time.ToJsonString(),
            "last_sequence": composition.last_sequence,
            "picture_url": picture_url,
            "error": _failure(composition),
            "files": files,
            **known,
        }
    )


def to_creation(body: bodies.NewComposition, picture: bytes, excerpt: bytes) -> pb.CreateCompositionRequest:
    """The server's request, with the picture's bytes and those of the excerpt's file."""
    return pb.CreateCompositionRequest(
        request_id=body.request_id or str(uuid.uuid4()),
        picture=picture,
        prompt=body.prompt,
        wishes=_wishes_from_json(body.wishes),
        seed=body.seed,
        excerpt=_excerpt(body.excerpt, excerpt) if body.excerpt else None,
    )


def to_revision(name: str, body: bodies.Revision) -> pb.ReviseCompositionRequest:
    """The server's request to begin anew from a stage."""
    stage = next(number for number, stage in STAGES.items() if stage == body.from_stage)
    edits = pb.CompositionEdits(caption=body.caption, reference_ids=body.reference_ids, abc=body.abc)
    return pb.ReviseCompositionRequest(
        request_id=body.request_id or str(uuid.uuid4()),
        name=name,
        from_stage=stage,
        edits=edits,
        instruction=body.instruction,
        wishes=_wishes_from_json(body.wishes) if body.wishes else None,
        seed=body.seed,
        redraw_seed=body.seed is None and not body.keep_seed,
    )


def to_state(name: str) -> pb.CompositionState.ValueType:
    """The server's state for a filter; empty asks for all."""
    if not name:
        return pb.COMPOSITION_STATE_UNSPECIFIED
    for number, state in STATES.items():
        if state == name:
            return number
    states = ", ".join(STATES.values())
    raise Refused(
        HTTPStatus.UNPROCESSABLE_ENTITY, "STATE_INVALID", f"a state is one of {states}", field="state"
    )


def has_ended(composition: pb.Composition) -> bool:
    """Whether nothing more happens to it."""
    return STATES.get(composition.state) in ("finished", "failed", "cancelled")


def _stage(composition: pb.Composition, state: bodies.StateName) -> bodies.StageName | None:
    """The one after the last finished, as long as it goes on; when it has ended, the last finished."""
    finished = STAGES.get(composition.finished_stage)
    if state != "running":
        return finished
    following = pb.Stage.ValueType(min(composition.finished_stage + 1, pb.STAGE_ENGRAVE))
    return STAGES.get(following)


def _failure(composition: pb.Composition) -> bodies.Failure | None:
    if not composition.HasField("error"):
        return None
    error = error_from_status(composition.error)
    return bodies.Failure(reason=error.reason, message=error.message)


def _wishes_to_json(wishes: pb.Wishes) -> bodies.Wishes:
    """Only what was wished is set."""
    named = {
        "ensemble": wishes.ensemble,
        "bars": wishes.bars,
        "key": wishes.key,
        "meter": wishes.meter,
        "tempo": wishes.tempo_bpm,
        "mood": wishes.mood,
        "difficulty": wishes.difficulty,
    }
    return bodies.Wishes.model_validate({name: value for name, value in named.items() if value})


def _wishes_from_json(wishes: bodies.Wishes) -> pb.Wishes:
    return pb.Wishes(
        ensemble=wishes.ensemble,
        bars=wishes.bars,
        key=wishes.key,
        meter=wishes.meter,
        tempo_bpm=wishes.tempo,
        mood=wishes.mood,
        difficulty=wishes.difficulty,
    )


def _excerpt(body: bodies.Excerpt, content: bytes) -> pb.Excerpt:
    return pb.Excerpt(
        content=content,
        use=_USES[body.use],
        title=body.title,
        first_bar=body.first_bar,
        last_bar=body.last_bar,
        staves=body.staves,
    )
