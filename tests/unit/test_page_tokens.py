"""Page tokens come back as they went out, and nothing else is taken for one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hartmann.errors import InvalidPageToken
from hartmann.storage import page_tokens
from hartmann.storage.records import CompositionRecord
from hartmann.storage.tables import State

STATES = st.none() | st.sampled_from(State)


def record(name: str, created_at: datetime) -> CompositionRecord:
    return CompositionRecord(
        id=name,
        request=b"",
        picture=None,
        source=None,
        state=State.CREATED,
        stage="",
        carry=None,
        attempt=0,
        deaths=0,
        worker=None,
        error="",
        cancel_requested=False,
        last_sequence=0,
        created_at=created_at,
        updated_at=created_at,
    )


@given(st.text(), st.datetimes(timezones=st.just(UTC)), STATES)
def test_a_token_names_the_place_it_was_written_for(name: str, time: datetime, state: State | None) -> None:
    assert page_tokens.read(page_tokens.write(record(name, time), state), state) == (time, name)


@given(st.text(), STATES)
def test_any_other_text_is_refused(text: str, state: State | None) -> None:
    with pytest.raises(InvalidPageToken) as raised:
        page_tokens.read(text, state)
    assert raised.value.field == "page_token"


@given(STATES, STATES)
def test_a_token_belongs_to_its_filter(one: State | None, other: State | None) -> None:
    token = page_tokens.write(record("x", datetime(2026, 1, 1, tzinfo=UTC)), one)
    if one is other:
        assert page_tokens.read(token, other)
    else:
        with pytest.raises(InvalidPageToken, match="another filter"):
            page_tokens.read(token, other)
