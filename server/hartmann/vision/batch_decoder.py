"""Several texts behind one beginning, written side by side: one pass of the model reads one token of each.

What all prompts have in common is read once; its cache is then seen by every row. All rows are of one length at any
time: where the ends of the prompts differ in length, a row that has read its own begins to write while the others
still read theirs. So there is no padding, no mask and no position that a row alone would not have, and a text in a
batch is the text that its seed writes alone. (A matrix product of several rows may round its last bit otherwise than
one of a single row; a token that hangs on that bit may differ.) A row that ends leaves the batch, and its cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from hartmann.errors import ModelFailed
from hartmann.vision.cached_decoder import CachedDecoder
from hartmann.vision.chat_prompt import Prompt
from hartmann.vision.continuation import Continuation

if TYPE_CHECKING:
    from torch import Tensor


class BatchDecoder:
    """Rows that go on from where a decoder stands; the decoder's own cache stays as it is."""

    def __init__(self, decoder: CachedDecoder, rows: int) -> None:
        self._decoder = decoder
        self._length = decoder.length
        self._cache = _spread(decoder.cache, rows)

    def advance(self, rows: Sequence[Sequence[int]]) -> Tensor:
        """Read as many tokens in every row; returns the logits behind the last, shape (rows, vocabulary), float32."""
        logits = self._decoder.forward(rows, self._length, self._cache)
        self._length += len(rows[0])
        return logits[:, -1]

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these rows alone."""
        import torch

        self._cache.batch_select_indices(torch.tensor(rows))


@dataclass(slots=True)
class _Row:
    text: Continuation
    unread: list[int]


def write_together(
    decoder: BatchDecoder, texts: Sequence[Continuation], unread: Sequence[Sequence[int]]
) -> None:
    """Write every text to its end. `unread`: what each row has to read first, one token at least."""
    rows = [_Row(text, list(tokens)) for text, tokens in zip(texts, unread, strict=True)]
    while True:
        kept = [number for number, row in enumerate(rows) if row.text.goes_on()]
        if not kept:
            return
        if len(kept) < len(rows):
            decoder.keep(kept)
            rows = [rows[number] for number in kept]
        length = min(len(row.unread) for row in rows)
        logits = decoder.advance([row.unread[:length] for row in rows])
        for row, scores in zip(rows, logits, strict=True):
            _read(row, length, scores)


def _read(row: _Row, length: int, scores: Tensor) -> None:
    del row.unread[:length]
    if not row.unread:
        row.text.take(scores)
        row.unread.extend(row.text.tokens[-1:])


def shared_prompt(prompts: Sequence[Prompt]) -> Prompt:
    """The longest beginning of all prompts, and one more token of the first, so that each has one left to read.

    Raises ModelFailed where the prompts differ in the picture, or in what stands before it.
    """
    columns = prompts[0].columns
    shortest = min(len(prompt.ids) for prompt in prompts)
    together = zip(*(prompt.ids[: shortest - 1] for prompt in prompts), strict=True)
    common = sum(1 for _ in takewhile(lambda tokens: len(set(tokens)) == 1, together))
    if len({prompt.picture for prompt in prompts}) > 1 or common <= max(columns, default=-1):
        raise ModelFailed("a batch is about one picture, and its conversations begin with the same message")
    return cut(prompts[0], common + 1)


def cut(prompt: Prompt, length: int) -> Prompt:
    """The first tokens of a prompt; the picture is among them."""
    per_token = {name: values[:length] for name, values in prompt.per_token.items()}
    return replace(prompt, ids=prompt.ids[:length], per_token=per_token)


def _spread(cache: Any, rows: int) -> Any:
    """The cache of one row as that of several; nothing is copied before the next token is read."""
    from transformers import DynamicCache

    spread = DynamicCache()
    for number, layer in enumerate(cache.layers):
        if layer.is_initialized:
            shape = (rows, -1, -1, -1)
            spread.update(layer.keys.expand(*shape), layer.values.expand(*shape), number)
    return spread
