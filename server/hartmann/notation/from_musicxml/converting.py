"""The whole way from MusicXML to ABC."""

from __future__ import annotations

import warnings
from dataclasses import replace
from xml.etree import ElementTree as ET

from hartmann.errors import MissingExtra, UnreadableScore
from hartmann.notation.checking import Limits as AbcLimits
from hartmann.notation.checking import check
from hartmann.notation.from_musicxml.drums import PERCUSSION_CHANNEL, pitch_drums
from hartmann.notation.from_musicxml.opening import Limits, open_musicxml
from hartmann.notation.score import Score
from hartmann.notation.writing import to_abc

try:
    from music21 import instrument, interval, stream
    from music21.musicxml.xmlToM21 import MusicXMLImporter
except ImportError:
    raise MissingExtra("music21", "server") from None

from hartmann.notation.from_musicxml.streams import from_score

_DEFAULT = Limits()
_ABC = AbcLimits()


def musicxml_to_abc(
    data: bytes, *, bars: int | None = None, title: str = "", limits: Limits = _DEFAULT
) -> str:
    """A MusicXML file as canonical ABC that `checking.check` reads without errors.

    Args:
        data: .musicxml, .xml or .mxl, told apart by content.
        bars: so many bars from the first that holds a note; None for all.
        title: instead of the one that the file states.
        limits: how large a file may be.

    Raises:
        UnreadableScore: no MusicXML, a damaged file, one without notes, one that is unsafe or too large.
        MissingExtra: music21 is not installed.
    """
    abc = to_abc(musicxml_to_score(data, bars=bars, title=title, limits=limits))
    if len(abc) > _ABC.characters:
        raise UnreadableScore(
            f"the score makes {len(abc):,} characters of ABC; {_ABC.characters:,} is the most that is read. "
            "Choose fewer bars"
        )
    errors = check(abc).errors
    if errors:
        raise UnreadableScore(f"the score holds what ABC can't say: {errors[0].message}; export it anew")
    return abc


def musicxml_to_score(
    data: bytes, *, bars: int | None = None, title: str = "", limits: Limits = _DEFAULT
) -> Score:
    """The same as a score. Raises likewise."""
    if bars is not None and bars < 1:
        raise ValueError(f"expected at least 1 bar, not {bars}")
    root = open_musicxml(data, limits)
    if bars is not None:
        _leave_bars(root, bars)
    _leave_out_looks(root)
    notes = sum(1 for _ in root.iter("note"))
    if notes > limits.notes:
        raise UnreadableScore(
            f"the score holds {notes:,} notes; {limits.notes:,} is the most that is read. Choose fewer bars"
        )
    score = from_score(_imported(root), bars=bars)
    return replace(score, title=title) if title else score


def _imported(root: ET.Element) -> stream.Score:
    """music21's reading of the tree. Its importer raises all kinds of exceptions for what it does not expect."""
    percussion = pitch_drums(root)
    importer = MusicXMLImporter()
    importer.xmlRoot = root
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            importer.xmlRootToScore(root, importer.stream)
        except Exception as broken:
            reason = f"{type(broken).__name__}: {str(broken)[:120]}"
            raise UnreadableScore(f"the MusicXML can't be read ({reason}); export it anew") from broken
    for part in importer.stream.parts:
        _settle_instrument(part, root, percussion)
    return importer.stream


def _settle_instrument(part: stream.Part, root: ET.Element, percussion: set[str]) -> None:
    """The part transposes as the file says, where music21 lets some instruments do so by their names; percussion plays
    on its channel."""
    names = {str(part.id).partition("-Staff")[0], *map(str, part.groups)}
    stated = next((given for given in root.findall("part") if given.get("id") in names), None)
    transpose = stated.find("measure/attributes/transpose") if stated is not None else None
    semitones = 0
    if transpose is not None:
        semitones = _number(transpose, "chromatic") + 12 * _number(transpose, "octave-change")
    for one in part.recurse().getElementsByClass(instrument.Instrument):
        one.transposition = interval.Interval(semitones) if semitones else None
        one.midiChannel = PERCUSSION_CHANNEL if names & percussion else None


def _number(element: ET.Element, name: str) -> int:
    try:
        return round(float(element.findtext(name, "0")))
    except ValueError:
        return 0


def _leave_bars(root: ET.Element, bars: int) -> None:
    """Leave out the measures behind the excerpt, so that they need not be read."""
    parts = [part.findall("measure") for part in root.findall("part")]
    first = min(
        (
            i
            for measures in parts
            for i, measure in enumerate(measures)
            if measure.find("note/pitch") is not None
        ),
        default=0,
    )
    for part, measures in zip(root.findall("part"), parts, strict=True):
        for measure in measures[first + bars + 1 :]:
            part.remove(measure)


def _leave_out_looks(root: ET.Element) -> None:
    """Leave out what would make music21 read lengths and pitches otherwise than they stand in the file.

    Octave lines: MusicXML's pitches sound as they stand, and music21 writes them elsewhere. Rests of a whole measure:
    they last as long as they say, and music21 makes them as long as the meter.
    """
    for rest in root.iter("rest"):
        rest.attrib.pop("measure", None)
    for measure in root.iter("measure"):
        for direction in measure.findall("direction"):
            if direction.find("direction-type/octave-shift") is not None:
                measure.remove(direction)
