"""Vectors in Postgres: the only file that knows pgvector's Python package.

Convention: a vector is a float32 array of shape (d,) with length 1, stored as `halfvec` (16-bit floats, half
the size; recall@10 0.9985 at 168,385 × 768). Dimensions differ between embedding spaces, so the column has
none; each space gets an HNSW index of its own over a cast to its dimensions, and a query has to cast the same
way to use it: `distance(column, vector)` does. On unit vectors the inner product is the cosine (Eq. 1).

On the way in, a query travels as a binary `real[]` (`Reals`) and many rows as one binary COPY (`copy_file`): text
costs half a millisecond for each 768 numbers, at both ends.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Double, bindparam, cast, text
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import UserDefinedType

HNSW_M = 16
HNSW_EF_CONSTRUCTION = 128

_COPY_HEAD: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_COPY_END: Final = b"\xff\xff"
_FOUR_FIELDS: Final = b"\0\x04"
_REAL_OID, _REAL_ARRAY_OID = 700, 1021
_COPY_ROWS: Final = 4096
_PLAIN_SPACE: Final = re.compile(r"[a-z0-9]+/[a-z0-9]+")
_NAME_CHARACTERS: Final = 40
"""Postgres cuts identifiers at 63 bytes."""


class HalfVector(UserDefinedType[NDArray[np.float32]]):
    """A column of 16-bit vectors; Python sees float32 arrays of shape (d,)."""

    cache_ok = True

    def __init__(self, dimensions: int | None = None) -> None:
        self.dimensions = dimensions

    def get_col_spec(self, **_: Any) -> str:
        """The type's name in DDL."""
        return "halfvec" if self.dimensions is None else f"halfvec({self.dimensions})"

    def bind_processor(self, dialect: Any) -> Any:  # noqa: ARG002
        """Arrays become pgvector's text form."""
        return lambda value: None if value is None else to_text(value)

    def literal_processor(self, dialect: Any) -> Any:  # noqa: ARG002
        """For statements that are printed."""
        return lambda value: f"'{to_text(value)}'"

    def result_processor(self, dialect: Any, coltype: Any) -> Any:  # noqa: ARG002
        """pgvector's text form becomes an array."""
        return lambda value: None if value is None else from_text(str(value))


ischema_names["halfvec"] = HalfVector  # so that comparing the schema with the tables knows it


def to_text(vector: NDArray[np.floating[Any]]) -> str:
    """The vector as pgvector reads it: `[0.5,-1]`."""
    from pgvector import HalfVector as Half

    if vector.ndim != 1:
        raise ValueError("expected ndim to be 1")
    return str(Half(vector.astype(np.float16)).to_text())


@dataclass(frozen=True, slots=True, eq=False)
class Reals:
    """A vector as a statement's parameter of type `real[]`, on connections that `register_reals` has seen."""

    vector: NDArray[np.floating[Any]]

    def to_binary(self) -> bytes:
        """As Postgres receives arrays: one dimension, no nulls, then each number with its length."""
        count = int(self.vector.shape[0])
        numbers = np.empty(count, [("bytes", ">i4"), ("value", ">f4")])
        numbers["bytes"], numbers["value"] = 4, self.vector
        return struct.pack(">iiiii", 1, 0, _REAL_OID, count, 1) + numbers.tobytes()


def register_reals(connection: Any) -> None:
    """Let a psycopg connection take `Reals` as parameters; asks the server nothing."""
    from psycopg.adapt import Dumper
    from psycopg.pq import Format

    class RealsDumper(Dumper):
        format = Format.BINARY
        oid = _REAL_ARRAY_OID

        def dump(self, obj: Reals) -> bytes:
            return obj.to_binary()

    connection.adapters.register_dumper(Reals, RealsDumper)


def copy_file(
    names: Iterable[str], space: str, kind: str, rows: NDArray[np.floating[Any]]
) -> Iterator[bytes]:
    """The content of a binary COPY into `(reference, space, kind, vector)`, piece by piece.

    `rows` holds a vector for each name, shape (names, dimensions). Raises ValueError when the numbers differ.
    """
    if rows.ndim != 2:
        raise ValueError("expected ndim to be 2")
    dimensions = int(rows.shape[1])
    between = (
        _field(space.encode())
        + _field(kind.encode())
        + struct.pack(">ihh", 4 + 2 * dimensions, dimensions, 0)
    )
    yield _COPY_HEAD
    batch: list[bytes] = []
    for name, vector in zip(names, _big_endian_halves(rows), strict=True):
        batch += (_FOUR_FIELDS, _field(name.encode()), between, vector)
        if len(batch) >= 4 * _COPY_ROWS:
            yield b"".join(batch)
            batch.clear()
    yield b"".join(batch) + _COPY_END


def _big_endian_halves(rows: NDArray[np.floating[Any]]) -> Iterator[bytes]:
    """Each row's numbers as pgvector sends and receives them."""
    for start in range(0, len(rows), _COPY_ROWS):
        part = rows[start : start + _COPY_ROWS].astype(">f2")
        content, width = part.tobytes(), 2 * part.shape[1]
        yield from (content[i : i + width] for i in range(0, len(content), width))


def _field(content: bytes) -> bytes:
    return struct.pack(">i", len(content)) + content


def from_text(value: str) -> NDArray[np.float32]:
    """What pgvector prints, as an array of shape (d,)."""
    return np.fromstring(value.strip("[]"), dtype=np.float32, sep=",")


def distance(column: ColumnElement[Any], vector: NDArray[np.floating[Any]]) -> ColumnElement[float]:
    """Minus the cosine of `column` and a unit vector: order by it ascending to get the most similar first."""
    kind = HalfVector(int(vector.shape[0]))
    value = cast(bindparam(None, vector, type_=kind), kind)
    return cast(column, kind).op("<#>", return_type=Double())(value)


def index_name(space: str) -> str:
    """The name of a space's HNSW index, different for every space.

    A plain `name/version` keeps its words; whatever loses something on the way to an identifier gets a digest.

    >>> index_name("mini/v1"), index_name("mini_v1")
    ('embedding_mini_v1', 'embedding_mini_v1__e86eb823')
    """
    plain = re.sub(r"[^a-z0-9]", "_", space.lower())[:_NAME_CHARACTERS]
    if _PLAIN_SPACE.fullmatch(space) and len(space) <= _NAME_CHARACTERS:
        return f"embedding_{plain}"
    return f"embedding_{plain}__{hashlib.blake2b(space.encode(), digest_size=4).hexdigest()}"


async def create_index(connection: AsyncConnection, space: str, dimensions: int) -> None:
    """Build the HNSW index of a space, if it is not there yet: 1 to 3 minutes for 168,385 × 768.

    Load the rows first: building over full tables is several times faster than growing with them.
    """
    quoted = space.replace("'", "''")
    await connection.execute(
        text(
            f"CREATE INDEX IF NOT EXISTS {index_name(space)} ON embedding "
            f"USING hnsw ((vector::halfvec({int(dimensions)})) halfvec_ip_ops) "
            f"WITH (m = {HNSW_M}, ef_construction = {HNSW_EF_CONSTRUCTION}) WHERE space = '{quoted}'"
        )
    )
