"""Bars cut out of real scores hold the notes that music21 finds in the same measures of the whole file."""

from __future__ import annotations

import random
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from hartmann.composing.excerpting import Selection, read_excerpt
from hartmann.composing.own_score import ExcerptUse
from hartmann.notation.checking import check

pytestmark = pytest.mark.integration

SCORES = (
    "bach/bwv66.6.mxl",
    "beethoven/opus18no1/movement4.mxl",
    "schoenberg/opus19/movement2.mxl",
    "mozart/k155/movement2.mxl",
    "haydn/opus74no1/movement3.mxl",
    "cpebach/h186.mxl",
)
SELECTIONS = 3


@cache
def whole(name: str) -> tuple[bytes, Any]:
    """The file, and music21's reading of it."""
    import music21

    path = Path(music21.__file__).parent / "corpus" / name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return path.read_bytes(), music21.converter.parse(path, forceSource=True)


def sounding(score: Any, first: int, last: int) -> list[int]:
    """Every written pitch of the measures `first`…`last` in file order, over all staves, sorted; no grace notes."""
    found = []
    for part in score.parts:
        for measure in list(part.getElementsByClass("Measure"))[first - 1 : last]:
            notes = (
                n for n in measure.recurse().notes if not n.duration.isGrace and "Symbol" not in n.classes[0]
            )
            found += [pitch.midi for note in notes for pitch in note.pitches]
    return sorted(found)


def cut(content: bytes, first: int, last: int, staves: tuple[int, ...] = ()) -> list[int]:
    """The same of an excerpt."""
    excerpt = read_excerpt(content, Selection(ExcerptUse.VARY, "", first, last, staves))
    checked = check(excerpt.abc)
    assert checked.score is not None
    assert checked.errors == ()
    return sorted(
        pitch.midi
        for voice in checked.score.voices
        for bar in voice.bars
        for note in bar.notes
        for pitch in note.pitches
    )


@pytest.mark.parametrize("name", SCORES)
def test_any_bars_hold_the_notes_of_their_measures(name: str) -> None:
    content, score = whole(name)
    chance = random.Random(name)
    count = len(score.parts[0].getElementsByClass("Measure"))
    for _ in range(SELECTIONS):
        first = chance.randint(1, count)
        last = min(count, first + chance.randint(0, 15))
        expected = sounding(score, first, last)
        if len(expected) > 1:
            assert cut(content, first, last) == expected, (first, last)


@pytest.mark.parametrize("name", SCORES)
def test_the_staves_of_a_selection_add_up_to_all_of_them(name: str) -> None:
    content, score = whole(name)
    staves = range(1, len(score.parts) + 1)
    together = sorted(pitch for staff in staves for pitch in cut(content, 1, 40, (staff,)))
    assert together == cut(content, 1, 40)
