"""Conversations to learn from, exactly as the pipeline will hold them (`composing.work`), in the `compact` profile.

A conversation is a list of turns; the mini learns the assistant's. A picture meets a tune by mood: the tune's tempo is
moved towards the picture's arousal, and of several candidates the one nearest in (valence, arousal) is taken. Wishes
and a person's words are drawn from the tune itself, so that obeying them is what is learned.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random
from typing import Final

from hartmann.composing.prompts import Prompts
from hartmann.composing.refining import metric_lines
from hartmann.library.reference import Reference
from hartmann.moods import mood_words
from hartmann.notation.checking import check
from hartmann.notation.instruments import instrument_name
from hartmann.notation.metrics import measure as measure_score
from hartmann.training.gallery import Gallery
from hartmann.training.melodies import LETTERS, Event, Melody, Part, UnfitError, fifths_name, transposed
from hartmann.training.motivations import LONG_MODES, motivate, tempo_word
from hartmann.training.surveys import QUESTION, survey
from hartmann.training.tune_text import Heading, write_body, write_tune
from hartmann.training.tunes import Lesson
from hartmann.vision.picture_features import PictureFeatures
from hartmann.vision.picture_words import describe, light_word, palette_words

CANDIDATES: Final = 24
TEMPO_REACH: Final = 0.6
"""Octaves of tempo that a tune may be moved by (a factor of 1.5 either way)."""
AROUSAL_PER_OCTAVE, VALENCE_PER_OCTAVE = 0.78, 0.24
"""What doubling the tempo does to a piece, by the formulas of `library.features`: 1.3 (0.4 + 0.3/1.5), 1.1 · 0.22."""
KEYS_AT_MOST: Final = 4
"""Sharps or flats of the keys that tunes are transposed to."""


class Kind(StrEnum):
    """What a conversation teaches."""

    SURVEY = "survey"
    CAPTION = "caption"
    WHOLE = "whole"
    TUNE = "tune"
    REFINE = "refine"


SEEING: Final = {Kind.SURVEY: 0.5, Kind.CAPTION: 0.5}
"""The first lessons, with pictures alone."""
MIX: Final = {Kind.SURVEY: 0.06, Kind.CAPTION: 0.2, Kind.WHOLE: 0.58, Kind.TUNE: 0.12, Kind.REFINE: 0.04}
"""The lessons after them."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message. `learned` marks those that the loss counts."""

    role: str
    text: str
    learned: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """Turns, and the picture (its number in the gallery) before the first, or None."""

    turns: tuple[Turn, ...]
    picture: int | None


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


