"""Failed calls turned back into our errors."""

from __future__ import annotations

import grpc
import pytest
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2

from hartmann.cli.exit_codes import ExitCode, exit_code_of
from hartmann.errors import (
    CompositionNotFound,
    HartmannError,
    InvalidWish,
    MissingExtra,
    ModelFailed,
    Overloaded,
    PictureTooLarge,
    ServerUnavailable,
)
from hartmann.remote_errors import error_from_status, is_transient


def status(code: grpc.StatusCode, message: str, *details: object) -> status_pb2.Status:
    packed = []
    for detail in details:
        packed.append(Any())
        packed[-1].Pack(detail)
    return status_pb2.Status(code=code.value[0], message=message, details=packed)


def info(reason: str, **metadata: str) -> error_details_pb2.ErrorInfo:
    return error_details_pb2.ErrorInfo(reason=reason, domain="hartmann", metadata=metadata)


def test_reason_names_the_class() -> None:
    error = error_from_status(
        status(grpc.StatusCode.INVALID_ARGUMENT, "too many pixels", info("PICTURE_TOO_LARGE", limit="64"))
    )
    assert type(error) is PictureTooLarge
    assert (error.message, error.metadata) == ("too many pixels", {"limit": "64"})


def test_field_at_fault_is_kept() -> None:
    violation = error_details_pb2.BadRequest.FieldViolation(field="wishes.meter", description="no meter")
    error = error_from_status(
        status(
            grpc.StatusCode.INVALID_ARGUMENT,
            "no meter",
            info("WISH_INVALID"),
            error_details_pb2.BadRequest(field_violations=[violation]),
        )
    )
    assert isinstance(error, InvalidWish)
    assert error.field == "wishes.meter"


def test_time_to_wait_is_kept() -> None:
    delay = error_details_pb2.RetryInfo(retry_delay=Duration(seconds=2, nanos=500_000_000))
    error = error_from_status(
        status(grpc.StatusCode.RESOURCE_EXHAUSTED, "queue full", info("OVERLOADED"), delay)
    )
    assert isinstance(error, Overloaded)
    assert error.retry_seconds == 2.5


def test_reason_that_this_client_does_not_know_keeps_its_status() -> None:
    error = error_from_status(status(grpc.StatusCode.UNAVAILABLE, "moon in the way", info("MOON")))
    assert type(error) is HartmannError
    assert (error.code, error.reason) == ("UNAVAILABLE", "MOON")
    assert is_transient(error)


def test_status_without_details_is_still_an_error() -> None:
    error = error_from_status(status(grpc.StatusCode.INTERNAL, ""))
    assert error.message == "the server answered INTERNAL"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidWish("no meter 0/4"), ExitCode.BAD_REQUEST),
        (CompositionNotFound("none"), ExitCode.BAD_REQUEST),
        (ServerUnavailable("nobody"), ExitCode.UNAVAILABLE),
        (Overloaded("full"), ExitCode.UNAVAILABLE),
        (MissingExtra("torch", "server"), ExitCode.UNAVAILABLE),
        (ModelFailed("broke"), ExitCode.FAILED),
    ],
)
def test_exit_status_follows_the_error(error: HartmannError, code: ExitCode) -> None:
    assert exit_code_of(error) == code
