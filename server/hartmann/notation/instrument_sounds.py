"""MusicXML's standard sound of each General MIDI program: what `<instrument-sound>` says.

MuseScore chooses a part's instrument by this id (and guesses, badly, without it). The ids are those of the
MusicXML 4.0 standard sounds list. Index by program, 0…127.
"""

from __future__ import annotations

_EFFECT = "synth.effects"

INSTRUMENT_SOUNDS: tuple[str, ...] = (
    "keyboard.piano", "keyboard.piano", "keyboard.piano.electric", "keyboard.piano.honky-tonk",
    "keyboard.piano.electric", "keyboard.piano.electric", "keyboard.harpsichord", "keyboard.clavichord",
    "keyboard.celesta", "pitched-percussion.glockenspiel", "pitched-percussion.music-box",
    "pitched-percussion.vibraphone", "pitched-percussion.marimba", "pitched-percussion.xylophone",
    "pitched-percussion.tubular-bells", "pitched-percussion.hammer-dulcimer",
    "keyboard.organ.drawbar", "keyboard.organ.percussive", "keyboard.organ.rotary", "keyboard.organ.pipe",
    "keyboard.organ.reed", "keyboard.accordion", "wind.reed.harmonica", "keyboard.bandoneon",
    "pluck.guitar.nylon-string", "pluck.guitar.steel-string", "pluck.guitar.electric",
    "pluck.guitar.electric", "pluck.guitar.electric", "pluck.guitar.electric", "pluck.guitar.electric",
    "pluck.guitar.electric",
    "pluck.bass.acoustic", "pluck.bass.electric", "pluck.bass.electric", "pluck.bass.fretless",
    "pluck.bass.electric", "pluck.bass.electric", "pluck.bass.synth", "pluck.bass.synth",
    "strings.violin", "strings.viola", "strings.cello", "strings.contrabass",
    "strings.group", "strings.group", "pluck.harp", "drum.timpani",
    "strings.group", "strings.group", "strings.group.synth", "strings.group.synth",
    "voice.vocals", "voice.vocals", "voice.synth", "synth.group.orchestra",
    "brass.trumpet", "brass.trombone", "brass.tuba", "brass.trumpet",
    "brass.french-horn", "brass.group", "brass.group.synth", "brass.group.synth",
    "wind.reed.saxophone.soprano", "wind.reed.saxophone.alto", "wind.reed.saxophone.tenor",
    "wind.reed.saxophone.baritone", "wind.reed.oboe", "wind.reed.english-horn", "wind.reed.bassoon",
    "wind.reed.clarinet",
    "wind.flutes.flute.piccolo", "wind.flutes.flute", "wind.flutes.recorder", "wind.flutes.panpipes",
    "wind.flutes.blown-bottle", "wind.flutes.shakuhachi", "wind.flutes.whistle.tin", "wind.flutes.ocarina",
    "synth.tone.square", "synth.tone.sawtooth", "synth.group", "synth.group", "synth.group", "synth.group",
    "synth.group.fifths", "synth.group",
    "synth.pad", "synth.pad.warm", "synth.pad.polysynth", "synth.pad.choir",
    "synth.pad.bowed", "synth.pad.metallic", "synth.pad.halo", "synth.pad.sweep",
    "synth.effects.rain", "synth.effects.soundtrack", "synth.effects.crystal", "synth.effects.atmosphere",
    "synth.effects.brightness", "synth.effects.goblins", "synth.effects.echoes", "synth.effects.sci-fi",
    "pluck.sitar", "pluck.banjo", "pluck.shamisen", "pluck.koto",
    "pitched-percussion.kalimba", "wind.pipes.bagpipes", "strings.fiddle", "wind.reed.shenai",
    "metal.bells.sleigh-bells", "metal.bells.agogo", "metal.steel-drums", "wood.wood-block",
    "drum.taiko", "drum.tom-tom", "drum.tom-tom.synth", "metal.cymbal.reverse",
    _EFFECT, _EFFECT, _EFFECT, _EFFECT, _EFFECT, _EFFECT, _EFFECT, _EFFECT,
)  # fmt: skip

PERCUSSION_SOUND = "drum.group.set"
"""The sound of a part on MIDI channel 10."""

DRUMS: dict[int, tuple[str, str]] = {
    35: ("Acoustic Bass Drum", "E4"), 36: ("Bass Drum", "F4"), 37: ("Side Stick", "C5"),
    38: ("Snare", "C5"), 39: ("Hand Clap", "C5"), 40: ("Electric Snare", "C5"), 41: ("Low Floor Tom", "G4"),
    42: ("Closed Hi-Hat", "G5"), 43: ("High Floor Tom", "A4"), 44: ("Pedal Hi-Hat", "D4"),
    45: ("Low Tom", "B4"), 46: ("Open Hi-Hat", "G5"), 47: ("Low-Mid Tom", "D5"), 48: ("High-Mid Tom", "D5"),
    49: ("Crash Cymbal", "A5"), 50: ("High Tom", "E5"), 51: ("Ride Cymbal", "F5"),
    52: ("Chinese Cymbal", "A5"), 53: ("Ride Bell", "F5"), 54: ("Tambourine", "D5"),
    55: ("Splash Cymbal", "A5"), 56: ("Cowbell", "E5"), 57: ("Crash Cymbal 2", "B5"), 58: ("Vibraslap", "B4"),
    59: ("Ride Cymbal 2", "F5"), 60: ("High Bongo", "C5"), 61: ("Low Bongo", "A4"), 62: ("Mute Conga", "C5"),
    63: ("Open Conga", "C5"), 64: ("Low Conga", "A4"), 65: ("High Timbale", "C5"), 66: ("Low Timbale", "A4"),
    67: ("High Agogo", "E5"), 68: ("Low Agogo", "C5"), 69: ("Cabasa", "B4"), 70: ("Maracas", "B4"),
    71: ("Short Whistle", "E5"), 72: ("Long Whistle", "E5"), 73: ("Short Guiro", "B4"),
    74: ("Long Guiro", "B4"), 75: ("Claves", "E5"), 76: ("High Wood Block", "E5"),
    77: ("Low Wood Block", "C5"), 78: ("Mute Cuica", "C5"), 79: ("Open Cuica", "A4"),
    80: ("Mute Triangle", "E5"), 81: ("Open Triangle", "E5"),
}  # fmt: skip
"""General MIDI's percussion by note number: name, and the place on a five-line staff (treble reading) where
drum parts write it (after Weinberg, Guidelines for Drumset Notation, 1998, where it has a rule)."""
