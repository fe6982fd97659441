"""The configured database and embedding model, for as long as a command works with them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from hartmann.cli.configuration import load_settings
from hartmann.cli.interruption import Interruptions
from hartmann.cli.server_extra import server_extra
from hartmann.cli.staying_inside import keep_caches_inside

if TYPE_CHECKING:
    from hartmann.settings import Settings
    from hartmann.storage.database import Database
    from hartmann.vision.model_thread import EmbedderThread

Result = TypeVar("Result")


def with_database(
    work: Callable[[Settings, Database], Coroutine[Any, Any, Result]], **options: Any
) -> Result:
    """Do `work(settings, database)` to its end; Ctrl-C and SIGTERM end it in order.

    Raises MissingExtra without the `server` extra, DatabaseUnavailable and SchemaOutdated as `open_database` does.
    """
    settings = load_settings(**options)
    keep_caches_inside(settings.data_dir)
    with server_extra():
        from hartmann import logs
        from hartmann.storage.database import open_database

    logs.configure(settings.model_copy(update={"log_level": "warning"}))
    url = settings.database_url.get_secret_value() if settings.database_url else None

    async def run() -> Result:
        async with open_database(url, settings.data_dir) as database:
            return await work(settings, database)

    with Interruptions():
        return asyncio.run(run())


@asynccontextmanager
async def opened_embedder(settings: Settings, name: str = "") -> AsyncIterator[EmbedderThread]:
    """The embedding model of the settings, or the one that is named, in its thread.

    Raises ModelUnavailable and MissingExtra.
    """
    with server_extra():
        from hartmann.vision.clip import configured_embedder
        from hartmann.vision.model_thread import EmbedderThread

    loaded = await asyncio.to_thread(configured_embedder, settings, name)
    embedder = EmbedderThread(loaded)
    try:
        yield embedder
    finally:
        embedder.close()


@contextmanager
def few_threads(threads: int) -> Iterator[None]:
    """Have torch use so many threads while other processes need the cores too; 0 leaves it alone."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
