"""Every figure, from pieces, corpus and models: a tree of names and numbers, as JSON is.

Sizes are the plan's. Making the pieces takes nearly all of the time; see `gathering`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from hartmann.training.evaluation.bigram_tunes import BigramModel
from hartmann.training.evaluation.captions import caption_figures
from hartmann.training.evaluation.distance import distance_figures
from hartmann.training.evaluation.exhibition import held_out_picture
from hartmann.training.evaluation.explanations import faithfulness_figures, motivation_figures
from hartmann.training.evaluation.gathering import Commissioning, all_photographs, gather, load_studio
from hartmann.training.evaluation.near_copies import CorpusRuns, copied_share, line_of_melody
from hartmann.training.evaluation.pieces import Piece
from hartmann.training.evaluation.report import as_table
from hartmann.training.evaluation.retrieval import retrieval_figures
from hartmann.training.evaluation.shelf import fill_shelf, tune_of
from hartmann.training.evaluation.steering import commission_figures, implied_figures
from hartmann.training.evaluation.studio import Studio
from hartmann.training.evaluation.validity import validity
from hartmann.training.tunes import Lesson

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured: whole pieces, drafts, compositions that are timed, pictures for retrieval; and the
    processes that make pieces."""

    pictures: int = 100
    tunes: int = 500
    timed: int = 6
    retrieved: int = 1000
    workers: int = 2


def evaluate(
    folder: Path,
    lessons: tuple[Sequence[Lesson], Sequence[Lesson]],
    photographs: tuple[Path, ...],
    sizes: Sizes = Sizes(),
) -> Figures:
    """Every figure of the shipped weights; `lessons` are those learned from and those held out, `photographs` files or
    folders of them.

    Keeps pieces, `figures.json` and `figures.md` in a folder inside `folder`, named by the weights' revision.
    """
    from hartmann.vision.clip import load_embedder
    from hartmann.vision.mini import vlm_folder
    from hartmann.vision.model_revision import folder_revision

    photographs = all_photographs(photographs)
    folder = folder / folder_revision(vlm_folder())[:12]
    folder.mkdir(parents=True, exist_ok=True)
    embedder = load_embedder("mini")
    fill_shelf(folder / "shelf.pickle", lessons[0], embedder)
    pieces = gather(Commissioning(folder, photographs, sizes.pictures, sizes.tunes, sizes.workers))
    figures = figures_of_pieces(pieces, lessons, sizes)
    figures["retrieval"] = retrieval_figures(embedder, lessons[1], sizes.retrieved)
    figures["seconds"] = seconds(folder, photographs, sizes)
    (folder / "figures.json").write_text(json.dumps(figures, indent=1))
    (folder / "figures.md").write_text(as_table(figures))
    return figures


def figures_of_pieces(
    pieces: Sequence[Piece], lessons: tuple[Sequence[Lesson], Sequence[Lesson]], sizes: Sizes
) -> Figures:
    """What follows from the pieces and the corpus."""
    whole = pieces[: sizes.pictures]
    explained = [piece.explanation for piece in whole if piece.explanation]
    drafts, free = [piece.draft for piece in pieces], [piece.free for piece in pieces]
    runs = CorpusRuns(line_of_melody(lesson.melody) for side in lessons for lesson in side)
    learned = CorpusRuns(line_of_melody(lesson.melody) for lesson in lessons[0])
    return {
        "captions": caption_figures(whole),
        "asked by wishes": commission_figures([piece.asked for piece in whole if piece.asked]),
        "asked in words": commission_figures([piece.worded for piece in whole if piece.worded]),
        "implied": implied_figures(whole, lambda piece: piece.draft),
        "implied, all tunes": implied_figures(pieces, lambda piece: piece.draft),
        "implied, writing freely": implied_figures(pieces, lambda piece: piece.free),
        "motivations": motivation_figures(explained),
        "faithfulness": faithfulness_figures(explained),
        "validity": {"under the grammars": validity(drafts), "freely": validity(free)},
        "near copies": {
            "under the grammars": copied_share(drafts, runs),
            "freely": copied_share(free, runs),
            "held-out tunes of the tunes learned from": copied_share(
                map(tune_of, as_collected(lessons[1])), learned
            ),
        },
        "different tunes": round(len({draft.split("\nK:")[-1] for draft in drafts}) / len(drafts), 3),
        "distance": distances(drafts, free, lessons),
    }


def distances(
    drafts: Sequence[str], free: Sequence[str], lessons: tuple[Sequence[Lesson], Sequence[Lesson]]
) -> dict[str, dict[str, float]]:
    """Each set of tunes against the held-out ones as they were collected, all other sets of one size."""
    learned, held_out = map(as_collected, lessons)
    count = len(drafts)
    others = Random(1).sample(learned, min(count, len(learned)))
    bigrams = BigramModel(learned)
    sets = {
        "mini under the grammars": drafts,
        "the corpus itself": [tune_of(lesson) for lesson in others],
        "mini writing freely": free,
        "bigram model": [bigrams.tune(seed) for seed in range(count)],
    }
    return distance_figures(sets, [tune_of(lesson) for lesson in held_out])


def as_collected(lessons: Sequence[Lesson]) -> list[Lesson]:
    """The lessons that stand in the corpus as they are; one whose mode was changed (`tunes`) has the mode in its id."""
    return [lesson for lesson in lessons if "#" not in lesson.id]


def seconds(folder: Path, photographs: tuple[Path, ...], sizes: Sizes) -> dict[str, float]:
    """Medians over whole compositions with the models loaded, as many threads as workers; the first is not counted."""
    if not sizes.timed:
        return {}

    async def times(studio: Studio) -> list[tuple[float, float, float]]:
        pictures = [held_out_picture(number, photographs) for number in range(sizes.timed + 1)]
        return [await studio.timed(picture, number) for number, picture in enumerate(pictures)][1:]

    with load_studio(folder / "shelf.pickle", threads=sizes.workers) as studio:
        token, text, score = (median(each) for each in zip(*asyncio.run(times(studio)), strict=True))
    return {
        "first caption token": round(token, 2),
        "first text shown": round(text, 2),
        "whole composition": round(score, 2),
        "threads": sizes.workers,
    }
