"""Prompts: Jinja templates, one folder a profile.

`full` says everything the paper says and is for models that follow instructions; `compact` says the same in
the few tokens that the mini models were trained on. Both are given the same variables. What a person or the
library wrote goes through the filter `data`, so that it stays data: control characters and the markers of
chat templates are broken, and it is cut at a length that no honest text reaches.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hartmann.composing.facts import Facts
from hartmann.library.reference import Reference
from hartmann.notation.metrics import EXPLANATIONS, Metrics
from hartmann.notation.problems import Problem

PROFILES = ("compact", "full")
DATA_LIMIT = 8000


@dataclass(frozen=True, slots=True)
class MetricLine:
    """A metric as a prompt states it: its name in words, its value, and what high and low values suit."""

    name: str
    value: str
    meaning: str


class Prompts:
    """The prompts of one profile; each method gives the text of a user's turn."""

    def __init__(self, profile: str) -> None:
        if profile not in PROFILES:
            raise ValueError(f"expected a prompt profile of {', '.join(PROFILES)}, not {profile!r}")
        self._environment = _environment(Path(__file__).parent / profile)

    def caption(self, prompt: str) -> str:
        """Ask for the description of the picture."""
        return self._render("caption", prompt=prompt)

    def compose(
        self,
        *,
        caption: str,
        prompt: str,
        wishes: Mapping[str, str],
        references: Sequence[Reference],
        instruction: str = "",
        use: str = "",
    ) -> str:
        """Ask for the piece. `wishes` come from `composing.wishes.in_words`.

        With a `use` (`continue` or `vary`) the first of the references is an excerpt of the person's own score.
        """
        return self._render(
            "compose",
            caption=caption,
            prompt=prompt,
            wishes=wishes,
            references=references,
            instruction=instruction,
            use=use,
        )

    def repair(self, problems: Sequence[Problem], bars: Sequence[str]) -> str:
        """Ask for the broken bars again: `bars` are lines such as `voice 1, bar 7: c2 d2 e`; none asks for all."""
        return self._render("repair", problems=problems, bars=bars)

    def refine(self, *, caption: str, metrics: Sequence[MetricLine]) -> str:
        """Show what the piece measures and ask whether to change it."""
        return self._render("refine", caption=caption, metrics=metrics)

    def motivation(self, title: str, facts: Facts | None = None) -> str:
        """Ask why this piece for this picture, with what the score says of itself where it is known."""
        return self._render("motivation", title=title, facts=facts)

    def _render(self, name: str, **values: object) -> str:
        return str(self._environment.get_template(f"{name}.j2").render(**values)).strip()


def metric_lines(metrics: Metrics) -> Iterator[MetricLine]:
    """The metrics as a prompt states them; undefined ones are left out."""
    for name, meaning in EXPLANATIONS.items():
        value = getattr(metrics, name)
        if value is not None:
            yield MetricLine(name.replace("_", " "), f"{value:.3g}", meaning)


def as_data(text: str, limit: int = DATA_LIMIT) -> str:
    """A person's text made harmless inside a prompt: no control characters, no chat markers, bounded length."""
    kept = "".join(c for c in text if c in "\n\t" or unicodedata.category(c)[0] != "C")
    broken = re.sub(r"<(?=[|/]?\w)|<\|", lambda match: f"{match.group()[0]} {match.group()[1:]}", kept)
    return broken[:limit].strip()


def _environment(folder: Path) -> Any:
    from hartmann.extras import require

    jinja2 = require("jinja2", extra="server")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
    )
    environment.filters["data"] = as_data
    return environment
