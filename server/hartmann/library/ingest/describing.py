"""Describing: from a tune's text to a piece with features and a caption, or to the reason why not.

The text goes through the same front door as every draft (`notation.checking.check`), and what the library keeps
is the canonical ABC of the score that was read, so that references look to a model like what it is to write.
A tune is refused when it holds no music, fewer than eight notes, or more bars than a quarter of its own that
do not add up: it would teach its mistakes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

from hartmann.library.captions import caption as write_caption
from hartmann.library.captions import clean_title
from hartmann.library.features import MusicFeatures, measure_features
from hartmann.library.genres import instrument_word
from hartmann.library.ingest.music21_tunes import Tune
from hartmann.library.melody import leading_voice
from hartmann.notation.checking import check
from hartmann.notation.problems import Problem, Severity
from hartmann.notation.score import Score
from hartmann.notation.writing import to_abc

FEWEST_NOTES: Final = 8
LARGEST_FAULTY_SHARE: Final = 0.25
MELODY_NOTES: Final = 24


class DescribedBy(StrEnum):
    """Whose words the caption is: ours, from the piece's own features; a text or a picture beside it; a data set's."""

    FEATURES = "features"
    TEXT = "text"
    PICTURE = "picture"
    DATA_SET = "data set"


@dataclass(frozen=True, slots=True)
class Piece:
    """A captioned piece, ready for the library.

    `melody` is the same for transposed copies of an opening. `picture` is the JPEG or PNG that describes it, if one
    does; `more` are features beyond those measured, as plain JSON values, which win over measured ones.
    """

    id: str
    title: str
    source: str
    licence: str
    abc: str
    caption: str
    features: MusicFeatures
    melody: str
    instruments: tuple[str, ...] = ()
    described_by: DescribedBy = DescribedBy.FEATURES
    picture: bytes = b""
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def content_hash(self) -> str:
        """A digest of everything that the library stores of it."""
        hashed = hashlib.sha256(self.picture)
        for part in (
            self.title,
            self.source,
            self.licence,
            self.caption,
            self.abc,
            json.dumps(self.details()),
        ):
            hashed.update(b"\n" + part.encode("utf-8", "surrogatepass"))
        return hashed.hexdigest()

    def details(self) -> dict[str, Any]:
        """The features that have no column of their own, as plain JSON values."""
        measured = self.features
        return {
            "melody": self.melody,
            "origin": measured.origin,
            "tempo_word": measured.tempo_word,
            "tempo_given": measured.tempo_given,
            "bpm": measured.bpm,
            "beat": str(measured.beat),
            "voices": measured.voices,
            "seconds": measured.seconds,
            "notes_per_second": measured.notes_per_second,
            "lowest": measured.lowest,
            "highest": measured.highest,
            "leap_share": measured.leap_share,
            "rest_share": measured.rest_share,
            "contour": str(measured.contour),
            "moods": list(measured.moods),
            "program": measured.program,
            "instruments": list(self.instruments),
            "described_by": str(self.described_by),
            **self.more,
        }


@dataclass(frozen=True, slots=True)
class Reject:
    """A tune that did not become a piece, and why."""

    id: str
    reason: str
    problems: tuple[Problem, ...] = ()


def describe(tune: Tune) -> Piece | Reject:
    """Read a tune of the corpus, measure it and write its caption."""
    return describe_abc(
        tune.id, tune.text, source=tune.source, licence=tune.licence, rhythm=tune.rhythm, origin=tune.origin
    )


def describe_abc(
    id: str,
    abc: str,
    *,
    source: str,
    licence: str,
    title: str = "",
    untitled: str = "",
    caption: str = "",
    rhythm: str = "",
    origin: str = "",
) -> Piece | Reject:
    """Read any ABC, measure it and, unless a caption is given, write one.

    A piece that has no title of its own and is given none is called `untitled`, or by the end of its id.
    """
    checked = check(abc)
    score = checked.score
    reason = _why_refused(score, checked.problems) if score is not None else _first_reason(checked.problems)
    if score is None or reason:
        return Reject(id, reason, checked.problems)
    features = measure_features(score, rhythm=rhythm, origin=origin)
    notes = max(features.notes, _notes(score) if len(score.voices) > 1 else 0)
    if notes < FEWEST_NOTES:
        few = f"it has {notes} notes; a piece needs at least {FEWEST_NOTES}"
        return Reject(id, few, checked.problems)
    name = title or clean_title(score.title) or untitled or id.rsplit("/", 1)[-1]
    return Piece(
        id=id,
        title=name,
        source=source,
        licence=licence,
        abc=to_abc(replace(score, title=name)),
        caption=caption or write_caption(features, name),
        features=features,
        melody=_melody(features),
        instruments=_instruments(score, features),
        described_by=DescribedBy.TEXT if caption else DescribedBy.FEATURES,
    )


def _notes(score: Score) -> int:
    """Notes and chords of all voices."""
    return sum(bool(note.pitches) for voice in score.voices for bar in voice.bars for note in bar.notes)


def _instruments(score: Score, features: MusicFeatures) -> tuple[str, ...]:
    """What plays, the leading voice's first, each once, in lower case."""
    named: list[str] = []
    for voice in score.voices:
        if voice.percussion:
            named.append("drums")
        elif voice.program is not None:
            named.append(instrument_word(voice.program))
    return tuple(dict.fromkeys([features.instrument, *named]))


def _why_refused(score: Score, problems: tuple[Problem, ...]) -> str:
    """The reason, or "" for a sound score."""
    if not _notes(score):
        return "it holds no notes"
    if leading_voice(score) is None:
        return "it holds no notes but those of drums"
    bars = sum(len(voice.bars) for voice in score.voices)
    faulty = {(p.voice, p.bar) for p in problems if p.severity is Severity.ERROR and p.bar >= 0}
    if len(faulty) > LARGEST_FAULTY_SHARE * bars:
        return f"{len(faulty)} of its {bars} bars do not add up"
    return ""


def _first_reason(problems: tuple[Problem, ...]) -> str:
    errors = [p.message for p in problems if p.severity is Severity.ERROR] or [p.message for p in problems]
    return errors[0] if errors else "it holds no music"


def _melody(features: MusicFeatures) -> str:
    """A digest of the opening's intervals: equal for copies in another key or another notation."""
    pitches = [int(pitch) for pitch in features.content.split()][: MELODY_NOTES + 1]
    moves = " ".join(str(after - before) for before, after in pairwise(pitches))
    return hashlib.sha256(moves.encode()).hexdigest()[:16]
