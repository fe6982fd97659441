"""Every error of ours becomes a status with one ErrorInfo; every other one an id."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2

from hartmann import errors
from hartmann.errors import HartmannError, InvalidWish, MissingExtra, Overloaded
from hartmann.serving.error_translation import known, to_status


def every_kind(root: type[HartmannError] = HartmannError) -> Iterator[type[HartmannError]]:
    yield root
    for kind in root.__subclasses__():
        yield from every_kind(kind)


def details(status: status_pb2.Status, kind: type[Message]) -> list[Message]:
    found = []
    for packed in status.details:
        detail = kind()
        if packed.Unpack(detail):
            found.append(detail)
    return found


@pytest.mark.parametrize("kind", list(every_kind()), ids=lambda kind: kind.__name__)
def test_each_kind_of_error_has_its_code_and_exactly_one_error_info(kind: type[HartmannError]) -> None:
    error = MissingExtra("torch", "server") if kind is MissingExtra else kind("what to do about it")

    status = to_status(error)

    assert code_pb2.Code.Name(status.code) == kind.code
    [info] = details(status, error_details_pb2.ErrorInfo)
    assert (info.reason, info.domain) == (kind.reason, "hartmann")  # type: ignore[attr-defined]
    assert status.message == error.message


def test_reasons_are_upper_snake_and_each_belongs_to_one_code() -> None:
    codes: dict[str, set[str]] = {}
    for kind in every_kind():
        assert kind.reason == kind.reason.upper().replace("-", "_")
        codes.setdefault(kind.reason, set()).add(kind.code)
    assert all(len(found) == 1 for found in codes.values())


def test_the_tree_drawn_in_errors_py_names_every_class() -> None:
    drawn = errors.__doc__ or ""
    assert [kind.__name__ for kind in every_kind() if kind.__name__ not in drawn] == []


def test_a_field_at_fault_is_a_field_violation() -> None:
    status = to_status(InvalidWish("no such meter", field="wishes.meter"))

    [bad] = details(status, error_details_pb2.BadRequest)
    [violation] = bad.field_violations  # type: ignore[attr-defined]
    assert (violation.field, violation.description) == ("wishes.meter", "no such meter")


def test_a_full_queue_says_when_to_try_again() -> None:
    [retry] = details(to_status(Overloaded("full", retry_seconds=1.5)), error_details_pb2.RetryInfo)

    assert retry.retry_delay.ToMilliseconds() == 1500  # type: ignore[attr-defined]


def test_metadata_goes_into_the_error_info() -> None:
    [info] = details(to_status(MissingExtra("torch", "server")), error_details_pb2.ErrorInfo)

    assert dict(info.metadata) == {"package": "torch", "extra": "server"}  # type: ignore[attr-defined]


def test_an_unexpected_error_is_logged_whole_under_the_id_that_the_client_is_given(
    capsys: pytest.CaptureFixture[str],
) -> None:
    import structlog

    with structlog.testing.capture_logs() as logs:
        translated = known(ZeroDivisionError("a secret"))

    assert "a secret" not in translated.message
    assert logs[0]["error_id"] == translated.metadata["errorId"]
    assert str(logs[0]["exc_info"]) == "a secret"
    assert translated.metadata["errorId"] in translated.message


def test_a_lost_connection_is_the_databases_absence() -> None:
    import psycopg

    assert known(psycopg.OperationalError("server closed the connection")).reason == "DATABASE_UNAVAILABLE"
