"""Answers as HTTP has them: JSON, files, refusals, and the headers that every answer carries."""

from __future__ import annotations

import math
from typing import Any

from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from hartmann_bridge.refusals import Refused

PRIVATE = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Kept by nobody, shown to no other site."""

PICTURE = {**PRIVATE, "Cache-Control": "private, max-age=86400, immutable"}
"""What never changes under its address may be kept."""


def json_response(model: BaseModel, status: int = 200) -> Response:
    """A model's fields as they were set: what was never set is left out."""
    return JSONResponse(model.model_dump(mode="json", exclude_unset=True), status, PRIVATE)


def refusal_response(refused: Refused) -> Response:
    """The error's JSON with its status."""
    error: dict[str, Any] = {"reason": refused.reason, "message": refused.message}
    if refused.field:
        error["field"] = refused.field
    headers = dict(PRIVATE)
    if refused.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="hartmann bridge"'
    if refused.retry_seconds:
        headers["Retry-After"] = str(math.ceil(refused.retry_seconds))
    return JSONResponse({"error": error}, refused.status, headers)
