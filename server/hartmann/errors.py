"""Everything that Hartmann raises on purpose.

    HartmannError                      INTERNAL
    ├── InvalidRequest                 INVALID_ARGUMENT      (carries field violations)
    │   ├── InvalidPicture               PICTURE_INVALID
    │   ├── PictureTooLarge              PICTURE_TOO_LARGE
    │   ├── InvalidWish                  WISH_INVALID
    │   ├── InvalidNotation              NOTATION_INVALID
    │   ├── UnreadableScore              SCORE_UNREADABLE
    │   └── InvalidPageToken             PAGE_TOKEN_INVALID
    ├── NotFound                       NOT_FOUND
    │   ├── CompositionNotFound          COMPOSITION_NOT_FOUND
    │   └── ReferenceNotFound            REFERENCE_NOT_FOUND
    ├── Conflict                       FAILED_PRECONDITION
    │   ├── CompositionNotFinished       COMPOSITION_NOT_FINISHED
    │   ├── CompositionFinished          COMPOSITION_FINISHED
    │   └── SpaceMissing                 SPACE_MISSING
    ├── Unavailable                    UNAVAILABLE
    │   ├── DatabaseUnavailable          DATABASE_UNAVAILABLE
    │   │   └── DatabaseFull               DATABASE_FULL
    │   ├── SchemaOutdated               SCHEMA_OUTDATED
    │   ├── ModelUnavailable             MODEL_UNAVAILABLE
    │   └── ServerUnavailable            SERVER_UNAVAILABLE
    ├── Overloaded                     RESOURCE_EXHAUSTED    (carries a retry delay)
    ├── Unauthenticated                UNAUTHENTICATED
    ├── ModelFailed                    INTERNAL
    │   ├── ModelInputTooLong            MODEL_INPUT_TOO_LONG (FAILED_PRECONDITION)
    │   └── AttentionUnavailable         ATTENTION_UNAVAILABLE (FAILED_PRECONDITION)
    ├── Cancelled                      CANCELLED
    ├── LeaseLost                      ABORTED
    └── MissingExtra                   FAILED_PRECONDITION

Each class names the gRPC status it becomes (`code`) and the `ErrorInfo.reason` (`reason`). The message is
a sentence for a person: what is wrong, where, and what to do about it. Translation to gRPC happens in
`serving/error_translation.py` alone.
"""

from __future__ import annotations

from collections.abc import Mapping


class HartmannError(Exception):
    """The root. `metadata` goes into `ErrorInfo.metadata`; keys are lowerCamelCase (AIP-193)."""

    code = "INTERNAL"
    reason = "INTERNAL"

    def __init__(self, message: str, *, metadata: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.metadata = dict(metadata or {})


class InvalidRequest(HartmannError):
    """A request that can't be met as it is. `field` is the request's field path, such as `wishes.meter`."""

    code = "INVALID_ARGUMENT"
    reason = "INVALID_REQUEST"

    def __init__(self, message: str, *, field: str = "", metadata: Mapping[str, str] | None = None) -> None:
        super().__init__(message, metadata=metadata)
        self.field = field


class InvalidPicture(InvalidRequest):
    """Bytes that are no picture we read: empty, truncated, another format."""

    reason = "PICTURE_INVALID"


class PictureTooLarge(InvalidRequest):
    """More bytes or more pixels than the server takes."""

    reason = "PICTURE_TOO_LARGE"


class InvalidWish(InvalidRequest):
    """A key, meter, tempo, ensemble or length that no score can have."""

    reason = "WISH_INVALID"


class InvalidNotation(InvalidRequest):
    """ABC in a request that holds no music."""

    reason = "NOTATION_INVALID"


class UnreadableScore(InvalidRequest):
    """A MIDI, MusicXML or MuseScore file that can't be read, or holds no notes."""

    reason = "SCORE_UNREADABLE"


class InvalidPageToken(InvalidRequest):
    """A page token that this server did not give out, or for another query."""

    reason = "PAGE_TOKEN_INVALID"


class NotFound(HartmannError):
    """Something named that is not there."""

    code = "NOT_FOUND"
    reason = "NOT_FOUND"


class CompositionNotFound(NotFound):
    """No composition of that name."""

    reason = "COMPOSITION_NOT_FOUND"


class ReferenceNotFound(NotFound):
    """No reference of that id."""

    reason = "REFERENCE_NOT_FOUND"


class Conflict(HartmannError):
    """The thing is there but in the wrong state."""

    code = "FAILED_PRECONDITION"
    reason = "FAILED_PRECONDITION"


class CompositionNotFinished(Conflict):
    """A score was asked for that does not exist yet."""

    reason = "COMPOSITION_NOT_FINISHED"


class CompositionFinished(Conflict):
    """A composition that has ended can't be cancelled."""

    reason = "COMPOSITION_FINISHED"


class SpaceMissing(Conflict):
    """The library holds no vectors in the embedding space that was asked for."""

    reason = "SPACE_MISSING"


class Unavailable(HartmannError):
    """Something that the server needs is not there now."""

    code = "UNAVAILABLE"
    reason = "UNAVAILABLE"


class DatabaseUnavailable(Unavailable):
    """Postgres does not answer."""

    reason = "DATABASE_UNAVAILABLE"


class DatabaseFull(DatabaseUnavailable):
    """Postgres has no room left on its disk."""

    reason = "DATABASE_FULL"


class SchemaOutdated(Unavailable):
    """The database's schema is not the one this program needs."""

    reason = "SCHEMA_OUTDATED"


class ModelUnavailable(Unavailable):
    """A model can't be loaded or reached."""

    reason = "MODEL_UNAVAILABLE"


class ServerUnavailable(Unavailable):
    """The client can't reach the server."""

    reason = "SERVER_UNAVAILABLE"


class Overloaded(HartmannError):
    """A queue is full. `retry_seconds` goes into `RetryInfo`."""

    code = "RESOURCE_EXHAUSTED"
    reason = "OVERLOADED"

    def __init__(
        self, message: str, *, retry_seconds: float = 5.0, metadata: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message, metadata=metadata)
        self.retry_seconds = retry_seconds


class Unauthenticated(HartmannError):
    """No key, or a wrong one."""

    code = "UNAUTHENTICATED"
    reason = "UNAUTHENTICATED"


class ModelFailed(HartmannError):
    """A model broke while it was used."""

    reason = "MODEL_FAILED"


class ModelInputTooLong(ModelFailed):
    """The prompt leaves no room in the model's context."""

    code = "FAILED_PRECONDITION"
    reason = "MODEL_INPUT_TOO_LONG"


class AttentionUnavailable(ModelFailed):
    """The model that was asked records no attention."""

    code = "FAILED_PRECONDITION"
    reason = "ATTENTION_UNAVAILABLE"


class Cancelled(HartmannError):
    """Somebody cancelled the work."""

    code = "CANCELLED"
    reason = "CANCELLED"


class LeaseLost(HartmannError):
    """The work went to another worker; this one must stop writing."""

    code = "ABORTED"
    reason = "LEASE_LOST"


class MissingExtra(HartmannError):
    """A part of the program was used whose packages are not installed."""

    code = "FAILED_PRECONDITION"
    reason = "EXTRA_MISSING"

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"{package} is not installed; run: pip install 'hartmann[{extra}]'",
            metadata={"package": package, "extra": extra},
        )
