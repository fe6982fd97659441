"""Revising: a new composition that shares the work of another up to a stage.

An edit replaces the result of a stage before the one where the work starts again: the caption (start at
retrieve or later), the references (draft or later), the notation (refine or later).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hartmann.composing.carry import Carry
from hartmann.composing.events import DraftKind, Stage
from hartmann.composing.examining import examine
from hartmann.composing.own_score import EXCERPT_ID
from hartmann.errors import InvalidNotation, InvalidRequest
from hartmann.library.reference import Reference


@dataclass(frozen=True, slots=True)
class Edits:
    """What a person changed. None leaves the result as it is. `references` never holds the excerpt, which stays."""

    caption: str | None = None
    references: tuple[Reference, ...] | None = None
    abc: str | None = None


def revise(carry: Carry, from_stage: Stage, edits: Edits) -> Carry:
    """The carry a revision starts from.

    Raises InvalidRequest when the shared work does not reach the stage or an edit belongs to a later stage,
    InvalidNotation when the edited ABC holds no music.
    """
    _require(edits.caption is None or _after(from_stage, Stage.CAPTION), "edits.caption", Stage.RETRIEVE)
    _require(edits.references is None or _after(from_stage, Stage.RETRIEVE), "edits.references", Stage.DRAFT)
    _require(edits.abc is None or _after(from_stage, Stage.DRAFT), "edits.abc", Stage.REFINE)
    kept = carry.before(from_stage)
    if edits.caption is not None:
        kept = replace(kept, caption=edits.caption)
    if edits.references is not None:
        own = tuple(each for each in kept.references or () if each.id == EXCERPT_ID)
        chosen = (replace(each, rank=rank) for rank, each in enumerate(edits.references, len(own) + 1))
        kept = replace(kept, references=(*own, *chosen), references_note="")
    if edits.abc is not None:
        kept = _with_edited_draft(kept, edits.abc)
    _require_reached(kept, from_stage)
    return kept


def _with_edited_draft(carry: Carry, abc: str) -> Carry:
    number = max((draft.number for draft in carry.drafts), default=0) + 1
    draft, score = examine(abc, number, DraftKind.INITIAL, note="edited by hand")
    if score is None:
        raise InvalidNotation(
            "the edited ABC holds no music; check it with `hartmann check`", field="edits.abc"
        )
    return replace(carry, drafts=(draft,), drafted=True)


def _after(stage: Stage, other: Stage) -> bool:
    order = list(Stage)
    return order.index(stage) > order.index(other)


def _require(condition: bool, field: str, earliest: Stage) -> None:
    if not condition:
        raise InvalidRequest(f"{field} needs from_stage {earliest.value} or later", field="from_stage")


def _require_reached(carry: Carry, stage: Stage) -> None:
    missing = {
        Stage.RETRIEVE: carry.caption is None,
        Stage.DRAFT: carry.references is None,
        Stage.REFINE: not carry.drafted,
        Stage.EXPLAIN: not carry.refined and not carry.drafted,
        Stage.ENGRAVE: carry.motivation is None,
    }
    for reached, absent in missing.items():
        if absent and (_after(stage, reached) or stage is reached):
            raise InvalidRequest(
                f"the composition has not come as far as {stage.value}; start from an earlier stage",
                field="from_stage",
            )
