"""The reader on real tunes: what is right stays right, and faults planted at random are found where they are."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest

from hartmann.library.ingest.music21_tunes import all_tunes
from hartmann.notation.checking import check
from hartmann.notation.score import Bar, Score
from hartmann.notation.splicing import changed_bars, replace_bar
from hartmann.notation.unfolding import unfold
from hartmann.notation.writing import to_abc, without_places

pytestmark = pytest.mark.integration

SAMPLE = 400
PLANTED = 100
"""Tunes in which each kind of fault is planted."""


@cache
def sample() -> tuple[str, ...]:
    texts = [tune.text for tune in all_tunes()]
    return tuple(random.Random(7).sample(texts, SAMPLE))


def test_tunes_survive_being_written_and_read() -> None:
    scores = [score for text in sample() if (score := check(text).score)]
    assert len(scores) >= 0.99 * SAMPLE
    for score in scores:
        again = check(to_abc(score, sources=True)).score
        assert again is not None
        assert without_places(again) == without_places(score), score.source
        assert unfold(again) == unfold(score)


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


@dataclass(frozen=True)
class Fault:
    """A way to spoil a bar: `spoil(music)` is what the bar becomes, `code` what must be reported of it."""

    code: str
    spoil: Callable[[str], str]


FAULTS = [
    Fault("bar_too_long", lambda music: music + " C16 C16"),
    Fault("bar_too_short", lambda music: "C/8"),
    Fault("unclosed_chord", lambda music: "[CEG " + music),
    Fault("bad_character", lambda music: "é" + music),
    Fault("bad_length", lambda music: "C1.7 " + music),
    Fault("bad_key", lambda music: "[K:Qblues]" + music),
    Fault("bad_meter", lambda music: "[M:4/5]" + music),
]


@cache
def sound_tunes() -> tuple[Score, ...]:
    """Tunes of one voice without errors, repeats, changes and pickups, each bar on one line."""
    scores = [checked.score for text in sample() if (checked := check(text)).ok and checked.score]
    return tuple(score for score in scores if _is_plain(score))[:PLANTED]


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


def inner_bar(score: Score, chance: random.Random) -> int:
    """The index of some bar between two bar lines, neither the first nor the last."""
    bars = score.voices[0].bars
    closed = [
        i for i in range(1, len(bars) - 1) if score.source[bars[i].place.end :].lstrip(" ").startswith("|")
    ]
    return chance.choice(closed)


def music(score: Score, bar: Bar) -> str:
    return score.source[bar.place.start : bar.place.end]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.code)
def test_a_planted_fault_is_reported_with_its_bar(fault: Fault) -> None:
    chance = random.Random(fault.code)
    assert len(sound_tunes()) > 20
    for score in sound_tunes():
        index = inner_bar(score, chance)
        bar = score.voices[0].bars[index]
        spoilt = check(replace_bar(score, 1, index, fault.spoil(music(score, bar))))
        found = {(p.code, p.voice, p.bar, p.line) for p in spoilt.errors}
        assert (fault.code, 1, bar.number, bar.place.line) in found, spoilt.text


def test_a_planted_open_repeat_is_reported_where_it_opens() -> None:
    chance = random.Random(5)
    for score in sound_tunes():
        bar = score.voices[0].bars[inner_bar(score, chance)]
        spoilt = check(score.source[: bar.place.start] + "|:" + score.source[bar.place.start :])
        assert ("unclosed_repeat", 1, bar.number) in {(p.code, p.voice, p.bar) for p in spoilt.errors}, (
            spoilt.text
        )


def test_a_voice_that_ends_early_is_reported() -> None:
    for score in sound_tunes():
        voices = check(f"{score.source.rstrip()}\nV:2\nZ|Z|\n")
        assert ("voices_differ", 2, 2) in {(p.code, p.voice, p.bar) for p in voices.errors}, voices.text


def test_notes_on_a_voice_line_are_reported_and_read() -> None:
    for score in sound_tunes():
        spoilt = check(f"{score.source.rstrip()}\nV:2 Z{len(score.voices[0].bars)}|\n")
        assert ("notes_on_voice_line", 2, 1) in {(p.code, p.voice, p.bar) for p in spoilt.problems}
        assert spoilt.score is not None
        assert len(spoilt.score.voices) == 2
