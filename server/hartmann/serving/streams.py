"""Streams that end in time: when the server stops, nobody waits for an event that will never come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TypeVar

from hartmann.serving.readiness import stopping

Item = TypeVar("Item")


async def until_closing(items: AsyncIterator[Item], closing: asyncio.Event) -> AsyncGenerator[Item, None]:
    """The items; raises Unavailable once `closing` is set while the next one is not there yet."""
    end = asyncio.ensure_future(closing.wait())
    following: asyncio.Future[Item] | None = None
    try:
        while True:
            following = asyncio.ensure_future(anext(items))
            await asyncio.wait({following, end}, return_when=asyncio.FIRST_COMPLETED)
            if not following.done():
                raise stopping()
            try:
                item = following.result()
            except StopAsyncIteration:
                return
            yield item
    finally:
        end.cancel()
        if following is not None and not following.done():
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
        if isinstance(items, AsyncGenerator):
            await items.aclose()
