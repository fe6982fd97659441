"""Drafts of the shipped mini under the grammars, many at once: every meter that is offered, in one voice and in two.

Two voices are written in both ways that there are: under one grammar of systems, as models that hear both voices write
them, and line by line, the second voice harmonized, as the pipeline lets the mini write them. Abc2midi counts the bars
as someone who knows nothing of the grammar.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from hartmann.composing.accompanying import write_accompanied
from hartmann.composing.events import Stage, Wishes
from hartmann.composing.prompts import Prompts
from hartmann.composing.request import CompositionRequest
from hartmann.composing.steering import body_bounds
from hartmann.composing.tools import Tools
from hartmann.composing.voices import voice_lines
from hartmann.composing.wishes import MusicalWishes
from hartmann.composing.work import Conversation, Work
from hartmann.composing.writing import TEMPERATURE, TOP_P, closed, whole_text
from hartmann.notation.checking import check
from hartmann.training.evaluation.studio import Silence
from hartmann.training.gallery import HELD_OUT_SEED
from hartmann.training.pictures import paint
from hartmann.vision.header_grammar import METERS, HeaderWishes, header_grammar
from hartmann.vision.language_model import (
    Generation,
    GenerationRequest,
    Message,
    ModelInfo,
    Role,
    Sampling,
    ignore_text,
)
from hartmann.vision.picture_features import measure
from hartmann.vision.picture_words import describe
from hartmann.vision.pictures import Picture
from hartmann.vision.transformers_model import TransformersModel

ENSEMBLES = ((), (73, 42), (73, 42))
"""Programs: one voice of the model's choice; flute and cello in one grammar, and line by line."""
COMPLAINT = "time units while"
"""What abc2midi says of a bar that is too short or too long."""
NO_FAULT = "Hornpipe must be in"
"""Abc2midi swings hornpipes and so wants them in 2/4 or 4/4; the rhythm's name is no matter of bars."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One draft to write: its meter, the programs of two voices (none: one voice), whether line by line, its seed."""

    meter: str
    programs: tuple[int, ...]
    by_line: bool
    seed: int


def asked_for(count: int) -> list[Asked]:
    """So many drafts, the meters and the numbers of voices in turn."""
    kinds = [
        (choice.meter, programs, way == len(ENSEMBLES) - 1)
        for choice in METERS
        for way, programs in enumerate(ENSEMBLES)
    ]
    return [Asked(*kinds[number % len(kinds)], number) for number in range(count)]


def write_drafts(model: TransformersModel, asked: Sequence[Asked], wishes: MusicalWishes) -> list[str]:
    """The drafts, written about one picture: headers first, then bodies under grammars built from them, side by side
    but for those that are written line by line."""
    picture = paint(Random(HELD_OUT_SEED + asked[0].seed))
    prompts = Prompts("compact")
    nothing = dict.fromkeys(("key", "meter", "tempo_bpm", "mood", "ensemble", "bars", "difficulty"), "")
    talk = (
        Message(Role.USER, prompts.caption(""), picture=True),
        Message(Role.ASSISTANT, describe(measure(picture), Random(asked[0].seed))),
        Message(Role.USER, prompts.compose(caption="", prompt="", wishes=nothing, references=())),
    )

    def request(one: Asked, header: str, grammar: str, tokens: int) -> GenerationRequest:
        begun = (*talk, Message(Role.ASSISTANT, header)) if header else talk
        return GenerationRequest(begun, Sampling(one.seed, TEMPERATURE, TOP_P, tokens), picture, grammar)

    headers = [
        header.text
        for header in model.generate_batch([request(one, "", _header_grammar(one), 160) for one in asked])
    ]
    at_once = [(one, header) for one, header in zip(asked, headers, strict=True) if not one.by_line]
    bounds = [body_bounds(header, wishes) for _, header in at_once]
    bodies = iter(
        model.generate_batch(
            [
                request(one, header, bound.grammar, 40 * bound.most_bars)
                for (one, header), bound in zip(at_once, bounds, strict=True)
            ]
        )
    )
    by_line = Work.begin(
        CompositionRequest(
            Picture(picture, "", "PNG", *picture.size), asked[0].seed, wishes=Wishes(bars=wishes.bars or 0)
        ),
        Tools(_Awaited(model), None, None, "test"),  # type: ignore[arg-type]
        Silence(),
    )
    return [
        asyncio.run(_line_by_line(by_line, talk, one, header))
        if one.by_line
        else whole_text(header, next(bodies))
        for one, header in zip(asked, headers, strict=True)
    ]


async def _line_by_line(work: Work, talk: Conversation, one: Asked, header: str) -> str:
    text, ended = await write_accompanied(work, talk, Stage.DRAFT, one.seed, ignore_text, header, 1)
    return text if ended else closed(text)


@dataclass(frozen=True, slots=True)
class _Awaited:
    """A model for coroutines, in the caller's own thread."""

    model: TransformersModel

    @property
    def info(self) -> ModelInfo:
        return self.model.info

    async def generate(
        self, request: GenerationRequest, on_text: Callable[[str], None] = ignore_text
    ) -> Generation:
        return self.model.generate(request, on_text)


def faults(draft: str, folder: Path) -> list[str]:
    """What our checker calls an error, and what abc2midi says of bars; `folder` is for its files."""
    ours = [f"checker: {problem.message}" for problem in check(draft).errors]
    return ours + [f"abc2midi: {line}" for line in complaints(draft, folder)]


def complaints(draft: str, folder: Path) -> list[str]:
    """Abc2midi's words about bars that do not add up, and its errors."""
    (folder / "draft.abc").write_text(draft + "\n")
    command = ["abc2midi", "draft.abc", "-o", "draft.mid"]
    told = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False).stdout
    lines = [line for line in told.splitlines() if NO_FAULT not in line]
    return [line for line in lines if COMPLAINT in line or line.startswith("Error")]


def _header_grammar(one: Asked) -> str:
    voices = voice_lines(one.programs)
    return header_grammar(HeaderWishes(meters=(one.meter,), voices=voices, any_program=not voices))
