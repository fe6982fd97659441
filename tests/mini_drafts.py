"""Drafts of the shipped mini under the grammars, many at once: every meter that is offered, in one voice and in two.

Two voices are asked of the model whether it has learned to write them or not: what the grammar promises holds for
whatever a model writes. Abc2midi counts the bars as someone who knows nothing of the grammar.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from hartmann.composing.prompts import Prompts
from hartmann.composing.steering import body_bounds
from hartmann.composing.voices import voice_lines
from hartmann.composing.wishes import MusicalWishes
from hartmann.composing.writing import TEMPERATURE, TOP_P, closed
from hartmann.notation.checking import check
from hartmann.training.gallery import HELD_OUT_SEED
from hartmann.training.pictures import paint
from hartmann.vision.header_grammar import METERS, HeaderWishes, header_grammar
from hartmann.vision.language_model import Finish, GenerationRequest, Message, Role, Sampling
from hartmann.vision.picture_features import measure
from hartmann.vision.picture_words import describe
from hartmann.vision.transformers_model import TransformersModel

ENSEMBLES = ((), (73, 42))
"""Programs: one voice of the model's choice; flute and cello."""
COMPLAINT = "time units while"
"""What abc2midi says of a bar that is too short or too long."""
NO_FAULT = "Hornpipe must be in"
"""Abc2midi swings hornpipes and so wants them in 2/4 or 4/4; the rhythm's name is no matter of bars."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One draft to write: its meter, the programs of two voices (none: one voice), and its seed."""

    meter: str
    programs: tuple[int, ...]
    seed: int


def asked_for(count: int) -> list[Asked]:
    """So many drafts, the meters and the numbers of voices in turn."""
    kinds = [(choice.meter, programs) for choice in METERS for programs in ENSEMBLES]
    return [Asked(*kinds[number % len(kinds)], number) for number in range(count)]


def write_drafts(model: TransformersModel, asked: Sequence[Asked], wishes: MusicalWishes) -> list[str]:
    """The drafts, written side by side about one picture: headers first, then bodies under grammars built from them."""
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

    headers = model.generate_batch([request(one, "", _header_grammar(one), 160) for one in asked])
    bounds = [body_bounds(header.text, wishes) for header in headers]
    bodies = model.generate_batch(
        [
            request(one, header.text, bound.grammar, 40 * bound.most_bars)
            for one, header, bound in zip(asked, headers, bounds, strict=True)
        ]
    )
    return [
        header.text + body.text if body.finish is Finish.STOP else closed(header.text + body.text)
        for header, body in zip(headers, bodies, strict=True)
    ]


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
