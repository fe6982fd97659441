"""What the bridge answers when it can't do what was asked: an HTTP status, a reason, a sentence.

    {"error": {"reason": "PICTURE_NOT_FOUND", "message": "there is no file …", "field": "path"}}

Errors of the server (`hartmann.errors`) keep their reason and sentence and get the status that belongs to their
gRPC code; what the bridge itself refuses is a `Refused`.
"""

from __future__ import annotations

from http import HTTPStatus

from hartmann.errors import HartmannError, InvalidRequest, Overloaded, PictureTooLarge, Unauthenticated

_STATUSES = {
    "INVALID_ARGUMENT": HTTPStatus.UNPROCESSABLE_ENTITY,
    "NOT_FOUND": HTTPStatus.NOT_FOUND,
    "FAILED_PRECONDITION": HTTPStatus.CONFLICT,
    "ABORTED": HTTPStatus.CONFLICT,
    "CANCELLED": HTTPStatus.CONFLICT,
    "RESOURCE_EXHAUSTED": HTTPStatus.TOO_MANY_REQUESTS,
    "UNAVAILABLE": HTTPStatus.SERVICE_UNAVAILABLE,
    "DEADLINE_EXCEEDED": HTTPStatus.SERVICE_UNAVAILABLE,
}
"""gRPC code → HTTP status; anything else went wrong inside the server: 502."""


class Refused(Exception):
    """A refusal of the bridge's own. `field` names the part of the request at fault, such as `path`."""

    def __init__(self, status: HTTPStatus, reason: str, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.status, self.reason, self.message, self.field = status, reason, message, field
        self.retry_seconds = 0.0


def refused_by_server(error: HartmannError) -> Refused:
    """The same for an error of the server, or of code that the bridge shares with it."""
    status = _STATUSES.get(error.code, HTTPStatus.BAD_GATEWAY)
    message, field = error.message, error.field if isinstance(error, InvalidRequest) else ""
    if isinstance(error, PictureTooLarge):
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    if isinstance(error, Unauthenticated):
        # The caller's own token was right: it is the bridge that the server does not let in.
        status = HTTPStatus.BAD_GATEWAY
        message = f"{message}; give the bridge the server's key: HARTMANN_API_KEY, or api_key in its settings"
    refused = Refused(status, error.reason, message, field=field)
    refused.retry_seconds = error.retry_seconds if isinstance(error, Overloaded) else 0.0
    return refused
