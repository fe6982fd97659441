"""Where a score comes from stays with it in MuseScore: as properties of the score, read and saved by MuseScore 3."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from hartmann.notation.checking import check
from hartmann.notation.musicxml import to_musicxml
from hartmann.notation.provenance import Provenance, ReferenceUsed
from hartmann_bridge.musicxml_checks import check_musicxml
from musescore import MuseScore

pytestmark = [pytest.mark.acceptance, pytest.mark.musescore]


def test_provenance_is_in_the_properties_of_the_score_that_musescore_saves(tmp_path: Path) -> None:
    provenance = Provenance(
        picture_sha256="ab" * 32,
        models=("mini ec46", "mini/v1"),
        seed=7,
        prompt="a <calm> walk & a rest",
        references=(ReferenceUsed("tunes/1", "a book", "public domain"),),
        draft=2,
        program_version="1.2.3",
    ).fields()
    score = check("X:1\nT:Walk\nM:2/4\nL:1/4\nK:C\nCD|E2|]\n").score
    assert score is not None
    content = to_musicxml(score, provenance=provenance)
    check_musicxml(content)
    result = MuseScore(tmp_path).convert({"walk": content}, "mscx")
    assert result.complaints == []
    tags = {
        tag.get("name"): tag.text for tag in ET.parse(result.folder / "walk.mscx").getroot().iter("metaTag")
    }
    assert {name: tags.get(name) for name, _ in provenance} == dict(provenance)
    assert tags["composer"] == "Hartmann (machine-generated)"
