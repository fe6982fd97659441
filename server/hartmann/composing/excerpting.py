"""Excerpting: from a score's file and a selection to an `Excerpt`, when a request is checked.

The bars are cut out of the file and written as canonical ABC once; from then on an excerpt is that text. What the
bars say about the music to come (key, meter, tempo, instruments, and for a variation the length) is what is
in force at the end of bars to continue, at the beginning of bars to vary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from hartmann.composing.events import Wishes
from hartmann.composing.own_score import Excerpt, ExcerptUse
from hartmann.composing.wishes import BARS_RANGE, MAX_VOICES, TEMPO_RANGE, read_wishes
from hartmann.errors import InvalidRequest, InvalidWish, UnreadableScore
from hartmann.notation import musicxml_range
from hartmann.notation.bar_range import bars_between, full_bars, state_at_end
from hartmann.notation.checking import check
from hartmann.notation.formats import Format, abc_text, format_seen
from hartmann.notation.instruments import find_program, instrument_name
from hartmann.notation.musicxml_range import Span, span_of
from hartmann.notation.score import Key, Meter, Score, Tempo
from hartmann.notation.writing import to_abc

MAX_BARS = 64
"""A model of 2,048 tokens has room for that many bars twice, and people hear no further back."""
MAX_TITLE = 200
MAX_BYTES = 20 * 1024 * 1024
FEWEST_NOTES = 2
"""One note is no music to go on from."""
KEYBOARDS = range(24)
"""General MIDI programs of instruments that take two staves."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What to take of a file: bars from 1 in its order, 0 for start and end; staves from 1, none for all."""

    use: ExcerptUse
    title: str = ""
    first_bar: int = 0
    last_bar: int = 0
    staves: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Bars:
    """The bars as they were read."""

    score: Score
    title: str
    span: Span


def read_excerpt(content: bytes, selection: Selection, max_bytes: int = MAX_BYTES) -> Excerpt:
    """Cut the bars out of a score's file (MusicXML, compressed or not, or ABC) and read them.

    Raises InvalidRequest and UnreadableScore with the field at fault. Takes seconds for large selections.
    """
    _check_numbers(selection)
    if not content:
        raise InvalidRequest("the excerpt is empty; send the score's MusicXML", field="excerpt.content")
    if len(content) > max_bytes:
        raise InvalidRequest(
            f"the score has {len(content):,} bytes, and at most {max_bytes:,} are taken",
            field="excerpt.content",
        )
    with _at_fault("excerpt.content"):
        bars = _reader(content)(content, selection, max_bytes)
    notes = sum(bool(note.pitches) for voice in bars.score.voices for bar in voice.bars for note in bar.notes)
    if notes < FEWEST_NOTES:
        raise _no_music()
    title = " ".join((selection.title or bars.title).split())[:MAX_TITLE]
    abc = to_abc(replace(bars.score, title=title))
    wishes = implied_wishes(bars.score, selection.use)
    return Excerpt(abc, selection.use, title, bars.span.first, bars.span.last, wishes)


def implied_wishes(score: Score, use: ExcerptUse) -> Wishes:
    """What the bars say about the music to come; nothing where no wish could say it."""
    key, meter, tempo = score.key, score.meter, score.tempo
    if use is ExcerptUse.CONTINUE:
        key, meter, tempo = state_at_end(score)
    return Wishes(
        key=_key(key),
        meter=_meter(meter),
        tempo_bpm=_tempo(tempo),
        ensemble=_ensemble(score),
        bars=_bars(score) if use is ExcerptUse.VARY else 0,
    )


# -- reading ---------------------------------------------------------------------------------------------


def _check_numbers(selection: Selection) -> None:
    if len(selection.title) > MAX_TITLE:
        raise InvalidRequest(f"a title has at most {MAX_TITLE} characters", field="excerpt.title")
    for name, number in (("first_bar", selection.first_bar), ("last_bar", selection.last_bar)):
        if number < 0:
            raise InvalidRequest(f"bars are counted from 1, so {number} is none", field=f"excerpt.{name}")
    if any(number < 1 for number in selection.staves):
        raise InvalidRequest("staves are counted from 1 at the top of the score", field="excerpt.staves")


def _reader(content: bytes) -> Callable[[bytes, Selection, int], _Bars]:
    kind = format_seen(content)
    if kind is Format.MIDI:
        raise UnreadableScore("a MIDI file has no bars to select; send MusicXML or ABC")
    return _read_abc if kind is Format.ABC else _read_musicxml


