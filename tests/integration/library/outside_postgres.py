"""Another Postgres than our own: version 16, over TCP, with a password.

It stands for a server that somebody else runs. Its binaries come with the same package as the embedded ones.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from hartmann.storage import embedded_postgres, postgres_user

PASSWORD = "secret"


@contextmanager
def outside_postgres() -> Iterator[str]:
    """The URL of a running server, without a database's name."""
    binaries = embedded_postgres.binaries().parents[1] / "pginstall" / "bin"
    folder = Path(tempfile.mkdtemp(prefix="h", dir="/tmp"))
    try:
        user = postgres_user.choose(binaries / "postgres", folder / "data" / "PG_VERSION")
        password = folder / "password"
        password.write_text(PASSWORD)
        if os.geteuid() == 0:
            os.chown(folder, user.uid, user.gid)
            os.chown(password, user.uid, user.gid)

        def run(program: str, *arguments: str) -> None:
            command = [*user.prefix, str(binaries / program), "-D", str(folder / "data"), *arguments]
            subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        port = free_port()
        run(
            "initdb",
            "-A",
            "scram-sha-256",
            "-E",
            "UTF8",
            "-U",
            "postgres",
            f"--pwfile={password}",
            "--no-sync",
        )
        options = f"-p {port} -k '{folder}' -h 127.0.0.1 -F"
        run("pg_ctl", "start", "-w", "-l", str(folder / "log"), "-o", options)
        try:
            yield f"postgresql://postgres:{PASSWORD}@127.0.0.1:{port}"
        finally:
            run("pg_ctl", "stop", "-m", "immediate")
    finally:
        shutil.rmtree(folder)


def create_database(server: str, name: str, template: str = "template1") -> str:
    """Make a database as a copy of one that nobody is connected to; returns its URL."""
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return f"{server}/{name}"


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
