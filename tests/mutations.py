"""Tunes spoilt at random, as storms in a wire and careless models spoil them: seeded, so the same every time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

SIGNS = (
    "|", ":|", "|:", "::", "[", "]", "{", "}", "(", ")", "(3", "(5:4:9", '"', "!", "+", "-", "&", "^", "__", "=", "'",
    ",", "/", "//", ">", "<<", "~", ".", "%", "\\", "\n", "\n\n", "\r\n", "\x00", "é", "♯", "｜", "[V:2]", "[K:Eb]",
    "[M:7/8]", "[L:1/32]", "[K:clef=bass-8]", "V:3 ", "K:", "M:", "w:", "s:", "m:n=o", "P:A", "X:2", "Z9", "X3", "y",
    "[1", "[2", "|1", "99999", "0", "1.5", "[r:", "%%MIDI transpose 7", "%%score (1 2)", "```", "<think>", "!D.C.!",
    "!segno!", "[I:MIDI program 3]", "\ud800", "𝄞", "+:", "$", "*", "@", ";", "?", "#",
)  # fmt: skip

Mutation = Callable[[str, random.Random], str]


def _flip(text: str, chance: random.Random) -> str:
    """Some bits of some bytes."""
    body = bytearray(text.encode("utf-8", "replace"))
    for _ in range(chance.randint(1, 12)):
        if body:
            body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    return body.decode("utf-8", "replace")


def _insert(text: str, chance: random.Random) -> str:
    for _ in range(chance.randint(1, 8)):
        at = chance.randint(0, len(text))
        text = text[:at] + chance.choice(SIGNS) * chance.choice((1, 1, 1, 2, 40)) + text[at:]
    return text


def _drop(text: str, chance: random.Random) -> str:
    for _ in range(chance.randint(1, 8)):
        at = chance.randint(0, len(text))
        text = text[:at] + text[at + chance.choice((1, 1, 2, 10, 50)) :]
    return text


def _shuffle_lines(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    chance.shuffle(lines)
    return "\n".join(lines)


def _repeat_piece(text: str, chance: random.Random) -> str:
    start = chance.randint(0, len(text))
    piece = text[start : start + chance.randint(1, 80)]
    return text[:start] + piece * chance.choice((2, 3, 30)) + text[start:]


def _truncate(text: str, chance: random.Random) -> str:
    return text[: chance.randint(0, len(text))]


def _behead(text: str, chance: random.Random) -> str:
    return text[chance.randint(0, len(text)) :]


def _without_line_ends(text: str, chance: random.Random) -> str:
    return text.replace("\n", chance.choice((" ", "", "\r", "\\n")))


MUTATIONS: tuple[Mutation, ...] = (
    _flip, _insert, _drop, _shuffle_lines, _repeat_piece, _truncate, _behead, _without_line_ends,
)  # fmt: skip


def mutated(texts: Sequence[str], count: int, seed: int) -> Iterator[str]:
    """`count` texts, each one of `texts` after one to three mutations."""
    chance = random.Random(seed)
    for _ in range(count):
        text = chance.choice(texts)
        for mutation in chance.choices(MUTATIONS, k=chance.randint(1, 3)):
            text = mutation(text, chance)
        yield text
