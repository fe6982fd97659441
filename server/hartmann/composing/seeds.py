"""Seeds: every random choice of a composition follows from its one seed.

A stage that runs again, on another machine or after a crash, draws the same numbers: its seed depends on
nothing but the composition's seed, the stage, and which draft or part is being written.
"""

from __future__ import annotations

import hashlib

from hartmann.composing.events import Stage

SEED_LIMIT = 2**63


def derive_seed(seed: int, stage: Stage, *parts: int | str) -> int:
    """A seed in 0…2^63-1 for one call to a model."""
    text = "/".join([str(seed), stage.value, *map(str, parts)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % SEED_LIMIT
