"""Our MIDI against abc2midi's, on a seeded sample of music21's corpus and on voices in three styles.

Where the two disagree on a corpus tune, the tune is unclear and abc2midi's is one reading among several: a
`:|` after endings that go back to nowhere, triplets begun within triplets, bars that do not add up.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from abc2midi_judge import heard, play, same, unornamented

from hartmann.library.ingest.music21_tunes import all_tunes
from hartmann.notation.checking import check
from hartmann.notation.midi import to_midi

pytestmark = pytest.mark.integration

SAMPLE = 160
EXACT = 0.97
"""The share of tunes that must agree in every note, repeats played."""


def our_midi(text: str) -> bytes:
    score = check(text).score
    assert score is not None
    return to_midi(score)


def sample_of_the_corpus() -> list[str]:
    """Tunes of every collection, in proportion to their sizes but three of each at least."""
    chance = random.Random(20)
    collections: dict[str, list[str]] = {}
    for tune in all_tunes():
        collections.setdefault(tune.source, []).append(tune.text)
    total = sum(map(len, collections.values()))
    sizes = {
        name: min(len(tunes), max(3, SAMPLE * len(tunes) // total)) for name, tunes in collections.items()
    }
    return [text for name, tunes in collections.items() for text in chance.sample(tunes, sizes[name])]


def test_corpus_tunes_are_played_as_abc2midi_plays_them(tmp_path: Path) -> None:
    tunes = [unornamented(text) for text in sample_of_the_corpus()]
    assert len(tunes) >= 0.9 * SAMPLE
    different = [text for text in tunes if not same(heard(our_midi(text)), heard(play(text, tmp_path)))]
    assert len(different) <= (1 - EXACT) * len(tunes), "\n\n".join(different)


@pytest.mark.parametrize(
    "body",
    [
        "V:1\n|:CDEF GABc|c2 c2 c4:|\nV:2\n|:C,4 E,4|[C,E,]8:|\n",
        "[V:1]|:CDEF GABc|c2 c2 c4:|\n[V:2]|:C,4 E,4|[C,E,]8:|\n",
        "V:1 name=Upper\nV:2 clef=bass\nV:1\n|:CDEF GABc|\nV:2\n|:C,4 E,4|\nV:1\nc2 c2 c4:|\nV:2\n[C,E,]8:|\n",
    ],
    ids=["one after the other", "inline", "interleaved"],
)
def test_voices_sound_together_in_every_style(body: str, tmp_path: Path) -> None:
    text = f"X:1\nT:Two\nM:4/4\nL:1/8\nK:C\n{body}"
    assert same(heard(our_midi(text)), heard(play(text, tmp_path)))


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
    text = f"X:1\nT:Signs\nM:2/4\nL:1/8\nK:C\n%%MIDI gchordoff\n{music}\n"
    assert same(heard(our_midi(text)), heard(play(text, tmp_path)))
