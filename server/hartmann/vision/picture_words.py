"""Measurements put into words, and words read back: what the mini model says about a picture, and whether it is true.

`describe` says only what is clear: a value near the border between two words is left out or may take either.
`claims` reads such sentences back, and `is_true` judges each claim against the measurements with the tolerances
below, so the same rules judge the text that a model wrote. A description has two to four short sentences: light and
palette, then where colours and light lie, then contrast, texture, lines, horizon or balance, and last the mood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random
from typing import Final

from hartmann.moods import MOODS
from hartmann.vision.picture_features import CELLS, Colour, Direction, PictureFeatures, Region, ranked

LIGHT: Final = {
    "very dark": (-1.0, 0.16),
    "dark": (0.16, 0.34),
    "half-lit": (0.34, 0.58),
    "bright": (0.58, 0.76),
    "very bright": (0.76, 2.0),
}
CONTRAST: Final = {"soft": (-1.0, 0.12), "clear": (0.12, 0.23), "strong": (0.23, 2.0)}
SATURATION: Final = {"muted": (-1.0, 0.25), "vivid": (0.5, 2.0)}
WARMTH: Final = {"cool": (-2.0, -0.12), "warm": (0.12, 2.0)}
DETAIL: Final = {"smooth": (-1.0, 0.06), "textured": (0.06, 0.15), "busy": (0.15, 2.0)}
HORIZON: Final = {"high": (0.0, 0.4), "middle": (0.4, 0.6), "low": (0.6, 1.0)}
"""Word → half-open range of the measurement it names."""

TOLERANCE: Final = {
    "light": 0.04,
    "contrast": 0.03,
    "saturation": 0.05,
    "warmth": 0.04,
    "detail": 0.02,
    "horizon": 0.07,
}
"""How far outside a word's range a measurement may lie for the word to be accepted still."""

PALETTE_SAID, PALETTE_ACCEPTED = 0.20, 0.10
REGION_SAID, REGION_ACCEPTED = 0.6, 0.36
LINES_SAID, LINES_ACCEPTED = 0.6, 0.33
SYMMETRY_SAID, SYMMETRY_ACCEPTED = 0.9, 0.75
CELL_SAID, CELL_ACCEPTED = 0.25, 0.05
HORIZON_SAID = 0.2
"""What is said, and what is accepted as true: shares of area, coherence, correlation, and steps of luma."""
MOOD_ACCEPTED: Final = 0.5
"""A mood word is accepted when its place lies within this distance of the picture's (valence, arousal)."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing said about a picture: `kind` (light, palette, region, …), what it is about, and the word."""

    kind: str
    about: str
    word: str


def describe(features: PictureFeatures, rng: Random) -> str:
    """Two to four true sentences about the picture, worded by `rng`."""
    makers = rng.sample((_where, _how), 2 if rng.random() < 0.75 else 1)
    said = sorted((make(features, rng) for make in makers), key=_order)
    sentences = [_opening(features, rng), *filter(None, said)]
    return " ".join([*sentences, _mood(features, rng)])


def light_word(features: PictureFeatures) -> str:
    """The word for the picture's light."""
    return _word(LIGHT, features.brightness)


def palette_words(features: PictureFeatures, at_most: int = 3) -> list[str]:
    """The colours worth naming, largest first; at least one."""
    shares = ranked(features.palette)
    return [c.value for i, (c, share) in enumerate(shares[:at_most]) if share >= PALETTE_SAID or i == 0]


def region_word(features: PictureFeatures, region: Region) -> str:
    """The colour that prevails in the region, or "" where none does."""
    colour, share = ranked(features.regions[region])[0]
    return colour.value if share >= REGION_SAID else ""


def lightest_cell(features: PictureFeatures) -> str:
    """The cell of the 3 × 3 grid that stands out by its light, or ""."""
    return _standing_out(features.cell_light)


def busiest_cell(features: PictureFeatures) -> str:
    """The cell that stands out by its detail, or ""."""
    return _standing_out(tuple(4 * d for d in features.cell_detail))


