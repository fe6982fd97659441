"""MusicXML becomes ABC that sounds the same: our own exports of corpus tunes, and scores of others.

Judges that are not ours: music21's reading of the notes (as written), abc2midi's playing of our ABC, and MuseScore's
playing of the file with its repeats.
"""

from __future__ import annotations

import random
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from midi_judging import abc2midi, f1, heard

from hartmann.library.ingest.music21_tunes import all_tunes
from hartmann.notation.checking import check
from hartmann.notation.form import written_out
from hartmann.notation.from_musicxml import musicxml_to_abc
from hartmann.notation.musicxml import to_musicxml
from hartmann.notation.score import Bar, Note, Score
from hartmann.notation.sounding import sounding_notes
from hartmann.notation.writing import to_abc

pytestmark = pytest.mark.integration

TUNES = 150

SCORES = (
    "bach/bwv66.6.mxl", "bach/bwv269.mxl", "joplin/maple_leaf_rag.mxl", "mozart/k155/movement2.mxl",
    "handel/rinaldo/Lascia_chio_pianga.mxl", "leadSheet/fosterBrownHair.mxl", "webern/webern_dormi_jesu_op_16_no_2.mxl",
    "trecento/Fava_Dicant_nunc_iudei.xml", "cpebach/h186.mxl",
)  # fmt: skip
"""Scores in music21's corpus whose parts have measures of equal lengths, so that music21 plays them together."""


def score_of(text: str) -> Score:
    score = check(text).score
    assert score is not None
    return score


def sounds(score: Score) -> list[tuple[float, float, int]]:
    """(onset, end, pitch) of all notes as written."""
    return [(float(s.onset), float(s.end), s.pitch) for voice in score.voices for s in sounding_notes(voice)]


def corpus_score(name: str) -> bytes:
    import music21

    path = Path(music21.__file__).parent / "corpus" / name
    assert path.exists(), f"music21 no longer brings {name}"
    return path.read_bytes()


def music21_sounds(name: str) -> list[tuple[float, float, int]]:
    from music21 import corpus

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        score: Any = corpus.parse(name, forceSource=True).stripTies()
    return [
        (float(start), float(start + n.quarterLength), pitch.midi)
        for part in score.parts
        for n in part.recurse().notes
        if not n.duration.isGrace and "Harmony" not in n.classes
        for start in [n.getOffsetInHierarchy(part)]
        for pitch in n.pitches
    ]


def plain(score: Score) -> Score:
    """Notes alone: no repeats, ornaments, words, tempo changes, which programs play each in their own way."""
    voices = tuple(replace(voice, bars=tuple(map(_plain_bar, voice.bars))) for voice in score.voices)
    return replace(score, voices=voices, tempo=None)


def _plain_bar(bar: Bar) -> Bar:
    return replace(
        bar, repeat_start=False, repeat_end=0, endings=(), ending_stop=False, section="", barline="|", tempo=None,
        changes=tuple(replace(change, tempo=None) for change in bar.changes), notes=tuple(map(_plain_note, bar.notes)),
    )  # fmt: skip


def _plain_note(note: Note) -> Note:
    return replace(note, grace=(), decorations=(), annotations=(), chord_symbol="", lyrics=())


def test_tunes_sound_the_same_after_the_way_through_musicxml() -> None:
    tunes = list(all_tunes())
    several = [tune for tune in tunes if "Josquin" in tune.source]
    for tune in (*random.Random(8).sample(tunes, TUNES), *several):
        score = check(tune.text).score
        assert score is not None
        abc = musicxml_to_abc(to_musicxml(score))
        again = check(abc)
        assert again.errors == (), tune.id
        assert again.score is not None
        assert sounds(again.score) == sounds(written_out(score)), tune.id
        assert to_abc(again.score) == abc, tune.id


@pytest.mark.parametrize("name", SCORES)
def test_scores_of_others_have_the_notes_that_music21_reads(name: str) -> None:
    checked = check(musicxml_to_abc(corpus_score(name)))
    assert checked.problems == ()
    assert checked.score is not None
    assert f1(music21_sounds(name), sounds(checked.score), ends=True) > 0.999


@pytest.mark.abc2midi
@pytest.mark.parametrize("name", SCORES)
def test_abc2midi_plays_the_abc_as_music21_reads_the_score(name: str, tmp_path: Path) -> None:
    score = score_of(musicxml_to_abc(corpus_score(name)))
    played = heard(abc2midi(to_abc(plain(score)), tmp_path))
    assert f1(music21_sounds(name), played) > 0.98
