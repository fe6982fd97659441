"""A picture meets a tune of like mood, and the tune is arranged to come nearer still.

Of many pairs the one nearest in (valence, arousal) is taken, the tune's tempo moved towards the picture within reach.
Then instrument, key and octave are chosen among those in which the tune lies within the instrument's range, as the
grammar of bodies will hold it, for register counts in a feeling too. Where a picture's valence is clear, the tune's
mode is on its side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from hartmann.library.genres import Genre, named_genre
from hartmann.notation.instruments import ANY_RANGE, instrument_name, playing_range
from hartmann.training.feelings import TEMPI, Cues, cues_of
from hartmann.training.gallery import Gallery
from hartmann.training.melodies import Melody, moved
from hartmann.training.tune_text import Heading
from hartmann.training.tunes import Lesson, rhythm_of
from hartmann.vision.picture_features import PictureFeatures
from hartmann.vision.picture_words import light_word, palette_words

CANDIDATES: Final = 24
TEMPO_REACH: Final = 0.7
"""Octaves of tempo that a tune may be moved by (a factor of 1.6 either way)."""
AROUSAL_PER_OCTAVE, VALENCE_PER_OCTAVE = 0.96, 0.39
"""What doubling the tempo does to a piece, by the formulas of `library.features`: 1.6 (0.4 + 0.3/1.5), 1.5 · 0.26."""
VALENCE_WEIGHT: Final = 2.0
CLEAR: Final = 0.2
"""A picture's valence this far from 0 decides between the major and the minor side."""
WRONG_SIDE: Final = 1.0
KEYS_AT_MOST: Final = 4
"""Sharps or flats of the keys that tunes are transposed to."""
ARRANGEMENTS: Final = 10
MINOR_SIDE: Final = frozenset({"minor", "dorian", "aeolian"})
ANY_INSTRUMENTS: Final = (0, 110, 24, 46, 21)
"""For genres without instruments of their own: piano, fiddle, guitar, harp, accordion."""


@dataclass(frozen=True, slots=True)
class Match:
    """A tune made to fit: transposed, with its heading."""

    lesson: Lesson
    melody: Melody
    heading: Heading
    valence: float
    arousal: float

    @property
    def instrument(self) -> str:
        """The instrument's name in lower case."""
        return instrument_name(self.heading.program).lower()


class Matcher:
    """Meets pictures and tunes; the tunes' cues are worked out when first needed and kept."""

    def __init__(self, gallery: Gallery, pictures: range, lessons: Sequence[Lesson]) -> None:
        self._gallery, self._pictures, self._lessons = gallery, pictures, lessons
        self._cues: dict[str, Cues] = {}

    def meet(self, rng: Random) -> tuple[int, Match]:
        """A picture and a tune of like mood: half the time starting from the one, half from the other."""
        if rng.random() < 0.5:
            picture = rng.choice(self._pictures)
            pairs = [(picture, lesson) for lesson in rng.choices(self._lessons, k=CANDIDATES)]
        else:
            lesson = rng.choice(self._lessons)
            pairs = [(picture, lesson) for picture in rng.choices(self._pictures, k=CANDIDATES)]
        picture, lesson = min(pairs, key=lambda pair: self._gap(*pair))
        return picture, self.fitted(lesson, self.features(picture), rng)

    def fitted(self, lesson: Lesson, features: PictureFeatures, rng: Random) -> Match:
        """The tune arranged for a picture, under a title from it."""
        title = title_for(features, lesson, rng)
        return self._arranged(lesson, (features.valence, features.arousal), title, rng)

    def alone(self, lesson: Lesson, title: str, rng: Random) -> Match:
        """The tune arranged as it is, a little faster or slower."""
        valence, arousal = lesson.features.valence, lesson.features.arousal
        return self._arranged(lesson, (valence, arousal + rng.uniform(-0.4, 0.4)), title, rng)

    def features(self, picture: int) -> PictureFeatures:
        """What is measured in a picture of the gallery."""
        return self._gallery.exhibits[picture].features

    def _gap(self, picture: int, lesson: Lesson) -> float:
        features = self.features(picture)
        wanted = features.valence, features.arousal
        cues = self._known(lesson)
        gap = _distance(cues.feeling(_best_tempo(cues, lesson, wanted)), wanted)
        if abs(wanted[0]) > CLEAR and (wanted[0] < 0) != (lesson.melody.mode in MINOR_SIDE):
            gap += WRONG_SIDE
        return gap

    def _known(self, lesson: Lesson) -> Cues:
        if lesson.id not in self._cues:
            self._cues[lesson.id] = cues_of(lesson.melody, rhythm_of(lesson))
        return self._cues[lesson.id]

    def _arranged(self, lesson: Lesson, wanted: tuple[float, float], title: str, rng: Random) -> Match:
        cues, melody = self._known(lesson), lesson.melody
        best = _Arrangement(0, 0, _any_program(lesson, rng))
        least = math.inf
        for arrangement in _arrangements(melody, _programs(lesson), rng):
            at = cues.moved(arrangement.semitones)
            distance = _distance(at.feeling(_best_tempo(at, lesson, wanted)), wanted)
            if distance < least:
                best, least = arrangement, distance
        at = cues.moved(best.semitones)
        tempo = _within(_best_tempo(at, lesson, wanted) * 2 ** rng.gauss(0, 0.04), *TEMPI)
        placed = moved(melody, best.fifths, 4 * best.fifths + 7 * best.octave)
        heading = Heading(title, rhythm_of(lesson), tempo, best.program)
        return Match(lesson, placed, heading, *at.feeling(tempo))


