"""Drafts of the mini under the grammars: how many are valid, with every bar exact, by our checker and by abc2midi.

Run with `make bench`; `--drafts 1000` for the figure of the model card. All meters that are offered, in turn one voice,
two voices under one grammar and two line by line, as the pipeline writes them with the mini. The same model's drafts
with nothing to constrain it are among the figures of `python -m hartmann.training evaluate`. Nothing is asserted; a
faulty draft is printed whole.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from mini_drafts import Asked, asked_for, faults, write_drafts

from hartmann.composing.wishes import MusicalWishes
from hartmann.notation.checking import check
from hartmann.vision.mini import vlm_folder
from hartmann.vision.transformers_model import TransformersModel

BATCH = 33
"""One draft of each kind."""
_model: list[TransformersModel] = []


def load() -> None:
    """A process's own model, with one thread."""
    _model.append(TransformersModel.load(vlm_folder(), profile="compact", threads=1))


def written(bars: int, asked: list[Asked]) -> list[tuple[Asked, str]]:
    """A batch of drafts, each with what was asked."""
    return list(zip(asked, write_drafts(_model[0], asked, MusicalWishes(bars=bars or None)), strict=True))


def main() -> None:
    """All figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--drafts", type=int, default=33)
    parser.add_argument("--bars", type=int, default=0, help="bars of each; 0: 8 to 32, as the model likes")
    parser.add_argument("--processes", type=int, default=1, help="each with one thread")
    given = parser.parse_args()
    asked = asked_for(given.drafts)
    batches = [asked[start : start + BATCH] for start in range(0, len(asked), BATCH)]
    began = time.perf_counter()
    with ProcessPoolExecutor(given.processes, get_context("spawn"), load) as pool:
        drafts = [each for batch in pool.map(partial(written, given.bars), batches) for each in batch]
    seconds = time.perf_counter() - began
    found: Counter[int] = Counter()
    bars = 0
    with tempfile.TemporaryDirectory() as folder:
        for one, draft in drafts:
            wrong = faults(draft, Path(folder))
            found[max(1, len(one.programs)) + one.by_line] += not wrong
            score = check(draft).score
            bars += sum(len(voice.bars) for voice in score.voices) if score else 0
            if wrong:
                print(f"{one}\n{draft}\n{wrong}", flush=True)
    total = found.total() / max(1, len(drafts))
    print(
        f"{len(drafts)} drafts, {bars} bars, {seconds:.0f} s: {100 * total:.1f} % without any fault by our checker and "
        f"abc2midi (one voice: {found[1]}, two voices: {found[2]}, line by line: {found[3]})   target 100 %"
    )


if __name__ == "__main__":
    main()
