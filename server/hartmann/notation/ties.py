"""Ties as engraved: for each pitch of each note, whether one arrives and whether one leaves.

A tie is kept only where the next note of the same voice and layer really holds the same pitch; a tie into
nothing would hang open in every editor. Keys of the results are `id(note)`.
"""

from __future__ import annotations

from dataclasses import dataclass

from hartmann.notation.score import Note, Pitch, Voice


@dataclass(frozen=True, slots=True)
class Ties:
    """For one note: the pitches into which a tie arrives, and those from which one leaves."""

    arriving: frozenset[Pitch] = frozenset()
    leaving: frozenset[Pitch] = frozenset()


NONE = Ties()


def ties_of(voice: Voice) -> dict[int, Ties]:
    """The ties of every note that has any, by `id(note)`."""
    found: dict[int, Ties] = {}
    last: dict[int, Note] = {}
    for bar in voice.bars:
        for note in bar.notes:
            before = last.get(note.layer)
            if before is not None and any(before.ties):
                _join(before, note, found)
            last[note.layer] = note
    return found


def _join(before: Note, after: Note, found: dict[int, Ties]) -> None:
    tied = {pitch for pitch, tie in zip(before.pitches, before.ties, strict=False) if tie}
    shared = frozenset(tied & set(after.pitches))
    if shared:
        found[id(before)] = Ties(found.get(id(before), NONE).arriving, shared)
        found[id(after)] = Ties(shared, NONE.leaving)
