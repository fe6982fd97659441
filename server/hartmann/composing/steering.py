"""Steering: what wishes mean to a model that writes under a grammar.

A wish that a grammar can hold is kept by construction: key, meter, tempo, instruments, the number of bars.
Mood and difficulty narrow what is left open. A mood's valence decides between major and minor modes, its arousal
between slow and quick tempi, the two cues that carry most (Gabrielsson and Lindström, 2010; the formulas are in
`library.features`); a difficulty bounds the keys, the range, and the shortest note. A variation keeps its theme's name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from hartmann.composing.difficulty import LIMITS
from hartmann.composing.headers import meter_of, programs_of, tempo_of, unit_of
from hartmann.composing.own_score import Excerpt, ExcerptUse
from hartmann.composing.spoken import KINDS, Spoken, spoken
from hartmann.composing.voices import voice_lines, voice_ranges, voices_written
from hartmann.composing.wishes import MusicalWishes
from hartmann.moods import known_moods, mood_place
from hartmann.vision.bar_grammar import body_grammar
from hartmann.vision.header_grammar import HeaderWishes, keys
from hartmann.vision.system_grammar import system_grammar
from hartmann.vision.voice_range import PitchRange

TEMPO_SPREAD = 0.05
"""A tempo asked for leaves the model a twentieth either way, so that its beat can be a whole number."""
TEMPO_OFFERED = (40.0, 220.0)
"""Quarter notes a minute, where none is wished: the span of metronome marks."""
STILL, EXCITED = (40.0, 104.0), (92.0, 220.0)
"""Quarter notes a minute for moods of low and of high arousal: either side of 92, the middle of `library.features`,
and an eighth beyond it."""
SLOWEST, MIDDLE_TEMPO, QUICKEST = 40.0, 92.0, 180.0
"""Felt beats a minute; the middle is that of `library.features`."""
CLEAR = 0.3
"""Valence or arousal this far from 0 is felt as one or the other."""
DEFAULT_BARS = (8, 32)
"""Where no length is wished: a strain of eight bars at least, four at most."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a body is written under: its grammar, and the most bars it can have, over all voices."""

    grammar: str
    most_bars: int


def header_wishes(
    wishes: MusicalWishes,
    excerpt: Excerpt | None = None,
    *,
    voices: int = 1,
    words: str = "",
    feeling: str = "",
) -> HeaderWishes:
    """What the header must say; what is not said here is the model's to choose. `voices`: how many it may write.

    For a model that understands few words: `words` are a person's own (`spoken`), `feeling` the moods that it named
    when it described the picture. Wishes come first, then words; a feeling counts where neither names a mood.
    """
    is_easy = wishes.difficulty == "easy"
    programs = voices_written(wishes.programs, voices)
    said = spoken(words)
    wishes = replace(wishes, mood=wishes.mood or " ".join(known_moods(words)))
    if not wishes.mood and not wishes.tempo_bpm and said.beats is None:
        said = replace(said, beats=_beats(feeling))
    return HeaderWishes(
        title=f"Variation on {excerpt.title}" if _is_varied(excerpt) and excerpt and excerpt.title else "",
        rhythm="" if wishes.meter else said.kind,
        other_rhythms=_dances_in_other_meters(wishes.meter),
        keys=_keys(replace(wishes, mood=wishes.mood or feeling), said),
        meters=("/".join(map(str, wishes.meter)),) if wishes.meter else said.meters,
        units=("1/8",) if is_easy and _takes_eighths(wishes.meter) else (),
        programs=programs[:1],
        voices=voice_lines(programs),
        any_program=True,
        tempo=_tempo(wishes),
        beats=None if wishes.tempo_bpm else said.beats,
    )


