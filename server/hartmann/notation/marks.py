"""ABC's decorations as music21 objects: articulations, ornaments, dynamics, and words.

Names are those of ABC 2.1, section 4.14, with the short forms that its users write. What has no
counterpart in MusicXML is left out; what is a word (`D.C.`, `fine`) is shown as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from music21 import articulations, dynamics, expressions, repeat

ARTICULATIONS: dict[str, Callable[[], articulations.Articulation]] = {
    "staccato": articulations.Staccato, ".": articulations.Staccato, "tenuto": articulations.Tenuto,
    "accent": articulations.Accent, ">": articulations.Accent, "emphasis": articulations.Accent,
    "marcato": articulations.StrongAccent, "^": articulations.StrongAccent,
    "wedge": articulations.Staccatissimo, "upbow": articulations.UpBow, "downbow": articulations.DownBow,
    "open": articulations.OpenString, "snap": articulations.SnapPizzicato,
    "breath": articulations.BreathMark,
}  # fmt: skip

EXPRESSIONS: dict[str, Callable[[], expressions.Expression]] = {
    "trill": expressions.Trill, "mordent": expressions.Mordent, "lowermordent": expressions.Mordent,
    "uppermordent": expressions.InvertedMordent, "pralltriller": expressions.InvertedMordent,
    "turn": expressions.Turn, "roll": expressions.Turn, "invertedturn": expressions.InvertedTurn,
    "fermata": expressions.Fermata, "arpeggio": expressions.ArpeggioMark,
}  # fmt: skip

DYNAMICS = {"pppp", "ppp", "pp", "p", "mp", "mf", "f", "ff", "fff", "ffff", "sfz", "sf", "fp", "fz"}

WORDS = {"D.C.", "D.S.", "fine", "dacapo", "dacoda", "D.C.alcoda", "D.C.alfine", "D.S.alcoda", "D.S.alfine"}

HAIRPINS: dict[str, Callable[..., Any]] = {"crescendo": dynamics.Crescendo, "<": dynamics.Crescendo,
            "diminuendo": dynamics.Diminuendo, ">": dynamics.Diminuendo}  # fmt: skip


def on_note(decorations: Iterable[str], element: Any) -> None:
    """Put the articulations, ornaments and fingerings among `decorations` onto a music21 note or chord."""
    for name in decorations:
        if name in ARTICULATIONS:
            element.articulations.append(ARTICULATIONS[name]())
        elif name in EXPRESSIONS:
            element.expressions.append(EXPRESSIONS[name]())
        elif name in {"1", "2", "3", "4", "5"}:
            element.articulations.append(articulations.Fingering(int(name)))


def beside_note(decorations: Iterable[str]) -> list[Any]:
    """The dynamics, signs and words among `decorations`, to be set at the note's onset."""
    found: list[Any] = []
    for name in decorations:
        if name in DYNAMICS:
            found.append(dynamics.Dynamic(name))
        elif name == "segno":
            found.append(repeat.Segno())
        elif name == "coda":
            found.append(repeat.Coda())
        elif name in WORDS:
            found.append(words(name))
    return found


def words(text: str) -> expressions.TextExpression:
    """Text above the staff; ABC's leading `^`, `_`, `<`, `>`, `@` say where and are not shown."""
    below = text.startswith("_")
    shown = expressions.TextExpression(text[1:] if text[:1] in {"^", "_", "<", ">", "@"} else text)
    shown.placement = "below" if below else "above"
    return shown
