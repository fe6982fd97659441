"""The values of information fields: keys, meters, unit lengths, tempi and voices.

Each `parse_…` takes the text after the colon and returns a value, or raises `BadField` with a sentence that
says what was found and what would do. Readings are generous where only one meaning is possible (`K:A minor`,
`K:Ador`, `M:C|`, `Q:60`) and refuse where two are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from hartmann.notation.clefs import NOTHING, Staff, begins_with_clef, parse_staff
from hartmann.notation.score import Key, Meter, Tempo

MODES = {
    "maj": ("major", 0),
    "ion": ("major", 0),
    "min": ("minor", -3),
    "aeo": ("minor", -3),
    "mix": ("mixolydian", -1),
    "dor": ("dorian", -2),
    "phr": ("phrygian", -4),
    "lyd": ("lydian", 1),
    "loc": ("locrian", -5),
}
_TONIC_FIFTHS = {"F": -1, "C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5}
_SHARP_ORDER = "FCGDAEB"
_KEY = re.compile(r"([A-Ga-g])([#b]?)\s*([A-Za-z]*)")
_KEY_ACCIDENTAL = re.compile(r"(\^\^?|__?|=)([A-Ga-g])")
_ALTER = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}
_SIGNS = {alter: sign for sign, alter in _ALTER.items()}
_NORMAL = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}
_OTTAVA_ALONE = re.compile(r"[+-]8(?:va)?")
_FRACTION = re.compile(r"(\d{1,4})\s*/\s*(\d{1,4})")
_BPM = re.compile(r"=\s*(\d{1,4}(?:\.\d{1,4})?)")
_WORDS = {
    "grave": 40, "largo": 50, "lento": 54, "adagio": 66, "andante": 80, "andantino": 84, "moderato": 108,
    "allegretto": 116, "allegro": 132, "vivace": 160, "presto": 180, "slow": 66, "fast": 140,
}  # fmt: skip


class BadField(ValueError):
    """A field's value that has no meaning, or two; the message says which and what would do."""


@dataclass(frozen=True, slots=True)
class KeyField:
    """What a `K:` field states: the key and what else people put there. `rest` is what was not understood."""

    key: Key | None
    staff: Staff = NOTHING
    rest: str = ""


@dataclass(frozen=True, slots=True)
class VoiceField:
    """What a `V:` field states. `music` is the offset in the value where notes begin, or -1."""

    id: str
    name: str = ""
    staff: Staff = NOTHING
    music: int = -1


@lru_cache(maxsize=512)
def parse_key(value: str) -> KeyField:
    """`G`, `A minor`, `Ador`, `F#m`, `D exp _b ^f`, `HP`, `none`, `clef=bass`: ABC 2.1, section 3.1.14."""
    text = value.strip()
    if text.lower() in {"", "none"} or text.lower().startswith("none "):
        return _without_key(text[4:])
    if re.match(r"H[Pp](?!\w)", text):
        return replace(_without_key(text[2:]), key=Key("A", "mixolydian", 2))
    match = _KEY.match(text)
    if not match or (text[:1].islower() and begins_with_clef(text)):
        return _key_without_tonic(text)
    tonic = match[1].upper() + match[2]
    mode, offset, used = _mode(match[3])
    rest = text[match.end(2) :].lstrip()[used:]
    exact = mode == "explicit"
    fifths = _TONIC_FIFTHS[match[1].upper()] + 7 * {"#": 1, "b": -1}.get(match[2], 0) + offset
    if abs(fifths) > 7 and not exact:
        raise BadField(
            f"`K:{text}` would need {abs(fifths)} {'sharps' if fifths > 0 else 'flats'}; 7 is the most"
        )
    staff = parse_staff(rest)
    key = Key(tonic, "none" if exact else mode, 0 if exact else fifths, _accidentals(staff))
    return KeyField(key, staff, _left_over(staff))