def claims(text: str) -> list[Claim]:
    """Everything that a description (ours or a model's) says in words known here."""
    found = [Claim("mood", "", word) for word in _mood_words(text)]
    body = re.sub(r"(?:It feels|The mood is|Mood:|A mood)[^.]*\.?", "", text)
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(body):
            about = match.groupdict().get("about") or ""
            found.append(Claim(kind, about.lower(), match["word"].lower()))
    return found + [Claim("palette", "", word) for word in _palette_in(body)]


def is_true(claim: Claim, features: PictureFeatures) -> bool:
    """Whether the claim holds, with the tolerances above."""
    if claim.kind in _RANGES:
        table, value = _RANGES[claim.kind], _value(claim.kind, features)
        if value is None:
            return False
        low, high = table[claim.word]
        margin = TOLERANCE[claim.kind]
        return low - margin <= value < high + margin
    return bool(_JUDGES[claim.kind](claim, features))


def _word(table: dict[str, tuple[float, float]], value: float) -> str:
    return next((word for word, (low, high) in table.items() if low <= value < high), "")


def _clear_word(kind: str, value: float) -> str:
    """The word for a value that lies well inside the word's range, or ""."""
    word, margin = _word(_RANGES[kind], value), TOLERANCE[kind]
    return (
        word
        if word and word == _word(_RANGES[kind], value - margin) == _word(_RANGES[kind], value + margin)
        else ""
    )


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _opening(features: PictureFeatures, rng: Random) -> str:
    light = light_word(features)
    colours = _and(palette_words(features))
    adjectives = [light]
    tone = _clear_word("warmth", features.warmth)
    strength = _clear_word("saturation", features.saturation)
    if strength and rng.random() < 0.6:
        adjectives.append(strength)
    if tone and rng.random() < 0.6:
        adjectives.append(tone)
    said = ", ".join(adjectives)
    return rng.choice(
        (
            f"A {said} picture in {colours}.",
            f"A {said} scene of {colours}.",
            f"{said.capitalize()}: {colours}.",
            f"{colours.capitalize()}, {said}.",
            f"The picture is {said}, in {colours}.",
        )
    )


def _where(features: PictureFeatures, rng: Random) -> str:
    """The regions of the clearest colour, more or less, and the place of the light."""
    clear = sorted(Region, key=lambda region: rng.uniform(0, 0.2) - max(features.regions[region].values()))
    parts = [
        rng.choice((f"{word} at the {region}", f"the {region} is {word}"))
        for region in clear
        if (word := region_word(features, region))
    ]
    said = parts[: rng.choice((1, 2, 2))]
    cell = lightest_cell(features)
    if cell and (not said or rng.random() < 0.4):
        said.append(rng.choice((f"the light is in the {cell}", f"brightest in the {cell}")))
    return f"{', '.join(said).capitalize()}." if said else ""


def _how(features: PictureFeatures, rng: Random) -> str:
    parts = [f"{_word(DETAIL, features.detail)}", f"{_word(CONTRAST, features.contrast)} contrast"]
    if features.lines and features.line_strength >= LINES_SAID:
        parts.append(f"{features.lines.value} lines")
    if features.horizon is not None and features.horizon_strength >= HORIZON_SAID:
        where = _word(HORIZON, features.horizon)
        parts.append("a horizon in the middle" if where == "middle" else f"a {where} horizon")
    if features.symmetry >= SYMMETRY_SAID:
        parts.append("left mirrors right")
    if cell := busiest_cell(features):
        parts.append(f"busiest in the {cell}")
    said = (
        parts[:2] + rng.sample(parts[2:], min(len(parts) - 2, rng.choice((0, 1, 1, 2))))
        if rng.random() < 0.7
        else rng.sample(parts, 2)
    )
    return f"{', '.join(said).capitalize()}."


def _mood(features: PictureFeatures, rng: Random) -> str:
    first, second, third = features.moods
    words = rng.choice(((first, second), (first, second), (first, third), (first,)))
    return rng.choice(("It feels {}.", "The mood is {}.", "Mood: {}.")).format(_and(list(words)))


