"""Journal: where a composition's events go, and what is already there when it starts again.

The pipeline knows no database. It records each event under its stage and a part that is unique within the
stage; recording the same (stage, part) twice is harmless and writes nothing the second time. An event given
with a carry is a resting point: both are written in one transaction, and a composition that starts again
begins from that carry.
"""

from __future__ import annotations

from typing import Protocol

from hartmann.composing.carry import Carry
from hartmann.composing.events import Event, Stage


class Journal(Protocol):
    """The log of one composition, as its worker sees it."""

    async def record(self, stage: Stage, part: str, event: Event, carry: Carry | None = None) -> None:
        """Write an event unless (stage, part) is there already; with a carry, both or neither.

        Raises LeaseLost when the composition went to another worker.
        """
        ...

    def characters_logged(self, stage: Stage, draft: int) -> int:
        """How many characters of the text of (stage, draft) the log held when this run began."""
        ...