class Teacher:
    """Makes conversations from a gallery and lessons; conversation `n` depends on `n` and the seed alone."""

    def __init__(
        self,
        gallery: Gallery,
        pictures: range,
        lessons: Sequence[Lesson],
        seed: int,
        seeing: int = 0,
    ) -> None:
        self._gallery, self._pictures, self._lessons, self._seed = gallery, pictures, lessons, seed
        self._seeing = seeing
        self._prompts = Prompts("compact")

    def conversation(self, number: int, kind: Kind | None = None) -> Conversation:
        """Conversation `number`; its kind is drawn from `SEEING` (the first `seeing` of them) or `MIX` unless given."""
        rng = Random(self._seed * 1_000_003 + number)
        mix = SEEING if number < self._seeing else MIX
        kind = kind or rng.choices(list(mix), list(mix.values()))[0]
        if kind is Kind.SURVEY:
            picture = rng.choice(self._pictures)
            answer = survey(self._features(picture), rng)
            return Conversation((Turn("user", QUESTION), Turn("assistant", answer, True)), picture)
        if kind is Kind.CAPTION:
            picture = rng.choice(self._pictures)
            return Conversation(self._caption(self._features(picture), "", rng), picture)
        picture, match = self._meet(rng)
        features = self._features(picture)
        prompt, wishes, match = self._asked(match, rng)
        turns = [*self._caption(features, prompt, rng), *self._compose(prompt, wishes, match, kind, rng)]
        if kind is Kind.REFINE:
            turns = [*turns[:-1], *self._refine(match, rng)]
        elif kind is Kind.WHOLE and rng.random() < 0.9:
            why = motivate(features, match.melody, match.heading, match.instrument, rng)
            turns += [
                Turn("user", self._prompts.motivation(match.heading.title)),
                Turn("assistant", why, True),
            ]
        shown = kind is Kind.WHOLE or rng.random() < 0.15
        if not shown:
            turns = [turns[0], replace(turns[1], learned=False), *turns[2:]]
        return Conversation(tuple(turns), picture if shown else None)

    def _features(self, picture: int) -> PictureFeatures:
        return self._gallery.exhibits[picture].features

    def _caption(self, features: PictureFeatures, prompt: str, rng: Random) -> tuple[Turn, ...]:
        return Turn("user", self._prompts.caption(prompt)), Turn("assistant", describe(features, rng), True)

    def _meet(self, rng: Random) -> tuple[int, Match]:
        """A picture and a tune of like mood: half the time starting from the one, half from the other."""
        if rng.random() < 0.5:
            picture = rng.choice(self._pictures)
            lessons = rng.choices(self._lessons, k=CANDIDATES)
            pairs = [(picture, lesson) for lesson in lessons]
        else:
            lesson = rng.choice(self._lessons)
            pairs = [(picture, lesson) for picture in rng.choices(self._pictures, k=CANDIDATES)]
        picture, lesson = min(pairs, key=lambda pair: self._gap(*pair))
        features = self._features(picture)
        return picture, fit_tune(lesson, features, rng)

    def _gap(self, picture: int, lesson: Lesson) -> float:
        features = self._features(picture)
        shift = _tempo_shift(lesson, features.arousal)
        valence = lesson.features.valence + VALENCE_PER_OCTAVE * shift
        arousal = lesson.features.arousal + AROUSAL_PER_OCTAVE * shift
        return 1.5 * (valence - features.valence) ** 2 + (arousal - features.arousal) ** 2

    def _asked(self, match: Match, rng: Random) -> tuple[str, dict[str, str], Match]:
        """What the person says and wishes; in half the cases the tune is one the picture did not suggest."""
        nothing = dict.fromkeys(("key", "meter", "tempo_bpm", "mood", "ensemble", "bars", "difficulty"), "")
        if rng.random() < 0.5:
            return "", nothing, match
        if rng.random() < 0.5:
            lesson = rng.choice(self._lessons)
            match = _matched(lesson, rng.uniform(-0.4, 0.4), match.heading.title, rng)
        wishes = nothing | {k: v for k, v in wishes_of(match).items() if rng.random() < 0.45}
        prompt = _words(match, rng) if rng.random() < 0.4 else ""
        return prompt, wishes if rng.random() < 0.8 or not prompt else nothing, match

    def _compose(
        self, prompt: str, wishes: dict[str, str], match: Match, kind: Kind, rng: Random
    ) -> tuple[Turn, Turn]:
        references = [self._reference(match, rng) for _ in range(2)] if rng.random() < 0.3 else []
        text = self._prompts.compose(caption="", prompt=prompt, wishes=wishes, references=references)
        return Turn("user", text), Turn(
            "assistant", write_tune(match.melody, match.heading), kind is not Kind.REFINE
        )

    def _reference(self, match: Match, rng: Random) -> Reference:
        """A kindred piece, of like mood but never the tune itself."""
        others = [x for x in rng.choices(self._lessons, k=8) if x.id != match.lesson.id] or [self._lessons[0]]
        lesson = min(
            others,
            key=lambda x: abs(x.features.valence - match.valence) + abs(x.features.arousal - match.arousal),
        )
        return Reference(lesson.id, lesson.title, lesson.caption, write_body(lesson.melody), "", "")

    def _refine(self, match: Match, rng: Random) -> list[Turn]:
        worse = spoiled(match.melody, rng) if rng.random() < 0.75 else match.melody
        draft = write_tune(worse, match.heading)
        score = check(draft).score
        lines = list(metric_lines(measure_score(score))) if score else []
        return [
            Turn("assistant", draft),
            Turn("user", self._prompts.refine(caption="", metrics=lines)),
            Turn("assistant", write_tune(match.melody, match.heading), True),
        ]


def fit_tune(lesson: Lesson, features: PictureFeatures, rng: Random) -> Match:
    """The tune in some key, at the tempo nearest to the picture's arousal, under a title from the picture."""
    shift = _tempo_shift(lesson, features.arousal) + rng.gauss(0, 0.08)
    return _matched(lesson, shift, title_for(features, lesson, rng), rng)


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


