"""Vectors as pgvector writes them."""

from __future__ import annotations

import numpy as np
import pytest

from hartmann.storage import vectors


def test_a_vector_is_written_as_postgres_reads_it() -> None:
    assert vectors.to_text(np.array([0.5, -1, 0], np.float32)) == "[0.5,-1.0,0.0]"


def test_what_postgres_prints_becomes_single_precision() -> None:
    found = vectors.from_text("[0.5,-1,0.0009765625]")
    assert found.dtype == np.float32
    assert found.tolist() == [0.5, -1.0, 0.0009765625]


def test_writing_and_reading_loses_no_more_than_sixteen_bits_do() -> None:
    vector = np.random.default_rng(1).normal(size=768).astype(np.float32)
    assert np.array_equal(
        vectors.from_text(vectors.to_text(vector)), vector.astype(np.float16).astype(np.float32)
    )


@pytest.mark.parametrize(
    ("space", "name"),
    [("mini/v1", "embedding_mini_v1"), ("longclip-l/v1", "embedding_longclip_l_v1")],
)
def test_the_index_of_a_space_has_a_plain_name(space: str, name: str) -> None:
    assert vectors.index_name(space) == name
    assert len(vectors.index_name("x" * 100)) < 63
