"""Examining a draft: everything that is found wrong with it or measured in it, in one place.

To the parser's problems come three of the pipeline's own: a wish that the piece does not fulfil (error
`wish-not-met`), a mood that it misses (warning `mood-missed`), and a stretch that repeats a reference (warning
`near-copy`, section 5.5 of the design).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hartmann.composing.difficulty import LIMITS, too_hard
from hartmann.composing.events import DraftKind, DraftWritten, Overlap, Stage
from hartmann.composing.own_score import EXCERPT_ID
from hartmann.composing.wishes import MusicalWishes
from hartmann.library.features import measure_features
from hartmann.library.reference import Reference
from hartmann.moods import known_moods, mood_place
from hartmann.notation.bar_range import full_bars
from hartmann.notation.checking import check
from hartmann.notation.instruments import instrument_name
from hartmann.notation.metrics import measure
from hartmann.notation.originality import Originality
from hartmann.notation.problems import Problem, Severity
from hartmann.notation.score import Score
from hartmann.notation.splicing import changed_bars

TEMPO_TOLERANCE = 0.1
"""A tempo within a tenth of the one asked for is that tempo: metronome marks are about that far apart."""
NEAR_COPY = "near-copy"
MOOD_REACH = 0.9
"""How far from its mood a piece may lie in the circumplex, whose words fill a disc of radius 1: about as far as
calm lies from steady; joyful and sorrowful are 1.7 apart."""


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What a draft is held against. `theme` is the id of the reference that it should be like, if any."""

    wishes: MusicalWishes = field(default_factory=MusicalWishes)
    references: tuple[Reference, ...] = ()
    originality_notes: int = 16
    theme: str = ""


def examine(
    abc: str,
    number: int,
    kind: DraftKind,
    *,
    against: Yardstick | None = None,
    before: str = "",
    note: str = "",
    stage: Stage = Stage.DRAFT,
) -> tuple[DraftWritten, Score | None]:
    """Check and measure a text. The score is None where the text holds no music. `before` is the draft it mends.

    Never raises for anything a model may write; costs milliseconds.
    """
    yardstick = against or Yardstick()
    checked = check(abc)
    score = checked.score
    if score is None:
        empty = DraftWritten(
            number, kind, checked.text or abc, checked.problems, None, note=note, stage=stage
        )
        return empty, None
    wishes = yardstick.wishes
    own = (*_unmet(score, wishes), *_missed_mood(score, wishes), *_near_copies(score, yardstick))
    problems = (*checked.problems, *own)
    changed = _changed(before, score)
    return DraftWritten(number, kind, checked.text, problems, measure(score), changed, note, stage), score


def overlaps(score: Score, references: Sequence[Reference]) -> tuple[Overlap, ...]:
    """How much of the score stands in each reference, in the references' order; unreadable ones are left out."""
    draft, found = Originality(score), []
    for reference in references:
        other = check(reference.abc).score
        if other is not None:
            run = draft.overlap(other)
            found.append(
                Overlap(reference.id, run.longest_run, run.ngram_overlap, run.first_bar, run.last_bar)
            )
    return tuple(found)


def _near_copies(score: Score, yardstick: Yardstick) -> Iterator[Problem]:
    found = [reference.id for reference in yardstick.references if reference.id != EXCERPT_ID]
    for shared in overlaps(score, yardstick.references):
        if shared.longest_run >= yardstick.originality_notes and shared.reference_id != yardstick.theme:
            is_own = shared.reference_id == EXCERPT_ID
            what = "the bars to continue" if is_own else f"reference {found.index(shared.reference_id) + 1}"
            yield Problem(
                NEAR_COPY,
                Severity.WARNING,
                f"bars {shared.first_bar} to {shared.last_bar} repeat {what}: "
                f"{shared.longest_run} notes in a row",
                voice=1,
                bar=shared.first_bar,
            )


def _changed(before: str, score: Score) -> tuple[tuple[int, int], ...]:
    old = check(before).score if before else None
    return changed_bars(old, score) if old else ()


def _unmet(score: Score, wishes: MusicalWishes) -> Iterator[Problem]:
    if wishes.meter and (score.meter.numerator, score.meter.denominator) != wishes.meter:
        yield _wish(f"the meter is {score.meter}, but {wishes.meter[0]}/{wishes.meter[1]} was asked for")
    if wishes.key and not _same_key(score, wishes.key):
        yield _wish(f"the key is {score.key.name}, but {' '.join(wishes.key)} was asked for")
    if wishes.tempo_bpm and not _tempo_is_near(score, wishes.tempo_bpm):
        found = f"{score.tempo.quarters_per_minute:g}" if score.tempo else "not given"
        yield _wish(
            f"the tempo is {found}, but {wishes.tempo_bpm:g} quarter notes a minute were asked for",
        )
    bars = full_bars(score)
    if wishes.bars and bars != wishes.bars:
        yield _wish(f"the piece has {bars} bars, but {wishes.bars} were asked for")
    yield from _missing_instruments(score, wishes)
    for fault in too_hard(score, LIMITS[wishes.difficulty]) if wishes.difficulty in LIMITS else ():
        yield _wish(f"{fault}, but {wishes.difficulty} was asked for")


def _missing_instruments(score: Score, wishes: MusicalWishes) -> Iterator[Problem]:
    """Instruments asked for that do not play, each as often as it is missing; a voice without one could be any."""
    playing = Counter(voice.program for voice in score.voices)
    missing = Counter[int | None](wishes.programs) - playing
    if playing[None] >= missing.total():
        return
    names = ", ".join(
        instrument_name(program).lower() for program in missing.elements() if program is not None
    )
    yield _wish(f"there is no part for {names}, but it was asked for")


def _missed_mood(score: Score, wishes: MusicalWishes) -> Iterator[Problem]:
    """A warning where the piece, by its own features, lies far from the mood asked for."""
    if not known_moods(wishes.mood) or not any(
        n.pitches for v in score.voices for b in v.bars for n in b.notes
    ):
        return
    features = measure_features(score)
    place = mood_place(wishes.mood)
    if math.dist(place, (features.valence, features.arousal)) > MOOD_REACH:
        feels = " and ".join(features.moods[:2])
        yield Problem(
            "mood-missed", Severity.WARNING, f"the piece feels {feels}, but {wishes.mood} was asked for"
        )


def _same_key(score: Score, key: tuple[str, str]) -> bool:
    tonic, mode = key
    names = {"ionian": "major", "aeolian": "minor"}
    return score.key.tonic == tonic and names.get(score.key.mode, score.key.mode) == names.get(mode, mode)


def _tempo_is_near(score: Score, bpm: float) -> bool:
    return score.tempo is not None and abs(score.tempo.quarters_per_minute / bpm - 1) <= TEMPO_TOLERANCE


def _wish(message: str) -> Problem:
    return Problem("wish-not-met", Severity.ERROR, message)
