"""What the library keeps of a clean score is that score's opening, and what a prompt shows is music: abc2midi judges.

F1 counts a note as found where abc2midi plays its pitch within 0.13 quarters of its onset in the file that came in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest
from abc2midi_judge import NoteHeard, heard, our_notes, play, same
from made_midi import Source, clean_file, multi_part_sources, tune_sources

from hartmann.library.excerpts import excerpt
from hartmann.library.ingest.describing import Piece, describe_abc
from hartmann.notation.from_midi import midi_to_abc

pytestmark = [pytest.mark.integration, pytest.mark.abc2midi]

CLOSE = 0.13
"""Quarters; half a thirty-second note, as in the table of the design's appendix A."""
TARGET = 0.97


def kept(midi: bytes) -> str:
    """The ABC that the library keeps of a file."""
    piece = describe_abc("id", midi_to_abc(midi, bars=16), source="made", licence="none", title="Piece")
    assert isinstance(piece, Piece)
    return piece.abc


def f1(found: Sequence[NoteHeard], expected: Sequence[NoteHeard]) -> float:
    """Harmonic mean of precision and recall; each note is matched once at most."""
    waiting: dict[int, list[float]] = defaultdict(list)
    for onset, _, pitch in expected:
        waiting[pitch].append(onset)
    matched = 0
    for onset, _, pitch in found:
        near = [other for other in waiting[pitch] if abs(other - onset) <= CLOSE]
        if near:
            waiting[pitch].remove(min(near, key=lambda other: abs(other - onset)))
            matched += 1
    return 2 * matched / (len(found) + len(expected))


def opening(midi: bytes, until: float) -> list[NoteHeard]:
    """The notes of a file from its first on, that begin before `until` quarters."""
    notes = heard(midi)
    start = min(onset for onset, *_ in notes)
    moved = [(onset - start, end - start, pitch) for onset, end, pitch in notes]
    return [note for note in moved if note[0] < until - CLOSE]


def from_first(notes: Sequence[NoteHeard]) -> list[NoteHeard]:
    start = min(onset for onset, *_ in notes)
    return [(onset - start, end - start, pitch) for onset, end, pitch in notes]


def score_of(source: Source, folder: Path) -> float:
    """F1 of what abc2midi plays of the library's excerpt, against the file."""
    midi = clean_file(source)
    played = from_first(heard(play(kept(midi), folder)))
    return f1(played, opening(midi, max(end for _, end, _ in played)))


def test_excerpts_from_clean_scores_hold_the_notes_of_the_score(tmp_path: Path) -> None:
    sources = [*multi_part_sources(5), *tune_sources(30)]
    scores = {source.name: score_of(source, tmp_path) for source in sources}
    assert sum(scores.values()) / len(scores) >= TARGET, scores


@pytest.mark.parametrize("room", [250, 500, 900])
def test_an_excerpt_for_a_prompt_plays_as_we_read_it(tmp_path: Path, room: int) -> None:
    for source in multi_part_sources(5):
        text = excerpt(kept(clean_file(source)), room)
        assert same(our_notes(text), heard(play(text, tmp_path))), text
