"""A process that fills the library at URL and kills itself with SIGKILL at the N-th batch.

Run as `python filling_child.py URL WHERE N`: WHERE is `embedding` (before anything of the batch is stored) or
`recording` (within its transaction, when all but the ledger is written). Prints the pids of its own processes.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from sample_tunes import sample_tunes
from word_embedder import WordEmbedder

from hartmann.library.ingest import corpus, ledger
from hartmann.storage.database import connect


def killing_at(count: int, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The same function, deadly at its `count`-th call."""
    left = iter(range(count - 1))

    async def deadly(*arguments: Any) -> Any:
        if next(left, None) is None:
            print(*(child.pid for child in multiprocessing.active_children()), flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        return await call(*arguments)

    return deadly


async def main(url: str, where: str, count: int) -> None:
    """Fill until death."""
    embedder = WordEmbedder()
    if where == "embedding":
        embedder.embed_texts = killing_at(count, embedder.embed_texts)  # type: ignore[method-assign]
    else:
        ledger.record = killing_at(count, ledger.record)
    await corpus.fill_library(connect(url), embedder, tunes=sample_tunes, batch_tunes=16)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
