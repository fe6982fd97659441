"""One thread for one model: coroutines queue up for it, and leaving the queue, or the model, is a cancellation away.

A model is not thread-safe and blocks, so it runs in a thread of its own while the event loop keeps sending
heartbeats. At most `queue_size` calls wait; the next is refused with `Overloaded`, which tells the client when to try
again. A cancelled call that still waits is passed over; one that runs is told to stop, which a model does within one
token, and the awaiting task sees its CancelledError only then: the model is free again when it surfaces.

The embedder's thread gathers what waits: texts of several callers become one batch, and so do pictures.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from hartmann.errors import ModelUnavailable, Overloaded
from hartmann.vision.clip import Embedder
from hartmann.vision.language_model import (
    AttentionRecord,
    BatchWriter,
    Generation,
    GenerationRequest,
    Message,
    ModelInfo,
    VisionLanguageModel,
    ignore_text,
    ignore_texts,
)

Result = TypeVar("Result")
DEFAULT_QUEUE_SIZE = 64
_FIRST_GUESS_SECONDS = 5.0


class Job(Generic[Result]):
    """One call that waits for the thread or runs in it. `stop` is set when nobody waits for it any more."""

    def __init__(self, work: Callable[[Callable[[], bool]], Result]) -> None:
        self.work = work
        self.future: Future[Result] = Future()
        self.stop = threading.Event()
        self._refused = False

    def run(self) -> None:
        """Do the work, unless it was given up before it began."""
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self.work(self.stop.is_set)
            if self._refused:
                raise ModelUnavailable("the server is stopping; ask again")
            self.future.set_result(result)
        except BaseException as error:
            # Whatever it is belongs to the caller; the thread serves the next one.
            self.future.set_exception(error)

    def refuse(self) -> None:
        """Stop the work, if it is under way, and let its caller know that this is not the whole of it."""
        self._refused = True
        self.stop.set()


class WorkThread:
    """A daemon thread and its bounded queue. The names of its threads begin with `name`."""

    def __init__(self, name: str, queue_size: int) -> None:
        self._waiting: queue.Queue[Job[Any] | None] = queue.Queue(queue_size)
        self._seconds_per_job = _FIRST_GUESS_SECONDS
        self._closed = False
        self._running: Job[Any] | None = None
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Calls in the queue, not counting the one that runs."""
        return self._waiting.qsize()

    async def do(self, job: Job[Result]) -> Result:
        """Queue a job and await it. Raises Overloaded when the queue is full, ModelUnavailable after `close`."""
        if self._closed:
            raise ModelUnavailable("the model was closed; the server is stopping")
        try:
            self._waiting.put_nowait(job)
        except queue.Full:
            raise self._overloaded() from None
        return await _finished(job)

    def close(self) -> None:
        """Stop the job that runs, give up those that wait, end the thread. Idempotent.

        A model stops within one token, whoever awaits it sees ModelUnavailable.
        """
        if self._closed:
            return
        self._closed = True
        if (running := self._running) is not None:
            running.refuse()
        while True:
            try:
                waiting = self._waiting.get_nowait()
            except queue.Empty:
                break
            if waiting is not None:
                waiting.future.set_exception(ModelUnavailable("the server is stopping; ask again"))
        self._waiting.put(None)
        self._thread.join()

    def _overloaded(self) -> Overloaded:
        retry = max(1.0, self._seconds_per_job * self._waiting.maxsize / 2)
        return Overloaded(
            f"{self._waiting.maxsize} calls already wait for the model; try again in {retry:.0f} seconds",
            retry_seconds=retry,
        )

    def _serve(self) -> None:
        while (job := self._waiting.get()) is not None:
            began = time.monotonic()
            self._running = job
            if self._closed:  # taken out of the queue just before it was emptied
                job.refuse()
            self.run(job)
            self._running = None
            self._seconds_per_job += 0.2 * (time.monotonic() - began - self._seconds_per_job)

    def run(self, job: Job[Any]) -> None:
        """One job, in the thread."""
        job.run()


async def _finished(job: Job[Result]) -> Result:
    """Await a job; when cancelled, tell it to stop, wait until it has, and only then let the cancellation go on."""
    waiter = asyncio.wrap_future(job.future)
    try:
        return await asyncio.shield(waiter)
    except asyncio.CancelledError:
        job.stop.set()
        if not job.future.cancel():
            await _until_done(waiter)
        raise


async def _until_done(waiter: asyncio.Future[Any]) -> None:
    """Wait for a running job to end; further cancellations meanwhile change nothing, its result is nobody's."""
    while not waiter.done():
        try:
            await asyncio.wait([waiter])
        except asyncio.CancelledError:
            continue
    if not waiter.cancelled():
        waiter.exception()


