"""Opening a score in MuseScore: the system starts it with the file's path, or hands the path to the running one.

That works for 3 and 4 alike (a running MuseScore 3 takes it over in 0.2 s). MuseScore lives on when the bridge ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path

import structlog

from hartmann_bridge.musescore_places import Machine, MuseScore, find_all
from hartmann_bridge.refusals import Refused

log = structlog.get_logger(__name__)

EARLY_END_SECONDS = 0.3
"""A MuseScore that can't start (no display, a missing library) has ended with an error by then."""
VERSION_SECONDS = 10.0


class Opener:
    """Knows the MuseScores of this machine. `machine` is another one in tests alone."""

    def __init__(self, machine: Machine | None = None) -> None:
        self._machine = machine
        self._running: set[asyncio.Task[object]] = set()

    def find(self, setting: str, version: str = "") -> MuseScore | None:
        """The MuseScore to use, of a major version if that is asked for; None where there is none."""
        found = find_all(self._machine or Machine(), setting)
        fitting = [musescore for musescore in found if not version or musescore.major in ("", version)]
        exact = [musescore for musescore in fitting if musescore.major == version]
        return next(iter([*exact, *fitting]), None)

    async def version(self, musescore: MuseScore) -> str:
        """The whole version: from the path, or as the program says it."""
        if "." in musescore.version or sys.platform == "win32":  # there it would open a window
            return musescore.version
        said = await asyncio.to_thread(_said_version, musescore.path, _changed(musescore.path))
        return said or musescore.version

    async def open(self, musescore: MuseScore, score: Path) -> None:
        """Starts MuseScore with the score. Raises Refused when it does not start."""
        try:
            process = await asyncio.create_subprocess_exec(
                musescore.path,
                str(score),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                cwd=score.parent,
                start_new_session=True,
            )
        except OSError as error:
            raise _not_started(musescore, (error.strerror or str(error)).lower()) from error
        waiting = asyncio.create_task(process.wait())
        self._running.add(waiting)
        waiting.add_done_callback(self._running.discard)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(EARLY_END_SECONDS):
                status = await asyncio.shield(waiting)
            if status != 0:
                raise _not_started(musescore, f"it ended at once with status {status}")
        log.info("opened", musescore=musescore.path, score=score.name)


def not_found(version: str = "") -> Refused:
    """The refusal where no MuseScore is installed."""
    wanted = f"MuseScore {version}" if version else "MuseScore"
    return Refused(
        HTTPStatus.CONFLICT,
        "MUSESCORE_NOT_FOUND",
        f"{wanted} was not found; install it from musescore.org, or write the whole path of its program into the "
        "setting musescore",
        field="musescore",
    )


def _not_started(musescore: MuseScore, why: str) -> Refused:
    return Refused(
        HTTPStatus.CONFLICT,
        "MUSESCORE_FAILED",
        f"{musescore.path} could not be started: {why}; open the saved file by hand, or choose another MuseScore in "
        "the setting musescore",
        field="musescore",
    )


def _changed(path: str) -> float:
    try:
        return Path(path).stat().st_mtime
    except OSError:
        return 0.0


@lru_cache(maxsize=16)
def _said_version(path: str, changed: float) -> str:
    """What `--version` answers (`MuseScore3 3.2.3`); empty when it says nothing. Asked once for each file."""
    import subprocess

    from hartmann_bridge.musescore_places import version_in

    del changed
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    try:
        done = subprocess.run(
            [path, "--version"],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=VERSION_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = (done.stdout + done.stderr).decode(errors="replace").splitlines()
    return next((version_in(line) for line in lines if "score" in line.lower()), "")
