"""Conversations to learn from, exactly as the pipeline will hold them (`composing.work`), in the `compact` profile.

A conversation is a list of turns; the mini learns the assistant's. A picture meets a tune by mood (`matching`). A
person's words and wishes are drawn from the tune itself (`asking`), so that obeying them is what is learned. Some tunes
have chord symbols, some a second voice (`duets`), for which the wish names two instruments, as only that makes the
pipeline ask for two. What a motivation must say of the tune stands in the prompt (`composing.facts`). A refinement
mends the bars that were spoiled and keeps the others (`spoiling`).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random
from typing import Final

from hartmann.composing.facts import facts_of
from hartmann.composing.prompts import Prompts
from hartmann.composing.refining import metric_lines
from hartmann.library.reference import Reference
from hartmann.notation.checking import check
from hartmann.notation.instruments import instrument_name
from hartmann.notation.metrics import measure as measure_score
from hartmann.training.asking import NOTHING, moody_words, wishes_of, words_for
from hartmann.training.duets import Duet, make_duet, squared, write_duet
from hartmann.training.gallery import Gallery
from hartmann.training.harmonizing import chord_names
from hartmann.training.matching import Match, Matcher
from hartmann.training.melodies import Melody, UnfitError, shortened
from hartmann.training.motivations import motivate
from hartmann.training.spoiling import spoiled
from hartmann.training.surveys import QUESTION, survey
from hartmann.training.tune_text import write_body, write_tune
from hartmann.training.tunes import Lesson
from hartmann.training.variations import one_section, varied
from hartmann.vision.picture_features import PictureFeatures
from hartmann.vision.picture_words import describe

DUETS: Final = 0.22
"""The share of tunes that get a second voice, where one can be made."""
CHORD_SYMBOLS: Final = 0.25
"""The share of tunes in one voice that have chord symbols."""
SPOILED: Final = 0.75
"""The share of drafts to refine that need it; the others stay as they are."""
VARIATIONS: Final = 0.15
"""The share of refinements that are variations: the mini is asked for both in the same words."""
BARS_REFINED: Final = 16
"""Tunes to refine are cut to sections of about so many bars, for they are written twice."""


class Kind(StrEnum):
    """What a conversation teaches."""

    SURVEY = "survey"
    CAPTION = "caption"
    WHOLE = "whole"
    TUNE = "tune"
    REFINE = "refine"


SEEING: Final = {Kind.SURVEY: 0.5, Kind.CAPTION: 0.5}
"""The first lessons, with pictures alone."""
MIX: Final = {Kind.SURVEY: 0.06, Kind.CAPTION: 0.18, Kind.WHOLE: 0.52, Kind.TUNE: 0.14, Kind.REFINE: 0.1}
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
class Written:
    """A tune to be written: arranged, with its second voice if it has one, and whether with chord symbols.

    A theme is to be varied: it is in one section of full bars.
    """

    match: Match
    duet: Duet | None = None
    chords: bool = False
    is_theme: bool = False

    @property
    def text(self) -> str:
        """The tune in ABC."""
        return self._as(self.match.melody if self.duet is None else self.duet.melody)

    @property
    def melody(self) -> Melody:
        """The leading voice."""
        return self.duet.melody if self.duet else self.match.melody

    def spoiled(self, rng: Random) -> str:
        """A worse draft of it in ABC, under the same header."""
        return self._as(spoiled(self.melody, rng))

    def varied(self, rng: Random) -> str:
        """A variation on it in ABC, under the title that the pipeline gives one (`composing.steering`)."""
        heading = replace(self.match.heading, title=f"Variation on {self.match.heading.title}")
        return write_tune(varied(self.match.melody, rng), heading)

    @property
    def wishes(self) -> dict[str, str]:
        """Every wish that it fulfils."""
        if self.duet is None:
            return wishes_of(self.match)
        programs = self.match.heading.program, self.duet.program
        names = ", ".join(instrument_name(program).lower() for program in programs)
        alone = wishes_of(replace(self.match, melody=self.duet.melody))
        return alone | {"ensemble": names, "difficulty": ""}

    def _as(self, melody: Melody) -> str:
        heading = self.match.heading
        if self.duet:
            return write_duet(replace(self.duet, melody=melody), heading)
        return write_tune(melody, heading, chord_names(self.match.melody) if self.chords else None)


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
        self._matcher = Matcher(gallery, pictures, lessons)

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
        return self._music(kind, rng)

    def _music(self, kind: Kind, rng: Random) -> Conversation:
        """A conversation with a tune in it; most of those that are not whole go without their picture."""
        picture, match = self._matcher.meet(rng)
        features = self._features(picture)
        prompt, wishes, written = self._asked(match, kind, rng)
        turns = [*self._caption(features, prompt, rng), *self._compose(prompt, wishes, written, rng)]
        if kind is Kind.REFINE:
            turns = [*turns[:-1], *self._refine(written, rng)]
        elif kind is Kind.WHOLE and rng.random() < 0.9:
            turns += self._motivation(features, written, rng)
        shown = kind is Kind.WHOLE or rng.random() < 0.15
        if not shown:
            turns = [turns[0], replace(turns[1], learned=False), *turns[2:]]
        return Conversation(tuple(turns), picture if shown else None)

    def _features(self, picture: int) -> PictureFeatures:
        return self._gallery.exhibits[picture].features

    def _caption(self, features: PictureFeatures, prompt: str, rng: Random) -> tuple[Turn, ...]:
        return Turn("user", self._prompts.caption(prompt)), Turn("assistant", describe(features, rng), True)

    def _asked(self, match: Match, kind: Kind, rng: Random) -> tuple[str, dict[str, str], Written]:
        """What the person says and wishes; in a quarter of the cases another tune than the picture suggests."""
        other = rng.random() < 0.25
        if other:
            match = self._matcher.alone(rng.choice(self._lessons), match.heading.title, rng)
        written = _to_refine(match, rng) if kind is Kind.REFINE else _written(match, rng)
        fulfilled = written.wishes
        wishes = dict(NOTHING)
        prompt = ""
        if other or rng.random() < 0.33:
            wishes |= {name: wish for name, wish in fulfilled.items() if rng.random() < 0.45}
            prompt = words_for(match, rng, chords=written.chords) if rng.random() < 0.4 else ""
        if written.duet:
            wishes["ensemble"] = fulfilled["ensemble"]
        if other and not prompt and not wishes["mood"]:
            prompt = moody_words(match, rng)
        return prompt, wishes, written

    def _compose(
        self, prompt: str, wishes: dict[str, str], written: Written, rng: Random
    ) -> tuple[Turn, Turn]:
        references = [self._reference(written.match, rng) for _ in range(2)] if rng.random() < 0.3 else []
        text = self._prompts.compose(caption="", prompt=prompt, wishes=wishes, references=references)
        return Turn("user", text), Turn("assistant", written.text, True)

    def _reference(self, match: Match, rng: Random) -> Reference:
        """A kindred piece, of like mood but never the tune itself."""
        own = match.lesson.id.partition("#")[0]
        others = [x for x in rng.choices(self._lessons, k=8) if x.id.partition("#")[0] != own]
        lesson = min(
            others or [self._lessons[0]],
            key=lambda x: abs(x.features.valence - match.valence) + abs(x.features.arousal - match.arousal),
        )
        return Reference(lesson.id, lesson.title, lesson.caption, write_body(lesson.melody), "", "")

    def _motivation(self, features: PictureFeatures, written: Written, rng: Random) -> list[Turn]:
        score = check(written.text).score
        assert score is not None
        facts = facts_of(score)
        asked = self._prompts.motivation(score.title, facts)
        return [Turn("user", asked), Turn("assistant", motivate(features, facts, rng), True)]

    def _refine(self, written: Written, rng: Random) -> list[Turn]:
        """A draft and what becomes of it: mended, or kept where it is good, or varied where the title says so."""
        if written.is_theme:
            draft, better = written.text, written.varied(rng)
        else:
            draft, better = written.spoiled(rng) if rng.random() < SPOILED else written.text, written.text
        score = check(draft).score
        lines = list(metric_lines(measure_score(score))) if score else []
        return [
            Turn("assistant", draft),
            Turn("user", self._prompts.refine(caption="", metrics=lines)),
            Turn("assistant", better, True),
        ]


def _to_refine(match: Match, rng: Random) -> Written:
    """A shorter tune, since it is written twice; or a theme to vary."""
    short = replace(match, melody=shortened(match.melody, BARS_REFINED))
    if rng.random() < VARIATIONS:
        with suppress(UnfitError):
            return Written(replace(match, melody=one_section(squared(match.melody))), is_theme=True)
    return _written(short, rng)


def _written(match: Match, rng: Random) -> Written:
    """In two voices, or with chord symbols, or plain."""
    if rng.random() < DUETS:
        with suppress(UnfitError):
            duet = make_duet(match.melody, match.heading, match.arousal, rng)
            write_duet(duet, match.heading)
            return Written(match, duet)
    return Written(match, chords=rng.random() < CHORD_SYMBOLS)
