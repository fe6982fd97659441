"""Vectors as pgvector writes them."""

from __future__ import annotations

import re
import struct

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

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


def test_the_index_of_a_plain_space_has_a_plain_name() -> None:
    assert vectors.index_name("mini/v1") == "embedding_mini_v1"
    assert vectors.index_name("longclip-l/v1").startswith("embedding_longclip_l_v1__")


SPACES = st.one_of(st.text(max_size=80), st.from_regex(r"[a-cA-C_/-]{1,6}", fullmatch=True))


@given(st.lists(SPACES, min_size=2, max_size=20, unique=True))
@example(["a/b", "a_b", "a-b", "A/b", "a/b/c", "a_b_c", "a/b_c"])
@example(["x" * 100, "x" * 101, "x/" + "y" * 100, "x/" + "y" * 101])
@example(["ä/v1", "ö/v1", "_/v1"])
def test_no_two_spaces_share_an_index(spaces: list[str]) -> None:
    names = [vectors.index_name(space) for space in spaces]
    assert len(set(names)) == len(spaces)
    assert all(re.fullmatch(r"[a-z0-9_]{1,63}", name) for name in names)


def test_a_query_travels_as_postgres_receives_arrays_of_reals() -> None:
    sent = vectors.Reals(np.array([0.5, -1], np.float64)).to_binary()
    header, numbers = struct.unpack(">iiiii", sent[:20]), struct.unpack(">ifif", sent[20:])
    assert header == (1, 0, 700, 2, 1)  # one dimension, no nulls, float4, two numbers, counted from 1
    assert numbers == (4, 0.5, 4, -1.0)


@given(st.sampled_from([0, 1, 2, 4095, 4096, 4097]), st.integers(1, 4))
@settings(max_examples=8)
def test_a_copy_of_many_rows_is_a_head_then_rows_of_four_fields_then_an_end(
    count: int, dimensions: int
) -> None:
    rows = np.arange(count * dimensions, dtype=np.float32).reshape(count, dimensions) % 1000
    names = [f"tune/{n}/é" for n in range(count)]
    content = b"".join(vectors.copy_file(names, "mini/v1", "caption", rows))
    assert content.startswith(b"PGCOPY\n\xff\r\n\0" + bytes(8))
    assert content.endswith(b"\xff\xff")
    assert read_rows(content[19:-2], dimensions) == list(zip(names, rows.tolist(), strict=True))


def read_rows(content: bytes, dimensions: int) -> list[tuple[str, list[float]]]:
    """The rows of a binary COPY, read field by field as the documentation of Postgres says."""
    found, at = [], 0
    while at < len(content):
        assert content[at : at + 2] == b"\0\4"
        at += 2
        fields = []
        for _ in range(4):
            (length,) = struct.unpack(">i", content[at : at + 4])
            fields.append(content[at + 4 : at + 4 + length])
            at += 4 + length
        assert fields[1:3] == [b"mini/v1", b"caption"]
        assert struct.unpack(">hh", fields[3][:4]) == (dimensions, 0)
        found.append((fields[0].decode(), np.frombuffer(fields[3][4:], ">f2").astype(float).tolist()))
    return found


def test_rows_and_names_are_as_many() -> None:
    with pytest.raises(ValueError, match="zip"):
        b"".join(vectors.copy_file(["one"], "mini/v1", "caption", np.zeros((2, 3), np.float32)))
    with pytest.raises(ValueError, match=r"^expected ndim to be 2$"):
        b"".join(vectors.copy_file(["one"], "mini/v1", "caption", np.zeros(3, np.float32)))
