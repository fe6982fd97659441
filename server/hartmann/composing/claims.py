"""Claims: what a sentence says about the piece that the score itself can confirm or refute.

A model that explains its piece may get it wrong: name another key, a section that isn't there, bars beyond the
end. Five kinds of claim can be held against the score: keys, meters, sections with their bars, which way a
section moves, instruments. Everything else (why, and what it feels like) is the model's to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from hartmann.notation.instruments import find_program, instrument_name
from hartmann.notation.score import Score, Section

_MODES = "major|minor|dorian|phrygian|lydian|mixolydian|aeolian|locrian|ionian"
KEY = re.compile(rf"\b([A-G])(#|b|♯|♭|[ -]sharp|[ -]flat)?[ -]({_MODES})\b")
METER = re.compile(r"\b(\d{1,2})/(\d{1,2})\b")
BARS = re.compile(r"\bbars? (\d+)(?: ?(?:-|–|to|through) ?(\d+))?", re.IGNORECASE)
SECTION = re.compile(r"\b[Ss]ection ([A-Z][a-z]*\d*)")
MOVES = re.compile(r"\b(?:rises|climbs|falls|descends|arches|dips|stays level)\b", re.IGNORECASE)
LEVEL_SEMITONES = 3
"""Thirds of a section whose mean pitches lie this close together stay level."""
INSTRUMENT = re.compile(r"\b[Tt]he ([a-z]+(?: [a-z]+)?)")
_SAME_MODE = {"ionian": "major", "aeolian": "minor"}


def false_claims(sentence: str, score: Score) -> tuple[str, ...]:
    """The claims of a sentence that the score refutes, as they stand in it; empty when all hold."""
    return tuple(
        claim
        for find in (_false_keys, _false_meters, _false_sections, _false_moves, _false_instruments)
        for claim in find(sentence, score)
    )


def _false_keys(sentence: str, score: Score) -> Iterator[str]:
    keys = [bar.key for voice in score.voices for bar in voice.bars if bar.key] + [score.key]
    true = {(key.tonic, _SAME_MODE.get(key.mode, key.mode)) for key in keys}
    for match in KEY.finditer(sentence):
        sign = {"♯": "#", "♭": "b", "sharp": "#", "flat": "b"}
        accidental = (match.group(2) or "").strip(" -")
        tonic = match.group(1) + sign.get(accidental, accidental)
        if (tonic, _SAME_MODE.get(match.group(3), match.group(3))) not in true:
            yield match.group()


def _false_meters(sentence: str, score: Score) -> Iterator[str]:
    meters = [bar.meter for voice in score.voices for bar in voice.bars if bar.meter] + [score.meter]
    true = {(meter.numerator, meter.denominator) for meter in meters}
    for match in METER.finditer(sentence):
        if (int(match.group(1)), int(match.group(2))) not in true:
            yield match.group()


def _false_sections(sentence: str, score: Score) -> Iterator[str]:
    """Sections that aren't there; bars that lie outside the piece, or outside the one section that is named."""
    named = {section.name: _bars(section, score) for section in score.sections}
    spoken = SECTION.findall(sentence)
    yield from (f"section {name}" for name in spoken if name not in named)
    whole = (0, max((bar.number for voice in score.voices for bar in voice.bars), default=0))
    low, high = named.get(spoken[0], whole) if len(spoken) == 1 else whole
    for match in BARS.finditer(sentence):
        first, last = int(match.group(1)), int(match.group(2) or match.group(1))
        if not low <= first <= last <= high:
            yield match.group()


def _bars(section: Section, score: Score) -> tuple[int, int]:
    bars = score.voices[0].bars
    return bars[section.first].number, bars[min(section.last, len(bars) - 1)].number


def _false_moves(sentence: str, score: Score) -> Iterator[str]:
    """The way one named section is said to move, where its thirds go another way."""
    spoken = set(SECTION.findall(sentence))
    sections = [section for section in score.sections if section.name in spoken]
    for match in MOVES.finditer(sentence):
        if len(sections) == 1 and not _moves(sections[0], score, match.group().lower()):
            yield match.group()


def _moves(section: Section, score: Score, verb: str) -> bool:
    """Whether the mean pitches of the section's thirds can be called that; True for fewer than six notes."""
    bars = score.voices[0].bars[section.first : section.last + 1]
    pitches = [max(note.pitches).midi for bar in bars for note in bar.notes if note.pitches]
    third = len(pitches) // 3
    if third < 2:
        return True
    parts = pitches[:third], pitches[third:-third], pitches[-third:]
    first, middle, last = (sum(part) / len(part) for part in parts)
    if verb in {"rises", "climbs"}:
        return last > first
    if verb in {"falls", "descends"}:
        return last < first
    if verb == "arches":
        return middle > max(first, last)
    if verb == "dips":
        return middle < min(first, last)
    return max(first, middle, last) - min(first, middle, last) <= LEVEL_SEMITONES


def _false_instruments(sentence: str, score: Score) -> Iterator[str]:
    """Instruments that don't play, where the score says who does."""
    playing = {voice.program for voice in score.voices if voice.program is not None}
    names = {instrument_name(program) for program in playing}
    for match in INSTRUMENT.finditer(sentence):
        words, program = _instrument(match.group(1))
        if playing and program is not None and instrument_name(program) not in names:
            yield words


def _instrument(words: str) -> tuple[str, int | None]:
    """The instrument that two words name, or the first of them."""
    for text in (words, words.split()[0]):
        if (program := find_program(text)) is not None:
            return text, program
    return "", None
