"""Carry: what the finished stages left, so that a composition can go on from there.

It is the whole state of the pipeline between two events, and serialises to JSON. A field is None until its
stage has finished; drafts gather one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from hartmann.composing.events import CaptionWritten, DraftWritten, Event, ReferencesFound, Stage
from hartmann.library.reference import Reference


@dataclass(frozen=True, slots=True)
class Carry:
    """Results so far. `references_note` and `drafts` keep what their events said.

    `shown` are the references as the model could be shown them, where its context was too small for them all.
    """

    caption: str | None = None
    references: tuple[Reference, ...] | None = None
    references_note: str = ""
    shown: tuple[Reference, ...] | None = None
    drafts: tuple[DraftWritten, ...] = ()
    drafted: bool = False
    refined: bool = False
    motivation: str | None = None

    def to_json(self) -> bytes:
        """The carry as JSON."""
        return bytes(_adapter().dump_json(self))

    @staticmethod
    def from_json(data: bytes) -> Carry:
        """The carry that `to_json` wrote. Raises pydantic.ValidationError for anything else."""
        carry = _adapter().validate_json(data)
        assert isinstance(carry, Carry)
        return carry

    def before(self, stage: Stage) -> Carry:
        """What stands when everything from `stage` on is to be done again."""
        order = list(Stage).index(stage)
        kept = {s for i, s in enumerate(Stage) if i < order}
        return Carry(
            caption=self.caption if Stage.CAPTION in kept else None,
            references=self.references if Stage.RETRIEVE in kept else None,
            references_note=self.references_note if Stage.RETRIEVE in kept else "",
            shown=self.shown if Stage.DRAFT in kept else None,
            drafts=tuple(d for d in self.drafts if d.stage in kept),
            drafted=self.drafted and Stage.DRAFT in kept,
            refined=self.refined and Stage.REFINE in kept,
            motivation=self.motivation if Stage.EXPLAIN in kept else None,
        )

    def with_draft(self, draft: DraftWritten) -> Carry:
        """The carry with one more draft."""
        return replace(self, drafts=(*self.drafts, draft))

    def events(self) -> Iterator[tuple[Stage, str, Event]]:
        """The events that led here, as (stage, part, event): what a revision's log begins with."""
        if self.caption is not None:
            yield Stage.CAPTION, "caption", CaptionWritten(self.caption)
        if self.references is not None:
            yield Stage.RETRIEVE, "references", ReferencesFound(self.references, self.references_note)
        for draft in self.drafts:
            yield draft.stage, draft_part(draft.number), draft


def draft_part(number: int) -> str:
    """The part under which a draft's event is logged."""
    return f"draft/{number}"


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Carry)
