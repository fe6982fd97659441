"""One text as it is written: what is asked before each token, and what is made of the scores behind it.

It knows its seed, grammar, stop strings and budget, and nothing of the model: whoever reads tokens (alone or beside
other texts) asks `goes_on`, reads `last`, and hands the scores to `take`. Its state is whole between two tokens, so
that a text can go on behind another reader when the memory of the first has run out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hartmann.vision.language_model import Finish, Sampling
from hartmann.vision.sampling import GrammarMask, Sampler
from hartmann.vision.token_text import TokenText

if TYPE_CHECKING:
    from torch import Tensor


THOUGHT_TOKENS = 4096
"""How long a model may think aloud before its answer, whose own budget thoughts leave alone."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Which tokens a text may hold (`writable`, shape (vocabulary,), the ends among them) and which end it."""

    writable: NDArray[np.bool_]
    ends: frozenset[int]


class Continuation:
    """A text that grows by one token at a time until `finish` says why it ended. `room`: tokens that fit in all."""

    def __init__(
        self,
        text: TokenText,
        sampling: Sampling,
        vocabulary: Vocabulary,
        mask: GrammarMask | None,
        should_stop: Callable[[], bool],
    ) -> None:
        self.text = text
        self.finish: Finish | None = None
        self.room = sampling.max_tokens
        self._budget = sampling.max_tokens
        self._sampler = Sampler(sampling)
        self._vocabulary = vocabulary
        self._mask = mask
        self._should_stop = should_stop

    @property
    def tokens(self) -> tuple[int, ...]:
        """The tokens written so far."""
        return self.text.tokens

    def goes_on(self) -> bool:
        """Whether another token is wanted; asked once before each of them."""
        if self.finish is None:
            self.finish = self._reason_to_end()
        return self.finish is None

    def take(self, logits: Tensor) -> None:
        """Choose the next token by its logits, shape (vocabulary,)."""
        token = self._sampler.choose(logits, self._allowed())
        if token in self._vocabulary.ends:
            self.finish = Finish.STOP
            return
        if self._mask is not None:
            self._mask.take(token)
        self.text.add(token)
        if self.text.stopped:
            self.finish = Finish.STOP

    def _reason_to_end(self) -> Finish | None:
        is_fulfilled = self._mask is not None and self._mask.finished
        if self._is_full():
            return Finish.STOP if is_fulfilled else Finish.LENGTH
        if self._should_stop():
            return Finish.CANCELLED
        return Finish.STOP if is_fulfilled else None

    def _is_full(self) -> bool:
        """Whether nothing more fits behind the prompt, or the answer, or a thought before it, is as long as may be."""
        written, answered = len(self.text.tokens), len(self.text.kept)
        return written >= self.room or answered >= self._budget or written - answered >= THOUGHT_TOKENS

    def _allowed(self) -> NDArray[np.bool_]:
        writable = self._vocabulary.writable
        return writable if self._mask is None else self._mask.allowed() & writable