class ModelThread:
    """A vision-language model for coroutines."""

    def __init__(self, model: VisionLanguageModel, queue_size: int = DEFAULT_QUEUE_SIZE) -> None:
        self._model = model
        self._thread = WorkThread("vision-model", queue_size)

    @property
    def info(self) -> ModelInfo:
        """Who the model is."""
        return self._model.info

    @property
    def waiting(self) -> int:
        """Calls in the queue."""
        return self._thread.waiting

    async def generate(
        self, request: GenerationRequest, on_text: Callable[[str], None] = ignore_text
    ) -> Generation:
        """As the model's own. `on_text` is called on the event loop, in order, and before this returns."""
        loop = asyncio.get_running_loop()

        def tell(text: str) -> None:
            loop.call_soon_threadsafe(on_text, text)

        return await self._thread.do(Job(lambda stop: self._model.generate(request, tell, stop)))

    async def generate_batch(
        self, requests: Sequence[GenerationRequest], on_text: Callable[[int, str], None] = ignore_texts
    ) -> tuple[Generation, ...]:
        """Side by side where the model can (`BatchWriter`), else one after the other.

        `on_text` is given the request's index, and is called as that of `generate`. It is one call: cancelling the
        await stops every text.
        """
        loop = asyncio.get_running_loop()

        def tell(row: int, text: str) -> None:
            loop.call_soon_threadsafe(on_text, row, text)

        return await self._thread.do(Job(lambda stop: _together(self._model, requests, tell, stop)))

    async def attend(self, conversation: tuple[Message, ...], picture: Image) -> AttentionRecord:
        """As the model's own."""
        return await self._thread.do(Job(lambda _: self._model.attend(conversation, picture)))

    async def log_probability(self, conversation: tuple[Message, ...], picture: Image) -> float:
        """As the model's own."""
        return await self._thread.do(Job(lambda _: self._model.log_probability(conversation, picture)))

    def count_tokens(self, text: str) -> int:
        """As the model's own; quick, so it does not queue."""
        return self._model.count_tokens(text)

    def close(self) -> None:
        """End the thread, then free the model. Blocks until the running call is done. Idempotent."""
        self._thread.close()
        self._model.close()


def _together(
    model: VisionLanguageModel,
    requests: Sequence[GenerationRequest],
    on_text: Callable[[int, str], None],
    should_stop: Callable[[], bool],
) -> tuple[Generation, ...]:
    if isinstance(model, BatchWriter):
        return model.generate_batch(requests, on_text, lambda _: should_stop())
    return tuple(
        model.generate(request, partial(on_text, row), should_stop) for row, request in enumerate(requests)
    )


class EmbedderThread:
    """An embedder for coroutines: calls that wait together are embedded together."""

    def __init__(
        self, embedder: Embedder, queue_size: int = DEFAULT_QUEUE_SIZE, batch_size: int = 32
    ) -> None:
        self._embedder = embedder
        self._batch_size = batch_size
        self._texts: list[_Batched[str]] = []
        self._pictures: list[_Batched[Image]] = []
        self._lock = threading.Lock()
        self._thread = WorkThread("embedder", queue_size)

    @property
    def space(self) -> str:
        """The name of the vectors' space."""
        return self._embedder.space

    @property
    def dimensions(self) -> int:
        """The vectors' length."""
        return self._embedder.dimensions

    async def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (texts, dimensions)."""
        return await self._embed(self._texts, self._embedder.embed_texts, list(texts))

    async def embed_pictures(self, pictures: Sequence[Image]) -> NDArray[np.float32]:
        """Unit vectors, shape (pictures, dimensions)."""
        return await self._embed(self._pictures, self._embedder.embed_pictures, list(pictures))

    def close(self) -> None:
        """End the thread. Idempotent."""
        self._thread.close()

    async def _embed(
        self,
        waiting: list[_Batched[Any]],
        embed: Callable[[Sequence[Any]], NDArray[np.float32]],
        items: list[Any],
    ) -> NDArray[np.float32]:
        """Leave the items where the thread's next batch takes them; whichever job comes first serves all."""
        wish: _Batched[Any] = _Batched(items)
        with self._lock:
            waiting.append(wish)
        try:
            await self._thread.do(Job(lambda _: self._embed_together(waiting, embed, wish)))
        finally:
            with self._lock:
                if wish in waiting:
                    waiting.remove(wish)
        return wish.result()

    def _embed_together(
        self,
        waiting: list[_Batched[Any]],
        embed: Callable[[Sequence[Any]], NDArray[np.float32]],
        wish: _Batched[Any],
    ) -> None:
        with self._lock:
            if wish.done:
                return
            together = _first_batch(waiting, wish, self._batch_size)
            for one in together:
                waiting.remove(one)
        try:
            vectors = embed([item for one in together for item in one.items])
        except Exception as error:
            for one in together:
                one.fail(error)
            return
        for one in together:
            one.vectors, vectors = vectors[: len(one.items)], vectors[len(one.items) :]


class _Batched(Generic[Result]):
    """Items of one caller, and what became of them."""

    def __init__(self, items: list[Result]) -> None:
        self.items = items
        self.vectors: NDArray[np.float32] | None = None
        self.error: Exception | None = None

    @property
    def done(self) -> bool:
        return self.vectors is not None or self.error is not None

    def fail(self, error: Exception) -> None:
        self.error = error

    def result(self) -> NDArray[np.float32]:
        if self.error is not None:
            raise self.error
        assert self.vectors is not None
        return self.vectors


def _first_batch(waiting: Sequence[_Batched[Any]], first: _Batched[Any], size: int) -> list[_Batched[Any]]:
    """`first`, and as many others as fit beside it."""
    batch, count = [first], len(first.items)
    for one in waiting:
        if one is not first and count + len(one.items) <= size:
            batch.append(one)
            count += len(one.items)
    return batch