def rhythm_of(lesson: Lesson) -> str:
    """What `R:` says: letters and spaces only; songs of all sorts are songs."""
    name = lesson.features.genre
    return "song" if "'" in name or not name.isascii() else name


def wishes_of(match: Match) -> dict[str, str]:
    """Every wish that this tune fulfils, as `composing.wishes.in_words` would put it."""
    melody, rate = match.melody, match.lesson.features.notes_per_second
    return {
        "key": f"{fifths_name(melody.tonic)} {LONG_MODES.get(melody.mode, 'major')}",
        "meter": melody.meter,
        "tempo_bpm": f"{round(match.heading.tempo)}",
        "mood": mood_words(match.valence, match.arousal)[0],
        "ensemble": match.instrument,
        "bars": str(melody.written_bars),
        "difficulty": "easy" if rate < 2 else ("hard" if rate > 4 else "medium"),
    }


def spoiled(melody: Melody, rng: Random) -> Melody:
    """A worse version: some notes moved, or the first bars over and over. Lengths stay, so bars stay exact."""
    if rng.random() < 0.6:
        share = rng.uniform(0.1, 0.4)
        parts = tuple(
            replace(p, bars=tuple(tuple(_moved(e, share, rng) for e in bar) for bar in p.bars))
            for p in melody.parts
        )
        return replace(melody, parts=parts)
    return replace(melody, parts=tuple(_monotonous(p, melody) for p in melody.parts))


def _moved(event: Event, share: float, rng: Random) -> Event:
    if event.step < 0 or event.tied or rng.random() > share:
        return event
    step = event.step + rng.choice((-3, -2, -1, 1, 2, 3))
    moved = replace(event, step=step, fifths=(0, 2, 4, -1, 1, 3, 5)[step % len(LETTERS)])
    return moved if 57 <= moved.midi <= 81 else event


def _monotonous(part: Part, melody: Melody) -> Part:
    full = [b for b in part.bars if sum(e.sounding for e in b) == melody.bar]
    if not full:
        return part
    plain = tuple(replace(e, tied=False) for e in full[0])
    return replace(
        part, bars=tuple(plain if sum(e.sounding for e in b) == melody.bar else b for b in part.bars)
    )


def _tempo_shift(lesson: Lesson, arousal: float) -> float:
    wanted = (max(-0.8, min(0.8, arousal)) - lesson.features.arousal) / AROUSAL_PER_OCTAVE
    return max(-TEMPO_REACH, min(TEMPO_REACH, wanted))


def _matched(lesson: Lesson, shift: float, title: str, rng: Random) -> Match:
    measured = lesson.features
    tempo = measured.bpm * float(measured.beat) * 2**shift
    tempo = max(42.0, min(216.0, tempo))
    shift = math.log2(tempo / (measured.bpm * float(measured.beat)))
    melody = lesson.melody
    reachable = [k for k in range(-6, 7) if abs(melody.signature + k) <= KEYS_AT_MOST]
    if rng.random() < 0.6 and reachable:
        try:
            melody = transposed(melody, rng.choice(reachable))
        except UnfitError:
            melody = lesson.melody
    heading = Heading(title, rhythm_of(lesson), tempo, measured.program)
    return Match(
        lesson,
        melody,
        heading,
        measured.valence + VALENCE_PER_OCTAVE * shift,
        measured.arousal + AROUSAL_PER_OCTAVE * shift,
    )


def _words(match: Match, rng: Random) -> str:
    mood = rng.choice(mood_words(match.valence, match.arousal))
    kind = rhythm_of(match.lesson)
    tempo = tempo_word(match.melody, match.heading.tempo)
    key = wishes_of(match)["key"]
    return rng.choice(
        (
            f"something {mood}",
            f"{mood} music, please",
            f"a {mood} {kind}",
            f"a {tempo} {kind}",
            f"a {kind} in {key}",
            f"{tempo} and {mood}",
            f"for {match.instrument}, {mood}",
            f"write a {mood} {kind} in {match.melody.meter}",
            "my grandmother's garden",
            "holiday by the sea, last summer",
            "a walk with my dog",
        )
    )
