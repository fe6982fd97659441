"""Cutting bars and staves out of a MusicXML document, before anything reads its music.

A person's score may be a symphony of which eight bars are wanted: taking them out of the document costs
milliseconds, reading the whole as music costs minutes. Measures are counted from 1 in the order of the file, pickups
and irregular ones too; staves from 1 at the top of the score, so that a piano part has two. What was in force
before the first bar (divisions, key, meter, clef, transposition, tempo) is written into it; repeat signs and
endings, which may have lost their other half, are left out.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from hartmann.errors import UnreadableScore

_ORDER = (
    "divisions", "key", "time", "staves", "part-symbol", "instruments", "clef", "staff-details", "transpose",
)  # fmt: skip
"""The children of `attributes` that last, in the order of the schema (MusicXML 4.0)."""
_MOVES = frozenset({"note", "backup", "forward"})


@dataclass(frozen=True, slots=True)
class Span:
    """Bars `first`…`last` of `count`, all from 1, inclusive."""

    first: int
    last: int
    count: int

    @property
    def bars(self) -> int:
        """How many bars these are; none where the first lies behind the last."""
        return max(0, self.last - self.first + 1)


def span_of(count: int, first: int = 0, last: int = 0) -> Span:
    """The bars asked for; 0 stands for the start and the end, and a last bar beyond the end for the end.

    >>> span_of(12, 5, 99).bars
    8
    """
    return Span(max(first, 1), min(last or count, count), count)


def measure_count(root: Element) -> int:
    """How many measures the longest part has."""
    return max((len(part.findall("measure")) for part in root.findall("part")), default=0)


def staff_count(root: Element) -> int:
    """How many staves the score has."""
    return sum(_staves(part) for part in root.findall("part"))


def title_of(root: Element) -> str:
    """The work's or the movement's title; empty where there is none."""
    found = (root.findtext(path, "").strip() for path in ("work/work-title", "movement-title"))
    return next(filter(None, found), "")


def has_notes(root: Element) -> bool:
    """Whether anything but rests is written."""
    return any(note.find("rest") is None for note in root.iter("note"))


def cut(root: Element, span: Span, staves: Collection[int] = ()) -> bytes:
    """The document with these bars of these staves (none given: all). `root` is changed.

    Raises UnreadableScore for a note without a duration that can be read.
    """
    tempo = _tempo_before(root, span.first)
    _choose_staves(root, staves)
    for part in root.findall("part"):
        _cut_part(part, span)
    first = next((measure for part in root.findall("part") for measure in part.findall("measure")), None)
    if tempo is not None and first is not None:
        first.insert(1 if first.find("attributes") is not None else 0, tempo)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _cut_part(part: Element, span: Span) -> None:
    measures = part.findall("measure")
    kept = measures[span.first - 1 : span.last]
    state = _State()
    for measure in measures[: span.first - 1]:
        for attributes in measure.findall("attributes"):
            state.take(attributes)
    for measure in measures:
        part.remove(measure)
    for measure in kept:
        _drop_repeats(measure)
        part.append(measure)
    if kept:
        state.open(kept[0])


class _State:
    """What the attributes of a part say up to a bar: the latest of each kind and number."""

    def __init__(self) -> None:
        self._latest: dict[tuple[str, str], Element] = {}

    def take(self, attributes: Element) -> None:
        """Let later attributes replace earlier ones; a key or meter without a number holds for all staves."""
        for child in attributes:
            if child.tag in _ORDER:
                number = child.get("number", "")
                if not number:
                    self._latest = {k: v for k, v in self._latest.items() if k[0] != child.tag}
                self._latest[child.tag, number] = child

    def open(self, measure: Element) -> None:
        """Begin the measure with everything in force, its own first attributes included."""
        for child in list(measure):
            if child.tag in _MOVES:
                break
            if child.tag == "attributes":
                self.take(child)
                measure.remove(child)
        opening = Element("attributes")
        for (kind, _), child in sorted(self._latest.items(), key=lambda item: _ORDER.index(item[0][0])):
            del kind
            opening.append(copy.deepcopy(child))
        if len(opening):
            measure.insert(0, opening)


def _drop_repeats(measure: Element) -> None:
    for barline in measure.findall("barline"):
        for child in [*barline.findall("repeat"), *barline.findall("ending")]:
            barline.remove(child)


def _tempo_before(root: Element, first: int) -> Element | None:
    """The last tempo mark of any part before a measure; None where the measure begins with its own."""
    parts = [part.findall("measure") for part in root.findall("part")]
    if any(_tempo(measure) is not None for part in parts for measure in part[first - 1 : first]):
        return None
    said = [
        (index, mark)
        for part in parts
        for index, measure in enumerate(part[: first - 1])
        if (mark := _tempo(measure)) is not None
    ]
    return copy.deepcopy(max(said, key=lambda item: item[0])[1]) if said else None


def _tempo(measure: Element) -> Element | None:
    """The last tempo mark of a measure, as a direction."""
    for child in reversed(measure):
        if child.tag == "sound" and child.get("tempo"):
            return _metronome(child.get("tempo", ""))
        sound = child.find("sound") if child.tag == "direction" else None
        if sound is not None and sound.get("tempo"):
            return _metronome(sound.get("tempo", ""))
        if child.tag == "direction" and child.find("direction-type/metronome") is not None:
            return child
    return None


def _metronome(quarters: str) -> Element:
    direction = Element("direction")
    mark = ElementTree.SubElement(ElementTree.SubElement(direction, "direction-type"), "metronome")
    ElementTree.SubElement(mark, "beat-unit").text = "quarter"
    ElementTree.SubElement(mark, "per-minute").text = quarters
    ElementTree.SubElement(direction, "sound", {"tempo": quarters})
    return direction


# -- staves ----------------------------------------------------------------------------------------------


def _staves(part: Element) -> int:
    said = (element.text or "" for element in part.iter("staves"))
    return max((int(text) for text in said if text.strip().isdigit()), default=1)


def _choose_staves(root: Element, staves: Collection[int]) -> None:
    if not staves:
        return
    above = 0
    for part in root.findall("part"):
        count = _staves(part)
        chosen = [number for number in range(1, count + 1) if above + number in staves]
        above += count
        if not chosen:
            root.remove(part)
            _drop_from_list(root, part.get("id", ""))
        elif len(chosen) < count:
            for measure in part.findall("measure"):
                _keep_staves(measure, chosen)


def _drop_from_list(root: Element, part_id: str) -> None:
    listed = root.find("part-list")
    for entry in list(listed if listed is not None else ()):
        if entry.tag == "part-group" or entry.get("id") == part_id:
            assert listed is not None
            listed.remove(entry)


def _keep_staves(measure: Element, chosen: Sequence[int]) -> None:
    """Leave what stands on these staves, each at its time."""
    kept = list(_placed(measure, chosen))
    for child in list(measure):
        measure.remove(child)
    written = Fraction(0)
    for position, length, child in kept:
        if position != written and child.tag != "barline":
            measure.append(_move(position - written))
            written = position
        _renumber(child, chosen)
        measure.append(child)
        written += length


def _placed(measure: Element, chosen: Sequence[int]) -> Iterator[tuple[Fraction, Fraction, Element]]:
    """What stays, with its time from the start of the measure and its length, in divisions."""
    position = start = Fraction(0)
    for child in measure:
        if child.tag in {"backup", "forward"}:
            length = _duration(child)
            position += length if child.tag == "forward" else -length
            continue
        length = _duration(child) if child.tag == "note" else Fraction(0)
        in_chord = child.find("chord") is not None
        start = start if in_chord else position
        if _staff(child) in {0, *chosen}:
            # a chord's other notes follow the first without moving on
            yield (start + length, Fraction(0), child) if in_chord else (position, length, child)
        position += Fraction(0) if in_chord else length


def _duration(element: Element) -> Fraction:
    text = element.findtext("duration", "0").strip()
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise UnreadableScore(f"a duration of {text[:20]!r} can't be read") from error


def _staff(child: Element) -> int:
    """The staff that something stands on; 0 where it belongs to all."""
    text = child.findtext("staff", "").strip()
    return int(text) if text.isdigit() else 1 if child.tag == "note" else 0


def _move(length: Fraction) -> Element:
    element = Element("forward" if length > 0 else "backup")
    duration = ElementTree.SubElement(element, "duration")
    duration.text = str(abs(length))
    return element


def _renumber(child: Element, chosen: Sequence[int]) -> None:
    """Count the staves that are left from 1."""
    staff = child.find("staff")
    if staff is not None and len(chosen) > 1:
        staff.text = str(chosen.index(_staff(child)) + 1)
    elif staff is not None:
        child.remove(staff)
    if child.tag == "attributes":
        _renumber_attributes(child, chosen)


def _renumber_attributes(attributes: Element, chosen: Sequence[int]) -> None:
    for child in list(attributes):
        number = child.get("number", "")
        if child.tag == "staves":
            child.text = str(len(chosen))
        elif number.isdigit() and int(number) not in chosen:
            attributes.remove(child)
        elif number.isdigit() and child.tag != "measure-style":
            child.set("number", str(chosen.index(int(number)) + 1))
