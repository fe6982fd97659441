"""Choosing tokens: seeds repeat, temperature and nucleus mean what they say, forbidden tokens never come."""

from collections import Counter

import numpy as np
import pytest
import torch

from hartmann.errors import ModelFailed
from hartmann.vision.language_model import Sampling
from hartmann.vision.sampling import Sampler

LOGITS = torch.log(torch.tensor([0.5, 0.3, 0.15, 0.05]))


def draws(count: int, **settings: float) -> Counter[int]:
    sampler = Sampler(Sampling(**{"seed": 1, "temperature": 1.0, "top_p": 1.0, **settings}))
    return Counter(sampler.choose(LOGITS) for _ in range(count))


def test_the_same_seed_draws_the_same_tokens() -> None:
    one, other = Sampler(Sampling(seed=7)), Sampler(Sampling(seed=7))
    assert [one.choose(LOGITS) for _ in range(50)] == [other.choose(LOGITS) for _ in range(50)]


def test_another_seed_draws_others() -> None:
    one, other = Sampler(Sampling(seed=7)), Sampler(Sampling(seed=8))
    assert [one.choose(LOGITS) for _ in range(50)] != [other.choose(LOGITS) for _ in range(50)]


def test_tokens_come_as_often_as_the_model_says() -> None:
    counts = draws(20_000)
    assert [counts[token] / 20_000 for token in range(4)] == pytest.approx([0.5, 0.3, 0.15, 0.05], abs=0.015)


def test_a_low_temperature_sharpens() -> None:
    squares = np.array([0.25, 0.09, 0.0225, 0.0025])
    counts = draws(20_000, temperature=0.5)
    assert [counts[token] / 20_000 for token in range(4)] == pytest.approx(squares / squares.sum(), abs=0.015)


def test_temperature_zero_takes_the_best() -> None:
    assert draws(20, temperature=0.0) == {0: 20}


def test_the_nucleus_is_the_smallest_set_that_holds_top_p() -> None:
    assert set(draws(2000, top_p=0.75)) == {0, 1}
    assert set(draws(2000, top_p=0.85)) == {0, 1, 2}


def test_a_forbidden_token_never_comes_and_the_rest_keep_their_proportions() -> None:
    sampler = Sampler(Sampling(seed=1, temperature=1.0, top_p=1.0))
    allowed = np.array([False, True, True, False])
    counts = Counter(sampler.choose(LOGITS, allowed) for _ in range(9000))
    assert set(counts) == {1, 2}
    assert counts[1] / 9000 == pytest.approx(2 / 3, abs=0.02)


def test_a_large_vocabulary_is_drawn_from_as_the_textbook_does() -> None:
    scores = np.random.default_rng(1).normal(0, 30, 5000)
    logits = torch.from_numpy(scores)
    sampler, uniforms = Sampler(Sampling(seed=3, temperature=1.0, top_p=0.9)), np.random.default_rng(3)
    order = np.argsort(-scores)
    weights = np.exp(scores[order] - scores.max())
    kept = order[: int(np.argmax(np.cumsum(weights) / weights.sum() >= 0.9)) + 1]
    shares = np.cumsum(np.exp(scores[kept] - scores.max()))
    for _ in range(200):
        expected = kept[int(np.argmax(shares > uniforms.random() * shares[-1]))]
        assert sampler.choose(logits.float()) == expected


@pytest.mark.parametrize("logits", [torch.tensor([float("nan")] * 3), torch.tensor([float("-inf")] * 3)])
def test_scores_that_are_no_numbers_are_a_failure_of_the_model(logits: torch.Tensor) -> None:
    with pytest.raises(ModelFailed, match="are not numbers"):
        Sampler(Sampling(seed=1)).choose(logits)


def test_a_negative_seed_is_a_seed() -> None:
    assert Sampler(Sampling(seed=-5)).choose(LOGITS) in range(4)
