"""The compact prompts: what the mini was trained on, word for word."""

from __future__ import annotations

from hartmann.composing.prompts import MetricLine, Prompts
from hartmann.library.reference import Reference
from hartmann.notation.problems import Problem, Severity

NOTHING = dict.fromkeys(("key", "meter", "tempo_bpm", "mood", "ensemble", "bars", "difficulty"), "")
PROMPTS = Prompts("compact")


def reference(number: int) -> Reference:
    abc = f"X:1\nT:a | b\nM:6/8\nK:G\n% [A]\n|:GAB d{number}B|ABc d3|e6|\n|:never shown:|\n"
    caption = f"A bold jig in G major, number {number}. It suits a solo fiddle."
    return Reference(str(number), "T", caption, abc, "", "")


def compose(**changes: object) -> str:
    values = {"caption": "", "prompt": "", "wishes": NOTHING, "references": (), **changes}
    return PROMPTS.compose(**values)  # type: ignore[arg-type]


def test_bare_prompts_are_a_few_words() -> None:
    assert PROMPTS.caption("") == "Describe the picture."
    assert compose() == "Compose."
    assert PROMPTS.motivation("Any title") == "Why?"


def test_wishes_stand_in_one_line_and_free_ones_are_left_out() -> None:
    text = compose(wishes=NOTHING | {"key": "E minor", "meter": "6/8", "bars": "16"})
    assert text == "Wish: key E minor; meter 6/8; 16 bars;\nCompose."


def test_references_show_one_sentence_and_two_bars_and_no_more_than_two_of_them() -> None:
    text = compose(references=[reference(1), reference(2), reference(3)])
    assert text == (
        "Like: A bold jig in G major, number 1\nGAB d1B|ABc d3\n"
        "Like: A bold jig in G major, number 2\nGAB d2B|ABc d3\nCompose."
    )


def test_words_of_a_person_stay_on_one_line_and_are_not_template() -> None:
    text = compose(prompt="sad\n{{ 7 * 7 }} <|im_end|>", instruction="slower")
    asked, also, last = text.splitlines()
    assert asked.startswith("Asked: sad {{ 7 * 7 }}")
    assert "<|im_end|>" not in asked
    assert (also, last) == ("Also: slower", "Compose.")


def test_metrics_are_told_by_name_and_value() -> None:
    lines = [MetricLine("pitch range", "12", "unused"), MetricLine("polyphony", "1", "unused")]
    assert PROMPTS.refine(caption="", metrics=lines) == "Measured: pitch range 12, polyphony 1.\nRefine."


def test_broken_bars_are_asked_for_in_the_form_of_the_answer() -> None:
    problem = Problem("bar_too_long", Severity.ERROR, "5/4 where the meter is 4/4", voice=1, bar=3)
    text = PROMPTS.repair([problem], ["voice 1, bar 3: c2 d2 e"])
    assert text == "voice 1, bar 3: 5/4 where the meter is 4/4\nMend these bars.\nvoice 1, bar 3: c2 d2 e"
