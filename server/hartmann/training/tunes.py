"""The tunes to learn from: music21's corpus, cleaned to melodies that the mini may write, with features and captions.

What doesn't fit is dropped and counted, never bent: several voices, meters and tuplets the grammar does not offer,
bars that do not add up, and, last, every body that the grammar of bodies refuses (`accepted`).
"""

from __future__ import annotations

import hashlib
import pickle
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from hartmann.library.captions import caption
from hartmann.library.features import MusicFeatures, measure_features
from hartmann.library.ingest.music21_tunes import Tune, all_tunes
from hartmann.notation.checking import check
from hartmann.notation.score import Meter
from hartmann.training.melodies import Melody, UnfitError, read_melody
from hartmann.training.tune_text import unit_of, write_body
from hartmann.vision.bar_grammar import body_grammar

HELD_OUT_SHARE = 0.05
"""Tunes kept out of training, by a hash of their notes, for measuring."""
FEWEST_BARS, MOST_BARS = 8, 32


@dataclass(frozen=True, slots=True)
class Lesson:
    """One tune to learn from."""

    id: str
    collection: str
    title: str
    melody: Melody
    features: MusicFeatures
    caption: str

    @property
    def held_out(self) -> bool:
        """Whether the tune is for measuring; copies of a tune fall on the same side."""
        opening = " ".join(str(e.step) for e in list(self.melody.events())[:40])
        return hashlib.sha256(opening.encode()).digest()[0] < 256 * HELD_OUT_SHARE


def gather_lessons(path: Path, workers: int = 2) -> tuple[list[Lesson], Counter[str]]:
    """Every fitting tune of the corpus and the reasons why others were dropped; kept in `path` for the next time."""
    if path.exists():
        lessons, dropped = pickle.loads(path.read_bytes())
        return lessons, dropped
    found: list[Lesson] = []
    reasons: Counter[str] = Counter()
    with ProcessPoolExecutor(workers) as pool:
        for result in pool.map(read_lesson, all_tunes(), chunksize=64):
            if isinstance(result, str):
                reasons[result] += 1
            else:
                found.append(result)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps((found, reasons)))
    return found, reasons


def read_lesson(tune: Tune) -> Lesson | str:
    """The tune as a lesson, or the reason why not."""
    checked = check(tune.text)
    if checked.score is None:
        return "no music"
    try:
        melody = read_melody(checked.score, most_bars=MOST_BARS, fewest_bars=FEWEST_BARS)
        write_body(melody)
    except UnfitError as reason:
        return str(reason)
    features = measure_features(checked.score, rhythm=tune.rhythm, origin=tune.origin)
    title = checked.score.title
    return Lesson(
        id=tune.id,
        collection=tune.id.split("/")[1],
        title=title,
        melody=melody,
        features=features,
        caption=caption(features, title),
    )


def accepted(lessons: Sequence[Lesson], tokenizer: Any) -> Iterator[Lesson]:
    """Those whose body the grammar of bodies derives, to its end."""
    import llguidance
    import llguidance.hf

    vocabulary = llguidance.hf.from_tokenizer(tokenizer)
    matchers: dict[tuple[str, Fraction], Any] = {}
    for lesson in lessons:
        kind = lesson.melody.meter, unit_of(lesson.melody)
        if kind not in matchers:
            matchers[kind] = llguidance.LLMatcher(vocabulary, _grammar(*kind))
        matcher = matchers[kind]
        matcher.reset()
        tokens = tokenizer.encode(write_body(lesson.melody), add_special_tokens=False)
        if matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting():
            yield lesson


def _grammar(meter: str, unit: Fraction) -> str:
    from llguidance import LLMatcher

    over, under = map(int, meter.split("/"))
    body = body_grammar(Meter(over, under), unit, min_bars=FEWEST_BARS, max_bars=MOST_BARS)
    return str(LLMatcher.grammar_from_lark(body))