@dataclass(frozen=True, slots=True)
class _Arrangement:
    """A move along the line of fifths and by octaves, for an instrument."""

    fifths: int
    octave: int
    program: int

    @property
    def semitones(self) -> int:
        return 7 * self.fifths + 12 * self.octave


def _arrangements(melody: Melody, programs: Sequence[int], rng: Random) -> list[_Arrangement]:
    """Some keys, octaves and instruments in which the tune can be written and played."""
    notes = [e for e in melody.events() if e.step >= 0]
    flattest, sharpest = min(e.fifths for e in notes), max(e.fifths for e in notes)
    lowest, highest = min(e.midi for e in notes), max(e.midi for e in notes)
    keys = [
        k
        for k in range(-6, 7)
        if abs(melody.signature + k) <= KEYS_AT_MOST and flattest + k >= -8 and sharpest + k <= 12
    ]
    found = []
    for fifths in rng.sample(keys, min(ARRANGEMENTS, len(keys))):
        program = rng.choice(programs)
        low, high = playing_range(program)
        for octave in range(-6, 6):
            shift = 7 * fifths + 12 * octave
            if lowest + shift - 1 >= low and highest + shift + 1 <= high:
                found.append(_Arrangement(fifths, octave, program))
    return found


def _programs(lesson: Lesson) -> tuple[int, ...]:
    genre = _genre(lesson)
    return genre.programs if genre else (lesson.features.program, *ANY_INSTRUMENTS[:2])


def _any_program(lesson: Lesson, rng: Random) -> int:
    """An instrument of the widest range, for a tune that stays where it is."""
    fitting = [p for p in (lesson.features.program, *_programs(lesson)) if playing_range(p) == ANY_RANGE]
    return fitting[0] if fitting else rng.choice(ANY_INSTRUMENTS)


def _genre(lesson: Lesson) -> Genre | None:
    return named_genre(rhythm_of(lesson))


def _best_tempo(cues: Cues, lesson: Lesson, wanted: tuple[float, float]) -> float:
    """The tempo within reach that comes nearest, in quarter notes a minute."""
    usual = _within(lesson.features.bpm * float(lesson.features.beat), *TEMPI)
    valence, arousal = cues.feeling(usual)
    pull = VALENCE_WEIGHT * VALENCE_PER_OCTAVE * (wanted[0] - valence)
    pull += AROUSAL_PER_OCTAVE * (wanted[1] - arousal)
    shift = pull / (VALENCE_WEIGHT * VALENCE_PER_OCTAVE**2 + AROUSAL_PER_OCTAVE**2)
    return _within(usual * 2 ** _within(shift, -TEMPO_REACH, TEMPO_REACH), *TEMPI)


def _distance(feeling: tuple[float, float], wanted: tuple[float, float]) -> float:
    return VALENCE_WEIGHT * (feeling[0] - wanted[0]) ** 2 + (feeling[1] - wanted[1]) ** 2


def _within(value: float, low: float, high: float) -> float:
    return min(high, max(low, value))


def title_for(features: PictureFeatures, lesson: Lesson, rng: Random) -> str:
    """A title from colours, light, mood and the kind of piece; never the tune's own."""
    colour = rng.choice(palette_words(features)).capitalize()
    mood = rng.choice(features.moods).capitalize().replace("-h", " H")
    night = features.brightness < 0.34
    time = rng.choice(
        ("Night", "Shadows", "Dusk", "Embers") if night else ("Morning", "Day", "Field", "Window")
    )
    kind = rhythm_of(lesson).split(" ")[-1].capitalize() or "Tune"
    light = light_word(features).split(" ")[-1].replace("-lit", " Lit").title()
    return rng.choice(
        (f"{mood} {colour}", f"The {colour} {kind}", f"{colour} {time}", f"{mood} {time}", f"{mood} {kind}",
         f"{light} {colour} {kind}")
    )  # fmt: skip


def retitled(match: Match, title: str) -> Match:
    """The same under another title."""
    return replace(match, heading=replace(match.heading, title=title))
