"""NotationService: checking, measuring and converting ABC, and reading scores as ABC. Nothing is stored."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeAlias

import grpc.aio

from hartmann.errors import InvalidNotation, InvalidRequest, UnreadableScore
from hartmann.notation.limits import Limits
from hartmann.serving.event_translation import to_metrics, to_problem
from hartmann.settings import MEBIBYTE
from hartmann.v1 import notation_pb2, notation_pb2_grpc

if TYPE_CHECKING:
    from hartmann.notation.checking import Checked
    from hartmann.notation.score import Score

MAX_CHARACTERS = 1_000_000
DEFAULT_LIMITS = Limits()
MEDIA_TYPES = {
    notation_pb2.SCORE_FORMAT_MUSICXML: "application/vnd.recordare.musicxml+xml",
    notation_pb2.SCORE_FORMAT_MIDI: "audio/midi",
    notation_pb2.SCORE_FORMAT_ABC: "text/vnd.abc",
    notation_pb2.SCORE_FORMAT_MXL: "application/vnd.recordare.musicxml",
}
"""By the IANA registry of media types (MIDI by long use)."""

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


class NotationService(notation_pb2_grpc.NotationServiceServicer):
    """Reads in a thread: a long tune takes a second, and other calls go on."""

    def __init__(self, max_score_bytes: int = 20 * MEBIBYTE, limits: Limits = DEFAULT_LIMITS) -> None:
        self._max_score_bytes = max_score_bytes
        self._limits = limits

    async def CheckAbc(  # noqa: N802
        self, request: notation_pb2.CheckAbcRequest, context: Context
    ) -> notation_pb2.CheckAbcResponse:
        """What is wrong with a tune, and where."""
        del context
        return await asyncio.to_thread(_check, request.abc, self._limits)

    async def MeasureAbc(  # noqa: N802
        self, request: notation_pb2.MeasureAbcRequest, context: Context
    ) -> notation_pb2.MeasureAbcResponse:
        """The eight metrics of a tune."""
        del context
        return await asyncio.to_thread(_measure, request.abc, self._limits)

    async def ConvertAbc(  # noqa: N802
        self, request: notation_pb2.ConvertAbcRequest, context: Context
    ) -> notation_pb2.ConvertAbcResponse:
        """The tune in another format."""
        del context
        if request.format not in MEDIA_TYPES:
            raise unknown_format()
        return await asyncio.to_thread(_convert, request, self._limits)

    async def ImportScore(  # noqa: N802
        self, request: notation_pb2.ImportScoreRequest, context: Context
    ) -> notation_pb2.ImportScoreResponse:
        """A score's file as ABC."""
        del context
        return await asyncio.to_thread(_import, request, self._max_score_bytes)


def unknown_format() -> InvalidRequest:
    """For a format that is none of ours."""
    return InvalidRequest("choose a format: MUSICXML, MXL, MIDI or ABC", field="format")


def _read(abc: str, limits: Limits) -> Checked:
    from hartmann.notation.checking import check

    if not abc.strip():
        raise InvalidNotation("the ABC is empty; send a tune, such as `K:G` and a line of notes", field="abc")
    if len(abc) > MAX_CHARACTERS:
        raise InvalidNotation(
            f"at most {MAX_CHARACTERS:,} characters are read, not {len(abc):,}", field="abc"
        )
    return check(abc, limits)


def _music(checked: Checked) -> Score:
    if checked.score is None:
        found = next((problem.message for problem in checked.problems), "there are no notes in it")
        raise InvalidNotation(f"there is no music in this ABC: {found}", field="abc")
    return checked.score


def _check(abc: str, limits: Limits) -> notation_pb2.CheckAbcResponse:
    from hartmann.notation.problems import Severity
    from hartmann.notation.rendering import render

    checked = _read(abc, limits)
    errors = any(problem.severity is Severity.ERROR for problem in checked.problems)
    return notation_pb2.CheckAbcResponse(
        valid=checked.score is not None and not errors,
        abc=checked.text,
        problems=map(to_problem, checked.problems),
        report=render(checked.problems, checked.text),
        tune=None if checked.score is None else _summary(checked.score),
    )


def _summary(score: Score) -> notation_pb2.TuneSummary:
    return notation_pb2.TuneSummary(
        title=score.title,
        key=score.key.name,
        meter=str(score.meter),
        quarters_per_minute=None if score.tempo is None else score.tempo.quarters_per_minute,
        voice_count=len(score.voices),
        bar_count=max((len(voice.bars) for voice in score.voices), default=0),
        sections=[section.name for section in score.sections],
    )


def _measure(abc: str, limits: Limits) -> notation_pb2.MeasureAbcResponse:
    from hartmann.notation.metrics import EXPLANATIONS, measure

    checked = _read(abc, limits)
    return notation_pb2.MeasureAbcResponse(
        metrics=to_metrics(measure(_music(checked))),
        explanations=EXPLANATIONS,
        problems=map(to_problem, checked.problems),
    )


def _convert(request: notation_pb2.ConvertAbcRequest, limits: Limits) -> notation_pb2.ConvertAbcResponse:
    checked = _read(request.abc, limits)
    return notation_pb2.ConvertAbcResponse(
        content=_write(_music(checked), request.format),
        media_type=MEDIA_TYPES[request.format],
        problems=map(to_problem, checked.problems),
    )


def _write(score: Score, kind: notation_pb2.ScoreFormat.ValueType) -> bytes:
    from hartmann.notation.formats import Format, write_as

    formats = {
        notation_pb2.SCORE_FORMAT_MUSICXML: Format.MUSICXML,
        notation_pb2.SCORE_FORMAT_MXL: Format.MXL,
        notation_pb2.SCORE_FORMAT_MIDI: Format.MIDI,
        notation_pb2.SCORE_FORMAT_ABC: Format.ABC,
    }
    return write_as(score, formats[kind])


def _import(request: notation_pb2.ImportScoreRequest, max_bytes: int) -> notation_pb2.ImportScoreResponse:
    from hartmann.notation.checking import check

    if request.bars < 0:
        raise InvalidRequest("so many bars can't be read; 0 reads all", field="bars")
    if len(request.content) > max_bytes:
        raise UnreadableScore(
            f"the file has {len(request.content):,} bytes, and at most {max_bytes:,} are read",
            field="content",
        )
    try:
        checked = check(_score_as_abc(request.content, request.bars or None, max_bytes))
    except UnreadableScore as error:
        error.field = "content"
        raise
    if checked.score is None:
        raise UnreadableScore("there are no notes in the file", field="content")
    return notation_pb2.ImportScoreResponse(
        abc=checked.text, problems=map(to_problem, checked.problems), tune=_summary(checked.score)
    )


def _score_as_abc(content: bytes, bars: int | None, max_bytes: int) -> str:
    from hartmann.notation.formats import Format, format_seen

    kind = format_seen(content)
    if kind is Format.MIDI:
        from hartmann.notation.from_midi import midi_to_abc

        return midi_to_abc(content, bars=bars)
    if kind is Format.ABC:
        raise UnreadableScore("this is neither MusicXML nor MIDI; CheckAbc reads ABC")
    from hartmann.notation.from_musicxml import Limits, musicxml_to_abc

    return musicxml_to_abc(content, bars=bars, limits=Limits(bytes=max_bytes))
