"""A server or a worker with scripted models as a process of its own, for tests that kill it.

    python server_process.py serve|front|work DATABASE_URL SECONDS_PER_WORD

Prints the server's address when it is ready (`working` for a worker). A slow pen makes sure that it is killed in the
middle of a draft.
"""

from __future__ import annotations

import asyncio
import signal
import sys

from running_server import settings_for
from scripted_models import ScriptedWriter, scripted

from hartmann.serving.server import serve
from hartmann.serving.worker import work


def main() -> None:
    """Run until SIGTERM."""
    kind, url, pace = sys.argv[1:]
    asyncio.run(run(kind, url, float(pace)))


async def run(kind: str, url: str, seconds_per_word: float) -> None:
    """Serve (with a worker or as a front alone) or work."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    settings = settings_for(url, lease_seconds=3.0)
    sources = scripted(ScriptedWriter(seconds_per_word=seconds_per_word))
    if kind == "work":
        print("working", flush=True)
        await work(settings, stop=stop, sources=sources)
    else:
        await serve(
            settings,
            with_worker=kind == "serve",
            on_ready=lambda address: print(address, flush=True),
            stop=stop,
            sources=sources,
        )


if __name__ == "__main__":
    main()
