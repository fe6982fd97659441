"""Claims: what a sentence says about the piece that the score itself can confirm or refute.

A model that explains its piece may get it wrong: name another key, a section that isn't there, bars beyond the
end. Five kinds of claim can be held against the score: keys, meters, sections with their bars, which way a
section moves, instruments. Where the score knows better its word takes the place of the false one. Everything
else (why, and what it feels like) is the model's to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hartmann.composing.facts import bars_of, moves, way_of
from hartmann.notation.instruments import find_program, instrument_name
from hartmann.notation.score import Score, Section

_MODES = "major|minor|dorian|phrygian|lydian|mixolydian|aeolian|locrian|ionian"
KEY = re.compile(rf"\b([A-G])(#|b|♯|♭|[ -]sharp|[ -]flat)?[ -]({_MODES})\b")
METER = re.compile(r"\b(\d{1,2})/(\d{1,2})\b")
BARS = re.compile(r"\bbars? (\d+)(?: ?(?:-|–|to|through) ?(\d+))?", re.IGNORECASE)
SECTION = re.compile(r"\b[Ss]ection ([A-Z][a-z]*\d*)")
MOVES = re.compile(r"\b(?:rises|climbs|falls|descends|arches|dips|stays level)\b", re.IGNORECASE)
INSTRUMENT = re.compile(r"\b[Tt]he ([a-z]+(?: [a-z]+)?)")
_SAME_MODE = {"ionian": "major", "aeolian": "minor"}


@dataclass(frozen=True, slots=True)
class Claim:
    """A false claim: `sentence[start:end]`, and what would be true in its place (empty where nothing would)."""

    start: int
    end: int
    truth: str


def false_claims(sentence: str, score: Score) -> tuple[Claim, ...]:
    """The claims of a sentence that the score refutes, in order; empty when all hold."""
    finders = (_false_keys, _false_meters, _false_sections, _false_bars, _false_moves, _false_instruments)
    found = (claim for find in finders for claim in find(sentence, score))
    return tuple(sorted(found, key=lambda claim: claim.start))


def corrected(sentence: str, score: Score) -> str:
    """The sentence with the truth in place of its false claims; empty where one can't be mended."""
    text = sentence
    for claim in reversed(false_claims(sentence, score)):
        if not claim.truth:
            return ""
        text = text[: claim.start] + claim.truth + text[claim.end :]
    return text


def _false_keys(sentence: str, score: Score) -> Iterator[Claim]:
    keys = [bar.key for voice in score.voices for bar in voice.bars if bar.key] + [score.key]
    true = {(key.tonic, _SAME_MODE.get(key.mode, key.mode)) for key in keys}
    for match in KEY.finditer(sentence):
        sign = {"♯": "#", "♭": "b", "sharp": "#", "flat": "b"}
        accidental = (match.group(2) or "").strip(" -")
        tonic = match.group(1) + sign.get(accidental, accidental)
        if (tonic, _SAME_MODE.get(match.group(3), match.group(3))) not in true:
            yield Claim(*match.span(), "" if score.key.mode == "none" else score.key.name)


def _false_meters(sentence: str, score: Score) -> Iterator[Claim]:
    meters = [bar.meter for voice in score.voices for bar in voice.bars if bar.meter] + [score.meter]
    true = {(meter.numerator, meter.denominator) for meter in meters}
    for match in METER.finditer(sentence):
        if (int(match.group(1)), int(match.group(2))) not in true:
            yield Claim(*match.span(), f"{score.meter.numerator}/{score.meter.denominator}")


def _false_sections(sentence: str, score: Score) -> Iterator[Claim]:
    """Sections that aren't there."""
    names = {section.name for section in score.sections}
    for match in SECTION.finditer(sentence):
        if match.group(1) not in names:
            yield Claim(*match.span(), "")


def _false_bars(sentence: str, score: Score) -> Iterator[Claim]:
    """Bars that lie outside the piece, or outside the one section that is named."""
    whole = (0, max((bar.number for voice in score.voices for bar in voice.bars), default=0))
    section = _one_section(sentence, score)
    low, high = bars_of(section, score) if section else whole
    for match in BARS.finditer(sentence):
        first, last = int(match.group(1)), int(match.group(2) or match.group(1))
        if not low <= first <= last <= high:
            yield Claim(*match.span(), f"bars {low}-{high}" if section else "")


def _one_section(sentence: str, score: Score) -> Section | None:
    """The section that the sentence is about; None where it names none, or more than one."""
    spoken = set(SECTION.findall(sentence))
    named = [section for section in score.sections if section.name in spoken]
    return named[0] if len(spoken) == 1 and len(named) == 1 else None


def _false_moves(sentence: str, score: Score) -> Iterator[Claim]:
    """The way one named section is said to move, where its thirds go another way."""
    section = _one_section(sentence, score)
    for match in MOVES.finditer(sentence):
        if section and not moves(section, score, match.group().lower()):
            yield Claim(*match.span(), way_of(section, score))


def _false_instruments(sentence: str, score: Score) -> Iterator[Claim]:
    """Instruments that don't play, where the score says who does."""
    playing = [voice.program for voice in score.voices if voice.program is not None]
    names = [instrument_name(program).lower() for program in playing]
    for match in INSTRUMENT.finditer(sentence):
        words, program = _instrument(match.group(1))
        if playing and program is not None and instrument_name(program).lower() not in names:
            yield Claim(match.start(1), match.start(1) + len(words), names[0])


def _instrument(words: str) -> tuple[str, int | None]:
    """The instrument that two words name, or the first of them."""
    for text in (words, words.split()[0]):
        if (program := find_program(text)) is not None:
            return text, program
    return "", None
