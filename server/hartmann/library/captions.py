"""Captions: a piece described in a few sentences, in the manner of MidiCaps.

MidiCaps (Melechovsky, Roy and Herremans, 2024) describes each MIDI file in three or four sentences that name
genre, mood, key, meter, tempo and instruments. Ours say the same from the piece's own features, the most
telling first, since a small text encoder may see no more than the first words. The wording varies with the
content of the piece, never with chance: the same notes always read the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from fractions import Fraction

from hartmann.library.features import MusicFeatures
from hartmann.library.melody import Contour

_BEATS = {Fraction(3, 2): "dotted quarter notes", Fraction(2): "half notes", Fraction(1, 2): "eighth notes"}

_SHAPES = {
    Contour.RISING: ("The melody climbs towards its end", "The line rises over the whole piece"),
    Contour.FALLING: ("The melody sinks towards its end", "The line falls over the whole piece"),
    Contour.ARCHED: ("The melody rises and returns in one arch", "The line swells in the middle"),
    Contour.DIPPING: (
        "The melody dips in the middle and comes back up",
        "The line opens high, sinks and returns",
    ),
    Contour.LEVEL: ("The melody circles around its middle", "The line keeps to one level"),
}


class _Variety:
    """Picks among wordings by the bytes of a hash."""

    def __init__(self, seed: str) -> None:
        self._bytes = iter(hashlib.sha256(seed.encode()).digest())

    def pick(self, wordings: Sequence[str]) -> str:
        return wordings[next(self._bytes) % len(wordings)]


def caption(features: MusicFeatures, title: str = "") -> str:
    """Two to four sentences about the piece; `title` is named where there is one."""
    variety = _Variety(f"{title}\n{features.content}")
    return " ".join([_opening(features, title, variety), _sound(features, variety), _line(features, variety)])


def clean_title(title: str) -> str:
    """A title as a sentence can hold it: no quotes, no closing stop, shouted words brought down."""
    plain = " ".join(title.replace('"', "").split()).rstrip(".,;: ")
    return plain.title() if plain.isupper() else plain


def short_caption(features: MusicFeatures) -> str:
    """One line with what matters most: `a lively, bright Irish jig in G major, 6/8, fast (~116 bpm), fiddle`."""
    moods = ", ".join(features.moods[:2])
    kind = " ".join(filter(None, (features.origin, features.genre)))
    return (
        f"{_article(moods)} {moods} {kind} {_key(features)}, {_meter(features)}, "
        f"{features.tempo_word} (~{features.bpm} bpm), {features.instrument}"
    )


def _opening(features: MusicFeatures, title: str, variety: _Variety) -> str:
    kind = " ".join(filter(None, (features.origin, features.genre)))
    first, second, third = features.moods[:3]
    about = f"{_key(features)}, {_meter(features)}, at {_article(features.tempo_word)} {_tempo(features)}"
    feeling = variety.pick(
        (
            f"with {_article(second)} {second}, {third} mood",
            f"of {_article(second)} {second} and {third} character",
            f"that feels {second} and {third}",
        )
    )
    name = clean_title(title)
    named = f" called “{name}”" if name and variety.pick(("named", "unnamed")) == "named" else ""
    return f"{_article(first).capitalize()} {first} {kind}{named} {about}, {feeling}."


def _sound(features: MusicFeatures, variety: _Variety) -> str:
    if features.voices > 1:
        return f"It is written for {_number(features.voices)} voices, led by the {features.instrument}."
    if features.program_given:
        return f"It is played on {features.instrument}."
    return variety.pick(
        (
            f"It suits a solo {features.instrument}.",
            f"Played on {features.instrument}.",
            f"A single {features.instrument} carries the tune.",
        )
    )


def _line(features: MusicFeatures, variety: _Variety) -> str:
    shape = variety.pick(_SHAPES[features.contour])
    motion = (
        "in wide leaps"
        if features.leap_share > 0.35
        else "mostly by step"
        if features.leap_share < 0.12
        else ""
    )
    pace = (
        "with many quick notes"
        if features.notes_per_second > 4.5
        else "with few, long notes"
        if features.notes_per_second < 1.6
        else ""
    )
    reach = f"within {_number(features.range)} semitones" if features.range else "on a single note"
    details = " and ".join(filter(None, (motion, pace))) or reach
    return f"{shape}, {details}, over {features.bars} {'bar' if features.bars == 1 else 'bars'}."


def _tempo(features: MusicFeatures) -> str:
    beats = _BEATS.get(features.beat)
    return f"{features.tempo_word} tempo (~{features.bpm} bpm{f' in {beats}' if beats else ''})"


def _key(features: MusicFeatures) -> str:
    return "without a key" if features.mode == "none" else f"in {features.key}"


def _meter(features: MusicFeatures) -> str:
    return "free meter" if features.meter == "free" else features.meter


def _article(phrase: str) -> str:
    return "an" if phrase[:1].lower() in "aeiou" and not phrase.startswith("one") else "a"


def _number(value: int) -> str:
    words = (
        "no",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
    )
    return words[value] if value < len(words) else str(value)
