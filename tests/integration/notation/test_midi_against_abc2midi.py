"""What abc2midi takes single signs for, and ornaments as it plays them; whole tunes are judged in acceptance."""

from __future__ import annotations

from pathlib import Path

import pytest
from abc2midi_judge import PLAINLY, heard, our_notes, play, same

pytestmark = [pytest.mark.integration, pytest.mark.abc2midi]


@pytest.mark.parametrize(
    "music",
    [
        "{g}a2 b2 c'2 d'2|",
        "(3{a}gfg a2 b4|",
        "A2>B2 c<d e2|",
        "(3abc (3:2:2c2d (5cdefg a2 ab|",
        "^c2 c2|c2 =c2-|c2 _c2|",
        "[L:1/4]c c [M:3/4] c c c|[K:G]f f f|",
        "|:abc'd'|1 e4:|2 f4||g4|",
        "|:a4|1,2 b4:|3 c'4|",
        "a4-|a2 [ac]2-|[ac]4|",
        "z2 x2|Z|c4|",
    ],
)
def test_signs_mean_what_abc2midi_takes_them_for(music: str, tmp_path: Path) -> None:
    told = "".join(f"{line}\n" for line in PLAINLY)
    text = f"X:1\nT:Signs\nM:2/4\nL:1/8\nK:C\n{told}{music}\n"
    assert same(our_notes(text), heard(play(text, tmp_path)))
