"""A failed gRPC call, turned back into the error that the server raised.

The server sends a `google.rpc.Status` with one `ErrorInfo` whose reason names a class of `hartmann.errors`.
What carries none (the connection broke, a proxy answered) becomes `ServerUnavailable`, or a plain
`HartmannError` with the call's status.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

import grpc
import grpc.aio
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]
from grpc_status import rpc_status

from hartmann.errors import HartmannError, InvalidRequest, Overloaded, ServerUnavailable

Detail = TypeVar("Detail", bound=Message)

TRANSIENT = frozenset({"UNAVAILABLE", "ABORTED"})
"""Statuses after which the same call may succeed a little later."""

_BROKEN_CONNECTION = ("RST_STREAM", "Stream removed")
"""What gRPC says, with status INTERNAL or UNKNOWN, when a connection breaks under a stream."""


def error_from_call(error: grpc.RpcError, address: str = "") -> HartmannError:
    """What went wrong in a call, a blocking one or one of `grpc.aio`; `address` is named in the sentence when the
    server can't be reached."""
    if not isinstance(error, grpc.Call | grpc.aio.AioRpcError):
        return HartmannError(f"the call failed: {error}")
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    if status is not None:
        return error_from_status(status)
    code, details = error.code().name, (error.details() or "no details").strip()
    if code in ("UNAVAILABLE", "CANCELLED") or any(sign in details for sign in _BROKEN_CONNECTION):
        return ServerUnavailable(
            f"no server answers at {address or 'the address given'} ({details}); start one with: hartmann serve"
        )
    other = HartmannError(f"the server answered {code}: {details}")
    other.code, other.reason = code, code
    return other


def error_from_status(status: status_pb2.Status) -> HartmannError:
    """The error that a `google.rpc.Status` stands for, of the class its `ErrorInfo.reason` names."""
    code = _code_name(status.code)
    info = _detail(status.details, error_details_pb2.ErrorInfo())
    reason, metadata = (info.reason, dict(info.metadata)) if info else (code, {})
    kind = _CLASSES.get(reason, HartmannError)
    error = kind.__new__(kind)
    HartmannError.__init__(error, status.message or f"the server answered {code}", metadata=metadata)
    error.code, error.reason = code, reason
    if isinstance(error, Overloaded):
        retry = _detail(status.details, error_details_pb2.RetryInfo())
        error.retry_seconds = retry.retry_delay.ToMilliseconds() / 1000 if retry else 5.0
    if isinstance(error, InvalidRequest):
        request = _detail(status.details, error_details_pb2.BadRequest())
        error.field = request.field_violations[0].field if request and request.field_violations else ""
    return error


def is_transient(error: HartmannError) -> bool:
    """Whether the same call may succeed a little later."""
    return error.code in TRANSIENT


def _code_name(number: int) -> str:
    for code in grpc.StatusCode:
        if code.value[0] == number:
            return code.name
    return "UNKNOWN"


def _detail(details: Iterable[AnyMessage], message: Detail) -> Detail | None:
    """The first detail of the message's type."""
    return next((message for detail in details if detail.Unpack(message)), None)


def _all_classes(root: type[HartmannError]) -> Iterator[type[HartmannError]]:
    yield root
    for child in root.__subclasses__():
        yield from _all_classes(child)


_CLASSES = {kind.reason: kind for kind in _all_classes(HartmannError)}
