"""Voices of an ensemble: which instruments a draft under a grammar is written for, and their lines in the header.

    V:1 name="Flute"
    %%MIDI program 73
    V:2 name="Cello" clef=bass
    %%MIDI program 42

A model writes as many voices as it has learned to (`ModelInfo.voices`); a draft for fewer instruments than were asked
for says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hartmann.notation.instruments import accompanying_range, instrument_name, playing_range

MIDDLE_C = 60


def voices_written(programs: Sequence[int], learned: int) -> tuple[int, ...]:
    """The General MIDI programs of the voices that are written, at most `learned` of them."""
    return tuple(programs[:learned])


def voice_lines(programs: Sequence[int]) -> str:
    """The header's lines of an ensemble; none for a single voice, whose header names its program alone.

    >>> voice_lines((73, 42)).splitlines()[2]
    'V:2 name="Cello" clef=bass'
    """
    if len(programs) < 2:
        return ""
    return "".join(_lines(programs))


def voice_ranges(programs: Sequence[int]) -> list[tuple[int, int]]:
    """Lowest and highest pitch (MIDI numbers) of each voice: the first has the melody, the others lie under it."""
    return [
        (accompanying_range if number else playing_range)(program) for number, program in enumerate(programs)
    ]


def shortfall(programs: Sequence[int], learned: int) -> str:
    """Says for which instruments a draft is written, where more were asked for; else nothing.

    >>> shortfall((73, 42), 1)
    'one voice is written here, for the first instrument of the ensemble: flute'
    """
    if len(programs) <= learned:
        return ""
    names = ", ".join(instrument_name(program).lower() for program in voices_written(programs, learned))
    if learned == 1:
        return f"one voice is written here, for the first instrument of the ensemble: {names}"
    return f"{learned} voices are written here, for the first instruments of the ensemble: {names}"


def _lines(programs: Sequence[int]) -> Iterator[str]:
    for number, (program, (lowest, highest)) in enumerate(
        zip(programs, voice_ranges(programs), strict=True), 1
    ):
        clef = " clef=bass" if lowest + highest < 2 * MIDDLE_C else ""
        yield f'V:{number} name="{instrument_name(program)}"{clef}\n%%MIDI program {program}\n'