def key_text(key: Key) -> str:
    """The canonical value of `K:`: `Gmaj`, `F#min`, `Ador`, `none`, `Dmaj ^g`, `D exp _b`."""
    extra = "".join(f" {_SIGNS[alter]}{step.lower()}" for step, alter in key.extra)
    if key.mode == "none":
        return f"{key.tonic} exp{extra}" if key.tonic else extra.strip() or "none"
    return f"{key.tonic}{key.mode[:3]}{extra}"


def signature(key: Key) -> dict[str, int]:
    """The alteration of each step under `key`; steps that are natural are absent."""
    steps = _SHARP_ORDER[: key.fifths] if key.fifths > 0 else _SHARP_ORDER[key.fifths :] if key.fifths else ""
    altered = dict.fromkeys(steps, 1 if key.fifths > 0 else -1)
    altered.update(key.extra)
    return altered


@lru_cache(maxsize=256)
def parse_meter(value: str) -> Meter:
    """`4/4`, `C`, `C|`, `2+3/8`, `(2+3)/8`, `none`: ABC 2.1, section 3.1.6."""
    text = value.strip()
    if not text or text.lower().startswith(("none", "frei", "free")):
        return Meter(4, 4, "free")
    if text[0] in "Cc" and (len(text) == 1 or text[1] in "| "):
        return Meter(2, 2, "C|") if text[1:2] == "|" else Meter(4, 4, "C")
    match = re.match(r"\(?\s*(\d{1,3}(?:\s*\+\s*\d{1,3})*)\s*\)?\s*/\s*(\d{1,3})(?!\d)", text)
    if not match:
        raise BadField(f"`M:{text}` is no meter; write it as `M:4/4`, `M:6/8`, `M:C` or `M:none`")
    numerator = sum(int(part) for part in match[1].split("+"))
    denominator = int(match[2])
    if not 1 <= numerator <= 64 or denominator not in (1, 2, 4, 8, 16, 32, 64):
        raise BadField(f"`M:{text}`: the lower number of a meter is 1, 2, 4, 8, 16 or 32, the upper 1 to 64")
    return Meter(numerator, denominator)


@lru_cache(maxsize=64)
def parse_unit(value: str) -> Fraction:
    """`L:1/8` → 1/2 (quarters)."""
    match = re.match(r"(\d{1,3})(?:\s*/\s*(\d{1,4}))?(?![\d.])", value.strip())
    if not match or not int(match[1]) or int(match[2] or 1) not in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512):
        raise BadField(f"`L:{value.strip()}` is no note length; write it as `L:1/8`")
    return Fraction(4 * int(match[1]), int(match[2] or 1))


def default_unit(meter: Meter) -> Fraction:
    """The unit when there is no `L:` (in quarters): 1/16 for meters below 3/4, else 1/8 (ABC 2.1, 3.1.7)."""
    free = meter.symbol == "free"
    return Fraction(1, 4) if not free and 4 * meter.numerator < 3 * meter.denominator else Fraction(1, 2)


def default_normal(actual: int, meter: Meter) -> int:
    """In the time of how many `actual` notes are played when a tuplet does not say (ABC 2.1, section 4.13)."""
    return _NORMAL.get(actual) or (3 if meter.is_compound else 2)


@lru_cache(maxsize=256)
def parse_tempo(value: str, meter: Meter) -> Tempo:
    """`1/4=120`, `"Allegro" 3/8=80`, `120` (quarters, or dotted quarters in compound meters), `"Adagio"`."""
    words = " ".join(re.findall(r'"([^"]*)"', value)).strip()
    text = re.sub(r'"[^"]*"?', " ", value).strip()
    beat = Fraction(3, 2) if meter.is_compound else Fraction(1)
    number = _BPM.search(text)
    if number:
        parts = [Fraction(int(a), int(b)) for a, b in _FRACTION.findall(text[: number.start()]) if int(b)]
        beat = 4 * sum(parts, Fraction(0)) or beat
    else:
        number = re.match(r"(\d{1,4}(?:\.\d{1,4})?)(?!\d)", text)
    if number is None:
        return _tempo_by_word(value, words or text, beat)
    bpm = Fraction(number[1])
    if not 5 <= beat * bpm <= 2000:
        raise BadField(f"`Q:{value.strip()}` is no tempo that can be played; `Q:1/4=120` is a usual one")
    return Tempo(beat, bpm, words)


