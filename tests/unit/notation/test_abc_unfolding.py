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
        ("|:C|1D:|E|F|", "CDCEF"),
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


@pytest.mark.parametrize(
    ("body", "order"),
    [
        ("C|D!fine!|E!D.C.!|", "CDECD"),
        ("C|D !fine!|E !D.C.alfine!|]", "CDECD"),
        ("C|D|E!D.C.!|F|", "CDECDEF"),
        ("C|!segno!D|E!fine!|F!D.S.!|", "CDEFDE"),
        ("C!segno!|D|E!fine!|F!D.S.alfine!|", "CDEFDE"),
        ("C|D!coda!|E!D.C.alcoda!|!coda!F|G|", "CDECDFG"),
        ("C|!dacoda!D|E!D.C.!|!coda!F|", "CDECDF"),
        ("|:C|1D:|2E!fine!||F!D.C.!|", "CDCEFCE"),
        ("C|D!fine!:|E|F!D.C.!:|", "CDCDEFEFCD"),
        ("C|D!dacapo!|", "CDCD"),
        ("C|D!D.S.!|E|", "CDE"),
        ("C|D!fine!|E|", "CDE"),
    ],
)
def test_da_capo_and_dal_segno(body: str, order: str) -> None:
    assert played(body) == order


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("C|D!D.S.!|", "`!D.S.!` goes back to a segno, but there is none"),
        ("C|D!D.C.alfine!|", "`!D.C.alfine!` ends at a `!fine!`, but there is none"),
        ("C|D!D.C.alcoda!|", "`!D.C.alcoda!` goes to a coda, but there is none"),
    ],
)
def test_a_jump_to_nowhere_is_reported_with_its_bar(body: str, message: str) -> None:
    (problem,) = check(f"X:1\nM:1/4\nL:1/4\nK:C\n{body}\n").problems
    assert (problem.code, problem.bar, problem.message) == ("jump_to_nowhere", 2, message)


def test_a_jump_in_one_voice_holds_for_all_and_names_its_voice_when_it_fails() -> None:
    checked = check("X:1\nM:1/4\nL:1/4\nK:C\nV:1\nC|D!fine!|E|\nV:2\nC|D|E!D.C.!|\n")
    assert checked.ok
    assert checked.score is not None
    assert unfold(checked.score) == (0, 1, 2, 0, 1)
    assert unfold(checked.score, jumps=False) == (0, 1, 2)
