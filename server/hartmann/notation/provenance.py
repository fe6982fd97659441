"""Where a generated score comes from, as the (name, value) pairs that it carries inside.

The names are stable, so that programs can read them back from a MusicXML file's `miscellaneous-field`s; all
begin with `hartmann-`. Nothing here changes from run to run: no time, no machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReferenceUsed:
    """A piece of the library that the model was shown: its id, where it comes from and under which licence."""

    id: str
    source: str
    licence: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """How a score was made. `models` are names with revision, as the models give them; `draft` counts from 1."""

    picture_sha256: str
    models: Sequence[str]
    seed: int
    prompt: str
    references: Sequence[ReferenceUsed]
    draft: int
    program_version: str

    def fields(self) -> tuple[tuple[str, str], ...]:
        """The pairs, in a fixed order. Models and references are numbered from 1; an empty prompt is left out."""
        pairs = [
            ("hartmann-version", self.program_version),
            ("hartmann-picture-sha256", self.picture_sha256),
            *_numbered("hartmann-model", [model for model in self.models if model]),
            ("hartmann-seed", str(self.seed)),
            ("hartmann-prompt", self.prompt),
            ("hartmann-draft", str(self.draft)),
            *_numbered("hartmann-reference", [_reference(used) for used in self.references]),
        ]
        return tuple((name, value) for name, value in pairs if value)


def _numbered(name: str, values: Sequence[str]) -> list[tuple[str, str]]:
    return [(f"{name}-{number}", value) for number, value in enumerate(values, start=1)]


def _reference(used: ReferenceUsed) -> str:
    """`music21/ryansMammoth/12 (source: Ryan's Mammoth Collection; licence: public domain)`."""
    said = [f"source: {used.source}"] if used.source else []
    said += [f"licence: {used.licence}"] if used.licence else []
    return f"{used.id} ({'; '.join(said)})" if said else used.id
