"""What a person's words ask of a piece, where they say it in music's own terms: "a slow waltz in D minor".

Key or mode, meter or the kind of dance that has one, and tempo. A large model understands whatever is said; the mini
knows few words, so what can be read here steers its header as a wish would (`steering`). A word behind "not", "no" or
"without" asks for nothing; two words that contradict each other neither.

Tempo words are those of `library.features`, in felt beats a minute: slow below 74, fast from 100 on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from hartmann.vision.header_grammar import MODES, choice_for, keys

Beats = tuple[float, float]
"""Lowest and highest tempo, in felt beats a minute."""
TEMPI: Final[Mapping[str, Beats]] = {
    "very slow": (36, 53), "largo": (36, 53), "grave": (36, 53), "slow": (44, 73), "slowly": (44, 73),
    "adagio": (44, 73), "lento": (44, 73), "moderate": (74, 99), "moderato": (74, 99), "andante": (74, 99),
    "medium": (74, 99), "walking": (74, 99), "fast": (100, 160), "quick": (100, 160), "quickly": (100, 160),
    "lively": (100, 160), "brisk": (100, 160), "swift": (100, 160), "rapid": (100, 160), "allegro": (100, 160),
    "vivace": (110, 170), "very fast": (140, 190), "presto": (140, 190),
}  # fmt: skip
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "waltz": ("3/4",), "minuet": ("3/4",), "mazurka": ("3/4",), "slip jig": ("9/8",), "jig": ("6/8",),
    "gigue": ("6/8",), "reel": ("4/4", "2/2"), "hornpipe": ("4/4",), "strathspey": ("4/4",), "polka": ("2/4",),
    "march": ("4/4", "2/4", "2/2", "6/8"), "siciliano": ("6/8", "12/8"), "barcarolle": ("6/8", "12/8"),
}  # fmt: skip
"""Kinds of dance and the meters they have."""
_MODES: Final[Mapping[str, str]] = {
    "major": "maj", "minor": "min", "dorian": "dor", "mixolydian": "mix", "phrygian": "phr", "lydian": "lyd",
}  # fmt: skip
_KEY = re.compile(rf"\b(?:in|of) ([A-G])(#|b|♯|♭| sharp| flat)? ({'|'.join(_MODES)})\b")
_METER = re.compile(r"\b(\d{1,2})/(\d{1,2})\b")
_DENIED = re.compile(r"\b(?:not|no|never|without|nothing)\s+(?:\w+\s+)?$")
Meaning = TypeVar("Meaning")


@dataclass(frozen=True, slots=True)
class Spoken:
    """What words ask for, as `header_grammar` takes it; empty and None: nothing. `kind` is the dance that is named."""

    key: str = ""
    mode: str = ""
    meters: tuple[str, ...] = ()
    beats: Beats | None = None
    kind: str = ""


def spoken(words: str) -> Spoken:
    """Read a person's words.

    >>> spoken("a slow waltz in D minor")
    Spoken(key='Dmin', mode='min', meters=('3/4',), beats=(44, 73), kind='waltz')
    >>> spoken("my grandmother's garden, not too fast")
    Spoken(key='', mode='', meters=(), beats=None, kind='')
    """
    key = _key(words)
    kind = _only(_named(words, {name: name for name in KINDS})) or ""
    return Spoken(
        key=key,
        mode=key[-3:] or _only(_named(words, _MODES)) or "",
        meters=_meters(words) or KINDS.get(kind, ()),
        beats=_only(_named(words, TEMPI)),
        kind=kind,
    )


def _key(words: str) -> str:
    """The one key that is named, with at most six accidentals; else nothing."""
    found = set()
    for match in _KEY.finditer(words):
        sign = {"♯": "#", " sharp": "#", "♭": "b", " flat": "b"}.get(match[2] or "", match[2] or "")
        found.add(f"{match[1]}{sign}{_MODES[match[3]]}")
    return (_only(found & set(keys(tuple(MODES)))) if len(found) == 1 else None) or ""


def _meters(words: str) -> tuple[str, ...]:
    found = {match.group() for match in _METER.finditer(words)}
    try:
        return (choice_for(found.pop()).meter,) if len(found) == 1 else ()
    except ValueError:
        return ()


def _named(words: str, meanings: Mapping[str, Meaning]) -> set[Meaning]:
    """What the words of a table that stand in the text mean; the longest word counts where several begin together."""
    return set(_found(words.lower(), meanings))


def _found(text: str, meanings: Mapping[str, Meaning]) -> Iterator[Meaning]:
    longest_first = sorted(meanings, key=len, reverse=True)
    for match in re.finditer(rf"\b({'|'.join(longest_first)})s?\b", text):
        if not _DENIED.search(text[: match.start()]):
            yield meanings[match[1]]


def _only(found: set[Meaning]) -> Meaning | None:
    return next(iter(found)) if len(found) == 1 else None
