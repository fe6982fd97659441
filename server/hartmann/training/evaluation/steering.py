"""Steering: whether what was asked for, or what the picture implies, is in the tune; measured in the tune alone.

A mode's side is major (major, mixolydian, lydian) or minor (minor, dorian, phrygian). Tempo is counted in beats that
people tap (`library.genres.felt_beat`, by the meter alone): slow below 74 a minute, fast from 100 on, as the words of
`library.features` have it. A picture implies a side of the modes where its |valence| exceeds CLEAR, and a side of 92
beats a minute, the middle of `library.features`, where its |arousal| does; other pictures are not counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from hartmann.composing.events import Wishes
from hartmann.composing.wishes import TEMPO_RANGE
from hartmann.library.features import MusicFeatures, measure_features
from hartmann.library.genres import felt_beat
from hartmann.notation.checking import check
from hartmann.notation.score import Meter
from hartmann.training.evaluation.pieces import Commission, Piece

CLEAR: Final = 0.25
MIDDLE_TEMPO: Final = 92.0
SLOW_BELOW, FAST_FROM = 74.0, 100.0
MINOR: Final = frozenset({"minor", "aeolian", "dorian", "phrygian", "locrian"})
WISHED_KEYS: Final = {
    "major": ("C major", "G major", "D major", "A major", "F major", "Bb major"),
    "minor": ("A minor", "E minor", "B minor", "D minor", "G minor", "C minor"),
}
WISHED_METERS: Final = ("4/4", "3/4", "2/4", "6/8", "9/8", "12/8", "3/8", "2/2", "3/2", "6/4")
WISHED_TEMPI: Final = {"slow": 60.0, "moderate": 86.0, "fast": 120.0}
"""Felt beats a minute in the middle of each class."""
IN_WORDS: Final = (
    Commission("a slow air in D minor", "minor", (), "slow"),
    Commission("a fast jig in G major", "major", ("6/8",), "fast"),
    Commission("a slow tune in minor", "minor", (), "slow"),
    Commission("something fast in a major key", "major", (), "fast"),
    Commission("a waltz, please", "", ("3/4",)),
    Commission("a slow waltz in A minor", "minor", ("3/4",), "slow"),
    Commission("a fast reel in D major", "major", ("4/4", "2/2"), "fast"),
    Commission("slow and sad", "minor", (), "slow"),
    Commission("fast and joyful", "major", (), "fast"),
    Commission("a slip jig", "", ("9/8",)),
    Commission("a folk song in 3/4", "", ("3/4",)),
    Commission("write a lively jig in 6/8", "", ("6/8",), "fast"),
)
"""What people say, half of it in words that no training conversation has."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a tune is: its features, and its felt beats a minute."""

    features: MusicFeatures
    beats: float

    @property
    def side(self) -> str:
        """Of the modes: major or minor."""
        return "minor" if self.features.mode in MINOR else "major"

    @property
    def tempo(self) -> str:
        """slow, moderate or fast."""
        return "slow" if self.beats < SLOW_BELOW else ("fast" if self.beats >= FAST_FROM else "moderate")


def heard(tune: str) -> Heard | None:
    """Measure a tune; None where it holds no notes."""
    score = check(tune).score
    try:
        features = measure_features(score) if score else None
    except ValueError:
        return None
    if score is None or features is None:
        return None
    beat = features.beat if score.tempo is None else felt_beat(score.meter)
    return Heard(features, features.bpm * float(features.beat) / float(beat))


def wished(number: int) -> tuple[Wishes, Commission]:
    """The wishes of commission `number`, and what must then be in the tune."""
    random = Random(number)
    mode, meter = random.choice(list(WISHED_KEYS)), random.choice(WISHED_METERS)
    over, under = map(int, meter.split("/"))
    beat = float(felt_beat(Meter(over, under)))
    playable = {word: beats * beat for word, beats in WISHED_TEMPI.items() if beats * beat <= TEMPO_RANGE[1]}
    tempo = random.choice(list(playable))
    wishes = Wishes(key=random.choice(WISHED_KEYS[mode]), meter=meter, tempo_bpm=playable[tempo])
    return wishes, Commission("wishes", mode, (meter,), tempo)


def commission_figures(commissions: Sequence[Commission]) -> dict[str, float]:
    """Shares of tunes with what was asked for: mode, meter, tempo class, and all of them together."""
    kept, asked = Counter[str](), Counter[str]()
    for commission in commissions:
        tune = heard(commission.tune)
        right = {
            "mode": commission.mode and bool(tune and tune.side == commission.mode),
            "meter": commission.meters and bool(tune and tune.features.meter in commission.meters),
            "tempo": commission.tempo and bool(tune and tune.tempo == commission.tempo),
        }
        given = {what: held for what, held in right.items() if isinstance(held, bool)}
        asked.update([*given, "everything"])
        kept.update(
            [*(what for what, held in given.items() if held), *(["everything"] * all(given.values()))]
        )
    return {what: round(kept[what] / count, 3) for what, count in asked.items()} | {"tunes": len(commissions)}


def implied_figures(pieces: Sequence[Piece], tune_of: Callable[[Piece], str]) -> dict[str, float]:
    """How tunes that nobody steered follow their pictures: sides of mode and tempo, rank correlations of mood."""
    both = [(piece.features, tune) for piece in pieces if (tune := heard(tune_of(piece)))]
    modes = [(f.valence > 0) == (m.side == "major") for f, m in both if abs(f.valence) > CLEAR]
    tempi = [(f.arousal > 0) == (m.beats >= MIDDLE_TEMPO) for f, m in both if abs(f.arousal) > CLEAR]
    valence = [(f.valence, m.features.valence) for f, m in both]
    arousal = [(f.arousal, m.features.arousal) for f, m in both]
    return {
        "mode": round(sum(modes) / max(1, len(modes)), 3),
        "mode, clear pictures": len(modes),
        "tempo": round(sum(tempi) / max(1, len(tempi)), 3),
        "tempo, clear pictures": len(tempi),
        "valence, rank correlation": _rank_correlation(valence),
        "arousal, rank correlation": _rank_correlation(arousal),
        "tunes": len(both),
    }


def _rank_correlation(pairs: Sequence[tuple[float, float]]) -> float:
    """Spearman's, rounded to thousandths. NaN where one side is all alike."""
    from scipy.stats import spearmanr

    if min(len({pair[side] for pair in pairs}) for side in (0, 1)) < 2:
        return float("nan")
    return round(float(spearmanr(*zip(*pairs, strict=True)).statistic), 3)
