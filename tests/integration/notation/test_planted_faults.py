"""Ten kinds of faults in a thousand tunes of all collections: every one is reported with its voice and bar."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import islice

import pytest
from planting import PLANTS, Planted, plant, prepared

from hartmann.library.ingest.music21_tunes import COLLECTIONS, all_tunes
from hartmann.notation.checking import check

pytestmark = pytest.mark.integration

TUNES = 1000
SEVERAL_VOICES = 0.4
"""The share of tunes that are given two or three voices."""


def _in_turn(chance: random.Random) -> Iterator[tuple[str, str]]:
    """(collection, text) of all tunes in random order; small collections come first, so that none is missed."""
    by_source: dict[str, list[str]] = {}
    for tune in all_tunes():
        by_source.setdefault(tune.source, []).append(tune.text)
    rest: list[tuple[str, str]] = []
    for source, texts in by_source.items():
        chance.shuffle(texts)
        yield from ((source, text) for text in texts[:40])
        rest += [(source, text) for text in texts[40:]]
    chance.shuffle(rest)
    yield from rest


@cache
def planted() -> tuple[tuple[str, Planted], ...]:
    """(collection, spoilt tune), a kind of fault after another."""
    chance = random.Random(11)
    found: list[tuple[str, Planted]] = []
    kinds = list(PLANTS)
    for source, text in _in_turn(chance):
        voices = chance.choice((2, 3)) if chance.random() < SEVERAL_VOICES else 1
        score = prepared(text, voices, chance)
        spoilt = plant(kinds[len(found) % len(kinds)], score, chance) if score else None
        if spoilt is not None:
            found.append((source, spoilt))
        if len(found) == TUNES:
            break
    return tuple(found)


def test_every_fault_is_reported_with_its_voice_bar_and_line() -> None:
    for _, spoilt in planted():
        found = {(p.code, p.voice, p.bar, p.line) for p in check(spoilt.text).problems}
        assert (spoilt.code, spoilt.voice, spoilt.bar, spoilt.line) in found, f"{spoilt}\n{sorted(found)}"


def test_the_thousand_tunes_are_of_all_kinds_collections_and_numbers_of_voices() -> None:
    kinds = Counter(spoilt.code for _, spoilt in planted())
    assert len(planted()) == TUNES
    assert set(kinds.values()) == {TUNES // len(PLANTS)}
    in_parts = {COLLECTIONS[folder].source for folder in ("josquin", "nottingham-dataset")}
    assert {c.source for c in COLLECTIONS.values()} - in_parts <= {source for source, _ in planted()}
    assert sum(spoilt.voice > 1 for _, spoilt in planted()) >= TUNES // 10


def test_before_the_fault_was_planted_none_was_reported() -> None:
    chance = random.Random(12)
    scores = (score for _, text in _in_turn(chance) if (score := prepared(text, 2, chance)))
    for score in islice(scores, 50):
        assert check(score.source).ok, score.source
