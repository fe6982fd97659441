"""What the exit status of a `hartmann` command means.

    0    done
    1    the work was done and failed: a composition failed, ABC has errors, `doctor` found something missing
    2    the request can't be met as it is: unknown option, missing picture, a meter of 0/4
    3    something that the command needs is not there: no server, no database, a full queue, a missing extra
    130  cancelled by Ctrl-C (or by somebody else while we watched)
    143  ended by SIGTERM

130 and 143 are the shell's convention of 128 + signal number.
"""

from __future__ import annotations

from enum import IntEnum

from hartmann.errors import HartmannError


class ExitCode(IntEnum):
    """The exit statuses of every command."""

    DONE = 0
    FAILED = 1
    BAD_REQUEST = 2
    UNAVAILABLE = 3
    CANCELLED = 130
    TERMINATED = 143


_BY_STATUS = {
    "INVALID_ARGUMENT": ExitCode.BAD_REQUEST,
    "NOT_FOUND": ExitCode.BAD_REQUEST,
    "UNAVAILABLE": ExitCode.UNAVAILABLE,
    "RESOURCE_EXHAUSTED": ExitCode.UNAVAILABLE,
    "UNAUTHENTICATED": ExitCode.UNAVAILABLE,
    "CANCELLED": ExitCode.CANCELLED,
}


def exit_code_of(error: HartmannError) -> ExitCode:
    """The exit status for an error, by its gRPC status code (`EXTRA_MISSING` counts as unavailable)."""
    if error.reason == "EXTRA_MISSING":
        return ExitCode.UNAVAILABLE
    return _BY_STATUS.get(error.code, ExitCode.FAILED)
