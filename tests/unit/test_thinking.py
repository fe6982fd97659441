"""What a model thinks before it answers is neither told nor returned, and the answer's tokens keep their places."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hartmann.vision.thinking import Thinking, ThoughtfulText, is_open_thought, without_thought
from hartmann.vision.token_text import TokenText


def decode(tokens: list[int]) -> str:
    return "".join(map(chr, tokens))


def written(
    text: str, *, thinking: bool | None = False, stop: tuple[str, ...] = ()
) -> tuple[str, str, ThoughtfulText]:
    """What was told, what is returned, and the text itself, character by character."""
    told: list[str] = []
    answer = ThoughtfulText(decode, stop, told.append, thinking)
    for character in text:
        if not answer.stopped:
            answer.add(ord(character))
    returned = answer.finish()
    return "".join(told), returned, answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("warm light", "warm light"),
        ("<think>hm, blue</think>\n\nwarm light", "warm light"),
        ("\n<think>\n\n</think>\n\nwarm light", "warm light"),
        ("<analysis>an easy one</analysis>warm light", "warm light"),
        (
            "<analysis>a hard one</analysis><think>hm</think><answer>warm light</answer> and more",
            "warm light",
        ),
        ("<thin light", "<thin light"),
        ("  <b>warm", "  <b>warm"),
        ("<think>without an end", ""),
        ("<think", "<think"),
        ("warm <think>no thought any more</think>", "warm <think>no thought any more</think>"),
        ("", ""),
    ],
)
def test_thoughts_are_no_part_of_the_answer(text: str, answer: str) -> None:
    told, returned, _ = written(text)
    assert told == returned == answer


def test_a_thought_that_the_template_has_opened_ends_with_its_tag() -> None:
    assert written("hm</think>\nwarm", thinking=True)[1] == "warm"


def test_where_no_thought_can_come_tags_are_text() -> None:
    assert written("<think>x</think>", thinking=None)[1] == "<think>x</think>"


def test_stop_strings_are_looked_for_in_the_answer_alone() -> None:
    told, returned, _ = written("<think>one. two.</think>three. four.", stop=(".",))
    assert told == returned == "three"


@given(thought=st.text("ab c\n", max_size=8), answer=st.text("xyz .", min_size=1, max_size=12))
def test_the_answers_tokens_are_known_by_number_and_place(thought: str, answer: str) -> None:
    _, returned, text = written(f"<think>{thought}</think>{answer}")
    kept = answer.lstrip()
    assert returned == kept
    assert [text.tokens[number] for number in text.kept] == [ord(character) for character in kept]
    assert [returned[start:end] for start, end in text.spans] == list(kept)


@given(text=st.text("ab<>/", max_size=20), stop=st.sampled_from([(), ("a",), ("ab", ">")]))
def test_without_thoughts_it_is_the_plain_text(text: str, stop: tuple[str, ...]) -> None:
    plain = TokenText(decode, stop, lambda _: None)
    for character in text:
        if not plain.stopped:
            plain.add(ord(character))
    assert written(text, thinking=None, stop=stop)[1] == plain.finish()


@pytest.mark.parametrize(
    ("thinking", "option", "words"),
    [
        (Thinking.AUTO, {}, ""),
        (Thinking.ON, {"enable_thinking": True}, "/think"),
        (Thinking.OFF, {"enable_thinking": False}, "/no_think"),
    ],
)
def test_a_setting_is_told_to_templates_and_in_words(
    thinking: Thinking, option: dict[str, bool], words: str
) -> None:
    assert thinking.as_template_option() == option
    assert thinking.as_words() == words


def test_an_open_thought_is_closed_and_a_closed_one_left() -> None:
    open_thought = "<|im_start|>assistant\n<think>\n"
    assert is_open_thought(open_thought)
    assert without_thought(open_thought) == "<|im_start|>assistant\n<think>\n\n</think>\n\n"
    assert without_thought("<think>\n\n</think>\n\n") == "<think>\n\n</think>\n\n"
