"""An import: pieces of a client's stream, checked, described, embedded and stored batch by batch.

Every piece is answered for, in the order in which they came. What is there already, just so and with its vectors,
is neither embedded nor stored again, so that an import that broke off costs little to repeat.
"""

from __future__ import annotations

import asyncio

from hartmann.composing.tools import Embeddings
from hartmann.library.ingest.describing import Piece, Reject, describe_abc
from hartmann.library.repository import PostgresLibrary
from hartmann.serving.event_translation import to_problem
from hartmann.v1 import library_pb2

BATCH = 64
"""Pieces embedded and stored together: what the mini CLIP does in about a second on one core."""
MAX_ID = 500


class LibraryImport:
    """One call of ImportReferences: `take` each piece, then `finish`."""

    def __init__(self, library: PostgresLibrary, embedder: Embeddings) -> None:
        self._library = library
        self._embedder = embedder
        self._answer = library_pb2.ImportReferencesResponse()
        self._batch: dict[str, tuple[Piece, library_pb2.ImportResult]] = {}

    async def take(self, reference: library_pb2.Reference) -> None:
        """Check and describe a piece; store the batch when it is full or holds the id already."""
        result = self._answer.results.add(id=reference.id)
        if not 0 < len(reference.id) <= MAX_ID or not reference.id.isprintable():
            self._refuse(result, Reject(reference.id, f"an id has 1 to {MAX_ID} printable characters"))
            return
        piece = await asyncio.to_thread(_describe, reference)
        if isinstance(piece, Reject):
            self._refuse(result, piece)
            return
        if piece.id in self._batch or len(self._batch) >= BATCH:
            await self._store()
        self._batch[piece.id] = piece, result

    async def finish(self) -> library_pb2.ImportReferencesResponse:
        """Store the last batch, see that the index is there if the library has grown to need one, and answer."""
        await self._store()
        if self._answer.imported_count:
            await self._library.ensure_index(self._embedder.space)
        return self._answer

    async def _store(self) -> None:
        """Embed and store what has gathered and is not there yet."""
        batch, self._batch = self._batch, {}
        pieces = [piece for piece, _ in batch.values()]
        unchanged = await self._library.unchanged(pieces, self._embedder.space)
        new = [piece for piece in pieces if piece.id not in unchanged]
        if new:
            vectors = await self._embedder.embed_texts([piece.caption for piece in new])
            await self._library.add(new, self._embedder.space, vectors)
        for piece, result in batch.values():
            is_new = piece.id not in unchanged
            result.outcome = (
                library_pb2.IMPORT_OUTCOME_IMPORTED if is_new else library_pb2.IMPORT_OUTCOME_UNCHANGED
            )
        self._answer.imported_count += len(new)
        self._answer.skipped_count += len(pieces) - len(new)

    def _refuse(self, result: library_pb2.ImportResult, reject: Reject) -> None:
        result.outcome, result.message = library_pb2.IMPORT_OUTCOME_REFUSED, reject.reason
        refused = self._answer.refused.add(id=result.id, message=reject.reason)
        refused.problems.extend(map(to_problem, reject.problems))


def _describe(reference: library_pb2.Reference) -> Piece | Reject:
    return describe_abc(
        reference.id,
        reference.abc,
        source=reference.source,
        licence=reference.licence,
        title=reference.title,
        caption=reference.caption,
    )
