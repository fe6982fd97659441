"""Headers of pieces as models write them: the lines up to the key and the instrument, and what they say."""

from __future__ import annotations

import re
from fractions import Fraction

from hartmann.notation.score import Meter


def header_of(abc: str) -> str:
    """The lines of a piece up to its key and instruments, each with its line break.

    >>> header_of("X:1\\nK:C\\n%%MIDI program 40\\nCDEF|]")
    'X:1\\nK:C\\n%%MIDI program 40\\n'
    """
    match = re.match(r"(?:[A-Za-z]:.*\n)*?K:.*\n(?:(?:%%MIDI |V:).*\n)*", abc)
    return match.group() if match else ""


def meter_of(header: str) -> Meter:
    """The meter of a header; 4/4 where it names none."""
    found = re.search(r"^M:\s*(\d+)/(\d+)", header, re.MULTILINE)
    return Meter(int(found.group(1)), int(found.group(2))) if found else Meter(4, 4)


def unit_of(header: str) -> Fraction:
    """`L:` as a fraction of a whole note; an eighth where there is none."""
    found = re.search(r"^L:\s*(\d+)/(\d+)", header, re.MULTILINE)
    return Fraction(int(found.group(1)), int(found.group(2))) if found else Fraction(1, 8)


def tempo_of(header: str) -> Fraction:
    """The tempo in quarter notes a minute; 120, as MIDI supposes, where there is none."""
    found = re.search(r"^Q:\s*(\d+)/(\d+)=(\d+)", header, re.MULTILINE)
    if found is None or not int(found.group(3)):
        return Fraction(120)
    return Fraction(4 * int(found.group(1)), int(found.group(2))) * int(found.group(3))


def programs_of(header: str) -> tuple[int, ...]:
    """The General MIDI program of each voice; a piano's where there is none.

    >>> programs_of("K:C\\nV:1\\n%%MIDI program 73\\nV:2\\n%%MIDI program 42\\n"), programs_of("K:C\\n")
    ((73, 42), (0,))
    """
    found = re.findall(r"^%%MIDI program (\d+)", header, re.MULTILINE)
    return tuple(map(int, found)) or (0,)
