"""Random texts of a grammar: walks through llguidance's masks, with nothing but chance to choose."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

END = 0


@cache
def abc_tokenizer() -> Any:
    """llguidance's view of a byte-level BPE with merges such as a model of ABC has."""
    from llguidance import LLTokenizer

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    random = Random(1)
    pieces = [
        "A",
        "B",
        "c",
        "d",
        "e2",
        "f",
        "3",
        "/2",
        "|",
        " ",
        "|\n",
        "GAB",
        "d2B",
        ":|",
        "|:",
        "||\n",
        "z",
    ]
    texts = ["".join(random.choices(pieces, k=300)) for _ in range(100)]
    trainer = trainers.BpeTrainer(
        vocab_size=1000,
        special_tokens=["<end>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return LLTokenizer(tokenizer.to_str(), eos_token=END)


def walk(grammar: str, seed: int, limit: int = 6000) -> str:
    """One random text of the grammar, whole."""
    from llguidance import LLMatcher

    tokenizer, random = abc_tokenizer(), Random(seed)
    matcher = LLMatcher(tokenizer, LLMatcher.grammar_from_lark(grammar))
    assert not matcher.is_error(), matcher.get_error()
    tokens: list[int] = []
    while not matcher.is_stopped() and len(tokens) < limit:
        mask = np.unpackbits(np.frombuffer(matcher.compute_bitmask(), np.uint8), bitorder="little")
        allowed = np.flatnonzero(mask)
        assert len(allowed), f"dead end behind {tokenizer.decode_str(tokens)!r}"
        token = int(random.choice(allowed))
        if token == END:
            break
        assert matcher.consume_token(token)
        tokens.append(token)
    assert not matcher.is_error(), matcher.get_error()
    assert matcher.is_accepting()
    return str(tokenizer.decode_str(tokens))


def accepts(grammar: str, text: str) -> bool:
    """Whether the grammar takes the whole text."""
    from llguidance import LLMatcher

    matcher = LLMatcher(abc_tokenizer(), LLMatcher.grammar_from_lark(grammar))
    tokens = abc_tokenizer().tokenize_str(text)
    return bool(matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting())
