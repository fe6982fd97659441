"""Excerpts of a person's own score, to be continued or varied.

An excerpt stands first among the references (id `excerpt`), and gives key, meter, tempo and instruments, and for a
variation the length, wherever the person's wishes leave them open. A model that writes under a grammar is
given it as music, not as words: a continuation is written behind its last bars, a variation as the refinement of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

from hartmann.composing.events import Wishes
from hartmann.composing.headers import header_of
from hartmann.library.melody import leading_voice
from hartmann.library.reference import Reference
from hartmann.notation.bar_range import bars_between
from hartmann.notation.checking import check
from hartmann.notation.score import Note, Score
from hartmann.notation.writing import to_abc

EXCERPT_ID = "excerpt"
SOURCE = "your own score"
LEAD_IN_CHARACTERS = 300
"""About eight bars of a melody: what a continuation hears just before it begins."""


class ExcerptUse(StrEnum):
    """What becomes of the bars."""

    CONTINUE = "continue"
    VARY = "vary"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Bars `first_bar`…`last_bar` (from 1 in the order of the file) as ABC, and the `wishes` that follow from them."""

    abc: str
    use: ExcerptUse
    title: str = ""
    first_bar: int = 1
    last_bar: int = 1
    wishes: Wishes = field(default_factory=Wishes)

    @property
    def source(self) -> str:
        """Where it is from, for the score's provenance."""
        done = "continued" if self.use is ExcerptUse.CONTINUE else "varied"
        name = f' "{self.title}"' if self.title else ""
        return f"{SOURCE}{name}, bars {self.first_bar} to {self.last_bar}, {done}"


def filled(wishes: Wishes, excerpt: Excerpt | None) -> Wishes:
    """The wishes, with what the excerpt says where they say nothing."""
    if excerpt is None:
        return wishes
    said = excerpt.wishes
    return replace(
        wishes,
        key=wishes.key.strip() or said.key,
        meter=wishes.meter.strip() or said.meter,
        tempo_bpm=wishes.tempo_bpm or said.tempo_bpm,
        ensemble=wishes.ensemble.strip() or said.ensemble,
        bars=wishes.bars or said.bars,
    )


def as_reference(excerpt: Excerpt) -> Reference:
    """The excerpt as the reference of first rank, described like any other."""
    return Reference(
        EXCERPT_ID, excerpt.title, _caption(excerpt.abc, excerpt.title), excerpt.abc, SOURCE, "", rank=1
    )


def _caption(abc: str, title: str) -> str:
    from hartmann.library.captions import caption
    from hartmann.library.features import measure_features

    score = check(abc).score
    return "" if score is None else caption(measure_features(score), title)


def ending(abc: str, characters: int) -> str:
    """The last whole bars of a tune that fit into so many characters, header included; at least one bar."""
    return abc if len(abc) <= characters else _ending(abc, characters)


@lru_cache(maxsize=16)
def _ending(abc: str, characters: int) -> str:
    score = _read(abc)
    count = max(len(voice.bars) for voice in score.voices)
    low, high = 1, count
    while low < high:
        middle = (low + high) // 2
        if len(to_abc(bars_between(score, middle, count))) <= characters:
            high = middle
        else:
            low = middle + 1
    return to_abc(bars_between(score, low, count))


def _read(abc: str) -> Score:
    score = check(abc).score
    assert score is not None, "an excerpt is checked before it is kept"
    return score


def melody(excerpt: Excerpt, unit: Fraction) -> Score:
    """The top line of its leading voice, plain: no words, no marks, no grace notes. `unit` is `L:` of a whole note."""
    score = _read(excerpt.abc)
    voice = leading_voice(score) or score.voices[0]
    bars = tuple(
        replace(bar, notes=tuple(map(_plain, (note for note in bar.notes if not note.layer))))
        for bar in voice.bars
    )
    meter = replace(score.meter, symbol="free" if score.meter.symbol == "free" else "")
    first = replace(bars[0], meter=meter)
    alone = replace(voice, bars=(first, *bars[1:]), id="1", name="", clef="", transpose=0)
    return replace(score, unit=unit * 4, meter=meter, voices=(alone,), composer="", rhythm="", header=())


def lead_in(excerpt: Excerpt, unit: Fraction) -> str:
    """The last bars before the continuation, as the body of a tune whose section has just ended.

    Only bars in one key, meter and tempo: the header before them can name no other.
    """
    score = melody(excerpt, unit)
    count = len(score.voices[0].bars)
    bodies = (_body(bars_between(score, first, count)) for first in range(1, count + 1))
    fitting = (body for body in bodies if len(body) <= LEAD_IN_CHARACTERS and "[" not in body)
    body = next(fitting, "")
    return f"% [A]\n{body.rstrip().rstrip('|]')}||\n" if body else ""


def as_draft(excerpt: Excerpt, unit: Fraction) -> str:
    """The excerpt's melody as a draft of one section, as a model that writes under a grammar would have written it."""
    score = melody(excerpt, unit)
    text = to_abc(replace(score, title=excerpt.title or "Tune"))
    header = header_of(text)
    return f"{header}% [A]\n{text.removeprefix(header).rstrip()}"


def _body(score: Score) -> str:
    """The lines of music of a score in one voice."""
    text = to_abc(score)
    return text.removeprefix(header_of(text))


def _plain(note: Note) -> Note:
    top = max(range(len(note.pitches)), key=lambda i: note.pitches[i].midi, default=0)
    return replace(
        note,
        pitches=note.pitches[top : top + 1],
        ties=note.ties[top : top + 1],
        grace=(),
        chord_symbol="",
        annotations=(),
        decorations=(),
        lyrics=(),
        whole_bar=False,
        invisible=False,
    )
