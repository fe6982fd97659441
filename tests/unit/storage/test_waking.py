"""Waiting to be woken: for as long as asked, and never past a cancellation."""

from __future__ import annotations

import asyncio

import pytest

from hartmann.storage.notifications import wait_for


async def test_whoever_waits_goes_on_when_woken_or_when_the_time_is_over() -> None:
    waker = asyncio.Event()
    await wait_for(waker, 0.001)
    waker.set()
    await wait_for(waker, 3600)


@pytest.mark.parametrize("steps", range(4))
async def test_a_cancellation_that_comes_as_the_waker_is_set_is_not_lost(steps: int) -> None:
    waker = asyncio.Event()
    waiting = asyncio.create_task(wait_for(waker, 3600))
    for _ in range(3):
        await asyncio.sleep(0)
    waker.set()
    for _ in range(steps):
        await asyncio.sleep(0)
    if waiting.cancel():
        with pytest.raises(asyncio.CancelledError):
            await waiting
