"""Everything that is measured in a picture, place by place: what the mini learns to see before it learns to tell.

A description names two or three places of a picture; a survey names them all, so one picture teaches as much about
*where* things are as ten descriptions do. It is asked for in words of its own and never by the pipeline.
"""

from __future__ import annotations

from random import Random

from hartmann.vision.picture_features import CELLS, PictureFeatures, Region, ranked
from hartmann.vision.picture_words import (
    HORIZON,
    HORIZON_SAID,
    LINES_SAID,
    REGION_SAID,
    busiest_cell,
    lightest_cell,
)

QUESTION = "Where is what?"
NAMED = 0.2
"""A region's second colour is named from this share on."""


def survey(features: PictureFeatures, rng: Random) -> str:
    """Each region's colours and whether one prevails, then light, detail, horizon, lines, and the cells by light.

    Regions come in random order, so that every place is learned equally well.
    """
    regions = list(Region)
    rng.shuffle(regions)
    said = [f"{region}: {_colours(features, region)}" for region in regions]
    said.append(f"brightest: {lightest_cell(features) or 'nowhere'}")
    said.append(f"busiest: {busiest_cell(features) or 'nowhere'}")
    said.append(f"horizon: {_horizon(features)}")
    said.append(f"lines: {_lines(features)}")
    by_light = sorted(range(len(CELLS)), key=lambda cell: features.cell_light[cell])
    said.append(f"from {CELLS[by_light[0]]} to {CELLS[by_light[-1]]}")
    return "; ".join(said)


def _colours(features: PictureFeatures, region: Region) -> str:
    first, second, *_ = ranked(features.regions[region])
    mostly = "mostly " if first[1] >= REGION_SAID else ""
    return mostly + first[0].value + (f", {second[0].value}" if second[1] >= NAMED else "")


def _horizon(features: PictureFeatures) -> str:
    if features.horizon is None or features.horizon_strength < HORIZON_SAID:
        return "none"
    return next(word for word, (low, high) in HORIZON.items() if low <= features.horizon < high)


def _lines(features: PictureFeatures) -> str:
    return features.lines.value if features.lines and features.line_strength >= LINES_SAID else "none"
