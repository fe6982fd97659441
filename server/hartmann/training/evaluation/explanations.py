"""What explanations are worth: whether motivations speak of the tune, and attention shows what captions rest on.

Motivations are judged by what the pipeline itself holds against the score (`composing.claims`): keys, meters, bars and
the ways sections move, as the model writes them at once and as they are kept. Faithfulness is the ratio of section
5.6 of the design (`composing.faithfulness`), over pictures where hiding a random fifth makes any difference.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final

from hartmann.composing.claims import BARS, KEY, METER, MOVES, false_claims
from hartmann.composing.faithfulness import LEAST_FALL
from hartmann.notation.checking import check
from hartmann.training.evaluation.pieces import Explanation

KINDS: Final = {"key": KEY, "meter": METER, "bars": BARS, "way": MOVES}
SENTENCES: Final = re.compile(r"(?<=[.!?])\s+")


def motivation_figures(explanations: Sequence[Explanation]) -> dict[str, dict[str, float]]:
    """Shares of true claims by kind, of motivations that name the key and the meter at all, as written and as kept."""
    return {
        "written": _truth((e.motivation.written, e.tune) for e in explanations),
        "kept": _truth((e.motivation.kept, e.tune) for e in explanations),
    }


def faithfulness_figures(explanations: Sequence[Explanation]) -> dict[str, float]:
    """The median ratio of falls, the ratio of their means, and for how many pictures there is one."""
    felt = [e for e in explanations if e.random_fall >= LEAST_FALL]
    ratios = [e.attended_fall / e.random_fall for e in felt]
    return {
        "median ratio": round(median(ratios), 2) if ratios else float("nan"),
        "ratio of means": round(
            sum(e.attended_fall for e in explanations) / max(1e-9, sum(e.random_fall for e in explanations)),
            2,
        ),
        "attended hurts more than random": round(
            sum(e.attended_fall > e.random_fall for e in explanations) / max(1, len(explanations)), 3
        ),
        "pictures with a ratio": len(ratios),
        "pictures": len(explanations),
    }


def _truth(told: Iterable[tuple[str, str]]) -> dict[str, float]:
    said, false = Counter[str](), Counter[str]()
    naming, texts = Counter[str](), 0
    for text, tune in told:
        score, texts = check(tune).score, texts + 1
        naming.update(kind for kind in ("key", "meter") if KINDS[kind].search(text))
        for sentence in SENTENCES.split(text):
            said.update(kind for kind, pattern in KINDS.items() for _ in pattern.finditer(sentence))
            wrong = false_claims(sentence, score) if score else ()
            false.update(_kind(sentence[claim.start : claim.end]) for claim in wrong)
    shares = {kind: round(1 - min(false[kind], n) / n, 3) for kind, n in sorted(said.items())}
    return shares | {f"naming the {kind}": round(n / max(1, texts), 3) for kind, n in sorted(naming.items())}


def _kind(words: str) -> str:
    return next((kind for kind, pattern in KINDS.items() if pattern.fullmatch(words)), "other")
