"""What the events of a composition say in plain words: for the screen and for the explanation's page.

Every function takes messages of `hartmann.v1` and returns plain text without markup.
"""

from __future__ import annotations

from dataclasses import dataclass

from hartmann.v1 import composition_pb2 as pb
from hartmann.v1 import library_pb2, notation_pb2

STAGE_TITLES = {
    pb.STAGE_CAPTION: "Describing the picture",
    pb.STAGE_RETRIEVE: "Looking for references",
    pb.STAGE_DRAFT: "Writing",
    pb.STAGE_REFINE: "Refining",
    pb.STAGE_EXPLAIN: "Explaining",
    pb.STAGE_ENGRAVE: "Engraving",
}

DRAFT_KINDS = {
    pb.DRAFT_KIND_INITIAL: "the first",
    pb.DRAFT_KIND_REPAIR: "a repair",
    pb.DRAFT_KIND_REFINEMENT: "a refinement",
}

SEVERITIES = {
    notation_pb2.SEVERITY_ERROR: "error",
    notation_pb2.SEVERITY_WARNING: "warning",
    notation_pb2.SEVERITY_HINT: "hint",
}


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric: its `name` in words, its `value` with the unit, and what it means."""

    name: str
    value: str
    meaning: str


_METRICS = {
    "pitch_range": ("Range", "{:.0f} semitones"),
    "pitches_used": ("Pitches", "{:.0f} different"),
    "pitch_classes_used": ("Pitch classes", "{:.0f} of 12"),
    "polyphony": ("Notes at once", "{:.2f}"),
    "scale_consistency": ("In one scale", "{:.0%}"),
    "pitch_entropy": ("Variety of pitches", "{:.2f} bits"),
    "pitch_class_entropy": ("Variety of pitch classes", "{:.2f} bits"),
    "empty_beat_rate": ("Silent beats", "{:.0%}"),
}


def stage_title(stage: pb.Stage.ValueType) -> str:
    """A stage as something being done: `Describing the picture`."""
    return STAGE_TITLES.get(stage, "Working")


def draft_title(draft: pb.Draft) -> str:
    """`Draft 2, a repair`."""
    kind = DRAFT_KINDS.get(draft.kind, "")
    return f"Draft {draft.number}" + (f", {kind}" if kind else "")


def problem_count(problems: list[notation_pb2.Problem]) -> str:
    """`no problems`, `1 error, 2 warnings`. Hints are counted too."""
    counts = {name: sum(1 for p in problems if p.severity == number) for number, name in SEVERITIES.items()}
    said = [f"{count} {name}{'s' if count > 1 else ''}" for name, count in counts.items() if count]
    return ", ".join(said) or "no problems"


def problem_sentence(problem: notation_pb2.Problem) -> str:
    """`error in voice 1, bar 7 (line 12): the bar lasts 5/4 where the meter is 4/4`, and the fix if there is one."""
    severity = SEVERITIES.get(problem.severity, "problem")
    places = [f"voice {problem.voice}"] if problem.voice else []
    if problem.HasField("bar"):
        places.append(f"bar {problem.bar}")
    where = f" in {', '.join(places)}" if places else ""
    line = f" (line {problem.line})" if problem.line else ""
    fix = f"; {problem.fix}" if problem.fix else ""
    return f"{severity}{where}{line}: {problem.message}{fix}"


def changed_bars(draft: pb.Draft) -> str:
    """`bars 3–5 and 7 are new`; empty when nothing is said about changes. Voices are named when there are several."""
    voices: dict[int, list[int]] = {}
    for changed in draft.changed_bars:
        voices.setdefault(changed.voice, []).append(changed.bar)
    if not voices:
        return ""
    runs = {voice: _runs(sorted(bars)) for voice, bars in voices.items()}
    if len(runs) > 1:
        return "; ".join(f"voice {voice}: {_are_new(found)}" for voice, found in runs.items())
    (found,) = runs.values()
    return _are_new(found)


def _are_new(runs: list[tuple[int, int]]) -> str:
    names = [str(first) if first == last else f"{first}–{last}" for first, last in runs]
    single = len(runs) == 1 and runs[0][0] == runs[0][1]
    return f"bar {names[0]} is new" if single else f"bars {_enumeration(names)} are new"


def _runs(numbers: list[int]) -> list[tuple[int, int]]:
    """Consecutive numbers as (first, last): 3, 4, 5, 7 → (3, 5), (7, 7)."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number <= runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def metric_rows(metrics: notation_pb2.Metrics) -> list[MetricRow]:
    """The metrics that are defined for a draft, with unit and meaning."""
    from hartmann.notation.metrics import EXPLANATIONS

    rows = []
    for field, (name, pattern) in _METRICS.items():
        if metrics.HasField(field):  # type: ignore[arg-type]
            rows.append(MetricRow(name, pattern.format(getattr(metrics, field)), EXPLANATIONS[field]))
    return rows


def similarity(reference: library_pb2.Reference, side: str) -> str:
    """The cosine to the `image` or the `text` with two decimals, or a dash where that side was not asked."""
    field = f"similarity_to_{side}"
    return f"{getattr(reference, field):.2f}" if reference.HasField(field) else "–"  # type: ignore[arg-type]


def faithfulness_sentence(explanation: pb.Explanation) -> str:
    """What the measured faithfulness says about the maps; empty where it was not measured."""
    if not explanation.HasField("faithfulness"):
        return ""
    ratio = explanation.faithfulness
    measured = (
        "Hiding the fifth of the picture that was looked at most takes away "
        f"{ratio:.1f} times as much of the description's likelihood as hiding a random fifth"
    )
    return f"{measured}: {'the maps tell something' if ratio > 1 else 'these maps explain little'}."


def overlap_sentence(overlap: pb.Overlap) -> str:
    """How much a reference shares with the score."""
    bars = ""
    if overlap.HasField("first_bar") and overlap.HasField("last_bar"):
        bars = f" (bars {overlap.first_bar}–{overlap.last_bar})"
    return f"longest run shared: {overlap.longest_run} notes{bars}; {overlap.ngram_overlap:.0%} of the short figures"


def accepted_sentence(accepted: pb.Accepted, picture: str) -> str:
    """What begins, with what."""
    waiting = f"; {accepted.queue_position} before it" if accepted.queue_position else ""
    return f"{picture}: seed {accepted.seed}, model {accepted.vision_model}{waiting}"


def seconds(value: float) -> str:
    """A duration: `0.8 s`, `12 s`, `2 min 5 s`."""
    if value < 10:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _enumeration(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