def _read_musicxml(content: bytes, selection: Selection, max_bytes: int) -> _Bars:
    from hartmann.notation.from_musicxml import Limits, musicxml_to_abc
    from hartmann.notation.from_musicxml.opening import open_musicxml

    root = open_musicxml(content, Limits(bytes=max_bytes))
    title = musicxml_range.title_of(root)
    span = _span(musicxml_range.measure_count(root), selection)
    _check_staves(musicxml_range.staff_count(root), selection, "staves")
    document = musicxml_range.cut(root, span, selection.staves)
    if not musicxml_range.has_notes(root):
        raise _no_music()
    score = check(musicxml_to_abc(document)).score
    if score is None:
        raise _no_music()
    return _Bars(_tidy(score), title, span)


def _no_music() -> InvalidRequest:
    return InvalidRequest(
        "there is no music in the bars selected; select bars with notes", field="excerpt.first_bar"
    )


def _read_abc(content: bytes, selection: Selection, max_bytes: int) -> _Bars:
    del max_bytes
    checked = check(abc_text(content))
    if checked.score is None:
        raise UnreadableScore(
            "this is neither MusicXML nor ABC with music in it; export the score as MusicXML"
        )
    score = checked.score
    span = _span(max(len(voice.bars) for voice in score.voices), selection)
    _check_staves(len(score.voices), selection, "voices")
    voices = [score.voices[number - 1].number for number in selection.staves if number <= len(score.voices)]
    return _Bars(_tidy(bars_between(score, span.first, span.last, voices)), score.title, span)


def _tidy(score: Score) -> Score:
    """The score as its own canonical text says it, without signs that lost their other half."""
    count = max(len(voice.bars) for voice in score.voices)
    again = check(to_abc(bars_between(score, 1, count))).score
    return again or score


def _span(count: int, selection: Selection) -> Span:
    span = span_of(count, selection.first_bar, selection.last_bar)
    if selection.first_bar > count:
        raise InvalidRequest(
            f"the score has {count} bars, so it has no bar {selection.first_bar}", field="excerpt.first_bar"
        )
    if span.bars == 0:
        raise InvalidRequest(
            f"bars {selection.first_bar} to {selection.last_bar} are none; select at least one bar",
            field="excerpt.first_bar",
        )
    if span.bars <= MAX_BARS:
        return span
    if selection.use is ExcerptUse.CONTINUE:
        return replace(span, first=span.last - MAX_BARS + 1)
    raise InvalidRequest(
        f"{span.bars} bars are selected, and at most {MAX_BARS} can be varied at once; select fewer",
        field="excerpt.last_bar",
    )


def _check_staves(count: int, selection: Selection, noun: str) -> None:
    if selection.staves and min(selection.staves) > count:
        raise InvalidRequest(
            f"the score has {count} {noun}, so it has none with the number {min(selection.staves)}",
            field="excerpt.staves",
        )


@contextmanager
def _at_fault(field: str) -> Iterator[None]:
    """Name the field in errors that name none."""
    try:
        yield
    except InvalidRequest as error:
        error.field = error.field or field
        raise


# -- what the bars say -----------------------------------------------------------------------------------


def _key(key: Key) -> str:
    name = "" if key.mode == "none" or key.extra else key.name
    return name if _can_be_wished(Wishes(key=name)) else ""


def _meter(meter: Meter) -> str:
    name = "" if meter.symbol == "free" else f"{meter.numerator}/{meter.denominator}"
    return name if _can_be_wished(Wishes(meter=name)) else ""


def _tempo(tempo: Tempo | None) -> float:
    bpm = tempo.quarters_per_minute if tempo else 0.0
    return bpm if TEMPO_RANGE[0] <= bpm <= TEMPO_RANGE[1] else 0.0


def _ensemble(score: Score) -> str:
    """The instruments, each part once: a piano's two staves are one piano. Nothing where one of them is not known."""
    names: list[str] = []
    before = None
    for voice in score.voices:
        program = voice.program if voice.program is not None else find_program(voice.name)
        is_same_part = before == (program, voice.name) and program is not None and program in KEYBOARDS
        before = program, voice.name
        if program is None and not voice.percussion:
            return ""
        if program is not None and not voice.percussion and not is_same_part:
            names.append(instrument_name(program).lower())
    return ", ".join(names[:MAX_VOICES])


def _bars(score: Score) -> int:
    bars = full_bars(score)
    return bars if BARS_RANGE[0] <= bars <= BARS_RANGE[1] else 0


def _can_be_wished(wishes: Wishes) -> bool:
    try:
        read_wishes(wishes)
    except InvalidWish:
        return False
    return True
