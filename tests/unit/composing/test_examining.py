"""What a draft is held against besides its notation: instruments, mood, likeness."""

from __future__ import annotations

from dataclasses import replace

from composing_doubles import reference

from hartmann.composing.events import DraftKind, Wishes
from hartmann.composing.examining import Yardstick, examine
from hartmann.composing.own_score import EXCERPT_ID
from hartmann.composing.wishes import read_wishes

DUO = """X:1
M:4/4
L:1/4
Q:1/4=100
K:G
V:1
%%MIDI program 40
GABc|d2B2|]
V:2
%%MIDI program 42
G,2D,2|G,4|]
"""
DIRGE = "X:1\nM:4/4\nL:1/2\nQ:1/4=50\nK:Amin\nA,C|E,A,|D,C|B,,A,|A,C|E,A,|]\n"


def said(abc: str, wishes: Wishes, code: str) -> list[str]:
    draft, _ = examine(abc, 1, DraftKind.INITIAL, against=Yardstick(read_wishes(wishes)))
    return [problem.message for problem in draft.problems if problem.code == code]


def test_instruments_that_play_are_not_missed() -> None:
    assert said(DUO, Wishes(ensemble="cello, violin"), "wish-not-met") == []


def test_an_instrument_that_does_not_play_is_missed_by_name() -> None:
    assert said(DUO, Wishes(ensemble="violin, flute"), "wish-not-met") == [
        "there is no part for flute, but it was asked for"
    ]


def test_two_of_a_kind_are_two() -> None:
    assert said(DUO, Wishes(ensemble="two violins"), "wish-not-met") == [
        "there is no part for violin, but it was asked for"
    ]


def test_a_voice_without_an_instrument_may_be_the_one_asked_for() -> None:
    assert (
        said(DUO.replace("%%MIDI program 42\n", ""), Wishes(ensemble="violin, flute"), "wish-not-met") == []
    )


def test_a_mood_that_the_music_misses_is_a_warning() -> None:
    [message] = said(DIRGE, Wishes(mood="joyful and light"), "mood-missed")
    assert "but joyful and light was asked for" in message
    assert said(DIRGE, Wishes(mood="mournful"), "mood-missed") == []


def test_a_mood_that_is_not_known_is_not_judged() -> None:
    assert said(DIRGE, Wishes(mood="purple"), "mood-missed") == []


def test_likeness_to_a_theme_is_wanted_and_to_anything_else_is_not() -> None:
    tune = "X:1\nM:4/4\nL:1/4\nK:G\nGABc|d2B2|cBAG|A4|GFED|C2E2|]\n"
    own = replace(reference(tune), id=EXCERPT_ID)
    for theme, copies in ((EXCERPT_ID, 0), ("", 1)):
        yardstick = Yardstick(references=(own,), originality_notes=8, theme=theme)
        draft, _ = examine(tune, 1, DraftKind.INITIAL, against=yardstick)
        near = [problem.message for problem in draft.problems if problem.code == "near-copy"]
        assert len(near) == copies
        assert all("repeat the bars to continue" in message for message in near)
