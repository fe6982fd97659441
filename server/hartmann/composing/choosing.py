"""Choosing: which draft becomes the score, by a rule that is stated and can be checked.

No errors before errors; then fewest warnings (a near copy of a reference is one); a refinement is taken only
if it breaks nothing, that is, if it has no more errors and no more warnings than the best draft before it;
among equals the latest.
"""

from __future__ import annotations

from collections.abc import Sequence

from hartmann.composing.events import DraftKind, DraftWritten
from hartmann.notation.problems import Severity


def count(draft: DraftWritten, severity: Severity) -> int:
    """How many problems of a severity a draft has."""
    return sum(problem.severity is severity for problem in draft.problems)


def choose(drafts: Sequence[DraftWritten]) -> DraftWritten:
    """The draft the rule picks. Raises ValueError without drafts."""
    if not drafts:
        raise ValueError("expected at least one draft")
    return min(drafts, key=_order)


def reason(chosen: DraftWritten, drafts: Sequence[DraftWritten]) -> str:
    """Why this draft, in a sentence."""
    errors, warnings = count(chosen, Severity.ERROR), count(chosen, Severity.WARNING)
    state = f"{_plural(errors, 'error')} and {_plural(warnings, 'warning')}"
    if len(drafts) == 1:
        return f"Draft {chosen.number} is the only one, with {state}."
    if chosen.number == max(draft.number for draft in drafts):
        kind = "a refinement that breaks nothing" if chosen.kind is DraftKind.REFINEMENT else "the latest"
        return f"Draft {chosen.number} of {len(drafts)}: {state}, no draft has fewer, and it is {kind}."
    return f"Draft {chosen.number} of {len(drafts)}: {state}; the later drafts have more."


def _order(draft: DraftWritten) -> tuple[bool, int, int, int]:
    unplayable = draft.metrics is None
    return (
        unplayable,
        count(draft, Severity.ERROR),
        count(draft, Severity.WARNING),
        -draft.number,
    )


def _plural(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
