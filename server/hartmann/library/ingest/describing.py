"""Describing: from a tune's text to a piece with features and a caption, or to the reason why not.

The text goes through the same front door as every draft (`notation.checking.check`), and what the library keeps
is the canonical ABC of the score that was read, so that references look to a model like what it is to write.
A tune is refused when it holds no music, fewer than eight notes, or more bars than a quarter of its own that
do not add up: it would teach its mistakes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

from hartmann.library.captions import caption as write_caption
from hartmann.library.captions import clean_title
from hartmann.library.features import MusicFeatures, measure_features
from hartmann.library.ingest.music21_tunes import Tune
from hartmann.notation.checking import check
from hartmann.notation.problems import Problem, Severity
from hartmann.notation.score import Score
from hartmann.notation.writing import to_abc

FEWEST_NOTES: Final = 8
LARGEST_FAULTY_SHARE: Final = 0.25
MELODY_NOTES: Final = 24


@dataclass(frozen=True, slots=True)
class Piece:
    """A captioned piece, ready for the library. `melody` is the same for transposed copies of an opening."""

    id: str
    title: str
    source: str
    licence: str
    abc: str
    caption: str
    features: MusicFeatures
    content_hash: str
    melody: str

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
    caption: str = "",
    rhythm: str = "",
    origin: str = "",
) -> Piece | Reject:
    """Read any ABC, measure it and, unless a caption is given, write one."""
    checked = check(abc)
    if checked.score is None:
        return Reject(id, _first_reason(checked.problems), checked.problems)
    reason = _why_refused(checked.score, checked.problems)
    if reason:
        return Reject(id, reason, checked.problems)
    features = measure_features(checked.score, rhythm=rhythm, origin=origin)
    if features.notes < FEWEST_NOTES:
        return Reject(
            id, f"it has {features.notes} notes; a piece needs at least {FEWEST_NOTES}", checked.problems
        )
    name = title or clean_title(checked.score.title) or id.rsplit("/", 1)[-1]
    said, text = caption or write_caption(features, name), to_abc(replace(checked.score, title=name))
    return Piece(
        id=id,
        title=name,
        source=source,
        licence=licence,
        abc=text,
        caption=said,
        features=features,
        content_hash=hashlib.sha256(f"{said}\n{text}".encode()).hexdigest(),
        melody=_melody(features),
    )


def _why_refused(score: Score, problems: tuple[Problem, ...]) -> str:
    """The reason, or "" for a sound score."""
    if not any(note.pitches for voice in score.voices for bar in voice.bars for note in bar.notes):
        return "it holds no notes"
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
