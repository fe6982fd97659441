"""Starting up: database, models, library, in that order of need, each said ready as soon as it is.

The database opens while the models load in a thread: neither needs the other, and both take seconds. The
library's first filling needs both.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Protocol

import structlog

from hartmann.composing.tools import Embeddings, SeeingWriter, Tools
from hartmann.errors import DatabaseUnavailable
from hartmann.library.repository import PostgresLibrary
from hartmann.library.search_rule import SearchRule
from hartmann.serving.readiness import Part, Readiness
from hartmann.settings import Settings
from hartmann.storage.database import Database, open_database

if TYPE_CHECKING:
    from hartmann.vision.language_model import VisionLanguageModel
    from hartmann.vision.transformers_model import TransformersModel

OnProgress = Callable[[str, int, int], None]
"""Called with a task in words, how much is done, and how much there is (0 while that is not known)."""
DATABASE_CHECK_SECONDS = 1.0

log = structlog.get_logger(__name__)


def ignore_progress(task: str, done: int, total: int) -> None:
    """An `OnProgress` for those who don't watch."""
    del task, done, total


class OpenWriter(SeeingWriter, Protocol):
    """A vision-language model until it is closed, such as `vision.model_thread.ModelThread`."""

    def close(self) -> None: ...


class OpenEmbeddings(Embeddings, Protocol):
    """An embedding model until it is closed, such as `vision.model_thread.EmbedderThread`."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Models:
    """The models in their threads. `vision` is None in a server that only answers calls."""

    vision: OpenWriter | None
    embedder: OpenEmbeddings

    def close(self) -> None:
        """Stop the threads and free the weights."""
        if self.vision is not None:
            self.vision.close()
        self.embedder.close()


@dataclass(frozen=True, slots=True)
class Engine:
    """Everything that services and worker stand on."""

    database: Database
    library: PostgresLibrary
    models: Models

    @property
    def tools(self) -> Tools:
        """What the pipeline works with. Only where the vision model is loaded."""
        assert self.models.vision is not None, "this process was started without the vision model"
        return Tools(self.models.vision, self.models.embedder, self.library, program_version())


@dataclass(frozen=True, slots=True)
class Sources:
    """Where models and the library's first content come from.

    `load_models(settings, with_vision)` blocks; `fill_library(engine, on_progress)` does nothing when that is done.
    """

    load_models: Callable[[Settings, bool], Models]
    fill_library: Callable[[Engine, OnProgress], Awaitable[None]]


@asynccontextmanager
async def open_engine(
    settings: Settings,
    readiness: Readiness,
    *,
    with_vision: bool,
    sources: Sources,
    on_progress: OnProgress = ignore_progress,
    on_database: Callable[[Database], None] = lambda _: None,
) -> AsyncIterator[Engine]:
    """Open database and models, and keep `readiness` truthful about them until the end.

    `on_database` is called as soon as the database answers. Raises what `open_database` raises, ModelUnavailable
    for a model that can't be loaded, MissingExtra for a package that is not installed.
    """
    loading = asyncio.create_task(asyncio.to_thread(sources.load_models, settings, with_vision))
    try:
        async with _watched_database(settings, readiness, on_database) as database:
            on_progress("Loading the models", 0, 0)
            models = await loading
            rule = SearchRule(settings.search_rule)
            yield Engine(database, PostgresLibrary(database, rule, settings.image_weight), models)
    finally:
        await _close_when_loaded(loading)


def load_models(settings: Settings, with_vision: bool) -> Models:
    """Load the models of the settings; blocks for seconds. Raises ModelUnavailable and MissingExtra."""
    from hartmann.vision.clip import configured_embedder
    from hartmann.vision.model_thread import EmbedderThread, ModelThread

    embedder = EmbedderThread(configured_embedder(settings))
    if not with_vision:
        return Models(None, embedder)
    threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
    try:
        vision = ModelThread(_load_vision_model(settings), settings.model_queue)
    except BaseException:
        embedder.close()
        raise
    return Models(vision, embedder)


def _load_vision_model(settings: Settings) -> VisionLanguageModel:
    if settings.vision_model.startswith(("http://", "https://")):
        return _connect_remote_model(settings)
    return load_local_model(settings, settings.vision_model)


def _connect_remote_model(settings: Settings) -> VisionLanguageModel:
    from hartmann.vision.remote_model import RemoteModel, RemoteServer

    key = settings.remote_api_key
    server = RemoteServer(
        url=settings.vision_model.rstrip("/"),
        model=settings.remote_model,
        key=key.get_secret_value() if key else "",
        silence_seconds=settings.remote_silence_seconds,
        retries=settings.remote_retries,
        longest_side=settings.remote_picture_pixels,
        context_tokens=settings.remote_context_tokens,
        thinking={"on": True, "off": False}.get(settings.thinking),
    )
    witness = load_local_model(settings, settings.attention_model) if settings.attention_model else None
    profile = "full" if settings.prompt_profile == "auto" else settings.prompt_profile
    return RemoteModel.connect(server, witness=witness, profile=profile)


def load_local_model(settings: Settings, model: str) -> TransformersModel:
    """Load `mini`, a folder or a hub name with the settings for models; blocks for seconds.

    Raises ModelUnavailable, MissingExtra, and InvalidRequest for layers or heads that the model does not have.
    """
    from hartmann.vision.mini import vlm_folder
    from hartmann.vision.transformers_model import TransformersModel

    is_mini = model == "mini"
    profile = "compact" if is_mini else "full"
    return TransformersModel.load(
        vlm_folder() if is_mini else model,
        name="mini" if is_mini else "",
        device=settings.device,
        dtype=settings.dtype,
        device_map=settings.device_map,
        quantisation=settings.quantisation,
        revision=settings.vision_revision,
        local_files_only=settings.local_files_only,
        trust_remote_code=settings.trust_remote_code,
        profile=profile if settings.prompt_profile == "auto" else settings.prompt_profile,
        threads=settings.torch_threads,
        picture_pixels=settings.picture_pixels,
        attention_layers=settings.attention_layers,
        attention_heads=settings.attention_heads,
        thinking=settings.thinking,
    )


def warm_up() -> None:
    """Do once what takes seconds the first time only: MusPy and music21 import most of scientific Python."""
    from hartmann.notation.checking import check
    from hartmann.notation.metrics import measure
    from hartmann.notation.midi import to_midi
    from hartmann.notation.musicxml import to_musicxml

    score = check("X:1\nM:4/4\nL:1/4\nK:C\nCDEF|]\n").score
    if score is not None:
        measure(score)
        to_midi(score)
        to_musicxml(score)


async def fill_from_corpus(engine: Engine, on_progress: OnProgress) -> None:
    """Bring in the tunes of the music21 package, unless they are there."""
    from hartmann.library.ingest.corpus import fill_library

    def report(done: int, total: int, _: int) -> None:
        on_progress("Filling the library", done, total)

    filling = await fill_library(engine.database, engine.models.embedder, report)
    if filling.seconds == 0:  # filling ends with the index; without it, see that nobody has dropped it
        await engine.library.ensure_index(engine.models.embedder.space)


REAL = Sources(load_models, fill_from_corpus)
"""The models of the settings, and the tunes of music21."""


async def run_unless_stopped(
    run: Callable[[], Awaitable[None]], stop: asyncio.Event, started: asyncio.Event
) -> None:
    """Await `run()`, which ends by itself on `stop` once `started` is set; before that it is cancelled."""
    task = asyncio.ensure_future(run())
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done() and not started.is_set():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return
        await task
    finally:
        stopping.cancel()
        task.cancel()
        await asyncio.gather(task, stopping, return_exceptions=True)


def program_version() -> str:
    """The installed version of this program."""
    return metadata.version("hartmann")


@asynccontextmanager
async def _watched_database(
    settings: Settings, readiness: Readiness, on_database: Callable[[Database], None]
) -> AsyncIterator[Database]:
    url = settings.database_url.get_secret_value() if settings.database_url else None
    replica = settings.search_database_url.get_secret_value() if settings.search_database_url else None
    async with open_database(url, settings.data_dir, replica) as database:
        on_database(database)
        await readiness.ready(Part.DATABASE)
        watch = asyncio.create_task(_watch_database(database, readiness), name="database watch")
        try:
            yield database
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)


async def _watch_database(database: Database, readiness: Readiness) -> None:
    """Say when the database is lost and when it is back."""
    from sqlalchemy import text

    lost = False
    while True:
        await asyncio.sleep(DATABASE_CHECK_SECONDS)
        try:
            async with database.transaction() as connection:
                await connection.execute(text("SELECT 1"))
        except DatabaseUnavailable as error:
            if not lost:
                log.error("database_lost", reason=error.message)
            lost = True
            await readiness.lost(Part.DATABASE, error)
        else:
            if lost:
                log.info("database_back")
                await readiness.ready(Part.DATABASE)
            lost = False


async def _close_when_loaded(loading: asyncio.Task[Models]) -> None:
    """Close the models, also when they finish loading only after the start was given up."""
    try:
        models = await asyncio.shield(loading)
    except Exception:
        return  # whoever awaited them has been told
    await asyncio.to_thread(models.close)
