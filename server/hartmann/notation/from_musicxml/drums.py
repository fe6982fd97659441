"""Percussion in MusicXML: which drum each note strikes, which music21 does not read.

A part of percussion lists its drums as instruments with a `midi-unpitched` number (General MIDI's note and one); a note
names the one it strikes. Such notes are made pitched ones here, by General MIDI's note numbers, before music21 sees
them, as ABC writes them too. A note whose drum has no number keeps its place on the staff as its pitch.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

PERCUSSION_CHANNEL = 9
"""Channel 10, as music21 counts."""

_STEPS = (("C", 0), ("C", 1), ("D", 0), ("D", 1), ("E", 0), ("F", 0), ("F", 1), ("G", 0), ("G", 1), ("A", 0),
          ("A", 1), ("B", 0))  # fmt: skip


def pitch_drums(root: ET.Element) -> set[str]:
    """Give all unpitched notes of the score the pitches of their drums; the ids of the parts that have such notes."""
    entries = {entry.get("id", ""): entry for entry in root.iter("score-part")}
    found: set[str] = set()
    for part in root.findall("part"):
        identity = part.get("id", "")
        drums = _drums(entries[identity]) if identity in entries else {}
        for note in part.iter("note"):
            unpitched = note.find("unpitched")
            if unpitched is not None:
                found.add(identity)
                _pitch(note, unpitched, drums)
    return found


def spelled(midi: int) -> tuple[str, int, int]:
    """(step, alteration, octave) of a drum's note number, with sharps.

    >>> spelled(42)
    ('F', 1, 2)
    """
    return (*_STEPS[midi % 12], midi // 12 - 1)


def _drums(entry: ET.Element) -> dict[str, int]:
    """Instrument id → General MIDI note number; "" is the part's only drum."""
    drums: dict[str, int] = {}
    for one in entry.iter("midi-instrument"):
        stated = (one.findtext("midi-unpitched") or "").strip()
        if stated.isdecimal() and 1 <= int(stated) <= 128:
            drums[one.get("id", "")] = int(stated) - 1
    if len(drums) == 1:
        drums[""] = next(iter(drums.values()))
    return drums


def _pitch(note: ET.Element, unpitched: ET.Element, drums: dict[str, int]) -> None:
    struck = note.find("instrument")
    midi = drums.get(struck.get("id", "") if struck is not None else "")
    shown = (unpitched.findtext("display-step") or "B").strip().upper()
    octave = (unpitched.findtext("display-octave") or "4").strip()
    unpitched.clear()
    unpitched.tag = "pitch"
    step, alter, height = spelled(midi) if midi is not None else (shown, 0, octave)
    ET.SubElement(unpitched, "step").text = step
    ET.SubElement(unpitched, "alter").text = str(alter)
    ET.SubElement(unpitched, "octave").text = str(height)
