"""The operations of the HTTP API by subject, each file with its table."""

from __future__ import annotations

from hartmann_bridge.operations import Operation
from hartmann_bridge.routes import compositions, description, health, media, pictures, results, settings

OPERATIONS: tuple[Operation, ...] = (
    *health.OPERATIONS,
    *pictures.OPERATIONS,
    *compositions.OPERATIONS,
    *results.OPERATIONS,
    *settings.OPERATIONS,
    *media.OPERATIONS,
    *description.OPERATIONS,
)
"""Everything that the bridge serves."""
