"""Reading a finished text again, to learn how likely each of its tokens was and what was attended to at it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hartmann.vision.cached_decoder import CachedDecoder
from hartmann.vision.chat_prompt import Prompt
from hartmann.vision.image_attention import Recorder

CHUNK = 256
"""Tokens of an answer that are read at once: bounds the memory of replayed attention to heads × 256 × keys floats."""


def replay(
    decoder: CachedDecoder,
    prompt: Prompt,
    answer: Sequence[int],
    recorder: Recorder | None = None,
    rows: int = CHUNK,
) -> Iterator[float]:
    """Read `answer` behind `prompt`, at most `rows` tokens at once; yields the natural-log probability of each."""
    decoder.begin(prompt)
    read = [prompt.ids[-1], *answer[:-1]]
    rows = min(rows, decoder.stretch or rows)
    for start in range(0, len(answer), rows):
        chunk = read[start : start + rows]
        logits = decoder.advance(chunk, keep=len(chunk), recorder=recorder)
        scores = logits.double().log_softmax(dim=-1)
        yield from (float(scores[row, token]) for row, token in enumerate(answer[start : start + len(chunk)]))
