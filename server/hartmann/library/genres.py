"""Genres: what kind of piece a tune is, from its `R:` field, its title or its meter, and what that implies.

Tune books say "slip jig" or "Kriegs- und Soldatenlied" where a caption says "slip jig" and "soldiers' song".
Each genre here has words that give it away (English, and the German of the Essen collection, whose Chinese
songs are labelled in pinyin), a usual tempo, how it tends to feel, and instruments that suit it.

- `bpm` counts felt beats (`felt_beat`): dotted quarters in 6/8, half notes where `in_two` (reels and
  hornpipes are danced in two, marches stepped in two). Jigs, reels, hornpipes, strathspeys, marches and
  quicksteps have the medians of the `Q:` fields of music21's corpus, rounded; the others, which it gives
  no or few tempos, are ours.
- `energy` and `cheer` are -1…1: how excited and how glad people expect such a piece to be.
- `programs` are General MIDI programs from the calmest to the brightest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from hartmann.notation.instruments import instrument_name
from hartmann.notation.score import Meter


@dataclass(frozen=True, slots=True)
class Genre:
    """A kind of piece; the fields are explained at the top of this module."""

    name: str
    pattern: str
    bpm: int
    energy: float
    cheer: float
    programs: tuple[int, ...]
    in_two: bool = False
    sung: bool = False


FIDDLE, WHISTLE, FLUTE, ACCORDION, PIPES, GUITAR, HARP = 110, 78, 73, 21, 109, 24, 46
PIANO, MUSIC_BOX, ORGAN, RECORDER, FIFE, TRUMPET, HORN = 0, 10, 19, 74, 72, 56, 60
VIOLIN, CELLO, CLARINET, OBOE, BANJO, CHOIR, HARPSICHORD = 40, 42, 71, 68, 105, 52, 6
BAMBOO_FLUTE = 77

_TRADITIONAL = (FLUTE, ACCORDION, WHISTLE, FIDDLE)
_SONG = (CELLO, GUITAR, CLARINET, VIOLIN, FLUTE)
_QUIET = (HARP, CELLO, GUITAR, FLUTE)

GENRES: Final[tuple[Genre, ...]] = (
    Genre("slip jig", r"slip[ -]?jig|hop jig", 116, 0.5, 0.5, _TRADITIONAL),
    Genre("jig", r"\bjig|\bgigue|\bgiga\b", 120, 0.6, 0.6, _TRADITIONAL),
    Genre("slow strathspey", r"slow strathspey", 48, -0.2, 0.0, (CELLO, FLUTE, FIDDLE), in_two=True),
    Genre("strathspey", r"strathspey", 60, 0.4, 0.3, (FLUTE, PIPES, FIDDLE), in_two=True),
    Genre("reel", r"\breel", 104, 0.8, 0.5, (FLUTE, BANJO, ACCORDION, FIDDLE), in_two=True),
    Genre("hornpipe", r"hornpipe", 92, 0.4, 0.5, (FLUTE, ACCORDION, WHISTLE, FIDDLE), in_two=True),
    Genre("clog dance", r"\bclog", 88, 0.5, 0.5, (ACCORDION, BANJO, FIDDLE), in_two=True),
    Genre("polka", r"\bpolka", 112, 0.7, 0.7, (CLARINET, ACCORDION, FIDDLE)),
    Genre("waltz", r"\bwaltz|\bwalzer", 132, 0.1, 0.3, (CELLO, PIANO, ACCORDION, VIOLIN)),
    Genre("mazurka", r"mazurka|varsovian", 126, 0.3, 0.3, (PIANO, ACCORDION, VIOLIN)),
    Genre("minuet", r"\bminuet|\bmenuet", 116, 0.0, 0.2, (OBOE, HARPSICHORD, FLUTE, VIOLIN)),
    Genre("quickstep", r"quick ?-?step|\bquick march", 88, 0.6, 0.4, (CLARINET, FIFE, TRUMPET), in_two=True),
    Genre("march", r"\bmarch|\bmarsch|\bretreat|troop\b|gathering", 84, 0.4, 0.1,
          (HORN, PIPES, FIFE, TRUMPET), in_two=True),
    Genre("set dance", r"set ?dance|long dance|country dance|cotillion|quadrille|schottische",
          96, 0.5, 0.5, (FLUTE, ACCORDION, FIDDLE)),
    Genre("lament", r"\blament|\bcumha|funeral|\bdirge|klage\b|totenlied", 60, -0.8, -0.9,
          (CELLO, PIPES, OBOE, FLUTE), sung=True),
    Genre("lullaby", r"lullaby|cradle|wiegen", 66, -0.9, 0.2, (MUSIC_BOX, HARP, FLUTE), sung=True),
    Genre("hymn", r"\bhymn|psalm|religi|geistlich|marien|kirchen|\bchoral", 72, -0.4, 0.0,
          (ORGAN, CHOIR, RECORDER), sung=True),
    Genre("soldiers' song", r"soldat|krieg|military", 100, 0.4, 0.0, (HORN, FIFE, TRUMPET), sung=True),
    Genre("hunting song", r"j[aä]e?ger|jagd|hunting", 108, 0.5, 0.4, (CLARINET, HORN, TRUMPET), sung=True),
    Genre("drinking song", r"\btrink|\bzech|drinking", 112, 0.6, 0.6, (CLARINET, ACCORDION, FIDDLE), sung=True),
    Genre("farewell song", r"abschied|farewell|trennung|adieu", 76, -0.4, -0.4, _QUIET, sung=True),
    Genre("comic song", r"scherz|spott|schwank|schelm|schalk|lustig", 112, 0.6, 0.6,
          (CLARINET, ACCORDION, FIDDLE), sung=True),
    Genre("dance song", r"\btanz|reigen|tanz\b", 108, 0.6, 0.6, (RECORDER, ACCORDION, FIDDLE), sung=True),
    Genre("children's song", r"\bkinder|children", 104, 0.3, 0.6, (MUSIC_BOX, RECORDER, FLUTE), sung=True),
    Genre("wedding song", r"hochzeit|ehestand|wedding", 100, 0.4, 0.5, (CLARINET, ACCORDION, FIDDLE), sung=True),
    Genre("wanderer's song", r"wander", 104, 0.3, 0.4, (GUITAR, CLARINET, FLUTE), sung=True),
    Genre("love song", r"liebe|\blove\b", 80, -0.2, 0.1, _SONG, sung=True),
    Genre("ballad", r"ballad|romanze|erz[aä]e?hl|sage\b|sagen", 84, -0.1, -0.1, _SONG, sung=True),
    Genre("mountain song", r"shange|\bshan'?ge", 72, 0.1, 0.1, (BAMBOO_FLUTE, WHISTLE), sung=True),
    Genre("work song", r"haozi|handwerk|arbeit|berufs|work song", 100, 0.5, 0.1, (CLARINET, FIFE, TRUMPET),
          sung=True),
    Genre("folk song", r"xiaodiao|tiange|shidiao|wuge|\blied|lieder|\bsong|volks|brauch|st[aä]e?nde|heimat",
          88, 0.0, 0.1, _SONG, sung=True),
    Genre("slow air", r"slow air|slow\b", 60, -0.6, -0.2, (HARP, CELLO, PIPES, FLUTE)),
    Genre("air", r"\bairs?\b|melody|planxty|carolan", 76, -0.2, 0.1, (HARP, CELLO, FLUTE, FIDDLE)),
)  # fmt: skip
"""In order of precedence: the first whose pattern is found in the text wins."""

CHORALE: Final = Genre("vocal polyphony", "", 66, -0.4, -0.1, (ORGAN, CHOIR), sung=True)
DANCE: Final = Genre("dance tune", "", 104, 0.4, 0.4, _TRADITIONAL)
TUNE: Final = Genre("folk tune", "", 88, 0.0, 0.1, (CELLO, FLUTE, FIDDLE))

_COMPILED = tuple((re.compile(genre.pattern, re.IGNORECASE), genre) for genre in GENRES)


def named_genre(text: str) -> Genre | None:
    """The genre that the text names, or None: "R: double jig" and "The Dusty Miller, slip jig" both do."""
    return next((genre for pattern, genre in _COMPILED if pattern.search(text)), None)


def supposed_genre(meter: Meter, voices: int, notes_per_beat: float) -> Genre:
    """What a piece without a name for its kind is taken to be: by its voices, its meter and how busy it is."""
    if voices > 2:
        return CHORALE
    busy = 2.4 if meter.is_compound else 1.9
    return DANCE if notes_per_beat >= busy else TUNE


def felt_beat(meter: Meter, *, in_two: bool = False) -> Fraction:
    """The beat people tap, in quarter notes: 3/2 in 6/8 and 3/8, 2 in `C|`, 1 in 4/4 and in free meter.

    `in_two` asks for two beats in a 4/4 bar, as reels are danced.
    """
    if meter.symbol == "free":
        return Fraction(1)
    if meter.is_compound or (meter.numerator, meter.denominator) == (3, 8):
        return Fraction(12, meter.denominator)
    if in_two and meter.numerator == 4:
        return Fraction(8, meter.denominator)
    return Fraction(2) if meter.symbol == "C|" else Fraction(4, meter.denominator)


_FOLK_WORDS: Final = {
    0: "piano", 19: "church organ", 24: "acoustic guitar", 52: "choir", 53: "voice", FIFE: "fife",
    BAMBOO_FLUTE: "bamboo flute", WHISTLE: "tin whistle", PIPES: "bagpipes",
}  # fmt: skip


def instrument_word(program: int) -> str:
    """What a caption calls a General MIDI program 0…127: `fiddle`, `tin whistle`, `church organ`."""
    return _FOLK_WORDS.get(program) or instrument_name(program).lower()
