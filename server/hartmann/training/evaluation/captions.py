"""Captions held against the pictures: shares of true claims, by kind (`vision.picture_words`).

Of what the model writes at once, and of what is shown to the person after the pipeline has left out what measuring
refutes (`composing.captioning`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from hartmann.training.evaluation.pieces import Piece
from hartmann.vision.picture_features import PictureFeatures
from hartmann.vision.picture_words import claims, is_true


def caption_figures(pieces: Sequence[Piece]) -> dict[str, dict[str, float]]:
    """Shares of true claims as written and as shown, by kind; `all` over all kinds, `claims` how many there are."""
    written = [(p.caption.written, p.features) for p in pieces]
    return {
        "written": claim_truth(written),
        "written, photographs": claim_truth(
            [w for w, p in zip(written, pieces, strict=True) if p.is_photograph]
        ),
        "written, scenes": claim_truth(
            [w for w, p in zip(written, pieces, strict=True) if not p.is_photograph]
        ),
        "shown": claim_truth([(p.caption.kept, p.features) for p in pieces]),
    }


def claim_truth(captions: Iterable[tuple[str, PictureFeatures]]) -> dict[str, float]:
    """Share of true claims, over all and by kind, and how many claims there are; empty without any claim."""
    said, true = Counter[str](), Counter[str]()
    for text, features in captions:
        for claim in claims(text):
            said.update((claim.kind, "all"))
            true.update((claim.kind, "all") if is_true(claim, features) else ())
    shares = {kind: round(true[kind] / count, 3) for kind, count in sorted(said.items())}
    return shares | {"claims": said["all"]} if said else {}
