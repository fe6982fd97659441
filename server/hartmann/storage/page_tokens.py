"""Page tokens: opaque to clients, a place in the list and the filter it belongs to for us.

Base64url of a JSON array `[filter, time, id]`; the time is ISO 8601 with microseconds, as Postgres keeps it.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime

from hartmann.errors import InvalidPageToken
from hartmann.storage.records import CompositionRecord
from hartmann.storage.tables import State


def write(last: CompositionRecord, state: State | None) -> str:
    """The token for what follows `last`."""
    place = json.dumps([state or "", last.created_at.isoformat(), last.id])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def read(token: str, state: State | None) -> tuple[datetime, str]:
    """The place of a token: time and id of the composition before it.

    Raises:
        InvalidPageToken: it is not one of ours, or for another filter.
    """
    try:
        padded = token + "=" * (-len(token) % 4)
        filtered_by, time, name = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
        place = datetime.fromisoformat(time), str(name)
    except (ValueError, TypeError) as error:
        raise InvalidPageToken(
            "this is no page token of this server; ask for the first page again", field="page_token"
        ) from error
    if filtered_by != (state or "") or place[0].tzinfo is None:
        raise InvalidPageToken(
            "this page token belongs to another filter; ask for the first page again", field="page_token"
        )
    return place
