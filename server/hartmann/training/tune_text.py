"""Melodies written down: the exact ABC that the mini learns, header and body.

The header has the fields and the order of `vision.header_grammar`, the body the shapes of `vision.bar_grammar`: four
bars a line, a space between beats, sections opened by `% [A]`, accidentals written whenever they differ from the key
or from what the bar said before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from types import MappingProxyType

from hartmann.training.melodies import LETTER_FIFTHS, Event, Measure, Melody, Part, UnfitError, length_of
from hartmann.vision.header_grammar import choice_for
from hartmann.vision.voice_range import abc_pitch

BARS_A_LINE = 4


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands in the header besides key and meter. `tempo` counts quarter notes a minute."""

    title: str
    rhythm: str
    tempo: float
    program: int


Symbols = list[list[dict[Fraction, str]]]
"""Chord symbols of each section's bars, by their time in the bar in quarters."""


def write_tune(melody: Melody, heading: Heading, symbols: Symbols | None = None) -> str:
    """The whole tune, with chord symbols where they are given."""
    return write_header(melody, heading) + write_body(melody, symbols)


def write_header(melody: Melody, heading: Heading, voices: str = "") -> str:
    """The header, ending in a line break. `voices` are the lines of an ensemble, in place of the program's."""
    beat = choice_for(melody.meter).beat
    counted = max(1, round(heading.tempo / float(beat * 4)))
    rhythm = f"R:{heading.rhythm}\n" if heading.rhythm else ""
    return (
        f"X:1\nT:{heading.title}\n{rhythm}M:{melody.meter}\nL:{unit_of(melody)}\nQ:{beat}={counted}\n"
        f"K:{melody.key}\n" + (voices or f"%%MIDI program {heading.program}\n")
    )


def unit_of(melody: Melody) -> Fraction:
    """`L:`: an eighth; a sixteenth for 2/4 in sixteenths; a quarter for meters of halves and quarters."""
    units = choice_for(melody.meter).units
    events = list(melody.events())
    quick = sum(e.length < Fraction(1, 2) for e in events)
    if "1/16" in units and melody.meter == "2/4" and quick > 0.3 * len(events):
        return Fraction(1, 16)
    return Fraction(units[0])


def write_body(melody: Melody, symbols: Symbols | None = None) -> str:
    """The music after the header, without a line break at its end."""
    names: dict[tuple[Measure, ...], str] = {}
    letters = (chr(ord("A") + i) for i in count())
    lines = []
    for number, part in enumerate(melody.parts):
        name = names.setdefault(part.bars, "") or next(letters)
        names[part.bars] = name
        last = number == len(melody.parts) - 1
        end = ":|" if part.repeated else ("|]" if last else "||")
        lines.append(
            f"% [{name}]\n{'|:' if part.repeated else ''}{_part(part, melody, symbols[number] if symbols else [])}{end}"
        )
    return "\n".join(lines)


def _part(part: Part, melody: Melody, symbols: Sequence[dict[Fraction, str]]) -> str:
    pieces: list[str] = []
    bars = part.bars
    offset = 1 if length_of(bars[0]) < melody.bar and len(bars) > 1 else 0
    for number, bar in enumerate(bars):
        at_line_end = (number + 1 - offset) % BARS_A_LINE == 0 and number + 1 > offset
        last = number == len(bars) - 1
        following = None if last or at_line_end else bars[number + 1][0]
        said = dict(symbols[number]) if symbols else {}
        if pieces[-2:] and pieces[-2].endswith("-"):
            said.pop(Fraction(0), None)
        pieces.append(write_bar(bar, melody, bool(offset and number == 0), following, said))
        if not last:
            pieces.append("|\n" if at_line_end else "|")
    return "".join(pieces)


def write_bar(
    bar: Measure,
    melody: Melody,
    is_pickup: bool = False,
    following: Event | None = None,
    symbols: Mapping[Fraction, str] = MappingProxyType({}),
) -> str:
    """One bar. `following` is the first event of the next bar on the same line, None where a tie can't reach it."""
    unit, group = unit_of(melody) * 4, beat_groups(melody)
    time = melody.bar - length_of(bar) if is_pickup else Fraction(0)
    altered: dict[int, int] = {}
    said = []
    inside = 0
    for place, event in enumerate(bar):
        if place and time % group == 0 and not inside:
            said.append(" ")
        if not inside and time in symbols:
            said.append(f'"{symbols[time]}"')
        if event.triplet and not inside:
            said.append("(3")
            inside = 3
        name = spelled(event.step, event.fifths, melody, altered) if event.step >= 0 else "z"
        over = place == len(bar) - 1 and event.tied and _may_tie(event, following, name, unit)
        said.append(name + "".join(lengths(event.length / unit, name)) + ("-" if over else ""))
        inside = max(0, inside - 1)
        time += event.sounding
    return "".join(said)


def beat_groups(melody: Melody) -> Fraction:
    """Quarter notes between the spaces in a bar."""
    beat = choice_for(melody.meter).beat * 4
    group = beat if beat != Fraction(1, 2) else Fraction(3, 2)
    return Fraction(1) if group == 2 else group


def _may_tie(event: Event, following: Event | None, name: str, unit: Fraction) -> bool:
    plain = name[0] not in "_=^"
    simple = len(list(lengths(event.length / unit, name))) == 1
    return bool(plain and simple and following and not following.triplet and following.step == event.step
                and following.fifths == event.fifths)  # fmt: skip


def spelled(step: int, fifths: int, melody: Melody, altered: dict[int, int]) -> str:
    """A pitch with the accidental that key and bar so far call for; `altered` is what the bar has said."""
    letter = step % 7
    alter = (fifths - LETTER_FIFTHS[letter]) // 7
    own = _signature_alter(letter, melody.signature)
    sign = ""
    if altered.get(letter, own) != alter or (letter in altered and alter != own):
        sign = {-1: "_", 0: "=", 1: "^"}[alter]
    if sign:
        altered[letter] = alter
    return sign + abc_pitch(step - 28)


def _signature_alter(letter: int, signature: int) -> int:
    """What the key makes of a letter: -1, 0 or 1 (seven sharps or flats at most)."""
    place = LETTER_FIFTHS[letter]
    if place <= signature - 2:
        return 1
    return -1 if place >= signature + 6 else 0


def lengths(length: Fraction, name: str) -> Iterator[str]:
    """The length as suffixes; one that is neither plain nor dotted is written as two notes.

    They are tied unless the first has an accidental, for the grammar of bars ties plain notes only.
    """
    if _is_single(length):
        yield _suffix(length)
        return
    longest = next((x for x in _singles() if x < length and _is_single(length - x)), None)
    if longest is None:
        raise UnfitError("a length of more than two notes")
    plain = name.lstrip("_=^")
    yield _suffix(longest)
    tie = "-" if name == plain and name != "z" else ""
    yield f"{tie}{plain}{_suffix(length - longest)}"


def _is_single(length: Fraction) -> bool:
    """A power of two or three times one."""
    over, under = length.numerator, length.denominator
    if under & (under - 1):
        return False
    while over % 2 == 0:
        over //= 2
    return over in {1, 3}


def _singles() -> tuple[Fraction, ...]:
    return tuple(sorted((Fraction(n, d) for d in (4, 2, 1) for n in (1, 2, 3, 4, 6, 8, 12)), reverse=True))


def _suffix(length: Fraction) -> str:
    if length == 1:
        return ""
    if length.denominator == 1:
        return str(length.numerator)
    return f"/{length.denominator}" if length.numerator == 1 else f"{length.numerator}/{length.denominator}"
