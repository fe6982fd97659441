"""From voices that were built to the finished score: bars numbered, voices counted, problems given their bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hartmann.notation.findings import Findings
from hartmann.notation.parsing.state import TuneState
from hartmann.notation.parsing.voice import VoiceBuilder
from hartmann.notation.problems import Severity
from hartmann.notation.score import Score, Voice

ERROR, WARNING = Severity.ERROR, Severity.WARNING


@dataclass(frozen=True, slots=True)
class Assembled:
    """What was read. `suspect` holds (voice, bar number) of the bars in which something could not be read;
    `barless` says that the music has no bars to judge."""

    score: Score | None
    suspect: frozenset[tuple[int, int]] = frozenset()
    barless: bool = False


def assemble(state: TuneState) -> Assembled:
    """The score of all that `state` holds."""
    state.header.report_missing(state.findings)
    for voice in state.voices.values():
        _end_voice(voice, state.findings)
    sounding = [voice for voice in state.voices.values() if voice.bars]
    if not sounding:
        state.findings.add(ERROR, "no_music", "there are no notes in the text")
        return Assembled(None)
    for voice in state.voices.values():
        if not voice.bars:
            message = f"voice `{voice.id}` has no music"
            state.findings.add(WARNING, "empty_voice", message, voice=voice.number)
    if sounding[0].bars[0].tempo is None:
        sounding[0].bars[0].tempo = state.header.tempo
    first = 0 if _begin_with_pickup(sounding) else 1
    numbers = {voice.number: number for number, voice in enumerate(sounding, 1)}
    _settle_places(state.findings, first, numbers)
    voices = tuple(voice.freeze(numbers[voice.number], first) for voice in sounding)
    return Assembled(_score(state, voices), _suspect_bars(sounding, first), state.barless)


def _begin_with_pickup(voices: Sequence[VoiceBuilder]) -> bool:
    """True when the tune has an anacrusis: all voices begin with a part of a bar, and some go on behind it."""
    return all(voice.begins_partly() for voice in voices) and any(len(voice.bars) > 1 for voice in voices)


def _end_voice(voice: VoiceBuilder, findings: Findings) -> None:
    voice.give_rest()
    if voice.drop_last_start():
        message = "a repeat or an ending opens after the last note"
        bar = -1 - len(voice.bars)
        findings.add(WARNING, "unclosed_repeat", message, voice=voice.number, bar=bar)
    if voice.bar.notes:
        voice.end_open_bar()


def _score(state: TuneState, voices: tuple[Voice, ...]) -> Score:
    header = state.header
    return Score(
        title=header.titles[0] if header.titles else "",
        composer=header.composer,
        key=header.stated_key,
        meter=header.stated_meter,
        unit=header.stated_unit,
        tempo=header.tempo,
        voices=voices,
        rhythm=header.rhythm,
        header=tuple(header.fields),
        staves=header.staves,
    )


def _suspect_bars(voices: Sequence[VoiceBuilder], first: int) -> frozenset[tuple[int, int]]:
    return frozenset(
        (number, index + first)
        for number, voice in enumerate(voices, 1)
        for index, bar in enumerate(voice.bars)
        if bar.suspect
    )


def _settle_places(findings: Findings, first_bar: int, numbers: dict[int, int]) -> None:
    """While reading, a bar is known by its index (as -2 - index): turn that into bar numbers."""
    problems = findings.problems
    for index, problem in enumerate(problems):
        voice = numbers.get(problem.voice, problem.voice)
        bar = problem.bar if problem.bar > -2 else -2 - problem.bar + first_bar
        if (bar, voice) != (problem.bar, problem.voice):
            problems[index] = replace(problem, voice=voice, bar=bar)
