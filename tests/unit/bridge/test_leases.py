"""Leases run out when nobody renews them, and not before."""

from __future__ import annotations

import asyncio

import pytest

from hartmann_bridge.leases import Leases


async def test_lease_that_is_not_renewed_runs_out() -> None:
    leases = Leases(seconds=0.01)
    leases.renew("dialog")
    await asyncio.wait_for(leases.run_out("dialog"), 5)


async def test_renewed_lease_outlives_its_first_term() -> None:
    leases = Leases(seconds=60)
    leases.renew("dialog")
    first = leases._held["dialog"].timer
    leases.renew("dialog")
    assert first.cancelled()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(leases.run_out("dialog"), 0.01)
    leases.close()


async def test_end_of_one_lease_is_not_that_of_another() -> None:
    leases = Leases(seconds=60)
    leases.renew("one")
    leases.renew("two")
    waiting = asyncio.ensure_future(leases.run_out("two"))
    leases._end("one")
    await leases.run_out("one")
    assert not waiting.done()
    leases.close()
    await waiting


async def test_unknown_lease_has_run_out() -> None:
    await Leases().run_out("never seen")