def _order(sentence: str) -> int:
    return 1 if "contrast" in sentence or "smooth" in sentence.lower() else 0


def _standing_out(values: tuple[float, ...]) -> str:
    best = max(values)
    mean = sum(values) / len(values)
    return CELLS[values.index(best)] if best - mean >= CELL_SAID else ""


def _mood_words(text: str) -> list[str]:
    sentences = re.findall(r"(?:It feels|The mood is|Mood:)\s*([^.]*)", text)
    return [w for s in sentences for w in re.findall(r"[a-z]+(?:-[a-z]+)?", s.lower()) if w in MOODS]


def _palette_in(body: str) -> list[str]:
    """Colours named for the whole picture: those of the first sentence."""
    first = re.split(r"(?<=\.)\s", body.strip(), maxsplit=1)[0].lower()
    return re.findall(rf"\b({_COLOURS})\b", first)


_COLOURS: Final = "|".join(c.value for c in Colour)
_CELLS: Final = "|".join(sorted(CELLS, key=len, reverse=True))
_REGIONS: Final = "|".join(Region)
_PATTERNS: Final = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("light", r"\b(?P<word>very dark|very bright|half-lit|(?<!very )dark|(?<!very )bright)\b"),
        ("saturation", r"\b(?P<word>muted|vivid)\b"),
        ("warmth", r"\b(?P<word>cool|warm)\b"),
        ("region", rf"\b(?P<word>{_COLOURS}) at the (?P<about>{_REGIONS})\b"),
        ("region", rf"\bthe (?P<about>{_REGIONS}) is (?P<word>{_COLOURS})\b"),
        ("light cell", rf"\b(?:the light is|brightest) in the (?P<word>{_CELLS})\b"),
        ("busy cell", rf"\bbusiest in the (?P<word>{_CELLS})\b"),
        ("contrast", r"\b(?P<word>soft|clear|strong) contrast\b"),
        ("detail", r"\b(?P<word>smooth|textured|busy)\b"),
        ("lines", r"\b(?P<word>horizontal|vertical|diagonal) lines\b"),
        ("horizon", r"\ba (?P<word>low|high) horizon\b"),
        ("horizon", r"\ba horizon in the (?P<word>middle)\b"),
        ("symmetry", r"\b(?P<word>left mirrors right)\b"),
    )
)
_RANGES: Final = {
    "light": LIGHT,
    "contrast": CONTRAST,
    "saturation": SATURATION,
    "warmth": WARMTH,
    "detail": DETAIL,
    "horizon": HORIZON,
}


def _value(kind: str, features: PictureFeatures) -> float | None:
    values = {
        "light": features.brightness,
        "contrast": features.contrast,
        "saturation": features.saturation,
        "warmth": features.warmth,
        "detail": features.detail,
        "horizon": features.horizon,
    }
    return values[kind]


def _cell_true(word: str, values: tuple[float, ...]) -> bool:
    return values[CELLS.index(word.lower())] >= max(values) - CELL_ACCEPTED


def _mood_true(claim: Claim, features: PictureFeatures) -> bool:
    v, a = MOODS[claim.word]
    return (v - features.valence) ** 2 + (
        a - features.arousal
    ) ** 2 <= MOOD_ACCEPTED**2 or claim.word in features.moods


_JUDGES: Final = {
    "palette": lambda c, f: (
        f.palette[Colour(c.word.lower())] >= PALETTE_ACCEPTED or f.colours[0] == c.word.lower()
    ),
    "region": lambda c, f: f.regions[Region(c.about.lower())][Colour(c.word.lower())] >= REGION_ACCEPTED,
    "light cell": lambda c, f: _cell_true(c.word, f.cell_light),
    "busy cell": lambda c, f: _cell_true(c.word, tuple(4 * d for d in f.cell_detail)),
    "lines": lambda c, f: f.lines is Direction(c.word.lower()) and f.line_strength >= LINES_ACCEPTED,
    "symmetry": lambda _, f: f.symmetry >= SYMMETRY_ACCEPTED,
    "mood": _mood_true,
}
