"""The mini's tokenizer: nothing is lost, and text is cut alike whether written at once or continued."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hartmann.training.tokenizer import SPECIAL, train_tokenizer

BODY = "% [A]\n|:GAB d2B|c3 c2d|^F/2G/2A B3|\nGAB d2B|c3-|c2d:|"
HEADER = "X:1\nT:Blue Jig\nR:jig\nM:6/8\nL:1/8\nQ:3/8=110\nK:Gmaj\n%%MIDI program 73\n"


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return train_tokenizer([HEADER + BODY, "A dark picture in blue and black. Mood: calm."] * 20, 400)


def ids(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False))


@given(st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_text_comes_back_byte_for_byte(tokenizer: Any, text: str) -> None:
    if any(mark in text for mark in SPECIAL):
        return
    assert tokenizer.decode(ids(tokenizer, text)) == text


def test_header_continued_by_a_body_is_cut_as_the_whole(tokenizer: Any) -> None:
    assert ids(tokenizer, HEADER) + ids(tokenizer, BODY) == ids(tokenizer, HEADER + BODY)


def test_no_token_reaches_across_a_bar_line(tokenizer: Any) -> None:
    pieces = [tokenizer.decode([i]) for i in ids(tokenizer, BODY)]
    assert not [p for p in pieces if "|" in p and p.strip("|:]\n")]


def test_groups_of_notes_become_single_tokens(tokenizer: Any) -> None:
    assert len(ids(tokenizer, "GAB")) == 1


def test_conversation_is_rendered_with_one_token_a_role(tokenizer: Any) -> None:
    talk = [
        {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Describe the picture."}]},
        {"role": "assistant", "content": "Blue."},
    ]
    assert tokenizer.apply_chat_template(talk, tokenize=False) == (
        "<|user|><|vision_start|><|image_pad|><|vision_end|>Describe the picture.<|im_end|>"
        "<|assistant|>Blue.<|im_end|>"
    )


def test_last_message_can_be_continued(tokenizer: Any) -> None:
    talk = [{"role": "user", "content": "Compose."}, {"role": "assistant", "content": HEADER}]
    text = tokenizer.apply_chat_template(talk, tokenize=False, continue_final_message=True)
    assert text == f"<|user|>Compose.<|im_end|><|assistant|>{HEADER}"


def test_same_texts_give_the_same_vocabulary() -> None:
    texts = [HEADER + BODY, "A bright scene of green."] * 5
    assert train_tokenizer(texts, 350).get_vocab() == train_tokenizer(texts, 350).get_vocab()
