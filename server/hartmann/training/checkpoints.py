"""Checkpoints: weights, optimiser and step in one file, so that a training that was interrupted goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def resume(path: Path, model: Any, optimizer: Any) -> int:
    """Bring model and optimiser to where the checkpoint left them; returns its step, 0 where there is none."""
    import torch

    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])


def keep(path: Path, model: Any, optimizer: Any, step: int) -> None:
    """Write a checkpoint in place of the last one; a reader finds the old or the new, never half of one."""
    import torch

    path.parent.mkdir(parents=True, exist_ok=True)
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
    torch.save(state, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)
