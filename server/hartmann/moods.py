"""Mood words: one table for pictures and for music, so that both speak of the same feelings alike.

A mood is a point in Russell's circumplex (J. A. Russell, "A circumplex model of affect", 1980): valence from
-1 (unpleasant) to 1 (pleasant) and arousal from -1 (still) to 1 (excited). Each word has a place there; the
places follow the order of Russell's scaled adjectives and of the emotion words on the rating scales that
Gabrielsson and Lindström review (2010), set by hand on the unit disc. A point is described by the words
nearest to it, nearest first.
"""

from __future__ import annotations

import re
from typing import Final

MOODS: Final[dict[str, tuple[float, float]]] = {
    # pleasant, excited
    "joyful": (0.75, 0.45),
    "cheerful": (0.7, 0.25),
    "bright": (0.55, 0.35),
    "playful": (0.5, 0.55),
    "exuberant": (0.75, 0.75),
    "triumphant": (0.45, 0.8),
    "lively": (0.3, 0.6),
    "energetic": (0.15, 0.75),
    "bold": (0.15, 0.45),
    "light-hearted": (0.45, 0.12),
    "flowing": (0.2, 0.15),
    # pleasant, still
    "warm": (0.65, -0.1),
    "content": (0.65, -0.35),
    "tender": (0.35, -0.25),
    "gentle": (0.4, -0.45),
    "serene": (0.55, -0.65),
    "peaceful": (0.4, -0.75),
    "dreamy": (0.18, -0.4),
    "calm": (0.2, -0.65),
    "quiet": (0.0, -0.8),
    # unpleasant, still
    "thoughtful": (-0.08, -0.15),
    "wistful": (-0.25, -0.3),
    "solemn": (-0.2, -0.6),
    "melancholic": (-0.5, -0.35),
    "brooding": (-0.5, -0.1),
    "lonely": (-0.5, -0.55),
    "sorrowful": (-0.75, -0.35),
    "sombre": (-0.45, -0.75),
    "mournful": (-0.75, -0.6),
    # unpleasant, excited
    "steady": (-0.03, 0.2),
    "dark": (-0.55, 0.15),
    "restless": (-0.25, 0.4),
    "uneasy": (-0.5, 0.35),
    "dramatic": (-0.2, 0.65),
    "tense": (-0.5, 0.55),
    "stormy": (-0.55, 0.8),
    "agitated": (-0.75, 0.6),
}
"""Word → (valence, arousal), both -1…1."""

SYNONYMS: Final[dict[str, str]] = {
    "happy": "joyful", "merry": "cheerful", "glad": "cheerful", "sunny": "bright", "funny": "playful",
    "humorous": "playful", "ecstatic": "exuberant", "heroic": "triumphant", "festive": "triumphant",
    "majestic": "triumphant", "vivid": "lively", "animated": "lively", "excited": "energetic", "fierce": "bold",
    "light": "light-hearted", "romantic": "tender", "intimate": "tender", "loving": "tender", "soft": "gentle",
    "delicate": "gentle", "tranquil": "serene", "relaxed": "peaceful", "sleepy": "peaceful",
    "magical": "dreamy", "mysterious": "dreamy", "hushed": "quiet", "pensive": "thoughtful",
    "contemplative": "thoughtful", "nostalgic": "wistful", "longing": "wistful", "serious": "solemn",
    "melancholy": "melancholic", "gloomy": "brooding", "sad": "sorrowful", "tragic": "mournful", "grave": "sombre",
    "somber": "sombre", "scary": "uneasy", "eerie": "uneasy", "strange": "uneasy", "nervous": "restless",
    "anxious": "tense", "wild": "stormy", "angry": "agitated", "furious": "agitated",
}  # fmt: skip
"""Words that people use beside those of the table, and the word of the table that lies nearest."""


def known_moods(text: str) -> tuple[str, ...]:
    """The moods that a text names, as words of the table, in the order of the text.

    >>> known_moods("a happy, rather Dreamy tune")
    ('joyful', 'dreamy')
    """
    words = re.findall(r"[a-z]+(?:-[a-z]+)?", text.lower())
    named = (SYNONYMS.get(word, word) for word in words)
    return tuple(dict.fromkeys(word for word in named if word in MOODS))


def mood_place(text: str) -> tuple[float, float]:
    """(valence, arousal) that a text asks for: the mean over the moods it names. Raises ValueError for none."""
    places = [MOODS[word] for word in known_moods(text)]
    if not places:
        raise ValueError(f"expected a text that names a mood, not {text!r}")
    valences, arousals = zip(*places, strict=True)
    return sum(valences) / len(places), sum(arousals) / len(places)


def mood_words(valence: float, arousal: float, count: int = 3) -> tuple[str, ...]:
    """The `count` words nearest to the point, nearest first; values outside -1…1 are brought inside."""
    v, a = (min(1.0, max(-1.0, value)) for value in (valence, arousal))
    nearest = sorted(MOODS, key=lambda word: ((MOODS[word][0] - v) ** 2 + (MOODS[word][1] - a) ** 2, word))
    return tuple(nearest[:count])
