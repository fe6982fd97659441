"""How a data set in MidiCaps's format comes into the library by the installed command, killed twice on the way.

    python tests/benchmarks/bench_ingest.py [--pieces 1500] [--broken 100] [--kills 2] [--folder]

Makes the data set (songs in several parts, broken lines and files among them), starts `hartmann library ingest
midicaps` on an embedded Postgres made for the occasion, and sends it SIGKILL when a third and two thirds of the
pieces are stored. Prints the rate of the undisturbed stretches, the whole time with all starts, the most memory that
all processes together held, and whether everything is there once and every broken one refused with its reason.
Each figure stands beside the one to hold. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psutil
import psycopg

sys.path.insert(0, str(Path(__file__).parents[1]))

from made_midicaps import DataSet, write_data_set

from hartmann.storage.embedded_postgres import EmbeddedPostgres

PROGRAM = Path(sys.executable).parent / "hartmann"
LOOK_EVERY_SECONDS = 0.25


@dataclass
class Watch:
    """What is seen of a run from outside: (seconds, files in the ledger), and memory in MiB."""

    url: str
    folder: Path
    counts: list[tuple[float, int]] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    def look(self) -> int:
        """Note how far it has come."""
        found = count(self.url, "SELECT count(*) FROM library_file")
        self.counts.append((time.monotonic(), found))
        return found

    def rate(self) -> float:
        """The median rate over stretches of five seconds in which anything happened, files a second."""
        rates = []
        start = self.counts[0]
        for moment, done in self.counts:
            if moment - start[0] >= 5:
                rates.append((done - start[1]) / (moment - start[0]))
                start = moment, done
        return median([rate for rate in rates if rate > 0] or [0.0])


def main() -> None:
    """Make, ingest, kill, ingest on, look."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pieces", type=int, default=1500)
    parser.add_argument("--broken", type=int, default=100)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--folder", action="store_true", help="MIDI files as a folder, not as an archive")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="h", dir="/tmp") as folder:
        made = write_data_set(Path(folder, "set"), options.pieces, options.broken, archive=not options.folder)
        data_dir = Path(folder, "d")
        watch = Watch(EmbeddedPostgres(data_dir / "postgres").url, data_dir)
        started = time.monotonic()
        for kill in range(1, options.kills + 1):
            run(made, data_dir, watch, kill * options.pieces // (options.kills + 1))
        print(run(made, data_dir, watch, None).strip())
        seconds = time.monotonic() - started
        report(made, data_dir, watch, options.pieces, seconds)


def run(made: DataSet, data_dir: Path, watch: Watch, kill_at: int | None) -> str:
    """One start of the command, to its end or to its death when `kill_at` files are read."""
    environment = {**os.environ, "HARTMANN_DATA_DIR": str(data_dir), "DATABASE_URL": ""}
    environment.pop("DATABASE_URL")
    with tempfile.TemporaryFile("w+") as said, memory_seen(watch):
        process = subprocess.Popen(
            [PROGRAM, "library", "ingest", "midicaps", made.folder],
            env=environment,
            stdout=said,
            start_new_session=True,
        )
        while process.poll() is None:
            done = watch.look()
            if kill_at is not None and done >= kill_at:
                process.send_signal(signal.SIGKILL)
                process.wait()
                print(f"killed with SIGKILL at {done:,} files")
                break
            time.sleep(LOOK_EVERY_SECONDS)
        said.seek(0)
        return said.read()


def report(made: DataSet, data_dir: Path, watch: Watch, pieces: int, seconds: float) -> None:
    """What is in the library, beside what there was."""
    with EmbeddedPostgres(data_dir / "postgres") as postgres:
        stored = rows(postgres.url, "SELECT id FROM reference")
        distinct = count(postgres.url, "SELECT count(DISTINCT id) FROM reference")
        vectors = count(postgres.url, "SELECT count(*) FROM embedding WHERE kind = 'caption'")
        refused = dict(rows(postgres.url, "SELECT name, reason FROM library_file WHERE reason IS NOT NULL"))
    good = {f"midicaps/{place}" for place in made.good}
    as_meant = sum(word in refused.get(name, "") for name, word in made.broken.items())
    print(f"pieces: {len(stored):,} of {pieces:,}, {distinct:,} different, {vectors:,} vectors; to hold: all")
    print(
        f"missing {len(good - {id for (id,) in stored})}, not asked for {len({id for (id,) in stored} - good)}"
    )
    print(f"rejects: {len(refused)} of {len(made.broken)}, {as_meant} with the reason meant; to hold: all")
    print(f"rate: {watch.rate():.1f} files/s (median of 5 s stretches); to hold: at least 30")
    print(f"whole time with all starts: {seconds:.1f} s = {pieces / seconds:.1f} pieces/s")
    print(f"memory of all processes, Postgres included: at most {max(watch.memory):,.0f} MiB; to hold: 2,048")


@contextmanager
def memory_seen(watch: Watch) -> Iterator[None]:
    """Note the memory of all that a run is made of, from a thread."""
    done = threading.Event()

    def look() -> None:
        while not done.wait(1.0):
            watch.memory.append(sum(map(proportional_set, processes(watch.folder))) / 2**20)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def processes(folder: Path) -> list[psutil.Process]:
    """Our children and theirs, and the Postgres of the data folder, which is nobody's child."""
    found = {process.pid: process for process in psutil.Process().children(recursive=True)}
    for process in psutil.process_iter(["cmdline"]):
        if str(folder) in " ".join(process.info["cmdline"] or ()):
            found |= {each.pid: each for each in (process, *children(process))}
    return list(found.values())


def children(process: psutil.Process) -> list[psutil.Process]:
    """The processes below one, none where it has ended."""
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def proportional_set(process: psutil.Process) -> int:
    """Bytes of a process, what it shares divided among those that share it."""
    try:
        return int(process.memory_full_info().pss)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0


def count(url: str, statement: str) -> int:
    """A number out of the database; 0 while there is none."""
    found = rows(url, statement)
    return int(found[0][0]) if found else 0


def rows(url: str, statement: str) -> list[tuple[str, ...]]:
    """Rows out of the database; none while it does not answer."""
    try:
        with psycopg.connect(url, connect_timeout=2, autocommit=True) as connection:
            return connection.execute(statement).fetchall()  # type: ignore[call-overload, no-any-return]
    except psycopg.Error:
        return []


if __name__ == "__main__":
    main()
