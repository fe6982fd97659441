"""Events in plain words."""

from __future__ import annotations

import pytest

from hartmann.results import wording
from hartmann.v1 import composition_pb2 as pb
from hartmann.v1 import library_pb2, notation_pb2


@pytest.mark.parametrize(
    ("bars", "said"),
    [
        ([], ""),
        ([(1, 3)], "bar 3 is new"),
        ([(1, 3), (1, 7)], "bars 3 and 7 are new"),
        ([(1, 0), (1, 1), (1, 2)], "bars 0–2 are new"),
        ([(1, 3), (1, 4), (1, 9), (1, 6)], "bars 3–4, 6 and 9 are new"),
        ([(1, 3), (2, 3), (2, 4)], "voice 1: bar 3 is new; voice 2: bars 3–4 are new"),
    ],
)
def test_changed_bars_are_told_in_runs(bars: list[tuple[int, int]], said: str) -> None:
    changed = [pb.ChangedBar(voice=voice, bar=bar) for voice, bar in bars]
    assert wording.changed_bars(pb.Draft(changed_bars=changed)) == said


def test_problems_are_counted_by_severity() -> None:
    severities = [
        notation_pb2.SEVERITY_WARNING,
        notation_pb2.SEVERITY_ERROR,
        notation_pb2.SEVERITY_WARNING,
    ]
    assert (
        wording.problem_count([notation_pb2.Problem(severity=s) for s in severities]) == "1 error, 2 warnings"
    )


def test_problem_without_a_place_is_only_its_sentence() -> None:
    problem = notation_pb2.Problem(severity=notation_pb2.SEVERITY_HINT, message="there is no title")
    assert wording.problem_sentence(problem) == "hint: there is no title"


def test_metric_that_is_not_defined_has_no_row() -> None:
    rows = wording.metric_rows(notation_pb2.Metrics(pitches_used=0))
    assert [(row.name, row.value) for row in rows] == [("Pitches", "0 different")]


def test_similarity_of_exactly_nothing_is_a_number() -> None:
    reference = library_pb2.Reference(similarity_to_image=0.0)
    assert (wording.similarity(reference, "image"), wording.similarity(reference, "text")) == ("0.00", "–")


@pytest.mark.parametrize(("ratio", "said"), [(2.5, "the maps tell something"), (0.9, "explain little")])
def test_maps_that_explain_nothing_are_said_to(ratio: float, said: str) -> None:
    assert said in wording.faithfulness_sentence(pb.Explanation(faithfulness=ratio))


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.84, "0.8 s"), (12.2, "12 s"), (59.6, "1 min 0 s"), (125, "2 min 5 s")]
)
def test_durations_are_short(seconds: float, said: str) -> None:
    assert wording.seconds(seconds) == said
