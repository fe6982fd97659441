"""Wishes read as music: from what a person typed to a key, a meter, a tempo, instruments.

A wish that no score can meet (a meter of 0/4, a key of H♯) is refused here, once, with the field and what would
be right; whatever passes can be handed to a grammar.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hartmann.composing.events import Wishes
from hartmann.errors import InvalidWish
from hartmann.notation.instruments import find_program, instrument_name

TEMPO_RANGE = (20.0, 300.0)
"""Quarter notes a minute; metronomes end at 40 and 208, notation programs take about this."""
BARS_RANGE = (1, 256)
DIFFICULTIES = ("easy", "medium", "hard")
MODES = ("major", "minor", "dorian", "phrygian", "lydian", "mixolydian", "aeolian", "locrian", "ionian")
MAX_VOICES = 8
_MODE_ABBREVIATIONS = {"": "major", "m": "minor", **{mode[:3]: mode for mode in MODES}}
_NUMBER_WORDS = {"two": 2, "three": 3, "four": 4}
_KEY = re.compile(r"^\s*([A-Ga-g])\s*(#|b|♯|♭|sharp\b|flat\b)?\s*([A-Za-z]*)\s*$")
_FIFTHS_OF_MODE = {
    "major": 0, "ionian": 0, "mixolydian": -1, "dorian": -2, "minor": -3, "aeolian": -3,
    "phrygian": -4, "locrian": -5, "lydian": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MusicalWishes:
    """Wishes a grammar can obey. None or empty: free. `key` is (tonic, mode), such as ("F#", "minor")."""

    key: tuple[str, str] | None = None
    meter: tuple[int, int] | None = None
    tempo_bpm: float | None = None
    mood: str = ""
    programs: tuple[int, ...] = ()
    bars: int | None = None
    difficulty: str = ""


def read_wishes(wishes: Wishes) -> MusicalWishes:
    """Check and translate. Raises InvalidWish, with the field, for what no score can have."""
    return MusicalWishes(
        key=_read_key(wishes.key),
        meter=_read_meter(wishes.meter),
        tempo_bpm=_read_tempo(wishes.tempo_bpm),
        mood=_read_mood(wishes.mood),
        programs=_read_ensemble(wishes.ensemble),
        bars=_read_bars(wishes.bars),
        difficulty=_read_difficulty(wishes.difficulty),
    )


def _read_key(text: str) -> tuple[str, str] | None:
    if not text.strip():
        return None
    match = _KEY.match(text)
    mode = _mode(match.group(3)) if match else None
    if not match or mode is None:
        raise InvalidWish(
            f"{text!r} is no key; write one like G, Bb, E minor or D dorian", field="wishes.key"
        )
    sign = {"♯": "#", "sharp": "#", "♭": "b", "flat": "b"}.get(match.group(2) or "", match.group(2) or "")
    tonic = match.group(1).upper() + sign
    if abs(_fifths(tonic, mode)) > 7:
        raise InvalidWish(
            f"{tonic} {mode} would need more than seven accidentals; use its enharmonic key",
            field="wishes.key",
        )
    return tonic, mode


def _mode(word: str) -> str | None:
    if word == "M":
        return "major"
    return _MODE_ABBREVIATIONS.get(word.lower() if len(word) == 1 else word.lower()[:3])


def _fifths(tonic: str, mode: str) -> int:
    natural = "FCGDAEB".index(tonic[0]) - 1
    return natural + 7 * (tonic.count("#") - tonic.count("b")) + _FIFTHS_OF_MODE[mode]


def _read_meter(text: str) -> tuple[int, int] | None:
    text = text.strip()
    if not text:
        return None
    symbol = {"C": (4, 4), "C|": (2, 2)}.get(text)
    if symbol:
        return symbol
    match = re.fullmatch(r"(\d{1,2})\s*/\s*(\d{1,2})", text)
    numerator, denominator = (int(match.group(1)), int(match.group(2))) if match else (0, 0)
    if not 1 <= numerator <= 16 or denominator not in (1, 2, 4, 8, 16):
        raise InvalidWish(
            f"{text!r} is no meter; write beats over a note value, like 3/4 or 6/8", field="wishes.meter"
        )
    return numerator, denominator


def _read_tempo(bpm: float) -> float | None:
    if bpm == 0:
        return None
    if not TEMPO_RANGE[0] <= bpm <= TEMPO_RANGE[1]:
        raise InvalidWish(
            f"a tempo of {bpm:g} can't be played; choose 20 to 300 quarter notes a minute",
            field="wishes.tempo_bpm",
        )
    return bpm


def _read_mood(text: str) -> str:
    if len(text) > 200:
        raise InvalidWish("a mood is a few words, at most 200 characters", field="wishes.mood")
    return " ".join(text.split())


def _read_ensemble(text: str) -> tuple[int, ...]:
    programs: list[int] = []
    for part in filter(None, (p.strip() for p in re.split(r",|;|\+|\band\b", text))):
        program = find_program(part)
        if program is None:
            raise InvalidWish(
                f"{part!r} is no instrument known here; use General MIDI names such as violin, flute or piano",
                field="wishes.ensemble",
            )
        programs += [program] * _NUMBER_WORDS.get(part.split()[0].lower(), 1)
    if len(programs) > MAX_VOICES:
        raise InvalidWish(f"at most {MAX_VOICES} instruments, not {len(programs)}", field="wishes.ensemble")
    return tuple(programs)


def _read_bars(bars: int) -> int | None:
    if bars == 0:
        return None
    if not BARS_RANGE[0] <= bars <= BARS_RANGE[1]:
        raise InvalidWish(f"a length of {bars} bars is outside 1 to 256", field="wishes.bars")
    return bars


def _read_difficulty(text: str) -> str:
    word = text.strip().lower()
    if word and word not in DIFFICULTIES:
        raise InvalidWish(f"difficulty is one of easy, medium, hard, not {text!r}", field="wishes.difficulty")
    return word


def in_words(wishes: MusicalWishes) -> dict[str, str]:
    """The wishes as a prompt states them; free ones are empty strings."""
    return {
        "key": " ".join(wishes.key) if wishes.key else "",
        "meter": "/".join(map(str, wishes.meter)) if wishes.meter else "",
        "tempo_bpm": f"{wishes.tempo_bpm:g}" if wishes.tempo_bpm else "",
        "mood": wishes.mood,
        "ensemble": ", ".join(instrument_name(program).lower() for program in wishes.programs),
        "bars": str(wishes.bars) if wishes.bars else "",
        "difficulty": wishes.difficulty,
    }
