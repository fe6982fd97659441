"""abc2midi and we play the same notes; where we don't, a verdict says who is wrong and by which clause.

`python tests/judge.py` prints the same comparison, of as many tunes as wanted.
"""

from __future__ import annotations

import pytest
from judge import SEED, TUNES, VOICES, Judgement, judgements, verdicts

pytestmark = [pytest.mark.acceptance, pytest.mark.abc2midi]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Judgement]:
    """Every comparison by its name."""
    folder = tmp_path_factory.mktemp("abc2midi")
    return {judgement.name: judgement for judgement in judgements(TUNES, VOICES, SEED, folder)}


def test_the_sample_is_large_enough_to_judge_by(judged: dict[str, Judgement]) -> None:
    assert judged["one voice, repeats played"].pieces >= 400
    assert judged["several voices, as written"].pieces >= 100


def test_notes_as_written_agree_in_99_percent_of_tunes(judged: dict[str, Judgement]) -> None:
    assert judged["one voice, as written"].exact >= 0.99


def test_notes_with_repeats_played_agree_in_98_percent_of_tunes(judged: dict[str, Judgement]) -> None:
    assert judged["one voice, repeats played"].exact >= 0.98


def test_several_voices_agree_in_every_style(judged: dict[str, Judgement]) -> None:
    assert judged["several voices, as written"].disagreements == ()
    assert judged["several voices, repeats played"].disagreements == ()


def test_every_disagreement_has_a_verdict(judged: dict[str, Judgement]) -> None:
    assert [(one.id, one.difference) for each in judged.values() for one in each.unexplained] == []


def test_every_verdict_says_who_is_wrong_and_why() -> None:
    assert {verdict.wrong for verdict in verdicts().values()} <= {"abc2midi", "hartmann", "both", "neither"}
    assert all(verdict.why.endswith(".") for verdict in verdicts().values())
