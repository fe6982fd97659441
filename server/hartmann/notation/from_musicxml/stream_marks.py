"""What hangs on notes in music21's streams, as ABC says it: articulations, ornaments, dynamics, chords, words, lyrics.

The names are those of `marks`, read backwards. Text is cleaned of the signs that mean something in ABC.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from music21 import articulations, dynamics, expressions, harmony, repeat, spanner, stream, tempo

from hartmann.notation import marks
from hartmann.notation.chord_symbols import KINDS
from hartmann.notation.score import Pitch

_LONGEST_TEXT = 60
_LOWEST_OCTAVE, _HIGHEST_OCTAVE = -1, 9
"""MusicXML's octaves go from 0 to 9, MIDI's from −1; a broken file must not make a line of a million commas."""
_CLEAN = str.maketrans(dict.fromkeys('"\\%|\n\r\t', " "))
_CLEAN_SYLLABLE = str.maketrans({"_": " ", "*": "", "~": " ", "|": "", "\\": "", "%": "", '"': "", "\n": " "})
_REPEAT_WORDS = (
    (repeat.DaCapoAlFine, "D.C.alfine"), (repeat.DaCapoAlCoda, "D.C.alcoda"), (repeat.DaCapo, "D.C."),
    (repeat.DalSegnoAlFine, "D.S.alfine"), (repeat.DalSegnoAlCoda, "D.S.alcoda"), (repeat.DalSegno, "D.S."),
    (repeat.Fine, "fine"), (repeat.Segno, "segno"), (repeat.Coda, "coda"),
)  # fmt: skip


def _names(table: dict[str, Any]) -> dict[type[Any], str]:
    """Class → the first name that `marks` has for it."""
    named: dict[type[Any], str] = {}
    for name, kind in table.items():
        named.setdefault(kind, name)
    return named


_ARTICULATIONS = _names(marks.ARTICULATIONS)
_EXPRESSIONS = _names(marks.EXPRESSIONS)
_KINDS = {ours: name for name, ours in harmony.CHORD_ALIASES.items()}
"""music21's names of chord kinds → MusicXML's, where they differ."""
_KIND_WORDS: dict[str, str] = {}
for _word, _kind in KINDS.items():
    _KIND_WORDS.setdefault(_kind, _word)


def decorations_of(element: Any) -> Iterator[str]:
    """The names of articulations, ornaments and fingerings on a note."""
    for mark in element.articulations:
        if isinstance(mark, articulations.Fingering) and str(mark.fingerNumber) in "12345":
            yield str(mark.fingerNumber)
        elif type(mark) in _ARTICULATIONS:
            yield _ARTICULATIONS[type(mark)]
    for mark in element.expressions:
        name = _ornament(mark)
        if name:
            yield name


def _ornament(mark: Any) -> str:
    if type(mark) in _EXPRESSIONS:
        return _EXPRESSIONS[type(mark)]
    return next((name for kind, name in _EXPRESSIONS.items() if isinstance(mark, kind)), "")


def beside(measure: stream.Measure) -> Iterator[tuple[float, str, str]]:
    """(offset, what, text) of all that stands in a measure beside its notes; what is `decoration`, `chord` or
    `annotation`."""
    for element in measure.recurse():
        offset = element.getOffsetInHierarchy(measure)
        if isinstance(element, harmony.ChordSymbol):
            yield offset, "chord", chord_text(element)
        elif isinstance(element, dynamics.Dynamic) and element.value in marks.DYNAMICS:
            yield offset, "decoration", element.value
        elif isinstance(element, repeat.RepeatMark):
            yield from _repeat_word(offset, element)
        elif isinstance(element, expressions.TextExpression):
            yield from _words(offset, element)
        elif isinstance(element, tempo.TempoText):
            yield from _annotation(offset, element.text, "above")


def _words(offset: float, element: expressions.TextExpression) -> Iterator[tuple[float, str, str]]:
    """Words: what tells players where to go on, or an annotation."""
    shown = clean(element.content or "")
    meant = expressions.TextExpression(shown).getRepeatExpression() if shown else None
    if meant is not None:
        yield from _repeat_word(offset, meant)
    else:
        yield from _annotation(offset, shown, element.placement)


def _repeat_word(offset: float, element: Any) -> Iterator[tuple[float, str, str]]:
    name = next((name for kind, name in _REPEAT_WORDS if isinstance(element, kind)), "")
    if name:
        yield offset, "decoration", name


def _annotation(offset: float, text: str | None, placement: str | None) -> Iterator[tuple[float, str, str]]:
    words = clean(text or "")
    if words:
        yield offset, "annotation", ("_" if placement == "below" else "^") + words


def clean(text: str) -> str:
    """Words that may stand between quotation marks in ABC."""
    return " ".join(text.translate(_CLEAN).split())[:_LONGEST_TEXT].strip()


def chord_text(symbol: harmony.ChordSymbol) -> str:
    """`Am7`, `C/E`: the way ABC names a chord. Chords of a kind with no short name keep root and bass."""
    if isinstance(symbol, harmony.NoChord):
        return "N.C."
    root, bass = symbol.root(), symbol.bass()
    if root is None:
        return ""
    stated = symbol.chordKindStr or ""
    kind = _KINDS.get(symbol.chordKind or "", symbol.chordKind or "")
    word = stated if KINDS.get(stated) == kind else _KIND_WORDS.get(kind, "")
    low = f"/{_pitch_name(bass)}" if bass is not None and bass.name != root.name else ""
    return _pitch_name(root) + word + low


def _pitch_name(pitch: Any) -> str:
    alter = int(pitch.alter)
    return str(pitch.step) + ("#" * alter if alter > 0 else "b" * -alter)


def lyrics_of(element: Any) -> tuple[str, ...]:
    """The syllables of a note, one a verse; `-` at the end joins it to the next."""
    verses: dict[int, str] = {}
    for lyric in element.lyrics:
        text = " ".join((lyric.text or "").translate(_CLEAN_SYLLABLE).split()).strip("-")
        number = lyric.number if isinstance(lyric.number, int) and 1 <= lyric.number <= 20 else 1
        if text:
            verses.setdefault(number, text + ("-" if lyric.syllabic in {"begin", "middle"} else ""))
    return tuple(verses.get(number, "") for number in range(1, max(verses, default=0) + 1))


def slur_edges(part: stream.Stream[Any]) -> tuple[dict[int, int], dict[int, int]]:
    """How many slurs begin and end at each element, by its identity."""
    begun: dict[int, int] = {}
    ended: dict[int, int] = {}
    for slur in part.recurse().getElementsByClass(spanner.Slur):
        first, last = slur.getFirst(), slur.getLast()
        if first is not None and last is not None and first is not last:
            begun[id(first)] = begun.get(id(first), 0) + 1
            ended[id(last)] = ended.get(id(last), 0) + 1
    return begun, ended


def hairpin_edges(part: stream.Stream[Any]) -> dict[int, list[str]]:
    """The decorations that begin and end crescendi and diminuendi, by the identity of the element they stand on."""
    edges: dict[int, list[str]] = {}
    for wedge in part.recurse().getElementsByClass(dynamics.DynamicWedge):
        first, last = wedge.getFirst(), wedge.getLast()
        name = "crescendo" if isinstance(wedge, dynamics.Crescendo) else "diminuendo"
        if first is not None and last is not None and first is not last:
            edges.setdefault(id(first), []).append(f"{name}(")
            edges.setdefault(id(last), []).append(f"{name})")
    return edges


def spelled(pitch: Any) -> Pitch:
    """A music21 pitch as ours; quarter tones become the semitone below them."""
    alter = max(-2, min(2, int(pitch.alter)))
    octave = pitch.octave if pitch.octave is not None else 4
    return Pitch(pitch.step, alter, max(_LOWEST_OCTAVE, min(_HIGHEST_OCTAVE, octave)))