def parse_voice(value: str) -> VoiceField:
    """`1`, `1 name="Violin" clef=treble`, `T1 bass`, and `1 CDEF|` with notes where none belong."""
    match = re.match(r"[\s:]*([^\s\]|]+)", value)
    if not match:
        raise BadField("`V:` names no voice; write it as `V:1`")
    staff = parse_staff(value[match.end() :])
    stated = dict(staff.attributes)
    name = next((stated[a] for a in ("name", "nm", "n", "sname", "snm") if a in stated), "")
    if not name and (quoted := re.search(r'"([^"|]*)"', staff.rest)) and "|" not in staff.rest:
        name = quoted[1]
    music = _music_offset(staff.rest)
    return VoiceField(
        id=match[1][:40],
        name=name.replace("\\n", " ").strip()[:80],
        staff=staff,
        music=match.end() + music if music >= 0 else -1,
    )


def _music_offset(bare: str) -> int:
    """Where notes begin in what is left of a `V:` line once its attributes are blanked out; -1 for nowhere."""
    text = bare.strip()
    if not text or not ("|" in text or re.fullmatch(r"[\s\dA-Ga-gz,'/^_=\[\]]{4,}", text)):
        return -1
    return len(bare) - len(bare.lstrip())


def _mode(word: str) -> tuple[str, int, int]:
    """(mode, offset in fifths, characters of `word` it used)."""
    if not word or word.lower() == "t" or begins_with_clef(word):
        return "major", 0, 0
    if word.lower() == "exp":
        return "explicit", 0, len(word)
    if word.lower() == "m":
        return ("major", 0, 1) if word == "M" else ("minor", -3, 1)
    known = MODES.get(word[:3].lower())
    if known is None or (len(word) < 3):
        raise BadField(
            f"`{word}` is no mode; keys are written as `K:G`, `K:Em`, `K:Ador`, `K:D minor` or `K:none`"
        )
    return known[0], known[1], len(word)


def _without_key(text: str) -> KeyField:
    staff = parse_staff(text)
    return KeyField(Key("", "none", 0), staff, _left_over(staff))


def _accidentals(staff: Staff) -> tuple[tuple[str, int], ...]:
    """The accidentals that stand beside a key, `^f _b`, as (step, alter)."""
    return tuple((m[2].upper(), _ALTER[m[1]]) for m in _KEY_ACCIDENTAL.finditer(staff.rest))


def _left_over(staff: Staff) -> str:
    rest = _KEY_ACCIDENTAL.sub("", staff.rest).strip()
    return "" if _OTTAVA_ALONE.fullmatch(rest) else rest


def _key_without_tonic(text: str) -> KeyField:
    staff = parse_staff(text)
    extra = _accidentals(staff)
    if extra or staff.attributes or staff.clef:
        return KeyField(Key("", "none", 0, extra) if extra else None, staff, _left_over(staff))
    raise BadField(
        f"`K:{text[:30]}` is no key; keys are written as `K:G`, `K:Em`, `K:Ador`, `K:D minor` or `K:none`"
    )


def _tempo_by_word(value: str, words: str, beat: Fraction) -> Tempo:
    for word in re.findall(r"[a-z]+", words.lower()):
        if word in _WORDS:
            return Tempo(beat, Fraction(_WORDS[word]), words)
    raise BadField(f"`Q:{value.strip()[:40]}` is no tempo; write it as `Q:1/4=120`")
