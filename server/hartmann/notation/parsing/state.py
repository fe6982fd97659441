"""Where reading a tune stands: its header, its voices, and which of them is current."""

from __future__ import annotations

from fractions import Fraction

from hartmann.notation.findings import Findings, TooMuch
from hartmann.notation.limits import Limits
from hartmann.notation.parsing.header import FREE, Header
from hartmann.notation.parsing.line import LineReader
from hartmann.notation.parsing.macros import Macro
from hartmann.notation.parsing.voice import Holding, VoiceBuilder
from hartmann.notation.score import Key, Meter


class TuneState:
    """Shared by everything that reads lines. `drums` and `holding` concern all voices."""

    def __init__(self, findings: Findings, limits: Limits) -> None:
        self.findings = findings
        self.limits = limits
        self.header = Header()
        self.voices: dict[str, VoiceBuilder] = {}
        self.current: VoiceBuilder | None = None
        self.reader = LineReader(findings, limits)
        self.macros: list[Macro] = []
        self.drums: dict[int, int] = {}
        self.holding = Holding.PITCH
        self.in_body = False
        self.barless = False
        self.done = False

    @property
    def has_notes(self) -> bool:
        """True once any voice has a note or a rest."""
        return any(voice.note_count for voice in self.voices.values())

    @property
    def meter(self) -> Meter:
        """The meter where reading stands."""
        return self.current.meter if self.current else self.header.stated_meter

    @property
    def bar(self) -> int:
        """The bar where reading stands, in the form that problems have until the bars are numbered."""
        return -2 - len(self.current.bars) if self.current else -1

    def voice(self) -> VoiceBuilder:
        """The current voice: the one last named, else the first, else a new one called 1."""
        if self.current is None:
            self.current = next(iter(self.voices.values())) if self.voices else self.voice_named("1")
        return self.current

    def bound_voices(self) -> list[VoiceBuilder]:
        """The voices that a field in the body binds: the current one, or all when none is named yet."""
        return [self.voice()] if self.current or not self.voices else list(self.voices.values())

    def voice_named(self, name: str) -> VoiceBuilder:
        """The voice of that id, made where there is none yet. Raises `TooMuch` beyond the limit."""
        voice = self.voices.get(name)
        if voice is not None:
            return voice
        if len(self.voices) >= self.limits.voices:
            raise TooMuch("voices")
        voice = VoiceBuilder(len(self.voices) + 1, name, Key("", "none", 0), FREE, Fraction(1, 2))
        self.voices[name] = voice
        if self.in_body:
            self._prepare(voice)
        return voice

    def turn_to(self, voice: VoiceBuilder) -> None:
        """Music from here on goes to `voice`, on a line of its own for lyrics."""
        self.reader.voice = voice
        voice.begin_line()

    def begin_body(self) -> None:
        """The header is over: every voice gets what it says."""
        if not self.in_body:
            self.in_body = True
            for voice in self.voices.values():
                self._prepare(voice)

    def _prepare(self, voice: VoiceBuilder) -> None:
        """Give a voice what the header says, before its first note."""
        header = self.header
        voice.start(header.stated_key, header.stated_meter, header.stated_unit)
        voice.state_clef(voice.clef or header.clef)
        voice.octave = voice.octave or header.octave
        voice.transpose = voice.transpose or header.transpose
        voice.program = header.program if voice.program is None else voice.program
        voice.percussion = voice.percussion or header.percussion
        voice.drums = self.drums
        voice.holding = Holding.NOT if self.barless else self.holding
