"""Examining a draft: everything that is found wrong with it or measured in it, in one place.

To the parser's problems come two of the pipeline's own: a wish that the piece does not fulfil (error
`wish-not-met`), and a stretch that repeats a reference (warning `near-copy`, section 5.5 of the design).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hartmann.composing.events import DraftKind, DraftWritten, Overlap, Stage
from hartmann.composing.wishes import MusicalWishes
from hartmann.library.reference import Reference
from hartmann.notation.checking import check
from hartmann.notation.metrics import measure
from hartmann.notation.originality import Originality
from hartmann.notation.problems import Problem, Severity
from hartmann.notation.score import Score
from hartmann.notation.splicing import changed_bars

TEMPO_TOLERANCE = 0.1
"""A tempo within a tenth of the one asked for is that tempo: metronome marks are about that far apart."""
NEAR_COPY = "near-copy"


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What a draft is held against."""

    wishes: MusicalWishes = field(default_factory=MusicalWishes)
    references: tuple[Reference, ...] = ()
    originality_notes: int = 16


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
    problems = (*checked.problems, *_unmet(score, yardstick.wishes), *_near_copies(score, yardstick))
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
    for number, shared in enumerate(overlaps(score, yardstick.references), start=1):
        if shared.longest_run >= yardstick.originality_notes:
            yield Problem(
                NEAR_COPY,
                Severity.WARNING,
                f"bars {shared.first_bar} to {shared.last_bar} repeat reference {number}: "
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


def full_bars(score: Score) -> int:
    """Bars as musicians count them: an anacrusis and the short bar that completes it are one."""
    bar = score.meter.bar_duration
    last = score.voices[0].bars[-1:] if score.voices else ()
    return round((last[0].onset + last[0].duration) / bar) if last and bar else 0


def _same_key(score: Score, key: tuple[str, str]) -> bool:
    tonic, mode = key
    names = {"ionian": "major", "aeolian": "minor"}
    return score.key.tonic == tonic and names.get(score.key.mode, score.key.mode) == names.get(mode, mode)


def _tempo_is_near(score: Score, bpm: float) -> bool:
    return score.tempo is not None and abs(score.tempo.quarters_per_minute / bpm - 1) <= TEMPO_TOLERANCE


def _wish(message: str) -> Problem:
    return Problem("wish-not-met", Severity.ERROR, message)
