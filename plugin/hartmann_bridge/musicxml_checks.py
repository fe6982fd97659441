"""Whether MusicXML may be handed to an editor: MuseScore 3 answers a faulty file with a dialog that blocks it.

Checked are, in this order: the size; that it is well-formed UTF-8 XML without entities of its own; that the root
is `score-partwise`; that the part list and the parts name each other, once each; that every part has measures,
all parts equally many; that divisions and times are positive; that every note has one pitch, rest or unpitched
position, a pitch is a step from A to G with an octave from 0 to 9, and a duration is a positive whole number unless
it is a grace note; and that `backup` never leads before the beginning of its measure.

That is what importers rely on, not the whole schema; MuseScore judges the rest in the tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING

from hartmann_bridge.refusals import Refused

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

LARGEST_BYTES = 64 * 2**20
_STEPS = frozenset("ABCDEFG")


def check_musicxml(data: bytes) -> None:
    """Raises Refused with the first fault and its place; returns when there is none."""
    root = _parsed(data)
    if root.tag != "score-partwise":
        raise _faulty(f"the root is {root.tag!r} where `score-partwise` is expected")
    _check_parts(root)
    for part in root.findall("part"):
        for measure in part.findall("measure"):
            where = f"part {part.get('id')}, measure {measure.get('number')}"
            _check_measure(measure, where)


def _parsed(data: bytes) -> Element:
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    if len(data) > LARGEST_BYTES:
        raise _faulty(f"it has {len(data):,} bytes, and at most {LARGEST_BYTES:,} are opened")
    try:
        data.decode("utf-8")
        root: Element = fromstring(data)
    except UnicodeDecodeError as error:
        raise _faulty("it is not UTF-8") from error
    except DefusedXmlException as error:
        raise _faulty("it defines entities") from error
    except ParseError as error:
        raise _faulty(f"it is not well-formed XML ({error})") from error
    return root


def _check_parts(root: Element) -> None:
    listed = [part.get("id") for part in root.findall("part-list/score-part")]
    present = [part.get("id") for part in root.findall("part")]
    if not present or None in listed or sorted(map(str, listed)) != sorted(map(str, present)):
        raise _faulty(f"the part list names {listed} where the parts are {present}")
    if len(set(present)) != len(present):
        raise _faulty("two parts have the same id")
    lengths = {len(part.findall("measure")) for part in root.findall("part")}
    if len(lengths) != 1 or 0 in lengths:
        raise _faulty(f"parts have {sorted(lengths)} measures where all must have equally many, at least one")


def _check_measure(measure: Element, where: str) -> None:
    position = 0
    for element in measure:
        match element.tag:
            case "attributes":
                _check_attributes(element, where)
            case "note":
                _check_pitch(element, where)
                if element.find("chord") is None:
                    position += _duration(element, where)
                else:
                    _duration(element, where)
            case "forward":
                position += _duration(element, where)
            case "backup":
                position -= _duration(element, where)
        if position < 0:
            raise _faulty(f"in {where}, a backup leads before the beginning of the measure")


def _check_attributes(attributes: Element, where: str) -> None:
    for path in ("divisions", "time/beats", "time/beat-type"):
        for text in _texts(attributes, path):
            # Beats may be a sum, such as 3+2.
            if not all(number.strip().isdigit() and int(number) > 0 for number in text.split("+")):
                raise _faulty(f"in {where}, {path.rpartition('/')[2]} is {text!r}")


def _check_pitch(note: Element, where: str) -> None:
    kinds = [kind for kind in ("pitch", "rest", "unpitched") if note.find(kind) is not None]
    if len(kinds) != 1:
        raise _faulty(f"in {where}, a note has {kinds or 'neither pitch nor rest'}")
    pitch = note.find("pitch")
    if pitch is None:
        return
    step, octave = pitch.findtext("step", ""), pitch.findtext("octave", "")
    if step not in _STEPS or octave not in tuple("0123456789"):
        raise _faulty(f"in {where}, a pitch is {step!r} in octave {octave!r}")


def _duration(element: Element, where: str) -> int:
    """Whole and positive; grace notes have none."""
    text = element.findtext("duration")
    if text is None and element.find("grace") is not None:
        return 0
    if text is None or not text.strip().isdigit() or int(text) == 0:
        raise _faulty(f"in {where}, a duration is {text!r}")
    return int(text)


def _texts(element: Element, path: str) -> Iterator[str]:
    yield from (found.text or "" for found in element.findall(path))


def _faulty(fault: str) -> Refused:
    return Refused(
        HTTPStatus.BAD_GATEWAY,
        "MUSICXML_INVALID",
        f"the score is not handed to MuseScore, because its MusicXML is faulty: {fault}",
    )
