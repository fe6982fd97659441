"""The shipped mini under the grammars: every meter, one voice and two, every bar exact in the eyes of two judges."""

from __future__ import annotations

from pathlib import Path

import pytest
from mini_drafts import ENSEMBLES, Asked, asked_for, complaints, write_drafts

from hartmann.composing.wishes import MusicalWishes
from hartmann.notation.bar_range import full_bars
from hartmann.notation.checking import check
from hartmann.vision.header_grammar import METERS
from hartmann.vision.mini import vlm_folder
from hartmann.vision.transformers_model import TransformersModel

pytestmark = pytest.mark.integration

ASKED = asked_for(len(ENSEMBLES) * len(METERS))
BARS = 8


@pytest.fixture(scope="module")
def drafts() -> list[tuple[Asked, str]]:
    model = TransformersModel.load(vlm_folder(), profile="compact")
    return list(zip(ASKED, write_drafts(model, ASKED, MusicalWishes(bars=BARS)), strict=True))


def test_every_draft_is_read_without_an_error(drafts: list[tuple[Asked, str]]) -> None:
    assert {draft: check(draft).errors for _, draft in drafts if check(draft).errors} == {}


def test_every_draft_has_the_meter_the_voices_and_the_bars_asked_for(drafts: list[tuple[Asked, str]]) -> None:
    for asked, draft in drafts:
        score = check(draft).score
        assert score is not None
        assert f"{score.meter.numerator}/{score.meter.denominator}" == asked.meter
        assert len(score.voices) == max(1, len(asked.programs))
        assert full_bars(score) == BARS, draft
        assert len({len(voice.bars) for voice in score.voices}) == 1, draft


@pytest.mark.abc2midi
def test_abc2midi_finds_every_bar_exact(drafts: list[tuple[Asked, str]], tmp_path: Path) -> None:
    assert [draft for _, draft in drafts if complaints(draft, tmp_path)] == []


@pytest.mark.abc2midi
def test_abc2midi_would_say_so_if_a_bar_were_too_long(tmp_path: Path) -> None:
    assert complaints("X:1\nM:3/4\nL:1/8\nK:C\nCDEFGA|CDEFGAB|CDEFGA|]", tmp_path)
