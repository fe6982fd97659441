"""Excerpts of a person's own score between the protos and the domain."""

from __future__ import annotations

from hartmann.composing.own_score import Excerpt, ExcerptUse
from hartmann.serving.event_translation import from_wishes, to_wishes
from hartmann.v1 import composition_pb2

_USES = {
    ExcerptUse.CONTINUE: composition_pb2.EXCERPT_USE_CONTINUE,
    ExcerptUse.VARY: composition_pb2.EXCERPT_USE_VARY,
}


def from_use(value: int) -> ExcerptUse | None:
    """The use of a number; None for unspecified and for numbers we don't know."""
    return next((use for use, number in _USES.items() if number == value), None)


def to_used_excerpt(excerpt: Excerpt) -> composition_pb2.UsedExcerpt:
    """What is stored of an excerpt, and told to clients."""
    return composition_pb2.UsedExcerpt(
        abc=excerpt.abc,
        use=_USES[excerpt.use],
        title=excerpt.title,
        first_bar=excerpt.first_bar,
        last_bar=excerpt.last_bar,
        wishes=to_wishes(excerpt.wishes),
    )


def from_stored(composition: composition_pb2.Composition) -> Excerpt | None:
    """The excerpt of a stored request, if it has one."""
    message = composition.excerpt
    use = from_use(message.use)
    if not composition.HasField("excerpt") or use is None:
        return None
    wishes = from_wishes(message.wishes)
    return Excerpt(message.abc, use, message.title, message.first_bar, message.last_bar, wishes)
