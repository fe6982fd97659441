"""LibraryService: searching, reading and filling the library."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

import grpc.aio
import numpy as np
from numpy.typing import NDArray

from hartmann.composing.tools import Embeddings
from hartmann.errors import InvalidPageToken, InvalidRequest, SpaceMissing
from hartmann.library.reference_filter import ReferenceFilter
from hartmann.library.repository import PostgresLibrary
from hartmann.library.search import MOST_ASKED, Query
from hartmann.library.search_rule import SearchRule
from hartmann.serving.event_translation import to_reference, to_timestamp
from hartmann.serving.library_import import LibraryImport
from hartmann.serving.readiness import Part, Readiness
from hartmann.serving.request_validation import decode_picture, read_page_size, read_text
from hartmann.settings import Settings
from hartmann.v1 import library_pb2, library_pb2_grpc, tensor_pb2

DEFAULT_K = 10
MOST_REMOVED = 1000
_RULES = {
    library_pb2.SEARCH_RULE_UNITED: SearchRule.UNITED,
    library_pb2.SEARCH_RULE_WEIGHTED_MEAN: SearchRule.WEIGHTED_MEAN,
    library_pb2.SEARCH_RULE_RECIPROCAL_RANK: SearchRule.RECIPROCAL_RANK,
}

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Shelves:
    """What the service stands on once the server is ready."""

    library: PostgresLibrary
    embedder: Embeddings


class LibraryService(library_pb2_grpc.LibraryServiceServicer):
    """The service. `shelves` is set when database and models are there; `readiness` says when."""

    def __init__(self, settings: Settings, readiness: Readiness) -> None:
        self.shelves: Shelves | None = None
        self._settings = settings
        self._readiness = readiness

    async def SearchReferences(  # noqa: N802
        self, request: library_pb2.SearchReferencesRequest, context: Context
    ) -> library_pb2.SearchReferencesResponse:
        """The pieces nearest to a text, a picture or a vector."""
        del context
        if not 0 <= request.k <= MOST_ASKED:
            raise InvalidRequest(f"k is a number from 1 to {MOST_ASKED}, or 0 for {DEFAULT_K}", field="k")
        shelves = self._open()
        weight = request.image_weight if request.HasField("image_weight") else self._settings.image_weight
        query = Query(
            space=request.space or shelves.embedder.space,
            image=await self._picture_vector(request, shelves.embedder),
            text=await self._text_vector(request, shelves.embedder),
            k=request.k or DEFAULT_K,
            filter=read_filter(request.filter),
            exact=request.exact,
            rule=self._rule(request.rule),
            image_weight=weight,
            keep_near_identical=request.keep_near_identical,
            distinct_below=request.distinct_below if request.HasField("distinct_below") else None,
        )
        found = await shelves.library.search(query)
        return library_pb2.SearchReferencesResponse(
            references=map(to_reference, found), space=query.space, rule=to_rule(query.rule)
        )

    async def GetReference(  # noqa: N802
        self, request: library_pb2.GetReferenceRequest, context: Context
    ) -> library_pb2.GetReferenceResponse:
        """One piece."""
        del context
        reference = await self._open().library.get(request.id.replace("\0", ""))
        return library_pb2.GetReferenceResponse(reference=to_reference(reference))

    async def ListReferences(  # noqa: N802
        self, request: library_pb2.ListReferencesRequest, context: Context
    ) -> library_pb2.ListReferencesResponse:
        """A page, in the order of ids."""
        del context
        size = read_page_size(request.page_size)
        after = read_token(request.page_token, request.filter) if request.page_token else ""
        chosen = read_filter(request.filter)
        page = await self._open().library.page(after=after, size=size + 1, filter=chosen)
        token = write_token(page[size - 1].id, request.filter) if len(page) > size else ""
        return library_pb2.ListReferencesResponse(
            references=map(to_reference, page[:size]), next_page_token=token
        )

    async def ImportReferences(  # noqa: N802
        self, request_iterator: AsyncIterator[library_pb2.ImportReferencesRequest], context: Context
    ) -> library_pb2.ImportReferencesResponse:
        """Add pieces as they come, a batch at a time."""
        del context
        shelves = self._open()
        importing = LibraryImport(shelves.library, shelves.embedder)
        async for request in request_iterator:
            await importing.take(request.reference)
        return await importing.finish()

    async def RemoveReferences(  # noqa: N802
        self, request: library_pb2.RemoveReferencesRequest, context: Context
    ) -> library_pb2.RemoveReferencesResponse:
        """Remove pieces by their ids."""
        del context
        if not 1 <= len(request.ids) <= MOST_REMOVED:
            raise InvalidRequest(f"name 1 to {MOST_REMOVED:,} ids, not {len(request.ids):,}", field="ids")
        asked = list(dict.fromkeys(id.replace("\0", "") for id in request.ids))
        removed = await self._open(Part.DATABASE, Part.MODELS).library.remove(asked)
        return library_pb2.RemoveReferencesResponse(
            removed_count=len(removed), missing_ids=[id for id in asked if id not in removed]
        )

    async def GetLibraryStats(  # noqa: N802
        self, request: library_pb2.GetLibraryStatsRequest, context: Context
    ) -> library_pb2.GetLibraryStatsResponse:
        """How much there is. Answers while the library is being filled, too."""
        del request, context
        stats = await self._open(Part.DATABASE, Part.MODELS).library.stats()
        return library_pb2.GetLibraryStatsResponse(
            reference_count=stats.pieces,
            references_by_source=stats.by_source,
            embeddings_by_space=stats.by_space,
            filled=bool(stats.complete),
            read_time=to_timestamp(datetime.now(UTC)),
            references_by_genre=stats.by_genre,
            spaces=[
                library_pb2.SpaceStats(
                    space=space,
                    vector_count=count,
                    dimensions=stats.dimensions[space],
                    indexed=space in stats.indexed,
                )
                for space, count in sorted(stats.by_space.items())
            ],
        )

    def _open(self, *parts: Part) -> Shelves:
        self._readiness.require(*(parts or Part))
        assert self.shelves is not None, "the models are said to be ready before the shelves are set"
        return self.shelves

    def _rule(self, number: library_pb2.SearchRule.ValueType) -> SearchRule:
        """The rule asked for, or the settings'."""
        if number == library_pb2.SEARCH_RULE_UNSPECIFIED:
            return SearchRule(self._settings.search_rule)
        if number not in _RULES:
            raise InvalidRequest(f"this server knows no search rule {number}", field="rule")
        return _RULES[number]

    async def _picture_vector(
        self, request: library_pb2.SearchReferencesRequest, embedder: Embeddings
    ) -> Vector | None:
        if not request.picture:
            return None
        _require_own_space(request.space, embedder)
        picture = await decode_picture(request.picture, self._settings)
        return _row(await embedder.embed_pictures([picture.image]))

    async def _text_vector(
        self, request: library_pb2.SearchReferencesRequest, embedder: Embeddings
    ) -> Vector | None:
        if request.HasField("embedding"):
            if request.text:
                raise InvalidRequest("search by a text or by a vector, not by both", field="embedding")
            return read_vector(request.embedding)
        if not request.text.strip():
            return None
        _require_own_space(request.space, embedder)
        read_text(request.text, "text", self._settings)
        return _row(await embedder.embed_texts([request.text]))


