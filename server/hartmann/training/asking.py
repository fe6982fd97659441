"""What a person might say and wish: drawn from the tune that answers, so that obeying is what is learned.

Wishes are put as `composing.wishes.in_words` puts them, and only those are made that the pipeline's grammars would let
this tune fulfil (`composing.steering`): a mood whose side is the tune's mode, a difficulty whose limits it keeps.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Final

from hartmann.composing.difficulty import LIMITS, Limits
from hartmann.composing.facts import tempo_word
from hartmann.composing.steering import CLEAR, EXCITED, STILL
from hartmann.library.genres import felt_beat
from hartmann.moods import MOODS, mood_words
from hartmann.notation.instruments import playing_range
from hartmann.training.feelings import meter_of
from hartmann.training.matching import MINOR_SIDE, Match
from hartmann.training.melodies import Melody, fifths_name
from hartmann.training.tune_text import Heading, unit_of
from hartmann.training.tunes import rhythm_of

NOTHING: Final = dict.fromkeys(("key", "meter", "tempo_bpm", "mood", "ensemble", "bars", "difficulty"), "")
LONG_MODES: Final = {"ionian": "major", "aeolian": "minor"}
IRRELEVANT: Final = (
    "my grandmother's garden",
    "holiday by the sea, last summer",
    "a walk with my dog",
    "for my friend",
)
"""Words that say nothing about the music."""


def wishes_of(match: Match) -> dict[str, str]:
    """Every wish that this tune fulfils."""
    return {
        "key": key_name(match.melody),
        "meter": match.melody.meter,
        "tempo_bpm": f"{round(match.heading.tempo)}",
        "mood": _mood(match),
        "ensemble": match.instrument,
        "bars": str(match.melody.written_bars),
        "difficulty": difficulty_of(match.melody, match.heading),
    }


def key_name(melody: Melody) -> str:
    """The key in words: `F# minor`."""
    return f"{fifths_name(melody.tonic)} {LONG_MODES.get(melody.mode, melody.mode)}"


def difficulty_of(melody: Melody, heading: Heading) -> str:
    """The easiest difficulty whose limits a tune keeps to."""
    for name in ("easy", "medium"):
        if _keeps(melody, heading, LIMITS[name], name == "easy"):
            return name
    return "hard"


def words_for(match: Match, rng: Random, *, chords: bool = False) -> str:
    """What a person might write; `chords` asks for chord symbols too."""
    mood = rng.choice(mood_words(match.valence, match.arousal))
    kind, tempo, key = rhythm_of(match.lesson), tempo_said(match), key_name(match.melody)
    said = rng.choice(
        (f"something {mood}", f"{mood} music, please", f"a {mood} {kind}", f"a {tempo} {kind}", f"a {kind} in {key}",
         f"{tempo} and {mood}", f"for {match.instrument}, {mood}", f"write a {mood} {kind} in {match.melody.meter}",
         rng.choice(IRRELEVANT))
    )  # fmt: skip
    return f"{said}{rng.choice((', with chords', ' with chord symbols', ', and chords'))}" if chords else said


def moody_words(match: Match, rng: Random) -> str:
    """Words that name a mood of the tune, for a tune that the picture does not suggest."""
    mood = rng.choice(mood_words(match.valence, match.arousal))
    return rng.choice((f"something {mood}", f"{mood} music, please", f"a {mood} {rhythm_of(match.lesson)}"))


def tempo_said(match: Match) -> str:
    """The word for the tune's tempo."""
    beat = felt_beat(meter_of(match.melody))
    return tempo_word(match.heading.tempo / float(beat))


def _mood(match: Match) -> str:
    """A mood of the tune that the grammar of headers takes this tune's key and tempo for; empty for none."""
    minor, tempo = match.melody.mode in MINOR_SIDE, match.heading.tempo
    for word in mood_words(match.valence, match.arousal):
        valence, arousal = MOODS[word]
        side = abs(valence) < CLEAR or (valence < 0) == minor
        low, high = (EXCITED if arousal > 0 else STILL) if abs(arousal) >= CLEAR else (0.0, 999.0)
        if side and low <= tempo <= high:
            return word
    return ""


def _keeps(melody: Melody, heading: Heading, limits: Limits, is_easy: bool) -> bool:
    notes = [e for e in melody.events() if e.step >= 0]
    low, high = limits.within(*playing_range(heading.program))
    inside = all(low + 1 <= e.midi <= high - 1 for e in notes)
    leap = max((abs(b.midi - a.midi) for a, b in pairwise(notes)), default=0)
    shortest = limits.shortest(Fraction(round(heading.tempo))) * 4
    return (
        inside
        and leap <= limits.leap
        and all(e.length >= shortest and not e.triplet for e in melody.events())
        and abs(melody.signature) <= limits.accidentals
        and (not is_easy or unit_of(melody) == Fraction(1, 8))
    )
