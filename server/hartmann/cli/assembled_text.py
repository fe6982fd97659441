"""The text that a model is writing, put together from the pieces that a stream brings.

Pieces belong to a (stage, draft). A piece may begin before the end of what came: after a worker was lost the
text is written again from there, so it replaces everything from its offset on.
"""

from __future__ import annotations

from hartmann.v1.composition_pb2 import CompositionEvent


class AssembledText:
    """Text by (stage, draft)."""

    def __init__(self) -> None:
        self._texts: dict[tuple[int, int], str] = {}

    def add(self, event: CompositionEvent) -> str:
        """Takes the event's `text_delta` and returns the whole text so far of its stage and draft."""
        delta = event.text_delta
        key = (int(event.stage), delta.draft)
        self._texts[key] = self._texts.get(key, "")[: delta.offset] + delta.text
        return self._texts[key]