def read_filter(message: library_pb2.ReferenceFilter) -> ReferenceFilter:
    """The filter as the library takes it. Raises InvalidRequest for characters that no field holds."""
    for field, value in message.ListFields():
        if field.type == field.TYPE_STRING and not "".join(value).isprintable():
            raise InvalidRequest("a filter takes printable characters only", field=f"filter.{field.name}")
    return ReferenceFilter(
        id_prefix=message.id_prefix,
        genre=message.genre,
        source=message.source,
        key=message.key,
        mode=message.mode,
        meter=message.meter,
        instrument=message.instrument,
        licence=message.licence,
        instruments=tuple(filter(None, message.instruments)),
        slowest=message.slowest_bpm if message.HasField("slowest_bpm") else None,
        fastest=message.fastest_bpm if message.HasField("fastest_bpm") else None,
        fewest_bars=message.fewest_bars if message.HasField("fewest_bars") else None,
        most_bars=message.most_bars if message.HasField("most_bars") else None,
    )


def read_vector(tensor: tensor_pb2.Tensor) -> Vector:
    """A client's vector at unit length, shape (dimensions,). Raises InvalidRequest for anything else."""
    if tensor.datatype != tensor_pb2.TENSOR_DATATYPE_FP32 or len(tensor.shape) != 1:
        raise InvalidRequest("a vector is FP32 with one dimension", field="embedding")
    if tensor.shape[0] < 1 or len(tensor.contents) != 4 * tensor.shape[0]:
        raise InvalidRequest(
            f"a vector of {tensor.shape[0]} numbers has {4 * tensor.shape[0]} bytes, not {len(tensor.contents)}",
            field="embedding",
        )
    vector = np.frombuffer(tensor.contents, "<f4").astype(np.float32)
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or length == 0:
        raise InvalidRequest("a vector needs finite numbers that are not all zero", field="embedding")
    return np.asarray(vector / length, np.float32)


def write_token(after: str, message: library_pb2.ReferenceFilter) -> str:
    """The token for what follows `after` under this filter."""
    place = json.dumps([_filter_mark(message), after])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def read_token(token: str, message: library_pb2.ReferenceFilter) -> str:
    """The id before the page. Raises InvalidPageToken for a token of no list of ours, or of another filter."""
    try:
        padded = token + "=" * (-len(token) % 4)
        mark, after = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
        if not isinstance(after, str):
            raise TypeError("expected an id")
    except (ValueError, TypeError, binascii.Error) as error:
        raise InvalidPageToken(
            "this is no page token of this server; ask for the first page again", field="page_token"
        ) from error
    if mark != _filter_mark(message):
        raise InvalidPageToken(
            "this page token belongs to another filter; ask for the first page again", field="page_token"
        )
    return after


def to_rule(rule: SearchRule) -> library_pb2.SearchRule.ValueType:
    """The rule's number."""
    return next(number for number, each in _RULES.items() if each is rule)


def _filter_mark(message: library_pb2.ReferenceFilter) -> str:
    return hashlib.sha256(message.SerializeToString(deterministic=True)).hexdigest()[:16]


def _require_own_space(space: str, embedder: Embeddings) -> None:
    if space and space != embedder.space:
        raise SpaceMissing(
            f"this server embeds in the space {embedder.space}, not in {space}; search there by a vector",
            metadata={"space": space},
        )


def _row(vectors: Vector) -> Vector:
    return np.asarray(vectors[0], np.float32)
