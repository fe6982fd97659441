"""Text as it is written reaches the journal whole, however slow the journal is and whenever the writer ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from hartmann.composing import streaming
from hartmann.composing.carry import Carry
from hartmann.composing.events import Event, Stage, TextDelta
from hartmann.errors import LeaseLost

WORDS = [f"word{number} " for number in range(40)]


class SlowJournal:
    """Takes a few turns of the event loop for each event; `logged` characters are there from an earlier run."""

    def __init__(self, logged: int = 0, refuse: bool = False) -> None:
        self.logged = logged
        self.refuse = refuse
        self.deltas: list[TextDelta] = []

    async def record(self, stage: Stage, part: str, event: Event, carry: Carry | None = None) -> None:
        del stage, part, carry
        for _ in range(7):
            await asyncio.sleep(0)
        if self.refuse:
            raise LeaseLost("gone to another worker")
        assert isinstance(event, TextDelta)
        self.deltas.append(event)

    def characters_logged(self, stage: Stage, draft: int) -> int:
        del stage, draft
        return self.logged


async def write_words(write: Callable[[str], None]) -> str:
    for word in WORDS:
        write(word)
        await asyncio.sleep(0)
    return "".join(WORDS)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "SECONDS_BETWEEN_DELTAS", 0.0)


async def test_pieces_follow_each_other_without_a_hole_and_make_the_whole_text() -> None:
    journal = SlowJournal()

    text = await streaming.stream_text(journal, Stage.DRAFT, 1, write_words)

    offsets = [delta.offset for delta in journal.deltas]
    lengths = [len(delta.text) for delta in journal.deltas]
    assert "".join(delta.text for delta in journal.deltas) == text == "".join(WORDS)
    assert offsets == [sum(lengths[:number]) for number in range(len(lengths))]
    assert len(journal.deltas) > 1


async def test_what_an_earlier_run_logged_is_not_logged_again() -> None:
    journal = SlowJournal(logged=50)

    text = await streaming.stream_text(journal, Stage.DRAFT, 1, write_words)

    assert journal.deltas[0].offset == 50
    assert "".join(delta.text for delta in journal.deltas) == text[50:]


async def test_a_journal_that_refuses_stops_the_writer() -> None:
    stopped = asyncio.Event()

    async def write_for_ever(write: Callable[[str], None]) -> str:
        try:
            while True:
                write("on and on ")
                await asyncio.sleep(0)
        finally:
            stopped.set()

    with pytest.raises(LeaseLost):
        await streaming.stream_text(SlowJournal(refuse=True), Stage.DRAFT, 1, write_for_ever)

    assert stopped.is_set()
