"""What happens in a composition: one frozen dataclass for each kind of event.

The pipeline emits these; `serving/event_translation.py` turns them into `CompositionEvent` messages. They
carry no sequence number and no time: the log gives both. Every event belongs to a stage and has a `part`,
unique within the stage, so that a stage that runs again after a crash repeats nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from hartmann.library.reference import Reference
from hartmann.notation.metrics import Metrics
from hartmann.notation.problems import Problem


class Stage(StrEnum):
    """The stages, in order."""

    CAPTION = "caption"
    RETRIEVE = "retrieve"
    DRAFT = "draft"
    REFINE = "refine"
    EXPLAIN = "explain"
    ENGRAVE = "engrave"


class DraftKind(StrEnum):
    """Why a draft was written."""

    INITIAL = "initial"
    REPAIR = "repair"
    REFINEMENT = "refinement"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the person asked for. Empty strings and zeros mean "as the picture suggests".

    `key` as people write it (`G`, `E minor`, `D dorian`); `meter` as `6/8`; `tempo_bpm` in quarter notes a
    minute, 20…300; `mood` a word or two; `ensemble` instruments, comma separated; `bars` 1…256;
    `difficulty` one of easy, medium, hard.
    """

    key: str = ""
    meter: str = ""
    tempo_bpm: float = 0.0
    mood: str = ""
    ensemble: str = ""
    bars: int = 0
    difficulty: str = ""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The composition exists. `queue_position` is 0 when it starts at once."""

    seed: int
    vision_model: str
    embedding_space: str
    program_version: str
    queue_position: int = 0


@dataclass(frozen=True, slots=True)
class StageStarted:
    """A stage began."""

    stage: Stage


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of text as the model writes it. `offset` is its first character's place in the text of (stage, draft)."""

    stage: Stage
    draft: int
    offset: int
    text: str


@dataclass(frozen=True, slots=True)
class CaptionWritten:
    """The picture described."""

    text: str


@dataclass(frozen=True, slots=True)
class ReferencesFound:
    """What retrieval brought, best first. `note` says so when they were shortened to fit the model's context."""

    references: tuple[Reference, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class DraftWritten:
    """One complete ABC text with what checking and measuring said.

    `changed_bars` are (voice, bar) pairs that differ from the draft before it. `metrics` is None when the
    draft holds no music. `stage` is the one it was written in: draft or refine.
    """

    number: int
    kind: DraftKind
    abc: str
    problems: tuple[Problem, ...]
    metrics: Metrics | None
    changed_bars: tuple[tuple[int, int], ...] = ()
    note: str = ""
    stage: Stage = Stage.DRAFT


@dataclass(frozen=True, slots=True)
class ExplainedSpan:
    """A part of the text whose attention is a sum over rows `first_token`…`last_token` (exclusive) of the tensor.

    `kind` is `section` or `bar` (offsets in the chosen draft's ABC), `caption` or `motivation` (a sentence).
    `heat` is Â of Eq. 2 for the span: shape (grid rows, grid columns), scaled to sum 1.
    """

    kind: str
    label: str
    start: int
    end: int
    first_token: int
    last_token: int
    voice: int = 0
    bar: int = -1
    heat: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))


@dataclass(frozen=True, slots=True)
class Explained:
    """Why it was written. `attention` has shape (tokens of the chosen draft, grid rows, grid columns), float32;
    None where the model records none. `faithfulness` is the ratio of section 5.6 of the design: fall of the
    caption's log-probability with the most attended fifth of the picture hidden, over the fall with a random
    fifth hidden; None where it was not measured. `reading` says in words how the heats were read where that is not
    the plain mean over all layers and heads: which count, and whether sinks were damped (in the heats alone)."""

    motivation: str
    draft: int
    spans: tuple[ExplainedSpan, ...]
    attention: NDArray[np.float32] | None
    faithfulness: float | None = None
    reading: str = ""


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much of a draft stands in one reference: longest shared run in notes, share of common n-grams (0…1),
    and the bars of the draft where the longest run lies."""

    reference_id: str
    longest_run: int
    ngram_overlap: float
    first_bar: int = -1
    last_bar: int = -1


@dataclass(frozen=True, slots=True)
class ScoreWritten:
    """The result. `rule` says in a sentence why this draft was chosen; `provenance` is what the score carries."""

    musicxml: bytes
    midi: bytes
    abc: str
    title: str
    draft: int
    rule: str
    originality: tuple[Overlap, ...]
    provenance: tuple[tuple[str, str], ...]


Event = (
    Accepted
    | StageStarted
    | TextDelta
    | CaptionWritten
    | ReferencesFound
    | DraftWritten
    | Explained
    | ScoreWritten
)
