"""Real MuseScore opens our MusicXML without a complaint and plays the notes that our own MIDI plays."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import symusic
from judged_tunes import medleys, sample, several_voices

from hartmann.notation.checking import check
from hartmann.notation.midi import to_midi
from hartmann.notation.musicxml import to_musicxml
from hartmann.notation.score import Score
from hartmann.notation.unfolding import unfold
from musescore import MuseScore

pytestmark = [pytest.mark.acceptance, pytest.mark.musescore]

TUNES = {
    "repeats": "M:4/4\nK:G\n|:GABc d2d2:|e2e2 d4:|\n",
    "endings": "M:4/4\nK:D\nA2|:d4 f4|1 e6 A2:|2 e8||f4 d4|]\n",
    "three_passes": "M:4/4\nK:C\n|:c8|1,2 d8:|3 e8||f8|]\n",
    "second_repeat_without_start": "M:2/4\nK:C\nc4:|d4|e4:|\n",
    "parts": "M:2/4\nP:ABA\nK:C\nP:A\nc4|d4|\nP:B\ne4|f4|\n",
    "anacrusis": "M:3/4\nK:F\nC2|F4 A2|c4 A2|F6|]\n",
    "compound": "M:6/8\nQ:3/8=80\nK:Em\nE|BEE BEE|d2c B2A|G3-G2|]\n",
    "triplets": "M:4/4\nK:A\n(3ABc (3:2:2c2d (5ABcde|c>d e<f (3a2g2f2|]\n",
    "odd_meter": "M:7/8\nK:C\nc3 d2 e2|[M:5/4]c10|]\n",
    "changes": (
        "M:4/4\nQ:1/4=120\nK:C\nc2d2e2f2|[K:Eb][Q:1/4=60]e2f2g2a2|[M:3/4][Q:1/4=200]b6|[M:C|][K:F#m]f8|]\n"
    ),
    "accidentals": "M:4/4\nK:Bb\n^f=f_e=e ^F2 f2|f4- f4|^^c2 __d2 =b4|]\n",
    "chords_and_ties": "M:4/4\nK:C\n[CEG]4-[CEG]2[FAc]2-|[FAc]5 [G,B,D]3|]\n",
    "overlay": "M:4/4\nK:C\nc4 e4 & C2D2E2F2|g8 & [CE]8|]\n",
    "rests": "M:4/4\nK:C\nz4 c4|Z2|x4 c4|z8|]\n",
    "long_notes": "M:none\nK:C\nc16 d7 e5 f9|]\n",
    "two_voices": (
        "M:3/4\nQ:1/4=96\nK:Dm\nV:1 name=Violin\nV:2 name=Cello clef=bass\n"
        "[V:1]A2|:d4 A2|F4 D2|1 (3EFG A4:|2 E4 z2||[K:A][Q:1/4=60]c4 e2|[CEA]6-|[CEA]6|]\n"
        "[V:2]z2|:D,6|F,6|1 A,6:|2 A,4 z2||[K:A]A,4 C2|A,,6-|A,,6|]\n"
    ),
    "voices_of_unequal_length": "M:2/4\nK:C\nV:1\nV:2\n[V:1]c4|d4|e4|]\n[V:2]C4|]\n",
    "percussion": (
        "M:4/4\nK:C\nV:1\nV:2 clef=perc\n%%MIDI channel 10\n[V:1]c4 e4|:g8:|\n[V:2]C,,2D,,2^F,,2D,,2|:C,,8:|\n"
    ),
    "transposing": "M:4/4\nK:C\nV:1 transpose=-2\nV:2 clef=bass\n[V:1]d8|\n[V:2]C,8|\n",
    "octave_clef": "M:4/4\nK:C clef=treble-8\nc4 e4|\n",
    "explicit_key": "M:4/4\nK:D exp _b _e ^f\nDEFG ABcd|\n",
    "church_mode": "M:4/4\nK:Ador\nABcd efga|[K:Dmix]d8|\n",
    "all_church_modes": "M:4/4\nK:Cphr\nC2G2 c4|[K:Clyd]C2F2 c4|[K:Cmix]C2B2 c4|[K:Cloc]C2G2 c4|[K:Caeo]A8|\n",
    "da_capo_al_fine": "M:2/4\nK:C\n|:c4|d4:|e2 !fine!f2|g4|!D.C.alfine!a4|]\n",
    "dal_segno": "M:2/4\nK:C\nc4|!segno!d4|e4|!D.S.!f4|]\n",
    "dal_segno_al_coda": "M:2/4\nK:C\nc4|!segno!d4|e2 !dacoda!f2|g4|!D.S.alcoda!a4|!coda!b4|c'4|]\n",
    "da_capo_with_endings": "M:2/4\nK:C\n|:c4|1 d4:|2 e4|!fine!f4||g4|!D.C.alfine!a4|]\n",
    "clef_changes": "M:4/4\nK:C\nc4 d4|[K:C clef=bass]C,4 D,4|E,4[K:C clef=alto]c4|[K:C clef=treble]c8|\n",
    "bass_an_octave_lower": "M:4/4\nK:C clef=bass-8\nC,4 E,4|[K:C clef=treble]c8|\n",
    "piano": "M:2/4\n%%score {RH LH}\nK:C\nV:LH clef=bass\nV:RH\n[V:LH]C,4|\n[V:RH]c2e2|\n",
    "clarinet": "M:4/4\nK:D\nV:1 name=Clarinet transpose=-2\n%%MIDI program 71\nd4 ^g4|\n",
    "words": (
        'M:4/4\nK:G\n"G"G2 "D7/F#"F2 "^dolce"!p!G4|!f!B4 !crescendo(!c2 d2!crescendo)!|(GA)B2 G4|\n'
        "w:Hel-lo my _ friend and_ good-bye\n"
    ),
}


def score_of(name: str) -> Score:
    score = check(f"X:1\nT:{name}\nL:1/8\n{TUNES[name]}").score
    assert score is not None
    return score


def played(midi: bytes) -> list[tuple[int, int, int]]:
    """Every note as onset and end in 48ths of a quarter, and pitch."""
    file = symusic.Score.from_midi(midi)
    return sorted(
        (round(48 * note.time / file.tpq), note.pitch, round(48 * (note.time + note.duration) / file.tpq))
        for track in file.tracks
        for note in track.notes
    )


def agree(ours: bytes, theirs: bytes) -> bool:
    """True when all notes agree to a 48th of a quarter."""
    a, b = played(ours), played(theirs)
    return len(a) == len(b) and all(
        x[1] == y[1] and abs(x[0] - y[0]) <= 1 and abs(x[2] - y[2]) <= 1 for x, y in zip(a, b, strict=True)
    )


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with MuseScore's MIDI of every tune above."""
    editor = MuseScore(tmp_path_factory.mktemp("musescore"))
    result = editor.convert({name: to_musicxml(score_of(name)) for name in TUNES}, "mid")
    assert result.complaints == []
    return result.folder


