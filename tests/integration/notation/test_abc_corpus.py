"""The reader on real tunes: all of them are read, and say the same once they are written anew."""

from __future__ import annotations

import random
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context

import pytest

from hartmann.library.ingest.music21_tunes import all_tunes
from hartmann.notation.checking import check
from hartmann.notation.score import Bar, Score
from hartmann.notation.splicing import changed_bars, replace_bar
from hartmann.notation.unfolding import unfold
from hartmann.notation.writing import to_abc, without_places

pytestmark = pytest.mark.integration

SAMPLE = 400
PROCESSES = 2


@cache
def sample() -> tuple[str, ...]:
    texts = [tune.text for tune in all_tunes()]
    return tuple(random.Random(7).sample(texts, SAMPLE))


def lost_in_writing(text: str) -> str:
    """What differs once the tune is written and read again; "" for nothing."""
    score = check(text).score
    if score is None:
        return "no music was read"
    again = check(to_abc(score, sources=True)).score
    if again is None or without_places(again) != without_places(score):
        return "the music differs"
    return "" if unfold(again) == unfold(score) else "the order of playing differs"


def test_every_tune_of_the_corpus_survives_being_written_and_read() -> None:
    texts = [tune.text for tune in all_tunes()]
    assert len(texts) > 12_900
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        lost = list(pool.map(lost_in_writing, texts, chunksize=200))
    assert not [(said, text) for said, text in zip(lost, texts, strict=True) if said]


def test_nearly_all_tunes_are_read_without_errors() -> None:
    """About one in ten of the corpus has bars that do not add up; abc2midi counts 98 % of those wrong too."""
    assert sum(check(text).ok for text in sample()) >= 0.85 * SAMPLE


def test_a_replaced_bar_is_the_only_one_that_differs() -> None:
    chance = random.Random(3)
    for score in sound_tunes():
        index = chance.randrange(len(score.voices[0].bars))
        bar = score.voices[0].bars[index]
        new = check(replace_bar(score, 1, index, "^c' " + music(score, bar))).score
        assert new is not None
        assert (1, bar.number) in changed_bars(score, new)
        assert len(changed_bars(score, new)) == 1, score.source


@cache
def sound_tunes() -> tuple[Score, ...]:
    """Tunes of one voice without errors, repeats, changes and pickups, each bar on one line."""
    scores = [checked.score for text in sample() if (checked := check(text)).ok and checked.score]
    return tuple(score for score in scores if _is_plain(score))[:100]


def _is_plain(score: Score) -> bool:
    bars = score.voices[0].bars
    return (
        len(score.voices) == 1
        and len(bars) > 8
        and bars[0].number == 1
        and score.meter.symbol != "free"
        and not any(bar.spans or bar.repeat_start or bar.repeat_end or bar.endings for bar in bars)
        and not any(bar.barline != "|" or bar.meter for bar in bars[1:-1])
    )


def music(score: Score, bar: Bar) -> str:
    return score.source[bar.place.start : bar.place.end]
