"""Instruments by their General MIDI program (0…127), and the words people use for them.

Programs count from 0, as in a MIDI file; General MIDI's own table (MIDI Association, RP-003) counts from 1.
"""

from __future__ import annotations

import re

GENERAL_MIDI: tuple[str, ...] = (
    "Acoustic Grand Piano", "Bright Acoustic Piano", "Electric Grand Piano", "Honky-tonk Piano",
    "Electric Piano 1", "Electric Piano 2", "Harpsichord", "Clavinet",
    "Celesta", "Glockenspiel", "Music Box", "Vibraphone", "Marimba", "Xylophone", "Tubular Bells", "Dulcimer",
    "Drawbar Organ", "Percussive Organ", "Rock Organ", "Church Organ",
    "Reed Organ", "Accordion", "Harmonica", "Bandoneon",
    "Nylon Guitar", "Steel Guitar", "Jazz Guitar", "Clean Guitar",
    "Muted Guitar", "Overdriven Guitar", "Distortion Guitar", "Guitar Harmonics",
    "Acoustic Bass", "Fingered Bass", "Picked Bass", "Fretless Bass",
    "Slap Bass 1", "Slap Bass 2", "Synth Bass 1", "Synth Bass 2",
    "Violin", "Viola", "Cello", "Contrabass",
    "Tremolo Strings", "Pizzicato Strings", "Harp", "Timpani",
    "String Ensemble 1", "String Ensemble 2", "Synth Strings 1", "Synth Strings 2",
    "Choir Aahs", "Voice Oohs", "Synth Voice", "Orchestra Hit",
    "Trumpet", "Trombone", "Tuba", "Muted Trumpet", "French Horn", "Brass Section", "Synth Brass 1",
    "Synth Brass 2",
    "Soprano Saxophone", "Alto Saxophone", "Tenor Saxophone", "Baritone Saxophone",
    "Oboe", "English Horn", "Bassoon", "Clarinet",
    "Piccolo", "Flute", "Recorder", "Pan Flute", "Blown Bottle", "Shakuhachi", "Whistle", "Ocarina",
    "Square Lead", "Sawtooth Lead", "Calliope Lead", "Chiff Lead",
    "Charang Lead", "Voice Lead", "Fifths Lead", "Bass Lead",
    "New Age Pad", "Warm Pad", "Polysynth Pad", "Choir Pad", "Bowed Pad", "Metallic Pad", "Halo Pad",
    "Sweep Pad",
    "Rain", "Soundtrack", "Crystal", "Atmosphere", "Brightness", "Goblins", "Echoes", "Sci-fi",
    "Sitar", "Banjo", "Shamisen", "Koto", "Kalimba", "Bagpipe", "Fiddle", "Shanai",
    "Tinkle Bell", "Agogo", "Steel Drums", "Woodblock", "Taiko Drum", "Melodic Tom", "Synth Drum",
    "Reverse Cymbal",
    "Guitar Fret Noise", "Breath Noise", "Seashore", "Bird Tweet", "Telephone Ring", "Helicopter", "Applause",
    "Gunshot",
)  # fmt: skip
"""Short names of the 128 programs; the index is the program."""

ALIASES: dict[str, int] = {
    "piano": 0, "grand piano": 0, "electric piano": 4, "organ": 19, "guitar": 24, "acoustic guitar": 24,
    "electric guitar": 27, "bass": 32, "double bass": 43, "string bass": 43, "violoncello": 42,
    "strings": 48, "string quartet": 48, "choir": 52, "voice": 52, "voices": 52, "singer": 52, "horn": 60,
    "saxophone": 65, "sax": 65, "english horn": 69, "cor anglais": 69, "tin whistle": 78,
    "irish whistle": 78, "bagpipes": 109, "pipes": 109, "uilleann pipes": 109, "concertina": 21,
    "lute": 24, "mandolin": 25, "bells": 14, "vibes": 11, "drums": 118, "brass": 61,
}  # fmt: skip
"""Other words for programs, singular and lower case."""

_RANGES: tuple[tuple[range, tuple[int, int]], ...] = (
    (range(40, 41), (55, 88)),  # violin: open G to E6, as far as an amateur's fourth position goes
    (range(41, 42), (48, 79)),  # viola
    (range(42, 43), (36, 69)),  # cello
    (range(43, 44), (40, 67)),  # double bass, as written
    (range(52, 55), (55, 81)),  # voices: alto and soprano together
    (range(56, 57), (55, 82)),  # trumpet
    (range(57, 59), (40, 72)),  # trombone, tuba
    (range(60, 61), (48, 77)),  # horn
    (range(64, 66), (58, 85)),  # soprano and alto saxophone
    (range(66, 68), (49, 76)),  # tenor and baritone saxophone
    (range(68, 69), (58, 88)),  # oboe
    (range(69, 70), (52, 81)),  # cor anglais
    (range(70, 71), (36, 70)),  # bassoon
    (range(71, 72), (52, 88)),  # clarinet
    (range(72, 73), (62, 96)),  # piccolo, as written
    (range(73, 74), (60, 93)),  # flute
    (range(74, 75), (60, 86)),  # recorder
    (range(78, 79), (62, 86)),  # tin whistle in D
    (range(109, 110), (55, 74)),  # bagpipe: nine notes of the chanter and a little more
    (range(110, 111), (55, 83)),  # fiddle in first position
)
ANY_RANGE = (55, 83)
"""Where nothing narrower is known: G3 to B5, what nearly all folk tunes keep to."""


LEFT_HAND = (41, 64)
"""F2 to E4: the bass staff with two leger lines above it."""
_TWO_HANDED = range(8), range(16, 21), range(46, 47)
"""Pianos, harpsichord, organs, harp."""


def playing_range(program: int) -> tuple[int, int]:
    """Lowest and highest comfortable pitch (MIDI numbers) of a General MIDI program, for a melody.

    After the ranges that orchestration books call practical (Adler, The Study of Orchestration, 4th ed., appendix).
    """
    return next((pitches for programs, pitches in _RANGES if program in programs), ANY_RANGE)


def accompanying_range(program: int) -> tuple[int, int]:
    """Lowest and highest pitch under a melody: of a keyboard or harp the left hand's, of others as for a melody.

    >>> accompanying_range(0), accompanying_range(42) == playing_range(42)
    ((41, 64), True)
    """
    return LEFT_HAND if any(program in programs for programs in _TWO_HANDED) else playing_range(program)


def instrument_name(program: int) -> str:
    """The short name of a General MIDI program. Raises IndexError outside 0…127."""
    if not 0 <= program < len(GENERAL_MIDI):
        raise IndexError(f"expected a program in 0…127, not {program}")
    return GENERAL_MIDI[program]


def find_program(name: str) -> int | None:
    """The program a word such as `violin`, `two violins` or `Tin Whistle` means, or None.

    >>> find_program("two violins"), find_program("theremin")
    (40, None)
    """
    words = re.sub(r"^(a|an|one|two|three|four|solo|\d+)\s+", "", name.strip().lower())
    known = {**{title.lower(): i for i, title in enumerate(GENERAL_MIDI)}, **ALIASES}
    for candidate in (words, words.removesuffix("s"), words.removesuffix("es")):
        if candidate in known:
            return known[candidate]
    return None
