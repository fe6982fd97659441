"""How fast ABC is read, and that nothing that a text says makes it slow.

Run as `python tests/benchmarks/bench_reading.py [--inputs N] [--tunes N]`. Prints the median time of a corpus tune
beside music21's own parser on the same tunes, the slowest of N spoilt tunes (10,000 unless told), and time and
peak memory of inputs that are no tunes.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import random
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

from mutations import mutated

from hartmann.library.ingest.music21_tunes import all_tunes
from hartmann.notation.checking import check

HOSTILE = {
    "empty text": "",
    "a megabyte of |": "|" * 1_000_000,
    "ten thousand nested repeats": "X:1\nM:1/4\nL:1/4\nK:C\n" + "|:C" * 10_000 + ":|" * 10_000,
    "no notes": "X:1\nT:Nothing\nM:4/4\nL:1/8\nK:C\n",
    "400 voices": "X:1\nK:C\n" + "".join(f"V:{n}\nCDEF|\n" for n in range(400)),
    "a bar of a million notes": "X:1\nM:4/4\nK:C\n" + "C" * 1_000_000,
}


def milliseconds(work: Callable[[str], object], texts: Sequence[str]) -> list[float]:
    """The processor time of `work` for each text."""
    work(texts[0])
    times = []
    for text in texts:
        start = time.process_time()
        work(text)
        times.append(1000 * (time.process_time() - start))
    return times


def by_music21(text: str) -> None:
    """The same text by music21's parser; what it can't read costs what it costs."""
    from music21 import converter

    with contextlib.suppress(Exception), contextlib.redirect_stderr(io.StringIO()):
        converter.parse(text, format="abc", forceSource=True)


def print_hostile() -> None:
    """Time and memory of inputs that are no tunes, and what is said of them."""
    for name, text in HOSTILE.items():
        (spent,) = milliseconds(check, [text])
        tracemalloc.start()
        problems = check(text).problems
        peak = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        codes = ", ".join(sorted({p.code for p in problems if p.severity == "error"})) or problems[0].code
        print(f"  {name:<28} {spent:8.1f} ms {peak:7.1f} MB   {codes}")


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser()
    options.add_argument("--inputs", type=int, default=10_000)
    options.add_argument("--tunes", type=int, default=100)
    given = options.parse_args()
    texts = random.Random(5).sample([tune.text for tune in all_tunes()], max(300, given.tunes))
    ours = median(milliseconds(check, texts[: given.tunes]))
    theirs = median(milliseconds(by_music21, texts[: given.tunes]))
    print(f"ABC to checked music, median of {given.tunes} tunes: {ours:.2f} ms")
    print(f"music21's parser on the same tunes: {theirs:.2f} ms, {theirs / ours:.0f} times as long")
    spent = milliseconds(check, list(mutated(texts[:300], given.inputs, seed=1)))
    print(f"{given.inputs} spoilt tunes: median {median(spent):.2f} ms, slowest {max(spent):.0f} ms")
    print("inputs that are no tunes:")
    print_hostile()


if __name__ == "__main__":
    main()