def body_bounds(
    header: str, wishes: MusicalWishes, written: int = 0, *, chord_symbols: bool = True
) -> Bounds:
    """The grammar of the music after a header, in as many voices as the header names; or of what follows the systems
    of several voices that hold the first `written` bars. `chord_symbols`: whether several voices may have them."""
    fewest, most = (wishes.bars, wishes.bars) if wishes.bars else DEFAULT_BARS
    fewest, most = max(1, fewest - written), most - written
    meter, unit, shortest = meter_of(header), unit_of(header), shortest_offered(header, wishes)
    ranges = ranges_offered(header, wishes)
    if len(ranges) == 1:
        grammar = body_grammar(
            meter, unit, pitches=ranges[0], min_bars=fewest, max_bars=most, shortest=shortest
        )
    else:
        grammar = system_grammar(
            meter,
            unit,
            ranges,
            min_bars=fewest,
            max_bars=most,
            chord_symbols=chord_symbols,
            shortest=shortest,
        )
    return Bounds(grammar, most * len(ranges))


def ranges_offered(header: str, wishes: MusicalWishes) -> list[PitchRange]:
    """Each instrument's range, or what the difficulty leaves of it."""
    limits = LIMITS.get(wishes.difficulty)
    ranges = voice_ranges(programs_of(header))
    return [PitchRange(*(limits.within(*each) if limits else each)) for each in ranges]


def shortest_offered(header: str, wishes: MusicalWishes) -> Fraction | None:
    """The shortest note value (of a whole note) that the difficulty leaves; None where it leaves all."""
    limits = LIMITS.get(wishes.difficulty)
    return limits.shortest(tempo_of(header)) if limits else None


def abc_key(tonic: str, mode: str) -> str:
    """A key as the canonical header writes it.

    >>> abc_key("F#", "minor"), abc_key("A", "ionian")
    ('F#min', 'Amaj')
    """
    return tonic + {"ionian": "maj", "aeolian": "min"}.get(mode, mode[:3])


def _dances_in_other_meters(meter: tuple[int, int] | None) -> tuple[str, ...]:
    """The dances that a piece in a meter that is wished can't be."""
    if meter is None:
        return ()
    return tuple(dance for dance, meters in KINDS.items() if "/".join(map(str, meter)) not in meters)


def _is_varied(excerpt: Excerpt | None) -> bool:
    return excerpt is not None and excerpt.use is ExcerptUse.VARY


def _keys(wishes: MusicalWishes, said: Spoken) -> tuple[str, ...]:
    if wishes.key:
        return (abc_key(*wishes.key),)
    if said.key:
        return (said.key,)
    limits = LIMITS.get(wishes.difficulty)
    most = limits.accidentals if limits else 6
    if said.mode:
        return keys((said.mode,), most)
    valence = mood_place(wishes.mood)[0] if known_moods(wishes.mood) else 0.0
    if valence >= CLEAR:
        return keys(("maj", "mix"), most)
    if valence <= -CLEAR:
        return keys(("min", "dor"), most)
    return keys(most=most) if limits else ()


def _tempo(wishes: MusicalWishes) -> tuple[float, float]:
    if wishes.tempo_bpm:
        return (1 - TEMPO_SPREAD) * wishes.tempo_bpm, (1 + TEMPO_SPREAD) * wishes.tempo_bpm
    arousal = mood_place(wishes.mood)[1] if known_moods(wishes.mood) else 0.0
    if abs(arousal) < CLEAR:
        return TEMPO_OFFERED
    return EXCITED if arousal > 0 else STILL


def _beats(feeling: str) -> tuple[float, float] | None:
    """Felt beats a minute on the side of the middle tempo that a feeling's arousal asks for; None for neither."""
    arousal = mood_place(feeling)[1] if known_moods(feeling) else 0.0
    if abs(arousal) < CLEAR:
        return None
    return (MIDDLE_TEMPO, QUICKEST) if arousal > 0 else (SLOWEST, MIDDLE_TEMPO)


def _takes_eighths(meter: tuple[int, int] | None) -> bool:
    return meter is None or not Fraction(*meter) % Fraction(1, 8)
