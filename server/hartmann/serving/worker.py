"""The worker: takes compositions from the queue and runs the pipeline on them, writing to their logs.

A composition that fails ends with a `failed` event that carries the same status as a failed call; only the loss
of the lease or of the database goes back to the queue, which brings the work to whoever is alive.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections import defaultdict
from dataclasses import dataclass, replace

import structlog

from hartmann import logs
from hartmann.composing.carry import Carry
from hartmann.composing.events import Event, ScoreWritten, Stage
from hartmann.composing.journal import Journal
from hartmann.composing.pipeline import compose
from hartmann.composing.request import CompositionRequest
from hartmann.composing.tools import Tools
from hartmann.errors import CompositionNotFound, DatabaseUnavailable, HartmannError, LeaseLost, ModelFailed
from hartmann.serving import event_translation
from hartmann.serving.composition_translation import (
    new_event,
    stored_carry,
    stored_request,
    to_new_event,
    write_error,
)
from hartmann.serving.error_translation import known, to_status
from hartmann.serving.event_translation import from_wishes
from hartmann.serving.excerpt_translation import from_stored
from hartmann.serving.readiness import Readiness
from hartmann.serving.request_validation import decode_picture, to_limits
from hartmann.serving.startup import REAL, Sources, ignore_progress, open_engine, run_unless_stopped
from hartmann.settings import Settings
from hartmann.storage.composition_log import CompositionLog
from hartmann.storage.database import Database
from hartmann.storage.records import Lease
from hartmann.storage.tables import State
from hartmann.storage.work_queue import run_worker
from hartmann.v1 import composition_pb2

log = structlog.get_logger(__name__)


@dataclass
class LogJournal:
    """The pipeline's journal over the composition log. Make one with `open`."""

    log: CompositionLog
    lease: Lease
    stage: Stage | None
    logged: dict[tuple[int, int], int]
    carry: Carry | None = None

    @staticmethod
    async def open(log: CompositionLog, lease: Lease) -> LogJournal:
        """The journal of a composition just taken, knowing what an earlier worker wrote."""
        return LogJournal(log, lease, None, await _characters_by_text(log, lease))

    async def record(self, stage: Stage, part: str, event: Event, carry: Carry | None = None) -> None:
        """Write an event unless it is there; with a new carry both or neither; with a score, for good."""
        self.stage = stage
        is_news = carry is not None and carry != self.carry
        await self.log.append(
            self.lease,
            to_new_event(stage, part, event),
            carry=carry.to_json() if carry is not None and is_news else None,
            final_state=State.SUCCEEDED if isinstance(event, ScoreWritten) else None,
        )
        self.carry = carry or self.carry

    def characters_logged(self, stage: Stage, draft: int) -> int:
        """How much of a text was in the log when the work began."""
        return self.logged.get((event_translation.to_stage(stage), draft), 0)


class Composer:
    """What the queue does with a composition: `storage.work_queue.Handler`."""

    def __init__(self, log: CompositionLog, tools: Tools, settings: Settings) -> None:
        self._log = log
        self._tools = tools
        self._settings = settings

    async def compose(self, lease: Lease) -> None:
        """Run the pipeline from where the composition stands. Raises LeaseLost and DatabaseUnavailable."""
        journal = await LogJournal.open(self._log, lease)
        try:
            await self._run(lease, journal)
        except CompositionNotFound:
            return  # deleted meanwhile: there is no log to end
        except (LeaseLost, DatabaseUnavailable):
            raise
        except Exception as error:
            translated = known(error)
            if isinstance(translated, DatabaseUnavailable):
                raise translated from error
            await self._fail(lease, translated, journal.stage)

    async def cancelled(self, lease: Lease) -> None:
        """End the log: somebody cancelled."""
        event = new_event("cancelled", event_translation.cancelled())
        await self._log.finish(lease, event, State.CANCELLED)

    async def gave_up(self, lease: Lease) -> None:
        """End the log: worker after worker died."""
        deaths = lease.record.deaths
        error = ModelFailed(
            f"{deaths} workers died while they worked on this; their logs say why",
            metadata={"deaths": str(deaths)},
        )
        await self._fail(lease, error, None)

    async def _run(self, lease: Lease, journal: Journal) -> None:
        stored = stored_request(lease.record)
        picture = await self._log.picture(lease.composition)
        if picture is None:
            raise HartmannError("the composition has no picture")
        request = CompositionRequest(
            picture=await decode_picture(picture.data, self._settings),
            seed=stored.seed,
            prompt=stored.prompt,
            wishes=from_wishes(stored.wishes),
            instruction=stored.instruction,
            excerpt=from_stored(stored),
            limits=replace(to_limits(stored.engine), drafts=self._settings.drafts),
        )
        await compose(request, self._tools, journal, stored_carry(lease.record))

    async def _fail(self, lease: Lease, error: HartmannError, stage: Stage | None) -> None:
        status = to_status(error)
        log.warning("composition_failed", composition=lease.composition, reason=error.reason)
        event = new_event("failed", event_translation.failed(status, stage))
        await self._log.finish(lease, event, State.FAILED, error=write_error(status))


async def work(settings: Settings, *, stop: asyncio.Event, sources: Sources = REAL) -> None:
    """A worker without a server, until `stop` is set. Raises what `serving.server.serve` raises at its start."""
    logs.configure(settings)
    readiness = Readiness()

    async def run() -> None:
        async with open_engine(settings, readiness, with_vision=True, sources=sources) as engine:
            await sources.fill_library(engine, ignore_progress)
            readiness.started.set()
            log.info("working")
            await run_composer(engine.database, engine.tools, settings, stop)

    await run_unless_stopped(run, stop, readiness.started)


async def run_composer(
    database: Database,
    tools: Tools,
    settings: Settings,
    stop: asyncio.Event,
    ready: asyncio.Event | None = None,
) -> None:
    """Work until `stop` is set, then hand back what is unfinished."""
    await run_worker(
        database,
        Composer(CompositionLog(database), tools, settings),
        name=worker_name(),
        concurrency=settings.worker_concurrency,
        lease_seconds=settings.lease_seconds,
        stop=stop,
        ready=ready,
    )


def worker_name() -> str:
    """Who works: machine, process, and a few random letters, since process ids come again."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"


async def _characters_by_text(log: CompositionLog, lease: Lease) -> dict[tuple[int, int], int]:
    """How far each text of (stage, draft) has been logged."""
    lengths: defaultdict[tuple[int, int], int] = defaultdict(int)
    after = 0
    while rows := await log.read(lease.composition, after):
        after = rows[-1].sequence
        for row in rows:
            if row.kind == "text_delta":
                event = composition_pb2.CompositionEvent.FromString(row.body)
                delta, key = event.text_delta, (event.stage, event.text_delta.draft)
                lengths[key] = max(lengths[key], delta.offset + len(delta.text))
    return dict(lengths)
