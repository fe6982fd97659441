"""The order in which bars are played. One bar a letter, so that the order reads as a word."""

import pytest

from hartmann.notation.checking import check
from hartmann.notation.unfolding import MAX_PLAYED, expand_parts, unfold


def played(body: str, parts: str = "") -> str:
    """The first letters of the bars in the order of playing."""
    order = f"P:{parts}\n" if parts else ""
    score = check(f"X:1\nM:1/4\nL:1/4\n{order}K:C\n{body}\n").score
    assert score is not None
    bars = score.voices[0].bars
    return "".join(bars[index].notes[0].pitches[0].step for index in unfold(score))


@pytest.mark.parametrize(
    ("body", "order"),
    [
        ("C|D|E|", "CDE"),
        ("|:C|D:|E|", "CDCDE"),
        ("C|D:|E|", "CDCDE"),
        ("C|D::E|F:|", "CDCDEFEF"),
        ("C|D:|E|F:|", "CDCDEFEF"),
        ("C|D:|E|F||G|A:|", "CDCDEFGAGA"),
        ("C|D||E|F:|", "CDEFCDEF"),
        ("|:C|D||E|F:|", "CDEFCDEF"),
        ("|:C|1D:|2E||F|", "CDCEF"),
        ("|:C|1D:|2E:|F|G:|", "CDCEFGFG"),
        ("|:C|1D:|2E||F|G:|", "CDCEFGFG"),
        ("|:C|1,3D:|2E:|4F|G|", "CDCECDCFG"),
        ("|:C|1-3D:|4E|F|", "CDCDCDCEF"),
        ("|:C|D::|E|", "CDCDCDE"),
        ("|:C|D|:E|F:|", "CDCDEFEF"),
        ("C|:D|E|", "CDE"),
    ],
)
def test_repeats_and_endings(body: str, order: str) -> None:
    assert played(body) == order


def test_the_parts_line_orders_the_parts() -> None:
    assert played("P:A\nC|D|\nP:B\nE|F:|\n", parts="A2BA") == "CDCDEFEFCD"


def test_a_parts_line_that_names_unknown_parts_is_not_followed() -> None:
    assert played("P:A\nC|D|\nP:B\nE|\n", parts="AXB") == "CDE"


@pytest.mark.parametrize(
    ("order", "letters"),
    [
        ("AABB", "AABB"),
        ("A2B", "AAB"),
        ("(AB)2C", "ABABC"),
        ("A.B.A", "ABA"),
        ("((A2)2B)2", "AAAABAAAAB"),
        ("(A", ""),
    ],
)
def test_parts_are_expanded(order: str, letters: str) -> None:
    assert expand_parts(order) == letters


def test_repeats_in_one_voice_hold_for_all() -> None:
    score = check("X:1\nM:1/4\nL:1/4\nK:C\nV:1\n|:C|D:|\nV:2\nE|F|\n").score
    assert score is not None
    assert unfold(score) == (0, 1, 0, 1)


def test_unfolding_is_bounded() -> None:
    score = check(
        "X:1\nM:1/4\nL:1/4\nP:" + "(" * 9 + "A" + "9)" * 9 + "\nK:C\nP:A\n" + "C::::::::|" * 999
    ).score
    assert score is not None
    assert len(unfold(score)) <= MAX_PLAYED
