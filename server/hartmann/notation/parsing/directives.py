"""Directives that carry music: `%%MIDI …`, `%%score`, `%%propagate-accidentals`, and `I:` fields alike.

What only formats the page is left out without a word. What would change the music and is not followed (drum
patterns, accompaniment, temperaments) is a hint, once each.
"""

from __future__ import annotations

import re

from hartmann.notation.parsing.header import Header
from hartmann.notation.parsing.state import TuneState
from hartmann.notation.parsing.voice import Holding, VoiceBuilder
from hartmann.notation.problems import Severity
from hartmann.notation.score import STEP_SEMITONES

HINT, WARNING = Severity.HINT, Severity.WARNING
_WORD = re.compile(r"\s*([A-Za-z][\w-]*)\s*=?\s*(.*)", re.S)
_DRUM = re.compile(r"(\^\^?|__?|=)?([A-Ga-g])([,']*)\s+(\d{1,3})")
_ALTER = {"^": 1, "^^": 2, "_": -1, "__": -2, "=": 0, None: 0}
_LAYOUT = re.compile(r"[{}()\[\]|*]|[^\s{}()\[\]|*]+")
_PLAYING_MORE = frozenset({
    "gchord", "gchordon", "drum", "drumon", "drone", "droneon", "temperamentlinear", "temperamentequal",
    "pitchbend", "bendstring", "portamento",
})  # fmt: skip
"""Commands of `%%MIDI` that would add or bend notes."""
_MUSICAL = frozenset({"transpose", "percmap", "voicemap", "microscale"})
_MOST_LAYOUT = 400


def obey(state: TuneState, text: str, start: int) -> None:
    """Do what a directive says; `text` follows its `%%` or `I:` and begins at offset `start`."""
    match = _WORD.match(text)
    if match is None:
        return
    word, value = match[1].lower(), match[2].strip()
    if word == "midi":
        _midi(state, value, start)
    elif word in {"score", "staves"}:
        _layout(state, value, start)
    elif word == "propagate-accidentals":
        _propagate(state, value)
    elif word in _MUSICAL:
        _unread(state, word, start)


def _midi(state: TuneState, text: str, start: int) -> None:
    match = _WORD.match(text)
    what, value = (match[1].lower(), match[2]) if match else ("", "")
    numbers = [int(n) for n in re.findall(r"-?\d{1,3}", value)]
    target: VoiceBuilder | Header = state.current or state.header
    if what == "program" and numbers and 0 <= numbers[-1] <= 127:
        _program(state, target, numbers[-1], start)
    elif what == "channel" and numbers:
        target.percussion = numbers[0] == 10
    elif what == "drummap" and (drum := _DRUM.match(value)):
        _map_drum(state, drum)
    elif what in {"transpose", "rtranspose"} and numbers and abs(numbers[0]) <= 36:
        _transpose(state, target, numbers[0], start, relative=what == "rtranspose")
    elif what == "nobarlines":
        state.barless = True
        for voice in state.voices.values():
            voice.holding = Holding.NOT
    elif what in _PLAYING_MORE:
        _unread(state, f"MIDI {what}", start)


def _program(state: TuneState, target: VoiceBuilder | Header, program: int, start: int) -> None:
    if isinstance(target, VoiceBuilder) and target.note_count and target.program not in {None, program}:
        message = f"the voice changes to MIDI program {program} here; it keeps its first instrument"
        state.findings.add(HINT, "unread_directive", message, start, voice=target.number, bar=state.bar)
        return
    target.program = program


def _transpose(
    state: TuneState, target: VoiceBuilder | Header, semitones: int, start: int, *, relative: bool
) -> None:
    semitones += target.transpose if relative else 0
    if isinstance(target, Header):
        target.transpose = semitones
    elif not target.state_transpose(semitones):
        message = "the transposition changes here by other than octaves; the voice keeps its first one"
        state.findings.add(WARNING, "unread_directive", message, start, voice=target.number, bar=state.bar)


def _map_drum(state: TuneState, drum: re.Match[str]) -> None:
    """`drummap ^c 45`: in percussion voices the note means that key of the drum kit (0…127)."""
    accidental, letter, marks, key = drum.groups()
    octave = (6 if letter.islower() else 5) + marks.count("'") - marks.count(",")
    if int(key) <= 127:
        state.drums[12 * octave + STEP_SEMITONES[letter.upper()] + _ALTER[accidental]] = int(key)


def _layout(state: TuneState, value: str, start: int) -> None:
    if state.has_notes or state.header.staves:
        message = "the layout of staves changes within the tune; the first one is kept"
        state.findings.once(HINT, "unread_directive", message, start)
        return
    state.header.staves = " ".join(_LAYOUT.findall(value[:_MOST_LAYOUT]))


def _propagate(state: TuneState, value: str) -> None:
    try:
        state.holding = Holding(value.lower())
    except ValueError:
        return
    for voice in state.voices.values():
        voice.holding = state.holding


def _unread(state: TuneState, name: str, start: int) -> None:
    message = f"`%%{name}` is not followed; the notes are read as they stand"
    state.findings.once(HINT, "unread_directive", message, start, key=name)
