"""`python -m hartmann.training`: the whole recipe of the mini models, step by step or at once.

    python -m hartmann.training all --work build/training --photographs ~/Pictures/free

Steps, in order: `gallery` (paint and measure pictures), `tunes` (clean the corpus), `tokenizer`, `tower` (the vision
tower learns to see), `seen` (it looks at every picture once), `vlm` (the rest learns to speak and to write), `clip`,
`export` (write `vision/mini/weights`), `evaluate` (measure the exported weights; prints JSON and the model card's
table; a quarter of an hour). Each step is seeded, takes what the steps before left in the work folder, and goes on
where it was interrupted. On two cores the whole takes two to three hours, nine tenths of it training. Large buffers are
given back to the system and asked for again at every step unless glibc is told to keep them, which costs half the
speed; so the command restarts itself with MALLOC_* set.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from hartmann.training.recipe import STEPS, Recipe

_KEEP_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": "2000000000",
    "MALLOC_TRIM_THRESHOLD_": "16000000000",
    "MALLOC_TOP_PAD_": "268435456",
}


def main(arguments: list[str] | None = None) -> None:
    """Run one step, or all."""
    parser = argparse.ArgumentParser(
        prog="python -m hartmann.training", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("step", choices=[*STEPS, "all"])
    parser.add_argument(
        "--work", type=Path, default=Path("build/training"), help="where data and checkpoints go"
    )
    parser.add_argument(
        "--photographs", type=Path, action="append", default=[], help="folders of free photographs"
    )
    parser.add_argument(
        "--held-out", type=Path, action="append", default=[], help="photographs for measuring alone"
    )
    parser.add_argument("--pictures", type=int, default=14_000, help="pictures in the gallery")
    parser.add_argument("--tower-steps", type=int, default=1500, help="training steps of the vision tower")
    parser.add_argument(
        "--seeing-steps", type=int, default=2500, help="of them, the first with pictures alone"
    )
    parser.add_argument("--vlm-steps", type=int, default=4700, help="training steps of the mini VLM")
    parser.add_argument("--clip-steps", type=int, default=700, help="training steps of the mini CLIP")
    parser.add_argument(
        "--measured-pictures", type=int, default=100, help="pictures that whole pieces are measured on"
    )
    parser.add_argument("--measured-tunes", type=int, default=500, help="drafts that are measured")
    parser.add_argument("--workers", type=int, default=2, help="processes that train together, or measure")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    recipe = Recipe(
        work=given.work,
        photographs=tuple(given.photographs),
        held_out=tuple(given.held_out),
        pictures=given.pictures,
        tower_steps=given.tower_steps,
        seeing_steps=given.seeing_steps,
        vlm_steps=given.vlm_steps,
        clip_steps=given.clip_steps,
        measured_pictures=given.measured_pictures,
        measured_tunes=given.measured_tunes,
        workers=given.workers,
        seed=given.seed,
    )
    for step in STEPS if given.step == "all" else (given.step,):
        print(f"step: {step}", flush=True)
        getattr(recipe, step)()


def _with_kept_memory() -> None:
    """Start this command again with glibc told to keep freed memory (it reads the settings at start alone)."""
    if sys.platform == "linux" and not _KEEP_MEMORY.keys() <= os.environ.keys():
        command = [sys.executable, "-m", "hartmann.training", *sys.argv[1:]]
        os.execve(sys.executable, command, {**_KEEP_MEMORY, **os.environ})


if __name__ == "__main__":
    _with_kept_memory()
    main()
