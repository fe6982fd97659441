"""A real model behind a real server: out of memory, one composition fails or is saved, and the next one works.

The model has the mini's architecture and random weights; its memory is made to run out by a hook before its passes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import grpc.aio
import pytest
import torch
from google.rpc import code_pb2
from models import save_tiny_model
from running_server import Event, Running, kinds, running_server, settings_for, take_apart
from scripted_models import ScriptedEmbedder, fill_with_a_few_tunes

from hartmann.serving.startup import Models, Sources
from hartmann.settings import Settings
from hartmann.v1 import composition_pb2
from hartmann.vision.model_thread import ModelThread
from hartmann.vision.transformers_model import TransformersModel

pytestmark = pytest.mark.integration

ENGINE = composition_pb2.EngineOptions(
    max_repairs=0, max_refinements=0, references_per_side=1, measure_faithfulness=False
)
SHORT = composition_pb2.Wishes(bars=4, meter="3/4", key="G", ensemble="flute")


@dataclass
class Memory:
    """Which passes of the model find none, by their numbers from the last `watch` on; and how often the tower looks."""

    fails: range = range(0)
    passes: int = 0
    looks: int = 0
    rows: list[int] = field(default_factory=list)

    def watch(self, fails: range = range(0)) -> None:
        """Count anew."""
        self.fails, self.passes, self.looks = fails, 0, 0
        self.rows.clear()

    def before_pass(self, module: Any, args: Any, inputs: dict[str, Any]) -> None:
        number, self.passes = self.passes, self.passes + 1
        self.rows.append(len(inputs["input_ids"]))
        if number in self.fails:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    def before_look(self, module: Any, args: Any) -> None:
        self.looks += 1


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TransformersModel, Memory]]:
    model = TransformersModel.load(
        save_tiny_model(tmp_path_factory.mktemp("tiny")), threads=1, profile="compact"
    )
    memory = Memory()
    model._model.register_forward_pre_hook(memory.before_pass, with_kwargs=True)
    model._model.model.visual.register_forward_pre_hook(memory.before_look)
    yield model, memory
    model.close()


class Kept(ModelThread):
    """A thread whose end is not the end of the model."""

    def close(self) -> None:
        self._thread.close()


@pytest.fixture
async def seeing(
    database_url: str, loaded: tuple[TransformersModel, Memory]
) -> AsyncIterator[tuple[Running, Memory]]:
    model, memory = loaded

    def load(_: Settings, with_vision: bool) -> Models:
        return Models(Kept(model) if with_vision else None, ScriptedEmbedder())

    settings = settings_for(database_url, drafts=2)
    async with running_server(settings, sources=Sources(load, fill_with_a_few_tunes)) as running:
        yield running, memory


async def composed(server: Running) -> list[Event]:
    return await server.compose(engine=ENGINE, wishes=SHORT)


def abc(events: list[Event]) -> str:
    assert kinds(events)[-1] == "score", events[-1]
    return events[-1].score.abc


async def test_a_composition_looks_once_writes_drafts_together_and_survives_a_want_of_memory(
    seeing: tuple[Running, Memory],
) -> None:
    server, memory = seeing
    memory.watch()
    events = await composed(server)
    assert memory.looks == 1
    assert max(memory.rows) == 2
    assert [event.draft.number for event in events if event.HasField("draft")] == [1, 2]
    assert {1, 2} <= {event.text_delta.draft for event in events if event.HasField("text_delta")}

    middle = memory.passes // 2
    memory.watch(range(middle, middle + 1))
    assert abc(await composed(server)) == abc(events)
    assert memory.passes > middle


async def test_without_memory_a_composition_fails_with_what_to_do_and_the_next_one_works(
    seeing: tuple[Running, Memory],
) -> None:
    server, memory = seeing
    memory.watch(range(10**9))
    failed = (await composed(server))[-1].failed
    failed = (await composed(server))[-1].failed
    told = take_apart(failed, grpc.StatusCode.INTERNAL)
    assert failed.code == code_pb2.INTERNAL
    assert told.reason == "MODEL_FAILED"
    assert "out of memory twice" in told.message
    assert "HARTMANN_QUANTISATION" in told.message

    memory.watch()
    assert abc(await composed(server)).startswith("X:1")
