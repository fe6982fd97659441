"""Connections for searches: one statement, one round trip, prepared once.

They commit by themselves (no BEGIN, no COMMIT), are not asked whether they still live before every use (a search
that finds its connection dead is simply done again), and carry the settings of the index from the moment they open:
setting them with each search would take a transaction and a round trip more. A statement is planned once for
any vector: planning anew takes longer than searching.

- `hnsw.ef_search` 100: recall@10 0.998 at 168,385 × 768.
- `enable_seqscan` off: a plan for any filter has to take the index that serves the narrow ones.
- `hnsw.iterative_scan` relaxed: under a filter the index goes on until enough pieces pass, up to
  `hnsw.max_scan_tuples`; the statement sorts what it gets.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import URL, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from hartmann.storage import vectors

SETTINGS: Final = {
    "hnsw.ef_search": "100",
    "hnsw.iterative_scan": "relaxed_order",
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "jit": "off",
}
POOL_SIZE: Final = 10
POOL_OVERFLOW: Final = 10


def create_search_engine(url: URL, connect_args: dict[str, Any]) -> AsyncEngine:
    """An engine whose connections are made for searching. `url` names the driver."""
    engine = create_async_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        isolation_level="AUTOCOMMIT",
        connect_args={**connect_args, "prepare_threshold": 0},
    )
    event.listen(engine.sync_engine, "connect", _prepare)
    return engine


def _prepare(connection: Any, _: object) -> None:
    """Called once for each new connection."""
    vectors.register_reals(connection.driver_connection)
    cursor = connection.cursor()
    settings = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in SETTINGS.items())
    cursor.execute(f"SELECT {settings}")
    cursor.close()
    connection.commit()
