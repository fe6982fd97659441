"""Requests checked before anything is stored: whatever passes here can be worked on.

A bad request is refused with the field at fault and a sentence that says what would be right, and leaves
nothing behind. What is stored of a good one is a `Composition` message with every choice made: the seed drawn,
the engine's options filled in from the settings.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from dataclasses import dataclass

from hartmann.composing.excerpting import Selection, read_excerpt
from hartmann.composing.own_score import Excerpt
from hartmann.composing.request import Limits
from hartmann.composing.wishes import read_wishes
from hartmann.errors import CompositionNotFound, InvalidRequest
from hartmann.serving.event_translation import from_wishes
from hartmann.serving.excerpt_translation import from_use, to_used_excerpt
from hartmann.settings import Settings
from hartmann.storage.records import NewPicture
from hartmann.v1 import composition_pb2
from hartmann.vision.pictures import Picture, PictureLimits, read_picture

MAX_REQUEST_ID = 128
MAX_PAGE = 1000
DEFAULT_PAGE = 50
_NAME = re.compile(r"compositions/([0-9a-f-]{1,64})")
_RANGES = {
    "max_repairs": (0, 20),
    "max_refinements": (0, 10),
    "references_per_side": (0, 10),
    "originality_notes": (4, 1000),
}
"""As the settings of the same names."""

Creation = composition_pb2.CreateCompositionRequest | composition_pb2.ComposeRequest


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that can be met: what is stored of it, and its picture's file."""

    stored: composition_pb2.Composition
    picture: NewPicture
    request_id: str | None


async def read_creation(message: Creation, settings: Settings) -> Asked:
    """Check everything about a request. Raises InvalidRequest or one of its kinds, with the field."""
    request_id = read_request_id(message.request_id)
    read_text(message.prompt, "prompt", settings)
    read_wishes(from_wishes(message.wishes))
    engine = read_engine(message.engine, settings)
    picture = await decode_picture(message.picture, settings)
    excerpt = await read_bars(message.excerpt, settings) if message.HasField("excerpt") else None
    stored = composition_pb2.Composition(
        prompt=message.prompt,
        wishes=message.wishes,
        seed=message.seed if message.HasField("seed") else draw_seed(),
        engine=engine,
        picture_sha256=picture.sha256,
        excerpt=to_used_excerpt(excerpt) if excerpt else None,
    )
    return Asked(stored, to_stored_picture(picture, message.picture), request_id)


async def decode_picture(data: bytes, settings: Settings) -> Picture:
    """The picture, decoded off the event loop. Raises InvalidPicture or PictureTooLarge."""
    limits = PictureLimits(settings.max_picture_bytes, settings.max_picture_pixels)
    return await asyncio.to_thread(read_picture, data, limits)


async def read_bars(message: composition_pb2.Excerpt, settings: Settings) -> Excerpt:
    """The bars of an excerpt, read off the event loop. Raises InvalidRequest and UnreadableScore, with the field."""
    use = from_use(message.use)
    if use is None:
        raise InvalidRequest("say whether to continue the bars or to vary them", field="excerpt.use")
    selection = Selection(use, message.title, message.first_bar, message.last_bar, tuple(message.staves))
    return await asyncio.to_thread(read_excerpt, message.content, selection, settings.max_score_bytes)


def to_stored_picture(picture: Picture, data: bytes) -> NewPicture:
    """The file as it came, under its hash."""
    return NewPicture(picture.sha256, data, f"image/{picture.format.lower()}")


def draw_seed() -> int:
    """A seed in 0…2^32-1."""
    return secrets.randbits(32)


def read_request_id(text: str) -> str | None:
    """The client's id for a request; None when it gave none."""
    if len(text) > MAX_REQUEST_ID or not text.isprintable():
        raise InvalidRequest(
            f"a request id has at most {MAX_REQUEST_ID} printable characters; use a UUID", field="request_id"
        )
    return text or None


def read_text(text: str, field: str, settings: Settings) -> str:
    """A prompt or an instruction, within the limit."""
    limit = settings.max_prompt_characters
    if len(text) > limit:
        raise InvalidRequest(f"at most {limit:,} characters are taken, not {len(text):,}", field=field)
    return text


def read_engine(options: composition_pb2.EngineOptions, settings: Settings) -> composition_pb2.EngineOptions:
    """The options with the settings in the place of absent ones."""
    engine = composition_pb2.EngineOptions(
        max_repairs=settings.max_repairs,
        max_refinements=settings.max_refinements,
        references_per_side=settings.references_per_side,
        originality_notes=settings.originality_notes,
        measure_faithfulness=settings.measure_faithfulness,
        free_notation=False,
        damp_attention_sinks=settings.damp_attention_sinks,
    )
    for field, value in options.ListFields():
        low, high = _RANGES.get(field.name, (0, 1))
        if not low <= value <= high:
            raise InvalidRequest(
                f"{field.name} is a number from {low} to {high:,}", field=f"engine.{field.name}"
            )
    engine.MergeFrom(options)
    return engine


def to_limits(engine: composition_pb2.EngineOptions) -> Limits:
    """The options as the pipeline takes them."""
    return Limits(
        max_repairs=engine.max_repairs,
        max_refinements=engine.max_refinements,
        references_per_side=engine.references_per_side,
        originality_notes=engine.originality_notes,
        measure_faithfulness=engine.measure_faithfulness,
        free_notation=engine.free_notation,
        damp_attention_sinks=engine.damp_attention_sinks,
    )


def read_name(name: str) -> str:
    """The id in `compositions/{id}`. Raises InvalidRequest for another shape, CompositionNotFound for no id of ours."""
    if not name.startswith("compositions/"):
        raise InvalidRequest(
            f"{name[:80]!r} is no composition's name; names look like compositions/019a…", field="name"
        )
    match = _NAME.fullmatch(name)
    if match is None:
        raise CompositionNotFound(f"there is no composition named {name[:80]!r}")
    return match.group(1)


def read_page_size(size: int) -> int:
    """How many entries a page has: the default for 0, at most 1,000 (AIP-158)."""
    if size < 0:
        raise InvalidRequest("a page size can't be negative", field="page_size")
    return min(size, MAX_PAGE) or DEFAULT_PAGE
