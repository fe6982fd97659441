"""The grammar of a tune's header: exactly the headers that fulfil the wishes, and that fit together.

Order of fields as in the drafts of section 5.3: X, T, R, M, L, Q, K, and a `%%MIDI program` line. Each is fixed by
a wish or chosen by the model from a closed set. What belongs together is coupled: meter with unit length and
with the beat that the tempo counts (6/8 counts dotted quarters, 2/2 halves). The header ends with a line break, so
that the body can follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

TONICS = ("C", "G", "D", "A", "E", "B", "F#", "C#", "F", "Bb", "Eb", "Ab", "Db", "Gb", "Cb")
"""Major keys by signature: seven sharps up, then seven flats down."""
MODES = {"maj": 0, "mix": -1, "dor": -2, "min": -3, "phr": -4, "lyd": 1, "loc": -5}
"""ABC's mode names, and the fifths that a mode's signature lies above the major key's of the same tonic."""
_CIRCLE = (
    "Fb",
    "Cb",
    "Gb",
    "Db",
    "Ab",
    "Eb",
    "Bb",
    "F",
    "C",
    "G",
    "D",
    "A",
    "E",
    "B",
    "F#",
    "C#",
    "G#",
    "D#",
    "A#",
)
_C_IN_CIRCLE = _CIRCLE.index("C")


@dataclass(frozen=True, slots=True)
class MeterChoice:
    """A meter as offered: its unit lengths (`L:`, best first) and the note its tempo counts (`Q:`)."""

    meter: str
    units: tuple[str, ...]
    beat: Fraction


METERS = (
    MeterChoice("4/4", ("1/8", "1/4", "1/16"), Fraction(1, 4)),
    MeterChoice("3/4", ("1/8", "1/4", "1/16"), Fraction(1, 4)),
    MeterChoice("2/4", ("1/8", "1/16", "1/4"), Fraction(1, 4)),
    MeterChoice("6/8", ("1/8", "1/16"), Fraction(3, 8)),
    MeterChoice("9/8", ("1/8",), Fraction(3, 8)),
    MeterChoice("12/8", ("1/8",), Fraction(3, 8)),
    MeterChoice("3/8", ("1/8", "1/16"), Fraction(1, 8)),
    MeterChoice("2/2", ("1/8", "1/4"), Fraction(1, 2)),
    MeterChoice("3/2", ("1/4", "1/8"), Fraction(1, 2)),
    MeterChoice("6/4", ("1/4", "1/8"), Fraction(3, 4)),
    MeterChoice("5/4", ("1/8", "1/4"), Fraction(1, 4)),
)
"""The meters offered when no wish says otherwise."""


def keys(modes: tuple[str, ...] = ("maj", "min", "dor", "mix"), most: int = 6) -> tuple[str, ...]:
    """Canonical names (`Gmaj`, `F#min`) of every key in these modes with at most `most` (0…6) sharps or flats."""
    return tuple(
        f"{_CIRCLE[_C_IN_CIRCLE + fifths - MODES[mode]]}{mode}"
        for mode in modes
        for fifths in sorted(range(-most, most + 1), key=abs)
        if 0 <= _C_IN_CIRCLE + fifths - MODES[mode] < len(_CIRCLE)
    )


@dataclass(frozen=True, slots=True)
class HeaderWishes:
    """What the header must say. Empty tuples, empty strings and None leave the choice to the model.

    `other_rhythms` are those that the model may not choose.
    `keys` are canonical names (`Gmaj`, `Emin`, `Ador`), `meters` as in `M:`, `units` as in `L:`. `tempo` is the
    lowest and highest tempo in quarter notes a minute; `beats`, where given, takes its place and counts the beats that
    people tap in the meter (`felt`). `programs` are General MIDI programs 0…127, one of which
    is written; without any no program line is written, unless `any_program` lets the model write one. `voices` are
    the lines of an ensemble as they stand behind the key (`V:1 name="Flute"` …), in place of a program line.
    """

    title: str = ""
    rhythm: str = ""
    other_rhythms: tuple[str, ...] = ()
    meters: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    tempo: tuple[float, float] = (40.0, 220.0)
    beats: tuple[float, float] | None = None
    programs: tuple[int, ...] = ()
    any_program: bool = False
    voices: str = ""


