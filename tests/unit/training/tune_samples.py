"""Tunes to test teaching with: a jig with upbeats and repeats, a song, a minor lament, a long dance."""

from __future__ import annotations

from fractions import Fraction

from hartmann.library.ingest.music21_tunes import Tune
from hartmann.notation.checking import check
from hartmann.notation.score import Score
from hartmann.training.melodies import Melody
from hartmann.training.tunes import Lesson, read_lesson

JIG = "|:D|GAB d2B|c3 c2d|edc BAG|A3 A2D|GAB d2B|c3 c2d|edc BAF|G3 G2:|\n"
SONG = "C2 E2|G2 E2|F2 D2|C4|E2 G2|c2 G2|A2 F2|G4|" * 2 + "\n"
LAMENT = "A2 c2 e2|d2 c2 B2|A4 E2|A4 ^G2|c2 e2 a2|g2 e2 d2|e4 ^G2|A6|\n"
DANCE = "D|G2 B2 d2 B2|c2 A2 F2 D2|G2 B2 d2 g2|f2 d2 d3D|G2 B2 d2 B2|c2 A2 F2 D2|E2 c2 A2 F2|G4 G3||\n"


def lesson(name: str, head: str, body: str) -> Lesson:
    """A lesson read from ABC."""
    read = read_lesson(Tune(f"music21/test/{name}/1", f"X:1\nT:{name}\n{head}\n{body}", "", "", "", ""))
    assert isinstance(read, Lesson), read
    return read


def lessons() -> list[Lesson]:
    """One of each."""
    return [
        lesson("Jig", "R:jig\nM:6/8\nL:1/8\nK:G", JIG),
        lesson("Song", "M:2/4\nL:1/8\nK:C", SONG),
        lesson("Lament", "R:lament\nM:3/4\nL:1/8\nK:Am", LAMENT),
        lesson("Dance", "R:reel\nM:4/4\nL:1/8\nK:G", DANCE),
    ]


def melody_of(name: str) -> Melody:
    """The melody of the lesson with that title."""
    return next(x.melody for x in lessons() if x.title == name)


def checked(abc: str) -> Score:
    """The score of a text without problems."""
    found = check(abc)
    assert found.problems == (), (found.problems, abc)
    assert found.score is not None
    return found.score


def pitches(score: Score, voice: int = 0) -> list[int]:
    """The MIDI notes of a voice in order, the top one of chords."""
    return [max(n.pitches).midi for bar in score.voices[voice].bars for n in bar.notes if n.pitches]


def rhythm(score: Score) -> list[Fraction]:
    """The lengths of the first voice's notes and rests in quarters."""
    return [n.duration for bar in score.voices[0].bars for n in bar.notes]
