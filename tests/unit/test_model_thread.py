"""One model for many coroutines: in turn, within bounds, and free again as soon as nobody waits."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from hartmann.errors import ModelUnavailable, Overloaded
from hartmann.vision.language_model import (
    AttentionRecord,
    Finish,
    Generation,
    GenerationRequest,
    ImageGrid,
    Message,
    ModelInfo,
    Role,
    Sampling,
    ignore_text,
    never_stop,
)
from hartmann.vision.model_thread import EmbedderThread, ModelThread

WISH = GenerationRequest((Message(Role.USER, "hi"),), Sampling(seed=1, max_tokens=3))
ENDLESS = GenerationRequest((Message(Role.USER, "hi"),), Sampling(seed=1, max_tokens=10**9))


class CountingModel:
    """Writes `0 1 2 …`, one number a token; notes what happens to it."""

    info = ModelInfo(name="counting", revision="", device="cpu", context_tokens=100)

    def __init__(self) -> None:
        self.began = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()
        self.running = 0
        self.most_running = 0
        self.calls = 0
        self.closed = False

    def generate(
        self,
        request: GenerationRequest,
        on_text: Callable[[str], None] = ignore_text,
        should_stop: Callable[[], bool] = never_stop,
    ) -> Generation:
        self.calls += 1
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        self.began.set()
        self.go_on.wait(20)
        try:
            for number in range(request.sampling.max_tokens):
                if should_stop():
                    return Generation("", Finish.CANCELLED, number, 1)
                on_text(f"{number} ")
            return Generation("done", Finish.LENGTH, request.sampling.max_tokens, 1)
        finally:
            self.running -= 1

    def attend(self, conversation: tuple[Message, ...], picture: Image.Image) -> AttentionRecord:
        return AttentionRecord(np.ones((1, 1), np.float32), ((0, 1),), ImageGrid(1, 1))

    def log_probability(self, conversation: tuple[Message, ...], picture: Image.Image) -> float:
        raise ZeroDivisionError("the model broke")

    def count_tokens(self, text: str) -> int:
        return len(text)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def model() -> CountingModel:
    return CountingModel()


@pytest.fixture
def thread(model: CountingModel) -> Iterator[ModelThread]:
    running = ModelThread(model, queue_size=2)
    yield running
    model.go_on.set()
    running.close()


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until something is so; another thread makes it so, hence no event to await."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


async def test_text_is_told_on_the_event_loop_in_order_and_before_the_end(thread: ModelThread) -> None:
    told: list[tuple[str, int]] = []
    written = await thread.generate(WISH, lambda text: told.append((text, threading.get_ident())))
    assert [text for text, _ in told] == ["0 ", "1 ", "2 "]
    assert {ident for _, ident in told} == {threading.get_ident()}
    assert written.text == "done"


async def test_the_event_loop_goes_on_while_the_model_works(
    thread: ModelThread, model: CountingModel
) -> None:
    model.go_on.clear()
    task = asyncio.create_task(thread.generate(WISH))
    await until(model.began.is_set)
    model.go_on.set()
    assert (await task).text == "done"


async def test_calls_take_turns(thread: ModelThread, model: CountingModel) -> None:
    await asyncio.gather(thread.generate(WISH), thread.generate(WISH))
    assert (model.calls, model.most_running) == (2, 1)


async def test_a_full_queue_refuses_with_a_time_to_come_back(
    thread: ModelThread, model: CountingModel
) -> None:
    model.go_on.clear()
    running = asyncio.create_task(thread.generate(WISH))
    await until(model.began.is_set)
    waiting = [asyncio.create_task(thread.generate(WISH)) for _ in range(2)]
    await until(lambda: thread.waiting == 2)
    with pytest.raises(Overloaded, match="2 calls already wait for the model") as refused:
        await thread.generate(WISH)
    assert refused.value.retry_seconds >= 1
    model.go_on.set()
    assert [written.text for written in await asyncio.gather(running, *waiting)] == ["done"] * 3


async def test_a_cancelled_call_ends_only_when_the_model_has_stopped(
    thread: ModelThread, model: CountingModel
) -> None:
    task = asyncio.create_task(thread.generate(ENDLESS))
    await until(model.began.is_set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert model.running == 0


async def test_cancelling_twice_still_waits_for_the_model(thread: ModelThread, model: CountingModel) -> None:
    model.go_on.clear()
    task = asyncio.create_task(thread.generate(ENDLESS))
    await until(model.began.is_set)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    model.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert model.running == 0


async def test_a_call_cancelled_in_the_queue_never_begins(thread: ModelThread, model: CountingModel) -> None:
    model.go_on.clear()
    running = asyncio.create_task(thread.generate(WISH))
    await until(model.began.is_set)
    waiting = asyncio.create_task(thread.generate(WISH))
    await until(lambda: thread.waiting == 1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    model.go_on.set()
    await running
    await thread.generate(WISH)
    assert model.calls == 2


async def test_a_failure_reaches_its_caller_and_nobody_else(thread: ModelThread) -> None:
    with pytest.raises(ZeroDivisionError, match="the model broke"):
        await thread.log_probability(WISH.conversation, Image.new("RGB", (1, 1)))
    assert (await thread.generate(WISH)).text == "done"


async def test_attention_and_counting_pass_through(thread: ModelThread) -> None:
    record = await thread.attend(WISH.conversation, Image.new("RGB", (1, 1)))
    assert record.grid == ImageGrid(1, 1)
    assert thread.count_tokens("four") == 4
    assert thread.info.name == "counting"


async def test_closing_frees_the_model_and_refuses_what_comes_later(model: CountingModel) -> None:
    thread = ModelThread(model)
    thread.close()
    thread.close()
    assert model.closed
    with pytest.raises(ModelUnavailable, match="was closed"):
        await thread.generate(WISH)


async def test_closing_while_the_model_writes_stops_it_and_says_so(model: CountingModel) -> None:
    thread = ModelThread(model)
    writing = asyncio.create_task(thread.generate(ENDLESS))
    await until(model.began.is_set)
    await asyncio.to_thread(thread.close)
    with pytest.raises(ModelUnavailable, match="the server is stopping"):
        await writing
    assert model.closed


async def test_a_model_that_writes_no_batches_writes_one_text_after_the_other(thread: ModelThread) -> None:
    told: list[tuple[int, str]] = []
    written = await thread.generate_batch([WISH, WISH], lambda row, text: told.append((row, text)))
    assert [each.text for each in written] == ["done", "done"]
    assert told == [(row, f"{number} ") for row in range(2) for number in range(3)]


async def test_a_cancelled_batch_ends_only_when_the_model_has_stopped(
    thread: ModelThread, model: CountingModel
) -> None:
    task = asyncio.create_task(thread.generate_batch([ENDLESS, ENDLESS]))
    await until(model.began.is_set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert model.running == 0


async def test_closing_gives_up_what_waits(model: CountingModel) -> None:
    thread = ModelThread(model)
    model.go_on.clear()
    running = asyncio.create_task(thread.generate(WISH))
    await until(model.began.is_set)
    waiting = asyncio.create_task(thread.generate(WISH))
    await until(lambda: thread.waiting == 1)
    closing = asyncio.create_task(asyncio.to_thread(thread.close))
    with pytest.raises(ModelUnavailable, match="the server is stopping"):
        await waiting
    assert not running.done()
    model.go_on.set()
    with pytest.raises(ModelUnavailable, match="the server is stopping"):
        await running
    await closing
    assert model.calls == 1


class LengthEmbedder:
    """A text's vector is its length, a picture's its width; notes the batches."""

    space, dimensions = "length/v1", 1

    def __init__(self) -> None:
        self.batches: list[list[object]] = []
        self.began = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.batches.append(list(texts))
        self.began.set()
        self.go_on.wait(20)
        if "bad" in texts:
            raise ValueError("a text that breaks")
        return np.array([[len(text)] for text in texts], np.float32).reshape(-1, 1)

    def embed_pictures(self, pictures: Sequence[Image.Image]) -> NDArray[np.float32]:
        self.batches.append(list(pictures))
        return np.array([[picture.width] for picture in pictures], np.float32)


@pytest.fixture
def embedder() -> LengthEmbedder:
    return LengthEmbedder()


@pytest.fixture
def embeddings(embedder: LengthEmbedder) -> Iterator[EmbedderThread]:
    running = EmbedderThread(embedder, batch_size=4)
    yield running
    embedder.go_on.set()
    running.close()


async def test_texts_and_pictures_are_embedded_in_order(embeddings: EmbedderThread) -> None:
    assert (await embeddings.embed_texts(["a", "bcd"])).tolist() == [[1], [3]]
    assert (await embeddings.embed_pictures([Image.new("RGB", (7, 1))])).tolist() == [[7]]
    assert (embeddings.space, embeddings.dimensions) == ("length/v1", 1)


async def test_callers_that_wait_together_share_a_batch(
    embeddings: EmbedderThread, embedder: LengthEmbedder
) -> None:
    embedder.go_on.clear()
    first = asyncio.create_task(embeddings.embed_texts(["a"]))
    await until(embedder.began.is_set)
    others = [asyncio.create_task(embeddings.embed_texts(["x" * size])) for size in range(2, 8)]
    await until(lambda: embeddings._thread.waiting == 6)
    embedder.go_on.set()
    assert [vectors.tolist() for vectors in await asyncio.gather(first, *others)] == [
        [[size]] for size in range(1, 8)
    ]
    assert [len(batch) for batch in embedder.batches] == [1, 4, 2]


async def test_a_failing_batch_fails_its_callers_and_no_later_one(embeddings: EmbedderThread) -> None:
    with pytest.raises(ValueError, match="a text that breaks"):
        await embeddings.embed_texts(["bad"])
    assert (await embeddings.embed_texts(["good"])).tolist() == [[4]]


async def test_a_cancelled_caller_does_not_disturb_the_others(
    embeddings: EmbedderThread, embedder: LengthEmbedder
) -> None:
    embedder.go_on.clear()
    first = asyncio.create_task(embeddings.embed_texts(["a"]))
    await until(embedder.began.is_set)
    gone = asyncio.create_task(embeddings.embed_texts(["bb"]))
    stays = asyncio.create_task(embeddings.embed_texts(["ccc"]))
    await until(lambda: embeddings._thread.waiting == 2)
    gone.cancel()
    embedder.go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert (await stays).tolist() == [[3]]
    assert (await first).tolist() == [[1]]