def header_grammar(wishes: HeaderWishes = HeaderWishes()) -> str:
    """A Lark grammar for llguidance. Raises ValueError for wishes that leave no header."""
    rules = [
        'start: "X:1\\nT:" TITLE "\\n" rhythm? meter "K:" KEY "\\n" program',
        f"TITLE: {_title(wishes.title)}",
        f"rhythm: {_rhythm(wishes)}",
        f"RHYTHM: {_own_rhythm(wishes.other_rhythms)}",
        f"meter: {' | '.join(_meters(wishes))}",
        f"KEY: {_one_of(wishes.keys or keys())}",
        f"program: {_program(wishes)}",
    ]
    if wishes.rhythm:
        rules[0] = rules[0].replace("rhythm?", "rhythm")
    return "\n".join(rules) + "\n"


def plain_title(text: str) -> str:
    """A title as a `T:` line can hold it: one line, single spaces, no control characters, no `%`, at most 60 long."""
    visible = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(visible.replace("%", "").replace("\\", "").split())[:60].rstrip()


def _title(wish: str) -> str:
    title = plain_title(wish)
    return _quoted(title) if title else "/[A-Z][A-Za-z0-9 ',.!&-]{2,40}[A-Za-z0-9.!]/"


def _rhythm(wishes: HeaderWishes) -> str:
    return f'{_quoted(f"R:{plain_title(wishes.rhythm)}")} "\\n"' if wishes.rhythm else '"R:" RHYTHM "\\n"'


def _own_rhythm(others: tuple[str, ...]) -> str:
    any_words = "/[a-z][a-z ]{1,18}[a-z]/"
    return f"{any_words} & ~/({'|'.join(others)})/" if others else any_words


def _meters(wishes: HeaderWishes) -> Iterator[str]:
    offered = [choice_for(meter) for meter in wishes.meters] or list(METERS)
    for choice in offered:
        units = wishes.units or choice.units
        tempos = _tempos(choice.beat, _quarters(choice.meter, wishes))
        yield f'"M:{choice.meter}\\nL:" ({_one_of(units)}) "\\nQ:{choice.beat}=" ({tempos}) "\\n"'


def choice_for(meter: str) -> MeterChoice:
    """The unit lengths and the beat for a meter, also for one that is not in METERS.

    Raises ValueError unless it reads `n/d` with n in 1…32 and d a power of two up to 32.
    """
    for choice in METERS:
        if choice.meter == meter:
            return choice
    match = re.fullmatch(r"([1-9][0-9]?)/(1|2|4|8|16|32)", meter)
    if match is None or int(match[1]) > 32:
        raise ValueError(f"expected a meter such as 6/8, got {meter}")
    count, value = int(match[1]), int(match[2])
    compound = count % 3 == 0 and count > 3 and value >= 8
    unit = "1/16" if value >= 16 else "1/8"
    return MeterChoice(meter, (unit,), Fraction(3 if compound else 1, value))


def felt(meter: str) -> Fraction:
    """The beat that people tap, in quarters: three eighths in 6/8 and in 3/8, a half in 2/2, a quarter in 4/4."""
    count, value = map(int, meter.split("/"))
    is_compound = count % 3 == 0 and value >= 8 and (count > 3 or value == 8)
    return Fraction(12 if is_compound else 4, value)


def _quarters(meter: str, wishes: HeaderWishes) -> tuple[float, float]:
    """The range of tempi in quarters a minute."""
    if wishes.beats is None:
        return wishes.tempo
    beat = float(felt(meter))
    return wishes.beats[0] * beat, wishes.beats[1] * beat


def _tempos(beat: Fraction, tempo: tuple[float, float]) -> str:
    """The whole numbers of beats a minute in a range of quarters a minute; the nearest one if there is none."""
    quarters = beat * 4
    low, high = (bound / float(quarters) for bound in tempo)
    numbers = [number for number in range(1, 1000) if low - 1e-9 <= number <= high + 1e-9]
    return _one_of([str(number) for number in numbers or [max(1, round((low + high) / 2))]])


def _program(wishes: HeaderWishes) -> str:
    if wishes.voices:
        return " ".join(f'{_quoted(line)} "\\n"' for line in wishes.voices.splitlines())
    if wishes.programs:
        return f'"%%MIDI program " ({_one_of([str(program) for program in wishes.programs])}) "\\n"'
    if wishes.any_program:
        return '("%%MIDI program " /[0-9]|[1-9][0-9]|1[01][0-9]|12[0-7]/ "\\n")?'
    return '""'


def _one_of(options: tuple[str, ...] | list[str]) -> str:
    return " | ".join(_quoted(option) for option in options)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
