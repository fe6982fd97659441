"""Choosing the next token: temperature, nucleus, seed, and the grammar's mask.

The same logits, seed and settings always choose the same token, on any machine: probabilities are computed in
float64 on the CPU, and one uniform number a token comes from a generator of our own seed. Under a grammar,
forbidden tokens are removed before the temperature is applied, so the rest keep their proportions.

Reading a grammar costs as much as writing five to twenty tokens (`tests/benchmarks/bench_grammar.py`), so the last
ones read are kept: compositions ask for the same few, by meter, unit and range.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from hartmann.errors import MissingExtra, ModelFailed
from hartmann.vision.language_model import Sampling

if TYPE_CHECKING:
    from torch import Tensor

GRAMMARS_KEPT: Final = 32
"""Grammars that stay read: about 3 MB each for a vocabulary of 2,000."""
MOST_ITEMS: Final = 1_000_000
"""Items of the Earley parser in one row. The last sign of a body completes a rule for each of its notes, so that the
2,000 of llguidance end a body of some 500 notes in several voices with an error."""
NEGLIGIBLE: Final = 60.0
"""Natural logarithms below the best token, at the temperature asked for: 150,000 such tokens together weigh less than
the rounding of the sum that they would join."""


class Sampler:
    """Draws token after token for one generation."""

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._random = np.random.Generator(np.random.PCG64(sampling.seed % 2**64))

    def choose(self, logits: Tensor, allowed: NDArray[np.bool_] | None = None) -> int:
        """The next token's id. `logits` has shape (vocabulary,); `allowed` too, and at least one True.

        Raises ModelFailed when no token is left or the logits are not numbers.
        """
        scores = logits.detach().float().cpu().numpy().astype(np.float64)
        if allowed is not None:
            scores = np.where(allowed, scores, -np.inf)
        best = int(np.argmax(scores))
        if not np.isfinite(scores[best]):
            raise ModelFailed("the model's scores are not numbers; try float32 instead of half precision")
        uniform = float(self._random.random())
        if self._sampling.temperature <= 0:
            return best
        return _draw(scores / self._sampling.temperature, self._sampling.top_p, uniform)


def _draw(scores: NDArray[np.float64], top_p: float, uniform: float) -> int:
    """Inverse transform sampling over the smallest set of tokens that holds `top_p` of the probability."""
    likely = np.flatnonzero(scores > scores.max() - NEGLIGIBLE)
    order = likely[np.argsort(-scores[likely], kind="stable")]
    weights = np.exp(scores[order] - scores[order[0]])
    cumulative = np.cumsum(weights)
    kept = int(np.searchsorted(cumulative, top_p * cumulative[-1])) + 1
    cumulative = cumulative[: min(kept, len(cumulative))]
    drawn = int(np.searchsorted(cumulative, uniform * cumulative[-1], side="right"))
    return int(order[min(drawn, len(cumulative) - 1)])


class GrammarTokenizer:
    """A fast Hugging Face tokenizer as llguidance sees it; made once for a model (1 s at 150,000 tokens).

    `vocabulary` is the width of the logits, which may exceed the tokenizer's own size; `ends` are the token ids
    that may end a text. Raises MissingExtra without llguidance, ModelFailed for a slow tokenizer.
    """

    def __init__(self, tokenizer: Any, vocabulary: int, ends: Iterable[int]) -> None:
        try:
            from llguidance.hf import from_tokenizer
        except ImportError as error:
            raise MissingExtra("llguidance", "server") from error
        try:
            self._tokenizer = from_tokenizer(tokenizer, n_vocab=vocabulary, eos_token=sorted(ends))
        except ValueError as error:
            raise ModelFailed(f"no grammar can be kept with this model's tokenizer: {error}") from error
        self.vocabulary = vocabulary
        self._read: OrderedDict[str, Any] = OrderedDict()

    def start(self, grammar: str) -> GrammarMask:
        """A mask at the beginning of a text. Raises ModelFailed for a grammar that can't be read."""
        matcher = self._read.get(grammar)
        if matcher is None:
            matcher = self._read[grammar] = self._matcher(grammar)
        self._read.move_to_end(grammar)
        while len(self._read) > GRAMMARS_KEPT:
            self._read.popitem(last=False)
        return GrammarMask(matcher.deep_copy(), self.vocabulary)

    def _matcher(self, grammar: str) -> Any:
        from llguidance import LLMatcher, LLParserLimits

        limits = LLParserLimits(max_items_in_row=MOST_ITEMS, step_max_items=MOST_ITEMS, verbose_errors=False)
        matcher = LLMatcher(self._tokenizer, LLMatcher.grammar_from_lark(grammar), limits=limits)
        if matcher.is_error():
            raise ModelFailed(f"the grammar can't be used: {_trouble(matcher)}")
        return matcher

    def accepts(self, grammar: str, text: str) -> bool:
        """Whether a whole text matches a grammar, for instance a training example."""
        mask = self.start(grammar)
        tokens = self._tokenizer.tokenize_str(text)
        return bool(mask.matcher.try_consume_tokens(tokens) == len(tokens) and mask.matcher.is_accepting())


class GrammarMask:
    """Which tokens may come next, as a text grows."""

    def __init__(self, matcher: Any, vocabulary: int) -> None:
        self.matcher = matcher
        self._vocabulary = vocabulary

    @property
    def finished(self) -> bool:
        """Nothing but an end can follow."""
        return bool(self.matcher.is_stopped())

    def allowed(self) -> NDArray[np.bool_]:
        """True for each token that may come next; shape (vocabulary,). Raises ModelFailed when the parser gives up."""
        words = np.frombuffer(self.matcher.compute_bitmask(), dtype=np.uint8)
        if self.matcher.is_error():
            raise ModelFailed(f"the grammar's parser gave up: {_trouble(self.matcher)}")
        return np.unpackbits(words, count=self._vocabulary, bitorder="little").astype(np.bool_)

    def take(self, token: int) -> None:
        """Go on with a token that was allowed."""
        if not self.matcher.consume_token(token):
            raise ModelFailed(f"the grammar refused a token it had allowed: {_trouble(self.matcher)}")


def _trouble(matcher: Any) -> str:
    """The parser's error in a line; the lines behind it are its state."""
    return str(matcher.get_error()).partition("\n")[0]
