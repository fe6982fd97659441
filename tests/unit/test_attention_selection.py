"""Layers and heads as people name them."""

from __future__ import annotations

import pytest

from hartmann.errors import InvalidRequest
from hartmann.vision.attention_selection import EVERYTHING, AttentionSelection


def layers(text: str, count: int = 12) -> tuple[int, ...] | None:
    return AttentionSelection.of(text, "all", count, 8).layers


def test_all_is_the_papers_plain_mean() -> None:
    assert AttentionSelection.of("all", "All", 12, 8) == EVERYTHING


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("3", (3,)),
        ("0,3,8-11", (0, 3, 8, 9, 10, 11)),
        ("5, 1-2, 2", (1, 2, 5)),
        ("last third", (8, 9, 10, 11)),
        ("First  Half", (0, 1, 2, 3, 4, 5)),
        ("last quarter", (9, 10, 11)),
    ],
)
def test_numbers_and_parts(text: str, numbers: tuple[int, ...]) -> None:
    assert layers(text) == numbers


def test_a_part_of_a_single_layer_is_that_layer() -> None:
    assert layers("last third", 1) == (0,)


def test_a_layer_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(InvalidRequest, match=r"^there is no layer 12: the model has 12, numbered 0 to 11$"):
        layers("4-12")


def test_a_head_that_does_not_exist_too() -> None:
    with pytest.raises(InvalidRequest, match=r"^there is no head 8: the model has 8, numbered 0 to 7$"):
        AttentionSelection.of("all", "8", 12, 8)


@pytest.mark.parametrize("text", ["", "last fifth", "-1", "3-1", "1;2", "all,3"])
def test_what_is_no_selection_is_told_how_to_write_one(text: str) -> None:
    with pytest.raises(InvalidRequest, match="names no layers; write all, numbers such as"):
        layers(text)


def test_a_selection_is_said_in_words() -> None:
    assert str(AttentionSelection((0, 3, 8, 9, 10), (2,))) == "layers 0, 3, 8–10, head 2"
    assert str(EVERYTHING) == "all layers, all heads"
