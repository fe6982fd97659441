"""Pieces: what the mini made of the held-out pictures, kept as JSON lines so that figures can be worked out again.

A folder belongs to one set of weights (it is named by their revision) and holds `pieces.jsonl`, one piece a line in
the order in which they were finished. What stands there is not made again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from hartmann.vision.picture_features import PictureFeatures


@dataclass(frozen=True, slots=True)
class Told:
    """A text as the model writes it at once, and as the pipeline keeps it, without what can be refuted."""

    written: str
    kept: str


@dataclass(frozen=True, slots=True)
class Commission:
    """A tune that was asked for, and what must be in it. `how` is what the person said, or `wishes`.

    `mode` is major or minor, `meters` those that would do, `tempo` slow, moderate or fast; empty: not asked for.
    """

    how: str
    mode: str = ""
    meters: tuple[str, ...] = ()
    tempo: str = ""
    tune: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What follows the first draft: the draft that was chosen after refinement, why it is as it is, and how far the
    caption's log-probability falls (nats) with the most attended fifth of the picture hidden, and with a random one."""

    tune: str
    motivation: Told
    attended_fall: float
    random_fall: float


@dataclass(frozen=True, slots=True)
class Piece:
    """What was made of picture `number`: its caption, a first draft under the grammars, a draft that nothing constrains
    (both without any wish), and for the first pictures all the rest."""

    number: int
    features: PictureFeatures
    is_photograph: bool
    caption: Told
    draft: str
    free: str
    asked: Commission | None = None
    worded: Commission | None = None
    explanation: Explanation | None = None


def read_pieces(file: Path) -> Iterator[Piece]:
    """The pieces of a file; none where there is no file. A last line that was cut off is passed over."""
    if not file.exists():
        return
    for line in file.read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n"):
            yield _adapter().validate_json(line)


def add_piece(file: Path, piece: Piece) -> None:
    """Write one more piece behind those of a file."""
    with file.open("ab") as lines:
        lines.write(bytes(_adapter().dump_json(piece)) + b"\n")


@cache
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Piece)
