"""What a composition is asked for, checked and ready: the picture decoded, the wishes valid."""

from __future__ import annotations

from dataclasses import dataclass, field

from hartmann.composing.events import Wishes
from hartmann.composing.own_score import Excerpt
from hartmann.vision.pictures import Picture


@dataclass(frozen=True, slots=True)
class Limits:
    """How hard to try. See the settings of the same names."""

    drafts: int = 1
    max_repairs: int = 3
    max_refinements: int = 1
    references_per_side: int = 2
    originality_notes: int = 16
    measure_faithfulness: bool = True
    free_notation: bool = False
    damp_attention_sinks: bool = False


@dataclass(frozen=True, slots=True)
class CompositionRequest:
    """One picture and what is wanted of it. The same request with the same seed gives the same score.

    `instruction` is what a revision asks for in words ("slower, for two violins"); `excerpt` are bars of the person's
    own score to continue or to vary.
    """

    picture: Picture
    seed: int
    prompt: str = ""
    wishes: Wishes = field(default_factory=Wishes)
    instruction: str = ""
    excerpt: Excerpt | None = None
    limits: Limits = field(default_factory=Limits)
