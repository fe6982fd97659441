"""The report: the figures beside their aims, as the table of the model card."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what was measured, the path to its figure in the tree, the aim (empty: none), what stands behind it
    (a path to a count), and whether less is better."""

    what: str
    path: tuple[str, ...]
    aim: str = ""
    of: tuple[str, ...] = ()


ROWS: Final = (
    Row("claims of captions that are true, as the model writes them", ("captions", "written", "all"), "0.95",
        ("captions", "written", "claims")),
    Row("… on photographs", ("captions", "written, photographs", "all")),
    Row("… on painted scenes", ("captions", "written, scenes", "all")),
    Row("… as shown, after measuring has refuted some", ("captions", "shown", "all"), "0.95",
        ("captions", "shown", "claims")),
    *(Row(f"… written: {kind}", ("captions", "written", kind))
      for kind in ("light", "palette", "contrast", "saturation", "warmth", "detail", "region", "light cell",
                   "busy cell", "horizon", "lines", "symmetry", "mood")),
    Row("tunes without errors, every bar exact, under the grammars",
        ("validity", "under the grammars", "tunes without errors"), "1.00",
        ("validity", "under the grammars", "tunes")),
    Row("… writing freely", ("validity", "freely", "tunes without errors")),
    Row("mode, asked by a wish", ("asked by wishes", "mode"), "0.95"),
    Row("meter, asked by a wish", ("asked by wishes", "meter"), "0.95"),
    Row("tempo class, asked by a wish", ("asked by wishes", "tempo"), "0.95"),
    Row("mode, asked in words", ("asked in words", "mode"), "0.95"),
    Row("meter, asked in words", ("asked in words", "meter"), "0.95"),
    Row("tempo class, asked in words", ("asked in words", "tempo"), "0.95"),
    Row("mode as a clear picture implies", ("implied", "mode"), "0.80", ("implied", "mode, clear pictures")),
    Row("tempo class as a clear picture implies", ("implied", "tempo"), "0.80",
        ("implied", "tempo, clear pictures")),
    Row("rank correlation of picture and tune, valence", ("implied", "valence, rank correlation"), "0.60",
        ("implied", "tunes")),
    Row("rank correlation of picture and tune, arousal", ("implied", "arousal, rank correlation"), "0.60",
        ("implied", "tunes")),
    Row("… valence, all tunes", ("implied, all tunes", "valence, rank correlation"), "",
        ("implied, all tunes", "tunes")),
    Row("… arousal, all tunes", ("implied, all tunes", "arousal, rank correlation"), "",
        ("implied, all tunes", "tunes")),
    Row("… mode as a clear picture implies, writing freely", ("implied, writing freely", "mode")),
    Row("… valence, writing freely", ("implied, writing freely", "valence, rank correlation")),
    Row("… arousal, writing freely", ("implied, writing freely", "arousal, rank correlation")),
    Row("faithfulness: fall with the attended fifth hidden over a random one, median",
        ("faithfulness", "median ratio"), "2", ("faithfulness", "pictures with a ratio")),
    Row("… ratio of the mean falls", ("faithfulness", "ratio of means"), "", ("faithfulness", "pictures")),
    Row("near copies among drafts (12 notes or more, longer than two bars)",
        ("near copies", "under the grammars"), "0.03 at most"),
    Row("… among held-out tunes, of tunes learned from",
        ("near copies", "held-out tunes of the tunes learned from")),
    Row("different tunes for different pictures", ("different tunes",)),
    Row("mean overlapping area with held-out tunes, under the grammars",
        ("distance", "mini under the grammars", "mean"), "0.85", ("distance", "mini under the grammars", "tunes")),
    Row("… the corpus itself", ("distance", "the corpus itself", "mean"), "",
        ("distance", "the corpus itself", "tunes")),
    Row("… writing freely", ("distance", "mini writing freely", "mean"), "",
        ("distance", "mini writing freely", "tunes")),
    Row("… bigram model", ("distance", "bigram model", "mean"), "", ("distance", "bigram model", "tunes")),
    Row("… of the values themselves: under the grammars", ("distance", "mini under the grammars", "mean of values")),
    Row("… … the corpus itself", ("distance", "the corpus itself", "mean of values")),
    Row("… … writing freely", ("distance", "mini writing freely", "mean of values")),
    Row("… … bigram model", ("distance", "bigram model", "mean of values")),
    Row("true claims of motivations as written: key", ("motivations", "written", "key")),
    Row("… meter", ("motivations", "written", "meter")),
    Row("… bars", ("motivations", "written", "bars")),
    Row("… the way a section moves", ("motivations", "written", "way")),
    Row("CLIP: a picture's own description, recall@10", ("retrieval", "recall@10"), "0.60",
        ("retrieval", "pictures")),
    Row("CLIP: mood of what a picture retrieves, correlation in valence", ("retrieval", "valence"), "0.50"),
    Row("CLIP: mood of what a picture retrieves, correlation in arousal", ("retrieval", "arousal"), "0.50"),
    Row("loss a token on held-out captions", ("loss", "caption")),
    Row("… tunes", ("loss", "tune")),
    Row("… motivations", ("loss", "motivation")),
    Row("seconds to the first caption token", ("seconds", "first caption token"), "1 at most"),
    Row("seconds to the first text shown", ("seconds", "first text shown")),
    Row("seconds of a whole composition, models loaded", ("seconds", "whole composition"), "10 at most"),
)  # fmt: skip


def as_table(figures: Mapping[str, Any]) -> str:
    """A Markdown table of every row that has a figure."""
    lines = ["| | measured | of | aim |", "|---|---|---|---|", *_lines(figures)]
    return "\n".join(lines) + "\n"


def _lines(figures: Mapping[str, Any]) -> Iterator[str]:
    for row in ROWS:
        value = _found(figures, row.path)
        if value is not None:
            count = _found(figures, row.of) if row.of else None
            yield f"| {row.what} | {value:.2f} | {'' if count is None else f'{count:g}'} | {row.aim} |"


def _found(figures: Mapping[str, Any], path: tuple[str, ...]) -> float | None:
    found: Any = figures
    for name in path:
        if not isinstance(found, Mapping) or name not in found:
            return None
        found = found[name]
    return float(found)
