"""Ten thousand spoilt tunes: none raises, none takes long, and what was read of it can be written and read again."""

from __future__ import annotations

import random
import time
from functools import cache

import pytest
from hard_cases import CASES
from mutations import mutated

from hartmann.library.ingest.music21_tunes import all_tunes
from hartmann.notation.checking import check
from hartmann.notation.rendering import render
from hartmann.notation.unfolding import unfold
from hartmann.notation.writing import to_abc, without_places

pytestmark = pytest.mark.integration

INPUTS = 10_000
WRITTEN_ANEW = 2_000
SECONDS = 5
"""Of processor time for one input. The slowest takes a tenth of a second; the bound is for hangs alone."""


@cache
def seeds() -> tuple[str, ...]:
    """Tunes of the corpus and the hard cases."""
    corpus = [tune.text for tune in all_tunes()]
    return (*random.Random(4).sample(corpus, 300), *(case.text for case in CASES))


def test_no_spoilt_tune_raises_or_hangs() -> None:
    for text in mutated(seeds(), INPUTS, seed=1):
        start = time.process_time()
        checked = check(text)
        assert time.process_time() - start < SECONDS, text
        assert checked.score is not None or checked.errors, text
        render(checked.problems, checked.text)


def test_what_is_read_of_a_spoilt_tune_is_written_and_read_again() -> None:
    for text in mutated(seeds(), WRITTEN_ANEW, seed=2):
        score = check(text).score
        if score is not None:
            again = check(to_abc(score, sources=True)).score
            assert again is not None
            assert without_places(again) == without_places(score), text
            assert unfold(again) == unfold(score)
