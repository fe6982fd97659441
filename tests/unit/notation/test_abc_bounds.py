"""Nothing that a text says makes reading fail, or take long, or take much."""

import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hartmann.notation.checking import Limits, check
from hartmann.notation.rendering import render
from hartmann.notation.unfolding import unfold
from hartmann.notation.writing import to_abc, without_places

SECONDS = 5
"""Of processor time. Each takes well below one; the bound leaves room for slow machines, not for quadratic time."""

BAD = {
    "no_music": ("", "   \n\n", "X:1\nT:Nothing\nM:4/4\nL:1/8\nK:C\n", "|" * 1_000_000),
    "too_long": ("|" * 1_000_000, "X:1\nM:4/4\nK:C\n" + "C" * 1_000_000),
    "too_much": (
        "X:1\nK:C\n" + "".join(f"V:{n}\nCDEF|\n" for n in range(400)),
        "X:1\nM:4/4\nK:C\n" + "C" * 1_000_000,
        "X:1\nM:1/4\nL:1/4\nK:C\n" + "|:C" * 10_000 + ":|" * 10_000,
    ),
    "bar_too_long": ("X:1\nM:4/4\nK:C\n" + "C" * 1_000_000,),
    "empty_repeat": ("X:1\nK:C\n" + "|:" * 10_000 + "C" + ":|" * 10_000,),
    "unclosed_repeat": ("X:1\nM:1/4\nL:1/4\nK:C\n" + "|:C" * 10_000 + ":|" * 10_000,),
}
"""What must be said of input that is no tune: code of the problem → texts that must be told so."""

MEGABYTES = 100
"""Of memory at most; each takes about a tenth of it."""


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in BAD.items() for text in texts])
def test_input_that_is_no_tune_is_told_so_within_bounded_memory(code: str, text: str) -> None:
    tracemalloc.start()
    try:
        checked = check(text)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert code in {problem.code for problem in checked.problems}
    assert peak < MEGABYTES * 1_000_000


HOSTILE = {
    "a megabyte of bars": "|" * 1_000_000,
    "ten thousand nested repeats": "X:1\nK:C\n" + "|:" * 10_000 + "C" + ":|" * 10_000,
    "four hundred voices": "X:1\nK:C\n" + "".join(f"V:{n}\nCDEF|\n" for n in range(400)),
    "a bar of a million notes": "X:1\nM:4/4\nK:C\n" + "C" * 1_000_000,
    "brackets": "[" * 400_000,
    "inline fields never closed": "[K:" * 130_000,
    "quotes": '"' * 399_999,
    "braces": "{" * 400_000,
    "rests without end": "X:1\nM:4/4\nK:C\nZ99999|Z9999|",
    "a length of many digits": "X:1\nK:C\nC" + "9" * 300_000,
    "octaves without end": "X:1\nK:C\nC" + "'" * 300_000,
    "one note a line": "X:1\nK:C\n" + "C\n" * 100_000,
    "verses without end": "X:1\nK:C\nCDEF\n" + "w: a b c d\n" * 30_000,
    "grace notes without end": "X:1\nK:C\n" + "{abc}" * 80_000 + "C",
    "key changes without end": "X:1\nK:C\nC" + "[K:D]" * 60_000,
    "overlays without end": "X:1\nK:C\n" + "C&" * 100_000,
    "a voice line without end": "V:" + "a" * 399_000,
    "macros of macros": "X:1\nm:n=" + "n" * 200 + "\nm:C=" + "C" * 200 + "\nK:C\n" + ("C" * 60 + "\n") * 1500,
    "forty macros on every line": "X:1\n"
    + "".join(f"m: ~{c}n = {'n/' * 90}\n" for c in "abcdefghijklm" * 3)
    + "K:C\n"
    + "~aC\n" * 20_000,
    "symbol lines without end": "X:1\nK:C\nCDEF\n" + "s: !f! !p! !f! !p!\n" * 4_000,
    "a layout without end": "X:1\n%%score " + "(" * 90_000 + "\nK:C\nC",
    "da capo without end": "X:1\nM:1/4\nL:1/4\nK:C\n" + "C!D.C.!|" * 9_000,
    "fences": "```\n" * 100_000,
    "thoughts": "<think>" * 50_000,
    "controls and surrogates": "\x00\x01\ud800abc\x85\u2028|",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_read_in_bounded_time(name: str) -> None:
    start = time.process_time()
    checked = check(HOSTILE[name])
    assert time.process_time() - start < SECONDS
    assert len(checked.problems) <= Limits().problems + 3


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (Limits(characters=40), "too_long"),
        (Limits(notes=5), "too_much"),
        (Limits(bars=2), "too_much"),
        (Limits(voices=1), "too_much"),
    ],
)
def test_what_lies_beyond_a_limit_is_said_not_to_be_read(limits: Limits, code: str) -> None:
    text = "X:1\nM:4/4\nL:1/4\nK:C\nV:1\nCDEF|GABc|CDEF|\nV:2\nCDEF|GABc|CDEF|\n"
    checked = check(text, limits)
    assert code in {p.code for p in checked.errors}
    assert checked.score is not None


SIGNS = st.sampled_from(list("|:[](){}\"!+-^_=,'/<>~.%&zxZXyCDEFGabcdefg0123456789 \n\\KMLVQXTPw♯é#*hH"))
TEXTS = st.one_of(st.lists(SIGNS, max_size=120).map("".join), st.text(max_size=60))


@settings(max_examples=500, deadline=None)
@given(TEXTS, st.booleans())
def test_no_text_raises(text: str, with_header: bool) -> None:
    checked = check(("X:1\nM:4/4\nL:1/8\nK:C\n" if with_header else "") + text)
    render(checked.problems, checked.text)
    if checked.score is not None:
        again = check(to_abc(checked.score, sources=True)).score
        assert again is not None
        assert without_places(again) == without_places(checked.score)
        assert unfold(again) == unfold(checked.score)
    for problem in checked.problems:
        assert 0 <= problem.line <= checked.text.count("\n") + 1
