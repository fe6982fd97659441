"""The whole way from a MIDI file to ABC."""

from __future__ import annotations

from hartmann.errors import UnreadableScore
from hartmann.notation.checking import Limits as AbcLimits
from hartmann.notation.from_midi.assembling import assemble
from hartmann.notation.from_midi.excerpts import choose_bars, choose_parts
from hartmann.notation.from_midi.quantising import quantise
from hartmann.notation.from_midi.recording import Limits, read_recording
from hartmann.notation.score import Score
from hartmann.notation.writing import to_abc

_DEFAULT = Limits()
_ABC = AbcLimits()


def midi_to_abc(
    data: bytes,
    *,
    bars: int | None = 16,
    drums: bool | None = None,
    title: str = "",
    voices_per_part: int = 2,
    limits: Limits = _DEFAULT,
) -> str:
    """A MIDI file as canonical ABC that `checking.check` reads without errors.

    Args:
        data: a Standard MIDI File of any format, bare or in a RIFF.
        bars: so many bars from the first music on, an anacrusis not counted, melody first; None for the whole
            file, its parts in their order.
        drums: whether percussion is a voice of the score; by default in whole files only.
        title: what `T:` says; nothing where empty.
        voices_per_part: 1 for one voice a track whatever it takes, 2 to write pianos in two.
        limits: how large a file may be.

    Raises:
        UnreadableScore: no MIDI file, a damaged one, one without notes, or one too large.
    """
    abc = to_abc(
        midi_to_score(
            data, bars=bars, drums=drums, title=title, voices_per_part=voices_per_part, limits=limits
        )
    )
    if len(abc) > _ABC.characters:
        raise UnreadableScore(
            f"the MIDI file makes {len(abc):,} characters of ABC; {_ABC.characters:,} is the most that is read. "
            "Take an excerpt of fewer bars"
        )
    return abc


def midi_to_score(
    data: bytes,
    *,
    bars: int | None = 16,
    drums: bool | None = None,
    title: str = "",
    voices_per_part: int = 2,
    limits: Limits = _DEFAULT,
) -> Score:
    """The same as a score. Raises `UnreadableScore` likewise."""
    if bars is not None and bars < 1:
        raise ValueError(f"expected at least 1 bar, not {bars}")
    recording = read_recording(data, limits)
    chosen = choose_bars(recording, bars)
    if len(chosen) > _ABC.bars:
        raise _too_long(f"{len(chosen):,} bars", f"{_ABC.bars:,}")
    excerpt = bars is not None
    parts = choose_parts(
        recording, chosen, drums=not excerpt if drums is None else drums, melody_first=excerpt
    )
    notes = sum(len(part.onsets) for part in parts)
    if notes > _ABC.notes:
        raise _too_long(f"{notes:,} notes", f"{_ABC.notes:,}")
    score = assemble(recording, quantise(parts, chosen), chosen, title, voices_per_part)
    if len(score.voices) * len(chosen) > _ABC.bars:
        raise _too_long(f"{len(score.voices)} voices of {len(chosen):,} bars", f"{_ABC.bars:,} bars in all")
    heads = sum(len(note.pitches) or 1 for voice in score.voices for bar in voice.bars for note in bar.notes)
    if heads > _ABC.notes:
        raise _too_long(f"{heads:,} notes and rests", f"{_ABC.notes:,}")
    if len(score.voices) > _ABC.voices:
        raise UnreadableScore(
            f"the MIDI file would take {len(score.voices)} voices; a score may have {_ABC.voices}. Export fewer tracks"
        )
    return score


def _too_long(found: str, most: str) -> UnreadableScore:
    return UnreadableScore(
        f"the MIDI file would take {found}; a score may have {most}. Take an excerpt of fewer bars"
    )
