"""Drafts that want refining and themes that are varied: what changes, and what must not."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from tune_samples import checked, lessons, melody_of

from hartmann.notation.metrics import measure
from hartmann.training.duets import squared
from hartmann.training.melodies import Measure, Melody, length_of
from hartmann.training.spoiling import _Spoiler, spoiled
from hartmann.training.tune_text import Heading, write_tune
from hartmann.training.variations import one_section, varied

HEADING = Heading("Test", "song", 90, 0)


def bars_of(melody: Melody) -> list[Measure]:
    return [bar for part in melody.parts for bar in part.bars]


@pytest.mark.parametrize("seed", range(40))
def test_spoiled_draft_is_worse_in_some_bars_and_the_same_in_others(seed: int) -> None:
    rng = Random(seed)
    melody = rng.choice(lessons()).melody
    before, after = bars_of(melody), bars_of(spoiled(melody, rng))
    same = [b == a for b, a in zip(before, after, strict=True)]
    assert any(same)
    checked(write_tune(spoiled(melody, rng), HEADING))


@pytest.mark.parametrize("seed", range(40))
def test_spoiling_keeps_rhythm_and_range(seed: int) -> None:
    rng = Random(seed)
    melody = rng.choice(lessons()).melody
    worse = spoiled(melody, rng)
    assert [length_of(bar) for bar in bars_of(worse)] == [length_of(bar) for bar in bars_of(melody)]
    steps = [e.step for e in melody.events() if e.step >= 0]
    assert all(min(steps) <= e.step <= max(steps) for e in worse.events() if e.step >= 0)


def after(way: str, name: str = "Dance", seed: int = 3) -> tuple[Melody, Melody]:
    """A melody and what one way of spoiling makes of it."""
    melody = melody_of(name)
    spoiler = _Spoiler(melody, Random(seed))
    getattr(spoiler, way)()
    return melody, spoiler.melody()


def test_wrong_notes_are_seen_in_scale_consistency() -> None:
    good, worse = (measure(checked(write_tune(m, HEADING))) for m in after("wrong_notes"))
    assert good.scale_consistency is not None
    assert worse.scale_consistency is not None
    assert worse.scale_consistency < good.scale_consistency


def test_monotony_is_seen_in_entropy() -> None:
    good, worse = (measure(checked(write_tune(m, HEADING))) for m in after("monotony"))
    assert good.pitch_entropy is not None
    assert worse.pitch_entropy is not None
    assert worse.pitch_entropy < good.pitch_entropy


def test_leaps_are_wider_and_a_flattened_contour_narrower() -> None:
    def mean_leap(melody: Melody) -> float:
        pitches = [e.midi for e in melody.events() if e.step >= 0]
        return sum(abs(b - a) for a, b in pairwise(pitches)) / len(pitches)

    assert mean_leap(after("leaps")[1]) > mean_leap(after("leaps")[0])
    assert mean_leap(after("flattened")[1]) < mean_leap(after("flattened")[0])


def test_dull_close_ends_off_the_tonic() -> None:
    for seed in range(10):
        good, worse = after("dull_close", seed=seed)
        *_, last = worse.events()
        assert list(good.events())[-1].fifths == good.tonic
        assert last.fifths != good.tonic


def test_section_that_returned_no_longer_does() -> None:
    jig = melody_of("Jig")
    twice = replace(jig, parts=(*jig.parts, *jig.parts))
    spoiler = _Spoiler(twice, Random(1))
    spoiler.no_return()
    first, second = spoiler.melody().parts
    assert first == jig.parts[0]
    assert second.bars != first.bars


@pytest.mark.parametrize("seed", range(30))
def test_variation_keeps_the_first_note_and_the_length_of_every_bar(seed: int) -> None:
    rng = Random(seed)
    theme = one_section(squared(rng.choice(lessons()).melody))
    (bars,) = (part.bars for part in theme.parts)
    (others,) = (part.bars for part in varied(theme, rng).parts)
    assert [length_of(bar) for bar in others] == [length_of(bar) for bar in bars]
    assert [(b[0].step, b[0].fifths) for b in others] == [(b[0].step, b[0].fifths) for b in bars]
    assert others != bars
    checked(write_tune(varied(theme, rng), HEADING))
