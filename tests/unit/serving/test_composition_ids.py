"""Ids of compositions: UUIDs that sort by the time they were made."""

from __future__ import annotations

import time
import uuid

from hartmann.serving.composition_translation import new_id


def test_an_id_is_a_uuid_of_version_seven_of_now() -> None:
    before, made, after = time.time_ns() // 1_000_000, uuid.UUID(new_id()), time.time_ns() // 1_000_000

    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert before <= made.int >> 80 <= after


def test_ids_made_a_millisecond_apart_sort_by_their_time() -> None:
    first = new_id()
    made = time.time_ns() // 1_000_000
    while time.time_ns() // 1_000_000 == made:
        pass

    assert first < new_id()
    assert len({new_id() for _ in range(1000)}) == 1000
