"""The MusicXML of a score, as XML, and ways to look at it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

from score_building import bar

from hartmann.notation.musicxml import to_musicxml
from hartmann.notation.score import Bar, Score


def document(made: Score, **options: Any) -> ET.Element:
    return ET.fromstring(to_musicxml(made, **options))


def measures(made: Score, part: int = 1) -> list[ET.Element]:
    return document(made).findall(f"part[@id='P{part}']/measure")


def texts(root: ET.Element, path: str) -> list[str | None]:
    return [element.text for element in root.findall(path)]


def marked(text: str, **fields: object) -> Bar:
    """A bar whose first note has these fields."""
    made = bar(text)
    return replace(made, notes=(replace(made.notes[0], **fields), *made.notes[1:]))  # type: ignore[arg-type]


def sounding(root: ET.Element) -> list[tuple[str, int]]:
    """(step with alteration and octave, duration in divisions) of every pitched note."""
    return [
        (
            f"{note.findtext('pitch/step')}{note.findtext('pitch/alter', '')}{note.findtext('pitch/octave')}",
            int(note.findtext("duration", "0")),
        )
        for note in root.iter("note")
        if note.find("pitch") is not None
    ]
