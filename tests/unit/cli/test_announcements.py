"""What a server tells the process that started it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hartmann.cli.announcements import Announcement, Failed, Progress, Ready, failure, from_line, to_line
from hartmann.errors import DatabaseUnavailable

ANNOUNCEMENTS = st.one_of(
    st.builds(Progress, st.text(), st.integers(0), st.integers(0)),
    st.builds(Ready, st.text()),
    st.builds(Failed, st.text(), st.text(), st.text()),
)


@settings(deadline=None)
@given(ANNOUNCEMENTS)
def test_line_reads_back_as_what_was_said(announcement: Announcement) -> None:
    line = to_line(announcement)
    assert line.count("\n") == 1
    assert from_line(line) == announcement


@pytest.mark.parametrize(
    "line", ["", "not json", "[]", "3", '{"kind": "weather"}', '{"kind": "ready", "colour": 3}']
)
def test_line_of_another_kind_is_passed_over(line: str) -> None:
    assert from_line(line) is None


def test_error_travels_with_status_reason_and_sentence() -> None:
    said = failure(DatabaseUnavailable("Postgres does not answer"))
    assert said == Failed("DATABASE_UNAVAILABLE", "Postgres does not answer", "UNAVAILABLE")
