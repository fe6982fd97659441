"""Errors as clients see them: every failure a `google.rpc.Status` with exactly one `ErrorInfo`.

A `HartmannError` names its gRPC code and reason itself. A field at fault adds `BadRequest`, a full queue or an
unready server `RetryInfo`. Anything else is a fault of ours: it is logged whole under an id, and the client is
given the id and nothing more.
"""

from __future__ import annotations

import uuid
from typing import NoReturn

import grpc
import grpc.aio
import structlog
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2  # type: ignore[import-untyped]

from hartmann.errors import (
    DatabaseUnavailable,
    HartmannError,
    InvalidRequest,
    ModelUnavailable,
    Overloaded,
    Unavailable,
)

DOMAIN = "hartmann"
STATUS_METADATA_KEY = "grpc-status-details-bin"
"""Where gRPC carries a serialized `google.rpc.Status` (grpc/doc, "Richer error model")."""
UNAVAILABLE_RETRY_SECONDS = 2.0

log = structlog.get_logger(__name__)


def known(error: BaseException) -> HartmannError:
    """The error itself if it is ours; the database's absence as ours; else a new one that only carries an id."""
    if isinstance(error, HartmannError):
        return error
    if _is_lost_database(error):
        return DatabaseUnavailable("the database does not answer; try again in a moment")
    error_id = uuid.uuid4().hex[:12]
    log.error("unexpected_error", error_id=error_id, exc_info=error)
    return HartmannError(
        f"something went wrong inside the server; its log has the details under error id {error_id}",
        metadata={"errorId": error_id},
    )


def to_status(error: HartmannError) -> status_pb2.Status:
    """The status with its details packed: one ErrorInfo first, then what the error adds."""
    info = error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=error.metadata)
    status = status_pb2.Status(code=code_pb2.Code.Value(error.code), message=error.message)
    for detail in (info, *_extra_details(error)):
        packed = AnyMessage()
        packed.Pack(detail)
        status.details.append(packed)
    return status


async def abort(context: grpc.aio.ServicerContext[Message, Message], error: HartmannError) -> NoReturn:
    """End the call with the error's status."""
    status = to_status(error)
    code = next(code for code in grpc.StatusCode if code.value[0] == status.code)
    await context.abort(
        code, status.message, trailing_metadata=((STATUS_METADATA_KEY, status.SerializeToString()),)
    )


def _extra_details(error: HartmannError) -> tuple[Message, ...]:
    if isinstance(error, InvalidRequest) and error.field:
        violation = error_details_pb2.BadRequest.FieldViolation(
            field=error.field, description=error.message, reason=error.reason
        )
        return (error_details_pb2.BadRequest(field_violations=[violation]),)
    if isinstance(error, Overloaded):
        return (_retry_info(error.retry_seconds),)
    if isinstance(error, DatabaseUnavailable | ModelUnavailable) or type(error) is Unavailable:
        return (_retry_info(UNAVAILABLE_RETRY_SECONDS),)
    return ()


def _retry_info(seconds: float) -> error_details_pb2.RetryInfo:
    delay = Duration()
    delay.FromMilliseconds(round(seconds * 1000))
    return error_details_pb2.RetryInfo(retry_delay=delay)


def _is_lost_database(error: BaseException) -> bool:
    """Whether a driver's error means that Postgres is not there, in the driver's or in SQLAlchemy's wrapping."""
    from psycopg import OperationalError
    from sqlalchemy.exc import DBAPIError

    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error.orig, OperationalError)
    return isinstance(error, OperationalError)
