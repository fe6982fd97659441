"""What stands in a score survives MusicXML: written by us, read by music21, and written as ABC again."""

from __future__ import annotations

import pytest

from hartmann.notation.checking import check
from hartmann.notation.from_musicxml import musicxml_to_abc, musicxml_to_score
from hartmann.notation.musicxml import to_musicxml
from hartmann.notation.score import Score
from hartmann.notation.writing import to_abc

HEAD = "X:1\nT:Here\nC:Somebody\nM:4/4\nL:1/8\nQ:1/4=100\nK:Gmaj\n"


def score_of(text: str) -> Score:
    checked = check(text)
    assert checked.score is not None
    assert checked.errors == ()
    return checked.score


def through(music: str, head: str = HEAD, **options: int) -> list[str]:
    """The lines of music after the way through MusicXML; the ABC is right and canonical."""
    abc = musicxml_to_abc(to_musicxml(score_of(head + music)), **options)
    assert to_abc(score_of(abc)) == abc
    return [line for line in abc.splitlines() if line[1:2] != ":" or line.startswith("w:") or line[0] == "["]


@pytest.mark.parametrize(
    "music",
    [
        "G2 A2 B2 c2|d8|]",
        "D2|G2 A2 B2 c2|d6|]",
        "(3GAB (3:2:2c2d e4|(5:4:5GABcd e4|]",
        "G8-|G4 [GBd]4-|[GBd]8|]",
        "[G-Bd]4 [Gce]4|G8|]",
        "{a}G4 {/Bc}d4|G8|]",
        '"G"G4 "D7/F#"A4|"Am7"c8|]',
        "|:G8|1 A8:|2 B8|]",
        "|:G8:|\n|:A8:|",
        "G8||[K:Dmaj]f8|[M:3/4]f6|[Q:1/4=60]f6|]",
        "!p!G4 !crescendo(!A4|!f!B4 !crescendo)!c4|]",
        ".G2 !accent!A2 !trill!B2 !fermata!c2|]",
        "(G2 A2) (B4|c8)|]",
        "^G2 G2 =G2 _B2|G8|]",
        "z2 G6|Z|x4 G4|]",
        '"^slowly"G8|"_below"A8|]',
        "G4 B4 & D8|G8|]",
        "G/4A/4B/4c/4 d/2e/2f g4 g|]",
        "G8|!segno!A8|!D.S.!B8|]",
    ],
)
def test_one_voice_comes_back_as_it_was(music: str) -> None:
    lines = [line for line in through(music) if not line.startswith(("%", "V:"))]
    expected = to_abc(score_of(HEAD + music)).splitlines()
    assert lines == [line for line in expected if line[1:2] != ":"]


def test_the_head_comes_back() -> None:
    score = musicxml_to_score(to_musicxml(score_of(HEAD + "G8|]")))
    assert (score.title, score.composer, score.key.name, str(score.meter)) == (
        "Here",
        "Somebody",
        "G major",
        "4/4",
    )
    assert score.tempo is not None
    assert score.tempo.quarters_per_minute == 100


def test_lyrics_come_back_verse_by_verse() -> None:
    assert through("G2 A2 B2 c2|\nw:Hal-le-lu-jah\nw:A-men * so|")[1:3] == [
        "G2 A2 B2 c2|]",
        "w:Hal-le-lu-jah",
    ]
    assert through("G2 A2 B2 c2|\nw:Hal-le-lu-jah\nw:A-men * so|")[3] == "w:A-men * so"


def test_voices_keep_names_instruments_and_clefs() -> None:
    text = (
        'V:1 name="Flute"\n%%MIDI program 73\nV:2 name="Cello" clef=bass\n%%MIDI program 42\n'
        "[V:1] G8|A8|]\n[V:2] G,,8|[D,,A,,]8|]\n"
    )
    score = musicxml_to_score(to_musicxml(score_of(HEAD + text)))
    assert [(v.name, v.program, v.clef) for v in score.voices] == [
        ("Flute", 73, "treble"),
        ("Cello", 42, "bass"),
    ]
    assert through(text)[-2:] == ["[V:1] G8|A8|]", "[V:2] G,,8|[D,,A,,]8|]"]


def test_transposing_instruments_stay_as_written_and_say_how_they_sound() -> None:
    text = 'V:1 name="Clarinet" transpose=-2\n%%MIDI program 71\nA8|B8|]\n'
    score = musicxml_to_score(to_musicxml(score_of(HEAD + text)))
    assert score.voices[0].transpose == -2
    assert through(text)[-1] == "A8|B8|]"


def test_percussion_keeps_its_drums() -> None:
    text = "%%MIDI channel 10\nC,,2 D,,2 ^F,,4|C,,8|]\n"
    score = musicxml_to_score(to_musicxml(score_of(HEAD.replace("Gmaj", "Cmaj") + text)))
    assert score.voices[0].percussion
    assert [p.midi for n in score.voices[0].bars[0].notes for p in n.pitches] == [36, 38, 42]


def test_an_excerpt_ends_after_its_bars_and_leaves_no_repeat_open() -> None:
    assert through("|:G8|A8|B8|c8:|", bars=2)[-1] == "G8|A8|]"


def test_an_excerpt_leaves_out_empty_bars_in_front_and_keeps_what_they_stated() -> None:
    score = musicxml_to_score(to_musicxml(score_of(HEAD + "Z|[K:Dmaj][M:3/4]Z|f6|g6|]")), bars=1)
    assert (score.key.name, str(score.meter), len(score.voices[0].bars)) == ("D major", "3/4", 1)


def test_a_bar_that_fits_no_meter_states_its_own() -> None:
    free = to_musicxml(score_of("X:1\nM:none\nL:1/4\nK:C\nC2D2|E2DE|FED|EDC2|]"))  # exported as a hidden 4/4
    assert musicxml_to_abc(free).splitlines()[-1] == "C4 D4|E4 D2 E2|[M:3/4]F2 E2 D2|[M:4/4]E2 D2 C4|]"
