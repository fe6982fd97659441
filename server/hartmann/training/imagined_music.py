"""Captions of music that does not exist: features drawn at random but in keeping with their mood.

The corpus has few tunes in some corners of (valence, arousal). Imagined captions fill them, in the words of
`library.captions`, so that the mini CLIP learns what every mood word, tempo, mode and instrument goes with.
"""

from __future__ import annotations

from random import Random

from hartmann.library.captions import caption
from hartmann.library.features import MusicFeatures
from hartmann.library.genres import GENRES, felt_beat, instrument_word
from hartmann.library.melody import Contour
from hartmann.moods import mood_words
from hartmann.notation.score import Meter
from hartmann.training.contrastive import MusicCaption

_TEMPO_WORDS = ((54, "very slow"), (74, "slow"), (100, "moderate"), (140, "fast"), (999, "very fast"))
_METERS = (Meter(4, 4), Meter(3, 4), Meter(2, 4), Meter(6, 8), Meter(9, 8), Meter(2, 2), Meter(3, 2))
_TONICS = ("C", "G", "D", "A", "E", "F", "Bb", "Eb")
_BRIGHT, _DARK = ("major", "major", "mixolydian"), ("minor", "minor", "dorian")


def imagine(rng: Random) -> MusicCaption:
    """One caption: bright modes, high register and glad genres for high valence; quick and busy for high arousal."""
    valence, arousal = rng.uniform(-1, 1), rng.uniform(-1, 1)
    near = sorted(GENRES, key=lambda g: abs(g.energy - arousal) + abs(g.cheer - valence) + rng.random())
    genre, meter = near[0], rng.choice(_METERS)
    bpm = round(92 * 2 ** max(-1.0, min(1.0, 0.8 * arousal + rng.gauss(0, 0.15))))
    mode = rng.choice(_BRIGHT if valence + rng.gauss(0, 0.3) > 0 else _DARK)
    programs = genre.programs
    place = (arousal + 0.5 * valence + 1) / 2
    program = programs[min(len(programs) - 1, max(0, int(place * len(programs))))]
    bars = rng.choice((8, 12, 16, 16, 24, 32))
    features = MusicFeatures(
        key=f"{rng.choice(_TONICS)} {mode}", mode=mode, meter=str(meter), genre=genre.name,
        origin=rng.choice(("", "", "Irish", "German", "Scottish", "Chinese", "American")),
        beat=felt_beat(meter, in_two=genre.in_two), bpm=bpm,
        tempo_word=next(word for limit, word in _TEMPO_WORDS if bpm < limit), tempo_given=True,
        bars=bars, voices=1, notes=bars * 6, seconds=30.0,
        notes_per_second=max(0.5, 3 * 2 ** (1.5 * arousal)), lowest=60, highest=60 + rng.randint(7, 22),
        mean_pitch=70 + 6 * valence, mean_interval=2.5, leap_share=max(0.0, 0.25 + 0.2 * arousal), rest_share=0.0,
        contour=rng.choice(tuple(Contour)), valence=valence, arousal=arousal,
        moods=mood_words(valence, arousal), instrument=instrument_word(program), program=program,
        program_given=rng.random() < 0.3, sung=genre.sung, content=str(rng.random()),
    )  # fmt: skip
    return MusicCaption(caption(features), valence, arousal)
