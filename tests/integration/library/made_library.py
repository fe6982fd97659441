"""Two thousand pieces with vectors of noise: what is near what is a matter of arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text

from hartmann.library.ingest.describing import Piece, describe_abc
from hartmann.library.reference import Reference
from hartmann.library.repository import PostgresLibrary
from hartmann.storage.database import Database

SPACE = "noise/v1"
COUNT, DIMENSIONS, K = 2000, 32, 7
GENRES = ("jig", "slip jig", "reel", "waltz")
KEYS = ("G major", "E minor", "D dorian")
LICENCES = ("CC0 1.0", "CC BY 4.0", "public domain")
INSTRUMENTS = (("fiddle",), ("flute", "piano"), ("fiddle", "piano", "drums"), ("harp",))
ABC = "X:1\nT:Tune\nR:jig\nM:6/8\nL:1/8\nK:Gmaj\nGAB d2B|cde d3|GAB dBG|A3 G3|]\n"
RANDOM = np.random.default_rng(7)

Vectors = NDArray[np.float32]


def unit(*shape: int) -> Vectors:
    """Vectors of length 1, rounded as the library rounds them."""
    rows = RANDOM.standard_normal(shape).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows.astype(np.float16).astype(np.float32)


ROWS = unit(COUNT, DIMENSIONS)
IMAGE, TEXT = unit(DIMENSIONS), unit(DIMENSIONS)


def pieces() -> list[Piece]:
    """Pieces 0…1999: genres, keys, licences and instruments in turn, no two of one melody."""
    piece = describe_abc("model", ABC, source="tests", licence="MIT")
    assert isinstance(piece, Piece)
    return [
        replace(
            piece,
            id=f"made/{i:04}",
            title=f"Tune {i}",
            melody=f"melody {i}",
            licence=LICENCES[i % 3],
            instruments=INSTRUMENTS[i % 4],
            features=replace(
                piece.features,
                genre=GENRES[i % 4],
                key=KEYS[i % 3],
                bpm=60 + i % 100,
                bars=4 + i % 29,
                instrument=INSTRUMENTS[i % 4][0],
            ),
        )
        for i in range(COUNT)
    ]


async def filled(database: Database) -> PostgresLibrary:
    """The library; filling it again changes nothing."""
    library = PostgresLibrary(database)
    if (await library.stats()).pieces != COUNT:
        async with database.transaction() as connection:
            await connection.execute(text("TRUNCATE reference CASCADE"))
        assert await library.add(pieces(), SPACE, ROWS) == COUNT
        async with database.autocommit() as connection:
            await connection.execute(text("ANALYZE"))
    return library


def nearest(vector: Vectors, passing: NDArray[np.bool_] | None = None, count: int = K) -> list[int]:
    """The oracle: the numbers of the greatest inner products, of the pieces that pass."""
    order = np.argsort(-(ROWS @ vector), kind="stable")
    return [int(i) for i in order if passing is None or passing[i]][:count]


def numbers(found: Iterable[Reference]) -> list[int]:
    """The numbers of pieces."""
    return [int(reference.id.rsplit("/", 1)[1]) for reference in found]
