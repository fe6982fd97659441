"""Who runs Postgres. It refuses to run as root, so root starts it as a system user of its own.

That user has to reach the program's files and the data folder. Where a folder on the way is closed to others
(`/root`, a private temporary folder), it is given the one capability that opens them, CAP_DAC_OVERRIDE, by
`setpriv` (util-linux); where it is not, it has none. The folders themselves are left as they are.
"""

from __future__ import annotations

import functools
import os
import shutil
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from hartmann.errors import DatabaseUnavailable

USER = "hartmann-postgres"


@dataclass(frozen=True, slots=True)
class PostgresUser:
    """Who runs Postgres: put `prefix` before its commands; its files belong to (`uid`, `gid`)."""

    uid: int
    gid: int
    prefix: tuple[str, ...] = ()


def choose(*paths: Path) -> PostgresUser:
    """The user that runs Postgres and has to reach `paths`: ourselves, unless we are root.

    Raises:
        DatabaseUnavailable: the system can't give us such a user; the message says what to do instead.
    """
    if os.geteuid() != 0:
        return PostgresUser(os.geteuid(), os.getegid())
    uid, gid = _own_user()
    closed = next((folder for path in paths if (folder := closed_folder(path))), None)
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise DatabaseUnavailable(
            "PostgreSQL does not run as root, and without the program setpriv (package util-linux) it can't be "
            "started as another user; run as an ordinary user, or set DATABASE_URL"
        )
    capability = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override") if closed else ()
    prefix = (setpriv, f"--reuid={uid}", f"--regid={gid}", "--clear-groups", *capability)
    return PostgresUser(uid, gid, prefix)


def closed_folder(path: Path) -> Path | None:
    """The first folder on the way to `path` that other users can't enter; None if all are open."""
    for folder in reversed(path.resolve().parents):
        if folder.exists() and not folder.stat().st_mode & stat.S_IXOTH:
            return folder
    return None


@functools.cache
def _own_user() -> tuple[int, int]:
    import pwd

    try:
        user = pwd.getpwnam(USER)
    except KeyError:
        _create_user()
        user = pwd.getpwnam(USER)
    return user.pw_uid, user.pw_gid


def _create_user() -> None:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", USER]
    try:
        made = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise DatabaseUnavailable(
            f"PostgreSQL does not run as root and there is no useradd to make the user {USER}; make it, run as "
            "an ordinary user, or set DATABASE_URL"
        ) from error
    if made.returncode not in (0, 9):  # 9: another process made it meanwhile
        raise DatabaseUnavailable(
            f"PostgreSQL does not run as root and the user {USER} can't be made: {made.stderr.strip()}; run as "
            "an ordinary user, or set DATABASE_URL"
        )
