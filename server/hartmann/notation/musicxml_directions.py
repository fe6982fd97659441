"""Directions as readers need them: placed above the staff, and with what they do to the playing beside their words.

music21 writes `D.C. al Fine` as words alone. MusicXML says the same to players that read no words by the
attributes of `<sound>`: `dacapo`, `dalsegno`, `tocoda`, `fine`, and the names of the places they go to.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

_ABOVE = ("metronome", "words", "rehearsal", "segno", "coda")
_SOUNDS = (
    (re.compile(r"Fine"), ("fine", "yes")),
    (re.compile(r"To Coda"), ("tocoda", "coda")),
    (re.compile(r"D\.C\.( al (Fine|Coda))?"), ("dacapo", "yes")),
    (re.compile(r"D\.S\.( al (Fine|Coda))?"), ("dalsegno", "segno")),
)


def settle_directions(root: ET.Element) -> None:
    """Place what stands above the staff, and state what jumps do."""
    for direction in root.iter("direction"):
        if any(direction.find(f"direction-type/{kind}") is not None for kind in _ABOVE):
            direction.set("placement", direction.get("placement", "above"))
        effect = _effect(direction)
        if effect is not None and direction.find("sound") is None:
            ET.SubElement(direction, "sound", dict([effect]))


def _effect(direction: ET.Element) -> tuple[str, str] | None:
    for sign in ("segno", "coda"):
        if direction.find(f"direction-type/{sign}") is not None:
            return sign, sign
    words = direction.findtext("direction-type/words", "")
    return next((effect for pattern, effect in _SOUNDS if pattern.fullmatch(words)), None)
