"""Why this tune for this picture: sentences computed from both, so that everything in them is true.

A motivation names light and colours, mood, key, meter and tempo, then the sections with their bars and how they move,
and last, sometimes, instrument and pace. Bars are numbered as `notation.score` does: the first full bar is 1, and a
short bar at the end of a section counts with the pickup that completes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from random import Random

from hartmann.training.melodies import Event, Measure, Melody, Part
from hartmann.training.tune_text import Heading
from hartmann.vision.picture_features import PictureFeatures, Region
from hartmann.vision.picture_words import light_word, lightest_cell, palette_words, region_word

TEMPO_WORDS = ((54, "very slow"), (74, "slow"), (100, "moderate"), (140, "fast"), (999, "very fast"))
"""The words of `library.features`, by felt beats a minute."""
LONG_MODES = {"major": "major", "minor": "minor", "dorian": "dorian", "mixolydian": "mixolydian"}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A section by name and bar numbers, with the way its melody goes: rises, falls, arches, dips or stays level."""

    name: str
    first: int
    last: int
    moves: str


def motivate(
    features: PictureFeatures, melody: Melody, heading: Heading, instrument: str, rng: Random
) -> str:
    """Three to five sentences."""
    sentences = [_feeling(features, melody, rng), _pace(features, melody, heading, rng)]
    sentences.extend(_sections(features, melody, rng))
    if instrument and rng.random() < 0.6:
        sentences.append(
            rng.choice((f"The {instrument} suits this light.", f"I hear it on the {instrument}."))
        )
    return " ".join(sentences)


def stretches(melody: Melody) -> list[Stretch]:
    """The sections of a melody."""
    found: list[Stretch] = []
    names: dict[tuple[Measure, ...], str] = {}
    number = 1
    for part in melody.parts:
        name = names.setdefault(part.bars, chr(ord("A") + len(names)))
        count = len(part.bars)
        starts_short = count > 1 and _length(part.bars[0]) < melody.bar
        last = number + count - (2 if starts_short else 1)
        found.append(Stretch(name, number, max(number, last), contour(part)))
        number = last + 1
    return found


def contour(part: Part) -> str:
    """How a section moves, from the mean heights of its thirds: a step of two semitones counts."""
    heights = [(e.midi, float(e.sounding)) for bar in part.bars for e in bar if e.step >= 0]
    if len(heights) < 6:
        return "stays level"
    third = len(heights) // 3
    first, middle, last = (_mean(h) for h in (heights[:third], heights[third:-third], heights[-third:]))
    if middle - max(first, last) > 1.5:
        return "arches"
    if min(first, last) - middle > 1.5:
        return "dips"
    if last - first > 2:
        return "rises"
    return "falls" if first - last > 2 else "stays level"


def tempo_word(melody: Melody, tempo: float) -> str:
    """The word for a tempo in quarters a minute: compound meters are felt in dotted quarters, halves in halves."""
    beat = felt(melody.meter)
    return next(word for limit, word in TEMPO_WORDS if tempo / float(beat) < limit)


def felt(meter: str) -> Fraction:
    """The beat that people tap, in quarters."""
    if meter in {"6/8", "9/8", "12/8", "3/8"}:
        return Fraction(3, 2)
    return Fraction(2) if meter in {"2/2", "3/2"} else (Fraction(3) if meter == "6/4" else Fraction(1))


def _feeling(features: PictureFeatures, melody: Melody, rng: Random) -> str:
    light, mood = light_word(features), features.moods[0]
    colours = " and ".join(palette_words(features, 2))
    key = f"{melody.key.removesuffix(melody.key[-3:])} {LONG_MODES[melody.mode]}"
    return rng.choice(
        (
            f"The picture is {light}, in {colours}, and feels {mood}, so the piece is in {key}.",
            f"{colours.capitalize()} in {light} light feel {mood} to me: hence {key}.",
            f"I chose {key} because the {light} picture of {colours} is {mood}.",
        )
    )


def _pace(features: PictureFeatures, melody: Melody, heading: Heading, rng: Random) -> str:
    word = tempo_word(melody, heading.tempo)
    cause = (
        "busy"
        if features.arousal > 0.3
        else ("still" if features.arousal < -0.3 else "neither busy nor still")
    )
    return rng.choice(
        (
            f"It is {cause}, so {melody.meter} goes at a {word} tempo.",
            f"The tempo is {word}, in {melody.meter}, for what I see is {cause}.",
        )
    )


def _sections(features: PictureFeatures, melody: Melody, rng: Random) -> Iterator[str]:
    regions = [(word, region) for region in Region if (word := region_word(features, region))]
    rng.shuffle(regions)
    cell = lightest_cell(features)
    for stretch in stretches(melody)[:3]:
        where = f"Section {stretch.name}, bars {stretch.first}-{stretch.last}, {stretch.moves}"
        if cell and stretch.moves == "rises":
            yield f"{where} towards the light in the {cell}."
        elif regions:
            word, region = regions.pop()
            yield f"{where} like the {word} of the {region}."
        else:
            yield f"{where}."


def _length(bar: tuple[Event, ...]) -> Fraction:
    return sum((e.sounding for e in bar), Fraction(0))


def _mean(heights: list[tuple[int, float]]) -> float:
    return sum(h * t for h, t in heights) / sum(t for _, t in heights)
