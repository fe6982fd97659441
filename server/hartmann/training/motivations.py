"""Why this tune for this picture: sentences computed from both, so that everything in them is true.

A motivation names light and colours, mood, key, meter and tempo, then the sections with their bars and how they move,
and last, sometimes, the instruments. What it says of the tune are the facts that the prompt states (`composing.facts`),
in the same words; what it says of the picture is measured there.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from hartmann.composing.facts import Facts
from hartmann.vision.picture_features import PictureFeatures, Region
from hartmann.vision.picture_words import light_word, lightest_cell, palette_words, region_word

SECTIONS_SAID = 3


def motivate(features: PictureFeatures, facts: Facts, rng: Random) -> str:
    """Three to six sentences."""
    sentences = [_feeling(features, facts, rng), _pace(features, facts, rng)]
    sentences.extend(_sections(features, facts, rng))
    if facts.instruments and rng.random() < 0.6:
        sentences.append(_instruments(facts, rng))
    return " ".join(sentences)


def _feeling(features: PictureFeatures, facts: Facts, rng: Random) -> str:
    light, mood, key = light_word(features), features.moods[0], facts.key
    colours = " and ".join(palette_words(features, 2))
    return rng.choice(
        (
            f"The picture is {light}, in {colours}, and feels {mood}, so the piece is in {key}.",
            f"{colours.capitalize()} in {light} light feel {mood} to me: hence {key}.",
            f"I chose {key} because the {light} picture of {colours} is {mood}.",
        )
    )


def _pace(features: PictureFeatures, facts: Facts, rng: Random) -> str:
    word = facts.tempo.split(",")[0]
    cause = "neither busy nor still"
    if abs(features.arousal) > 0.3:
        cause = "busy" if features.arousal > 0 else "still"
    return rng.choice(
        (
            f"It is {cause}, so {facts.meter} goes at a {word} tempo.",
            f"The tempo is {word}, in {facts.meter}, for what I see is {cause}.",
        )
    )


def _sections(features: PictureFeatures, facts: Facts, rng: Random) -> Iterator[str]:
    regions = [(word, region) for region in Region if (word := region_word(features, region))]
    rng.shuffle(regions)
    cell = lightest_cell(features)
    for stretch in facts.sections[:SECTIONS_SAID]:
        where = f"Section {stretch.name}, bars {stretch.first}-{stretch.last}, {stretch.moves}"
        if cell and stretch.moves == "rises":
            yield f"{where} towards the light in the {cell}."
        elif regions:
            word, region = regions.pop()
            yield f"{where} like the {word} of the {region}."
        else:
            yield f"{where}."


def _instruments(facts: Facts, rng: Random) -> str:
    names = " and the ".join(facts.instruments)
    many = len(facts.instruments) > 1
    return rng.choice((f"The {names} suit{'' if many else 's'} this light.", f"I hear it on the {names}."))