@pytest.mark.parametrize("name", TUNES)
def test_musescore_plays_the_notes_that_we_play(name: str, opened: Path) -> None:
    ours, theirs = to_midi(score_of(name)), (opened / f"{name}.mid").read_bytes()
    assert agree(ours, theirs), f"ours {played(ours)}, MuseScore's {played(theirs)}"


@pytest.mark.parametrize("name", ["compound", "changes", "two_voices"])
def test_musescore_plays_our_tempi(name: str, opened: Path) -> None:
    def tempi(midi: bytes) -> list[tuple[float, int]]:
        file = symusic.Score.from_midi(midi)
        changes: list[tuple[float, int]] = []
        for tempo in file.tempos:
            if not changes or changes[-1][1] != round(tempo.qpm):
                changes.append((round(tempo.time / file.tpq, 1), round(tempo.qpm)))
        return changes

    assert tempi((opened / f"{name}.mid").read_bytes()) == tempi(to_midi(score_of(name)))


def test_the_frame_shows_title_composer_and_motivation(tmp_path: Path) -> None:
    content = to_musicxml(
        score_of("two_voices"), motivation="The <grey> sea & its calm.", provenance=[("hartmann-seed", "7")]
    )
    result = MuseScore(tmp_path).convert({"frame": content}, "mscx")
    assert result.complaints == []
    root = ET.parse(result.folder / "frame.mscx").getroot()
    shown = ["".join(text.itertext()).strip() for text in root.findall(".//VBox/Text/text")]
    assert sorted(shown) == ["Hartmann (machine-generated)", "The <grey> sea & its calm.", "two_voices"]


def test_musescore_takes_our_instruments(tmp_path: Path) -> None:
    text = "X:1\nT:Trio\nM:4/4\nL:1/8\nK:C\n"
    voices = [("Fiddle", 40), ("Flute", 73), ("Bass", 32)]
    for number, (name, program) in enumerate(voices, start=1):
        text += f"V:{number} name={name}\n%%MIDI program {program}\nc8|\n"
    score = check(text).score
    assert score is not None
    result = MuseScore(tmp_path).convert({"trio": to_musicxml(score)}, "mid")
    tracks = symusic.Score(result.folder / "trio.mid").tracks
    assert [track.program for track in tracks] == [program for _, program in voices]


_JUMP = re.compile(r'"[^"\n]*(?:D\.? ?C|D\.? ?S|Fine)[^"\n]*"', re.I)
"""Words above the notes that MuseScore takes for jumps."""


def sixty_pieces() -> dict[str, Score]:
    """Twenty corpus tunes with repeats, twenty pieces in voices whose bars fit together, twenty with changes."""
    texts = [_JUMP.sub("", piece.text) for piece in sample(120, seed=60)]
    with_repeats = [text for text in texts if re.search(r":\||\|:|::", text)][:20]
    in_voices = [piece.text for piece in several_voices(24, seed=61) if check(piece.text).ok][:20]
    changing = [piece.text for piece in medleys(20, seed=62)]
    pieces = {f"piece{i}": check(text).score for i, text in enumerate(with_repeats + in_voices + changing)}
    return {name: score for name, score in pieces.items() if score is not None}


def test_sixty_pieces_are_played_as_we_play_them(tmp_path: Path) -> None:
    scores = sixty_pieces()
    result = MuseScore(tmp_path).convert({name: to_musicxml(score) for name, score in scores.items()}, "mid")
    assert result.complaints == []
    different = [
        score.title
        for name, score in scores.items()
        if not agree(to_midi(score), (result.folder / f"{name}.mid").read_bytes())
    ]
    assert len(different) <= 0.05 * len(scores), different


def test_the_sixty_pieces_have_repeats_voices_and_changes_of_tempo_and_key() -> None:
    scores = list(sixty_pieces().values())
    bars = {score: [bar for voice in score.voices for bar in voice.bars] for score in scores}
    assert len(scores) == 60
    assert sum(len(unfold(score)) > len(score.voices[0].bars) for score in scores) >= 20
    assert sum(len(score.voices) > 1 for score in scores) >= 20
    assert sum(any(bar.tempo for bar in bars[score][1:]) for score in scores) >= 20
    assert sum(any(bar.key for bar in score.voices[0].bars[1:]) for score in scores) >= 15
