"""The tunes to learn from: music21's corpus, cleaned to melodies that the mini may write, with features and captions.

What doesn't fit is dropped and counted, never bent: several voices, meters and tuplets the grammar does not offer,
bars that do not add up, and, last, every body that the grammar of bodies refuses (`accepted`). `with_variants` then
adds each tune in other modes (`modes`), measured and captioned as the variant is, for most of the corpus is in major.
"""

from __future__ import annotations

import hashlib
import pickle
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from hartmann.library.captions import caption
from hartmann.library.features import MusicFeatures, measure_features
from hartmann.library.ingest.music21_tunes import Tune, all_tunes
from hartmann.notation.checking import check
from hartmann.notation.score import Meter
from hartmann.training.melodies import FEWEST_BARS, Melody, UnfitError, read_melody
from hartmann.training.modes import SCALES, in_mode
from hartmann.training.tune_text import Heading, unit_of, write_body, write_tune
from hartmann.vision.bar_grammar import body_grammar

HELD_OUT_SHARE = 0.05
"""Tunes kept out of training, by a hash of their notes, for measuring."""
MOST_BARS = 32


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


def with_variants(lessons: Sequence[Lesson], workers: int = 2) -> list[Lesson]:
    """Each tune as it is and in other modes, all measured as written; half of them on the minor side.

    Copies of a tune fall on the same side of `held_out`, whatever their mode. About a minute on two cores.
    """
    with ProcessPoolExecutor(workers) as pool:
        found = pool.map(variants, lessons, chunksize=64)
        return [variant for some in found for variant in some]


def variants(lesson: Lesson) -> list[Lesson]:
    """The tune and its turns: its parallel minor or major always, a church mode for a quarter of the tunes."""
    darkens = SCALES[lesson.melody.mode] in (SCALES["major"], SCALES["mixolydian"])
    draw = hashlib.sha256(lesson.id.encode()).digest()[0]
    modes = [("minor" if draw % 4 else "dorian") if darkens else "major"]
    if draw < 64:
        modes.append("mixolydian" if draw % 2 else "dorian")
    found = [measured(lesson, lesson.melody)]
    for mode in modes:
        with suppress(UnfitError):
            found.append(measured(replace(lesson, id=f"{lesson.id}#{mode}"), in_mode(lesson.melody, mode)))
    return found


def measured(lesson: Lesson, melody: Melody) -> Lesson:
    """The lesson with this melody, its features and caption taken from the tune as it is written."""
    old = lesson.features
    heading = Heading(lesson.title, rhythm_of(lesson), old.bpm * float(old.beat), old.program)
    score = check(write_tune(melody, heading)).score
    assert score is not None
    features = measure_features(score, origin=old.origin)
    return replace(lesson, melody=melody, features=features, caption=caption(features, lesson.title))


def rhythm_of(lesson: Lesson) -> str:
    """What `R:` says: letters and spaces only, so a children's song is a children song."""
    return re.sub(r"'s|s'|[^a-z ]", "", lesson.features.genre)


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
