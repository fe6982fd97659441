"""Clefs, and the octaves and transpositions that `K:` and `V:` fields state with them (ABC 2.1, section 4.6).

A clef with `+8` or `-8` draws the little 8 and is played an octave higher or lower, as the standard says and
abc2midi does; `^8` and `_8` only draw it. `octave=` moves the music, `transpose=` what is heard of it.
`middle=` and `stafflines=` concern the drawing alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CLEF = re.compile(
    r"(?<![\w=])((?:treble|bass|alto|tenor|soprano|mezzo(?:soprano)?|baritone|perc(?:ussion)?)\d?(?:[+\-^_]\d+)?)(?!\w)",
    re.I,
)
_OTTAVA = re.compile(r"([+\-])(8|15)$")
_DRAWN_OTTAVA = re.compile(r"[\^_](?:8|15)$")
_ATTRIBUTE = re.compile(r"""([A-Za-z]+)(?:=\s*|\s+=\s+|\s+=(?=["']))("[^"]*"?|'[^']*'|[^\s"']+)""")
_DRAWING = frozenset({
    "clef", "octave", "transpose", "t", "middle", "m", "stafflines", "staffscale", "stem", "stems", "gstem",
    "gstems", "up", "down", "name", "nm", "n", "sname", "snm", "subname", "style", "space", "dyn", "lyrics",
    "scale", "merge", "cue",
})  # fmt: skip
_BEGINNINGS = re.compile(r"clef|treble|bass|alto|tenor|perc|octave|transpose|staff|shift|middle|cue", re.I)


@dataclass(frozen=True, slots=True)
class Staff:
    """What a field says beside its key or voice: clef, octaves, semitones (None: not stated), and what is left over."""

    clef: str = ""
    octave: int | None = None
    transpose: int | None = None
    rest: str = ""
    attributes: tuple[tuple[str, str], ...] = ()


NOTHING = Staff()


def parse_staff(text: str) -> Staff:
    """`bass`, `clef=treble-8 octave=-1`, `transpose=-2 middle=d`, in any order."""
    if not text.strip():
        return NOTHING
    attributes = {m[1].lower(): m[2].strip("\"'") for m in _ATTRIBUTE.finditer(text)}
    bare = _ATTRIBUTE.sub(lambda m: " " * len(m[0]), text)
    clef = _CLEF.search(bare)
    if clef:
        bare = bare[: clef.start()] + " " * (clef.end() - clef.start()) + bare[clef.end() :]
    name = attributes.get("clef", clef[1] if clef else "").lower()
    return Staff(
        clef=_DRAWN_OTTAVA.sub("", name)[:20],
        octave=_small_int(attributes.get("octave", "")),
        transpose=_small_int(attributes.get("transpose", attributes.get("t", ""))),
        rest=bare,
        attributes=tuple(attributes.items()),
    )


def unread_attributes(staff: Staff) -> list[str]:
    """What `staff` states and nobody here knows: `score=Bb`, `shift=CD`."""
    return [f"{name}={value}" for name, value in staff.attributes if name not in _DRAWING]


def begins_with_clef(text: str) -> bool:
    """True where a `K:` field goes on with (or is nothing but) what `parse_staff` reads."""
    return _BEGINNINGS.match(text) is not None


def clef_octaves(clef: str) -> int:
    """The octaves that a clef moves what is heard: -1 for `treble-8`, 2 for `treble+15`, else 0."""
    match = _OTTAVA.search(clef)
    if match is None:
        return 0
    octaves = 1 if match[2] == "8" else 2
    return octaves if match[1] == "+" else -octaves


def plain_clef(clef: str) -> str:
    """The clef without its little 8."""
    return _OTTAVA.sub("", clef)


def _small_int(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[+-]?\d{1,2}", text) else None
