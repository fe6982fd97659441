"""Score to MusicXML 4.0: music21 writes the music, this module the rest of the document.

music21's exporter has no place for some of what a score must carry, and writes some things that change
from run to run. So its tree is finished here: identification with the creator, the software and the
provenance (one `miscellaneous-field` each), title and motivation as credits on the first page, each
instrument's standard sound, percussion as unpitched notes. The same score gives the same bytes: no dates,
no random ids. Text is escaped, and characters that XML can't carry are left out.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from itertools import cycle
from xml.etree import ElementTree as ET

from hartmann import __version__
from hartmann.notation.instrument_sounds import DRUMS, INSTRUMENT_SOUNDS, PERCUSSION_SOUND
from hartmann.notation.musicxml_directions import settle_directions
from hartmann.notation.mxl import compressed
from hartmann.notation.score import STEP_SEMITONES, Score, Voice

GENERATED = "Hartmann (machine-generated)"
"""The composer of a score that carries provenance."""

_PROLOGUE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">\n'
)
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_PAGE_WIDTH, _PAGE_HEIGHT, _MARGIN = 1200, 1697, 85
"""A4 in tenths at 7 mm for 40 tenths."""

_REPEAT_LOOKS = {"forward": "heavy-light", "backward": "light-heavy"}

_MOTIVATION_WIDTH = 160
"""Characters a line of the motivation, at 8 points across the page."""

_MOTIVATION_LINES = 24
"""Lines of the motivation at most: a third of the page; what is longer ends in an ellipsis."""

_LINE_HEIGHT = 17
"""Tenths a line at 8 points. MuseScore makes the frame as high as the credits are apart."""


def to_musicxml(score: Score, *, motivation: str = "", provenance: Sequence[tuple[str, str]] = ()) -> bytes:
    """The score as a MusicXML document in UTF-8, which ends with a line feed.

    `motivation` stands below the title on the first page. `provenance` (name, value) pairs mark the score
    as generated. Raises `MissingExtra` where music21 is not installed, and `InvalidNotation` for a score
    that would take more than 30,000 note heads.
    """
    from music21.musicxml.m21ToXml import ScoreExporter

    from hartmann.notation.engraving import to_music21

    whole = to_music21(score)
    root = ScoreExporter(whole, makeNotation=False).parse() if whole.parts else _empty_document()
    _rewrite_head(root, score, motivation, provenance)
    for number, voice in enumerate(score.voices, start=1):
        part = root.find(f"part[@id='P{number}']")
        entry = root.find(f"part-list/score-part[@id='P{number}']")
        if part is not None and entry is not None:
            _finish_instrument(entry, voice, _channels(score)[number - 1])
            if voice.percussion:
                _unpitch(part, entry)
    _settle_bar_lines(root)
    settle_directions(root)
    _clean(root)
    ET.indent(root)
    return (_PROLOGUE + ET.tostring(root, encoding="unicode") + "\n").encode()


def to_mxl(score: Score, *, motivation: str = "", provenance: Sequence[tuple[str, str]] = ()) -> bytes:
    """The same document, compressed: a `.mxl` file. Raises what `to_musicxml` raises."""
    return compressed(to_musicxml(score, motivation=motivation, provenance=provenance))


def _empty_document() -> ET.Element:
    """A score-partwise with one silent bar: MusicXML asks for at least one part with a measure."""
    root = ET.Element("score-partwise", version="4.0")
    entry = ET.SubElement(ET.SubElement(root, "part-list"), "score-part", id="P1")
    ET.SubElement(entry, "part-name").text = "Music"
    measure = ET.SubElement(ET.SubElement(root, "part", id="P1"), "measure", number="1")
    ET.SubElement(ET.SubElement(measure, "attributes"), "divisions").text = "1"
    note = ET.SubElement(measure, "note")
    ET.SubElement(note, "rest", measure="yes")
    ET.SubElement(note, "duration").text = "4"
    return root


# -- the head of the document ------------------------------------------------------------------------------


def _rewrite_head(
    root: ET.Element, score: Score, motivation: str, provenance: Sequence[tuple[str, str]]
) -> None:
    for element in list(root):
        if element.tag not in {"part-list", "part"}:
            root.remove(element)
    title = score.title.strip()
    composer = GENERATED if provenance else score.composer.strip()
    head: list[ET.Element] = []
    if title:
        work = ET.Element("work")
        ET.SubElement(work, "work-title").text = title
        head.append(work)
    head += [_identification(composer, provenance), _defaults(), *_credits(title, composer, motivation)]
    for place, element in enumerate(head):
        root.insert(place, element)


def _identification(composer: str, provenance: Sequence[tuple[str, str]]) -> ET.Element:
    import music21

    identification = ET.Element("identification")
    if composer:
        ET.SubElement(identification, "creator", type="composer").text = composer
    for name, value in provenance:
        # MuseScore 3 passes over miscellaneous fields; creators of any type become properties of the score.
        ET.SubElement(identification, "creator", type=name).text = value
    encoding = ET.SubElement(identification, "encoding")
    ET.SubElement(encoding, "software").text = f"Hartmann {__version__}"
    ET.SubElement(encoding, "software").text = f"music21 {music21.__version__}"
    if provenance:
        fields = ET.SubElement(identification, "miscellaneous")
        for name, value in provenance:
            ET.SubElement(fields, "miscellaneous-field", name=name).text = value
    return identification


def _defaults() -> ET.Element:
    defaults = ET.Element("defaults")
    scaling = ET.SubElement(defaults, "scaling")
    ET.SubElement(scaling, "millimeters").text = "7"
    ET.SubElement(scaling, "tenths").text = "40"
    page = ET.SubElement(defaults, "page-layout")
    ET.SubElement(page, "page-height").text = str(_PAGE_HEIGHT)
    ET.SubElement(page, "page-width").text = str(_PAGE_WIDTH)
    margins = ET.SubElement(page, "page-margins", type="both")
    for side in ("left", "right", "top", "bottom"):
        ET.SubElement(margins, f"{side}-margin").text = str(_MARGIN)
    return defaults


def _credits(title: str, composer: str, motivation: str) -> list[ET.Element]:
    """Title in the middle, below it the motivation on the left, and the composer on the right below both."""
    lines = textwrap.wrap(
        _plain(motivation), _MOTIVATION_WIDTH, max_lines=_MOTIVATION_LINES, placeholder=" …"
    )
    top = _PAGE_HEIGHT - _MARGIN
    bottom = top - 100 - _LINE_HEIGHT * len(lines)
    found = []
    if title:
        found.append(_credit("title", title, _PAGE_WIDTH // 2, top, "center", "top", "22"))
    if composer:
        found.append(_credit("composer", composer, _PAGE_WIDTH - _MARGIN, bottom, "right", "bottom", "10"))
    if lines:
        free_line = ["\N{NO-BREAK SPACE}"] if composer else []
        found.append(
            _credit("lyricist", "\n".join(lines + free_line), _MARGIN, bottom, "left", "bottom", "8")
        )
    return found


def _credit(kind: str, text: str, x: int, y: int, justify: str, valign: str, size: str) -> ET.Element:
    credit = ET.Element("credit", page="1")
    ET.SubElement(credit, "credit-type").text = kind
    place = {
        "default-x": str(x),
        "default-y": str(y),
        "justify": justify,
        "valign": valign,
        "font-size": size,
    }
    ET.SubElement(credit, "credit-words", place).text = text
    return credit


# -- instruments -------------------------------------------------------------------------------------------


def _channels(score: Score) -> list[int]:
    """MIDI channels 1…16: the tenth for percussion, the others in turn (shared when there are more voices)."""
    others = cycle(channel for channel in range(1, 17) if channel != 10)
    return [10 if voice.percussion else next(others) for voice in score.voices]


def _finish_instrument(entry: ET.Element, voice: Voice, channel: int) -> None:
    sound = PERCUSSION_SOUND if voice.percussion else INSTRUMENT_SOUNDS[min(max(voice.program or 0, 0), 127)]
    for one in entry.findall("score-instrument"):
        ET.SubElement(one, "instrument-sound").text = sound
    for stated in entry.iter("midi-channel"):
        stated.text = str(channel)


def _unpitch(part: ET.Element, entry: ET.Element) -> None:
    """Percussion: each pitch becomes a drum of its own, shown on the line where drummers look for it."""
    drums: dict[int, str] = {}
    for note in part.iter("note"):
        pitch = note.find("pitch")
        if pitch is not None:
            midi = _midi(pitch)
            identity = drums.setdefault(midi, f"{entry.get('id')}-D{midi}")
            _show_drum(note, pitch, midi, identity)
    _list_drums(entry, drums)


def _midi(pitch: ET.Element) -> int:
    octave, alter = int(pitch.findtext("octave", "4")), float(pitch.findtext("alter", "0"))
    return 12 * (octave + 1) + STEP_SEMITONES[pitch.findtext("step", "C")] + int(alter)


def _show_drum(note: ET.Element, pitch: ET.Element, midi: int, identity: str) -> None:
    pitch.tag = "unpitched"
    place = DRUMS.get(midi, ("", "B4"))[1]
    pitch.clear()
    pitch.tag = "unpitched"
    ET.SubElement(pitch, "display-step").text = place[0]
    ET.SubElement(pitch, "display-octave").text = place[1]
    for accidental in note.findall("accidental"):
        note.remove(accidental)
    before = next(i for i, child in enumerate(note) if child.tag in {"voice", "type"})
    note.insert(before, ET.Element("instrument", id=identity))


def _list_drums(entry: ET.Element, drums: dict[int, str]) -> None:
    if not drums:
        return
    for old in entry.findall("score-instrument") + entry.findall("midi-instrument"):
        entry.remove(old)
    for midi, identity in sorted(drums.items()):
        one = ET.SubElement(entry, "score-instrument", id=identity)
        ET.SubElement(one, "instrument-name").text = DRUMS.get(midi, (f"Drum {midi}", ""))[0]
    for midi, identity in sorted(drums.items()):
        one = ET.SubElement(entry, "midi-instrument", id=identity)
        ET.SubElement(one, "midi-channel").text = "10"
        ET.SubElement(one, "midi-unpitched").text = str(midi + 1)


# -- the whole tree ----------------------------------------------------------------------------------------


def _plain(text: str) -> str:
    return _FORBIDDEN.sub("", text)


def _settle_bar_lines(root: ET.Element) -> None:
    """Every bar line says how it looks; music21 leaves plain ones to the reader."""
    for barline in root.iter("barline"):
        if barline.find("bar-style") is None:
            repeat = barline.find("repeat")
            look = "regular" if repeat is None else _REPEAT_LOOKS[repeat.get("direction", "")]
            style = ET.Element("bar-style")
            style.text = look
            barline.insert(0, style)


def _clean(root: ET.Element) -> None:
    """Leave out what XML can't carry, music21's comments, and its guesses at inversions (the bass says it)."""
    for parent in root.iter():
        for child in [c for c in parent if not isinstance(c.tag, str) or c.tag == "inversion"]:
            parent.remove(child)
        if parent.text:
            parent.text = _plain(parent.text)
        for name, value in parent.items():
            parent.set(name, _plain(value))
