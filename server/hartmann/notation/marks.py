"""ABC's decorations as music21 objects: articulations, ornaments, dynamics, and words.

Names are those of ABC 2.1, section 4.14, with the short forms that its users write. What has no
counterpart in MusicXML is left out. Jumps (`D.C.`, `fine`, `segno`) concern all voices: `jump_sign` is for the
top staff alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from music21 import articulations, dynamics, expressions, repeat

from hartmann.notation.jumps import Jump

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

JUMP_WORDS = {Jump.FINE: "Fine", Jump.TO_CODA: "To Coda", Jump.DA_CAPO: "D.C.", Jump.DAL_SEGNO: "D.S."}
"""What players read; `al Fine` and `al Coda` are added where the decoration says so."""

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
    """The dynamics among `decorations`, to be set at the note's onset."""
    return [dynamics.Dynamic(name) for name in decorations if name in DYNAMICS]


def jump_sign(jump: Jump, name: str) -> Any:
    """The sign of a segno or coda, or the words of a jump, for the decoration of this name."""
    if jump in {Jump.SEGNO, Jump.CODA}:
        return repeat.Segno() if jump is Jump.SEGNO else repeat.Coda()
    goal = next((goal for goal in ("Fine", "Coda") if name.lower().endswith(f"al{goal.lower()}")), "")
    return words(f"{JUMP_WORDS[jump]}{goal and ' al '}{goal}")


def words(text: str) -> expressions.TextExpression:
    """Text above the staff; ABC's leading `^`, `_`, `<`, `>`, `@` say where and are not shown."""
    below = text.startswith("_")
    shown = expressions.TextExpression(text[1:] if text[:1] in {"^", "_", "<", ">", "@"} else text)
    shown.placement = "below" if below else "above"
    return shown
