"""The four formats in which a score is a file, and the way from any of them to any other.

A format is known by its suffix, and bytes without a name by how they begin. Everything meets in ABC and the
score read from it, so what is converted is what `checking.check` read, problems and all.
"""

from __future__ import annotations

from enum import Enum
from pathlib import PurePath

from hartmann.errors import InvalidRequest
from hartmann.notation.score import Score


class Format(Enum):
    """A kind of file; the value is the suffix that is written."""

    ABC = ".abc"
    MUSICXML = ".musicxml"
    MXL = ".mxl"
    MIDI = ".mid"

    @property
    def is_text(self) -> bool:
        """True where a terminal can show it."""
        return self in {Format.ABC, Format.MUSICXML}


_SUFFIXES = {one.value: one for one in Format} | {".xml": Format.MUSICXML, ".midi": Format.MIDI}
KNOWN_SUFFIXES = ", ".join(_SUFFIXES)


def format_of(path: PurePath) -> Format:
    """The format that a file name says. Raises `InvalidRequest`, with the list, for any other suffix."""
    return _known(
        path.suffix, f"{path} has no suffix that is known" if path.suffix else f"{path} has no suffix"
    )


def format_named(name: str) -> Format:
    """The format for `musicxml`, `.mxl`, `MIDI`, … Raises `InvalidRequest`, with the list, for any other name."""
    return _known("." + name.lower().removeprefix("."), f"{name} is no format that is known")


def _known(suffix: str, complaint: str) -> Format:
    found = _SUFFIXES.get(suffix.lower())
    if found is None:
        raise InvalidRequest(f"{complaint}; choose among {KNOWN_SUFFIXES}")
    return found


def format_seen(content: bytes) -> Format:
    """The format of bytes without a name, by how they begin: ABC where nothing else fits."""
    if content.startswith((b"MThd", b"RIFF")):
        return Format.MIDI
    if content.startswith(b"PK"):
        return Format.MXL
    if content.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"<"):
        return Format.MUSICXML
    return Format.ABC


def read_as_abc(content: bytes, kind: Format) -> str:
    """The ABC of a file's bytes. Raises `UnreadableScore` for what is broken, `MissingExtra` without music21."""
    if kind is Format.MIDI:
        from hartmann.notation.from_midi import midi_to_abc

        return midi_to_abc(content, bars=None)
    if kind in {Format.MUSICXML, Format.MXL}:
        from hartmann.notation.from_musicxml import musicxml_to_abc

        return musicxml_to_abc(content)
    return abc_text(content)


def abc_text(content: bytes) -> str:
    """The text of an ABC file; bytes that are no UTF-8 are read as Latin-1, which older ABC files are in."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def write_as(score: Score, kind: Format) -> bytes:
    """The score as a file of this format. Raises what the writers raise (`MissingExtra`, `InvalidNotation`)."""
    if kind is Format.MIDI:
        from hartmann.notation.midi import to_midi

        return to_midi(score)
    if kind is Format.ABC:
        from hartmann.notation.writing import to_abc

        return to_abc(score, sources=True).encode()
    from hartmann.notation.musicxml import to_musicxml, to_mxl

    return to_mxl(score) if kind is Format.MXL else to_musicxml(score)
