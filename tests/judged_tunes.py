"""What abc2midi is asked about: a sample of music21's corpus, and pieces in several voices made from it.

Every piece has an id by which `tests/data/abc2midi_verdicts.toml` can name it. The same seed gives the same
pieces. Pieces in several voices come in the three styles in which ABC writes voices: one after the other
(`V:1`, all of it, `V:2`, …), a line of each in turn (`V:1`, a line, `V:2`, a line), and inline (`[V:1] …`).
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from abc2midi_judge import PLAINLY, unornamented, without_repeats

from hartmann.library.ingest.music21_tunes import Tune, all_tunes
from hartmann.notation.checking import check

_PLAINLY = "".join(f"{line}\n" for line in PLAINLY)

FEWEST = 12
"""Tunes of each folder at least, or all that it has."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One text for both players; `repeats` says whether its repeats are played in the comparison."""

    id: str
    text: str
    repeats: bool = True


class Style(Enum):
    """How voices are written down."""

    ONE_AFTER_THE_OTHER = "one after the other"
    IN_TURN = "in turn"
    INLINE = "inline"


def sample(number: int, seed: int) -> list[Piece]:
    """At least `number` tunes of the corpus: of every folder in proportion to its size, but `FEWEST` at least."""
    folders: dict[str, list[Tune]] = {}
    for tune in all_tunes():
        folders.setdefault(tune.id.split("/")[1], []).append(tune)
    total = sum(map(len, folders.values()))
    chance = random.Random(seed)
    return [
        Piece(tune.id, unornamented(tune.text))
        for _, tunes in sorted(folders.items())
        for tune in chance.sample(tunes, min(len(tunes), max(FEWEST, -(-number * len(tunes) // total))))
    ]


def several_voices(number: int, seed: int) -> list[Piece]:
    """3 × `number` pieces: half of them tunes over themselves an octave lower, with their repeats; half of them
    two to four tunes at once, without."""
    chance = random.Random(seed)
    sources = list(_plain_tunes(chance, 8 * number))
    doubled = sources[: number // 2]
    mixed = list(_tunes_that_fit(sources[number // 2 :], number - number // 2, chance))
    pieces = [(f"octaves/{one.id}", one.header, [one.lines, _lower(one.lines)], True) for one in doubled]
    for together in mixed:
        voices = [[f"[K:{one.key}]{one.lines[0]}", *one.lines[1:]] for one in together]
        lines = [[without_repeats(line) for line in voice] for voice in voices]
        pieces.append(("+".join(one.id for one in together), together[0].header, lines, False))
    return [
        Piece(f"{name} ({style.value})", header + "\n".join(_written(voices, style)) + "\n", repeats)
        for name, header, voices, repeats in pieces
        for style in Style
    ]


@dataclass(frozen=True, slots=True)
class _Plain:
    """A tune of one voice whose body is music lines alone."""

    id: str
    meter: str
    unit: str
    key: str
    lines: tuple[str, ...]

    @property
    def header(self) -> str:
        return f"X:1\nT:{self.id}\nM:{self.meter}\nL:{self.unit}\nK:{self.key}\n{_PLAINLY}"


_IGNORED = re.compile(r"[wWNZSRBCDFGHOA]:|%")
_UNFIT = re.compile(r"^[A-Za-z]:|^\s*-|[&\[]")
"""Fields among the music, ties that begin a line, overlays, and chords or inline fields."""

_HEADER = re.compile(r"^([A-Z]):[ \t]*([^%\n]*?)[ \t]*(?:%.*)?$", re.M)


def _plain_tunes(chance: random.Random, number: int) -> Iterator[_Plain]:
    """Tunes without errors that state M, L and K once."""
    tunes = list(all_tunes())
    chance.shuffle(tunes)
    found = 0
    for tune in tunes:
        one = _plain(tune)
        if one is not None and check(tune.text).ok:
            yield one
            found += 1
        if found == number:
            return


def _plain(tune: Tune) -> _Plain | None:
    header, key_line, body = re.split(r"(^K:.*\n)", unornamented(tune.text), maxsplit=1, flags=re.M)
    fields = dict(_HEADER.findall(header + key_line))
    lines = [line.rstrip(" \\") for line in body.split("\n") if line.strip() and not _IGNORED.match(line)]
    states_it_all = {"M", "L", "K"} <= set(fields) and not {"V", "P"} & set(fields)
    if not lines or not states_it_all or any(_UNFIT.search(line) for line in lines):
        return None
    if not _repeats_are_explicit("".join(lines)):
        return None
    bare = tuple(re.sub(r'"[^"\n]*"', "", line) for line in lines)
    return _Plain(tune.id, fields["M"], fields["L"], fields["K"], bare)


def medleys(number: int, seed: int) -> list[Piece]:
    """Two tunes one after the other, the second with a key, meter, unit and tempo of its own."""
    chance = random.Random(seed)
    sources = list(_plain_tunes(chance, 2 * number))
    return [
        Piece(f"{first.id}+{second.id}", _medley(first, second, chance))
        for first, second in zip(sources[::2], sources[1::2], strict=True)
    ]


def _medley(first: _Plain, second: _Plain, chance: random.Random) -> str:
    *lines, last = first.lines
    closed = last if last.endswith(":|") else last.rstrip(" |]") + "||"
    tempi = chance.sample(range(50, 200, 10), 2)
    change = f"[M:{second.meter}][L:{second.unit}][K:{second.key}][Q:1/4={tempi[1]}]"
    header = first.header.replace("\nK:", f"\nQ:1/4={tempi[0]}\nK:", 1)
    body = "\n".join([*lines, closed, change + second.lines[0], *second.lines[1:]])
    return f"{header}{body}\n"


def _repeats_are_explicit(music: str) -> bool:
    """True where every `:|` but the first has a `|:`. Of several voices abc2midi plays a strain without one once,
    though 4.8 says twice, and though it plays it twice in a single voice."""
    opened = True
    for sign in re.findall(r":\|?:|:\|+:|:\||\|:", music):
        if sign == ":|" and not opened:
            return False
        opened = sign != ":|"
    return True


def _tunes_that_fit(
    sources: Sequence[_Plain], number: int, chance: random.Random
) -> Iterator[tuple[_Plain, ...]]:
    """Groups of two to four tunes with the same meter and unit."""
    alike: dict[tuple[str, str], list[_Plain]] = {}
    for one in sources:
        alike.setdefault((one.meter, one.unit), []).append(one)
    groups = [group for group in alike.values() if len(group) >= 4]
    for _ in range(number):
        yield tuple(chance.sample(chance.choice(groups), chance.choice((2, 3, 4))))


def _lower(lines: Sequence[str]) -> tuple[str, ...]:
    """The lines an octave lower, note by note: `c'` → `c`, `c` → `C`, `C` → `C,`."""
    return tuple(re.sub(r"([A-Ga-g])('*)", _octave_down, line) for line in lines)


def _octave_down(note: re.Match[str]) -> str:
    letter, high = note.groups()
    if high:
        return letter + high[1:]
    return letter.upper() if letter.islower() else letter + ","


def _written(voices: Sequence[Sequence[str]], style: Style) -> Iterator[str]:
    if style is Style.ONE_AFTER_THE_OTHER:
        for number, lines in enumerate(voices, start=1):
            yield f"V:{number}"
            yield from lines
        return
    for at in range(max(map(len, voices))):
        for number, lines in enumerate(voices, start=1):
            if at < len(lines):
                yield f"V:{number}\n{lines[at]}" if style is Style.IN_TURN else f"[V:{number}]{lines[at]}"


_HEAD = "X:1\nT:By hand\nM:4/4\nL:1/8\nK:C\n" + _PLAINLY
BY_HAND = {
    "chords against a moving bass": "V:1\n[CEG]4 [DFA]4|[EGc]8|\nV:2 clef=bass\nC,D,E,F, G,A,B,C|C,8|\n",
    "endings": "[V:1]|:c4 e4|1 g8:|2 c'8|]\n[V:2]|:C,4 E,4|1 G,8:|2 C8|]\n",
    "three passes": "[V:1]|:c8|1,2 d8:|3 e8|f8|]\n[V:2]|:C8|1,2 D8:|3 E8|F8|]\n",
    "tuplets against eighths": "[V:1](3cde (3fga (3bag (3fed|c8|\n[V:2]CD EF GA Bc|C8|\n",
    "accidentals in one voice": "[V:1]^c2c2 _e2e2|c4 e4|\n[V:2]C2C2 E2E2|C4 E4|\n",
    "ties over bars": "[V:1]c6 d2-|d4 e4-|e8|\n[V:2]C8-|C8-|C8|\n",
    "broken rhythm": "[V:1]c>d e<f g>>a b<<c'|c8|\n[V:2]C2 D2 E2 F2|C8|\n",
    "rests of all kinds": "[V:1]z4 c4|Z2|x4 c4|\n[V:2]C8|z4 D4|E8|F4 z4|\n",
    "four voices": "[V:1]c8|d8|\n[V:2]G8|A8|\n[V:3]E8|F8|\n[V:4]C,8|D,8|\n",
    "names and clefs": 'V:S name="Soprano" clef=treble\nV:B name="Bass" clef=bass\n[V:S]c4 d4|e8|\n[V:B]C,4 D,4|E,8|\n',
    "systems of several lines": "V:1\nc4 d4|\nV:2\nC4 D4|\nV:1\ne4 f4|\nV:2\nE4 F4|\nV:1\ng8|\nV:2\nG8|\n",
    "keys of their own": "[V:1][K:D]fgfg fgfg|c8|\n[V:2][K:F]BcBc BcBc|C8|\n",
    "changes in the middle": "[V:1]c8|[K:G][M:3/4]f6|[L:1/4]f3|\n[V:2]C8|[K:G][M:3/4]F6|[L:1/4]F3|\n",
    "an overlay": "[V:1]c8 & E4 G4|c8|\n[V:2]C8|C,8|\n",
    "an anacrusis": "[V:1]G2|c4 e4|g6|]\n[V:2]z2|C4 E4|G6|]\n",
    "a drum": "V:1\nc8|c8|\nV:2\n%%MIDI channel 10\nC,,2D,,2C,,2D,,2|C,,8|\n",
}  # fmt: skip


def by_hand() -> list[Piece]:
    """Small pieces in several voices, one for each thing that parsers get wrong there."""
    return [Piece(f"by hand: {name}", _HEAD + body) for name, body in BY_HAND.items()]
