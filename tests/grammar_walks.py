"""Random texts of a grammar: walks through llguidance's masks, with nothing but chance to choose."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from hartmann.vision.sampling import MOST_ITEMS

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


def walk(grammar: str, seed: int, limit: int = 6000, stop: str = "\0") -> str:
    """One random text of the grammar, whole, or up to where `stop` first stands in it."""
    from llguidance import LLMatcher, LLParserLimits

    tokenizer, random = abc_tokenizer(), Random(seed)
    limits = LLParserLimits(max_items_in_row=MOST_ITEMS, step_max_items=MOST_ITEMS)
    matcher = LLMatcher(tokenizer, LLMatcher.grammar_from_lark(grammar), limits=limits)
    assert not matcher.is_error(), matcher.get_error()
    tokens: list[int] = []
    while not matcher.is_stopped() and len(tokens) < limit:
        if stop in (text := str(tokenizer.decode_str(tokens[-20:]))):
            return str(tokenizer.decode_str(tokens[:-20])) + text.partition(stop)[0]
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
