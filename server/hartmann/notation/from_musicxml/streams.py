"""A music21 score as ours: one voice a part (a piano has two), bars by number, what holds and changes.

Conventions: measures of all parts are matched by their order; a part that has fewer is filled with rests. A bar lasts
as long as its longest part; one that fits neither the meter nor any pickup or repeat states a meter of its own, so
that every bar of the score adds up. Bars of rest in front of an excerpt are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from music21 import bar, clef, expressions, key, meter, note, spanner, stream, tempo

from hartmann.errors import UnreadableScore
from hartmann.notation.findings import Findings
from hartmann.notation.from_musicxml import stream_marks
from hartmann.notation.from_musicxml.drums import PERCUSSION_CHANNEL
from hartmann.notation.from_musicxml.stream_notes import PartMarks, exact, measure_notes
from hartmann.notation.score import Bar, Change, Key, Meter, Note, Place, Score, Tempo, Voice
from hartmann.notation.tune_balance import judge, unclosed_repeats

_NOWHERE = Place(0, 0, 0, 0)
_ZERO = Fraction(0)
_LONGEST_BAR = 4096
"""Quarters in a bar: whole pieces without bar lines are one bar, and what is longer the ABC reader refuses."""
_ROUNDS = 8
"""How often bars are given meters of their own: one that has one no longer explains its neighbours."""
_CLEFS = {"treble", "bass", "alto", "tenor", "soprano"}
_BARLINES = {"double": "||", "final": "|]", "heavy-light": "[|"}
_TONICS = (
    "Fb", "Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#",
)  # fmt: skip
"""Tonics by sharps: the major key of no sharps is at 8, its minor three further on."""


def from_score(score: stream.Score, *, bars: int | None = None) -> Score:
    """Our score of a music21 one; of `bars` bars from the first that holds a note, or of all.

    Raises `UnreadableScore` where it has no measures with notes, or a measure that no score has.
    """
    parts = [list(part.getElementsByClass(stream.Measure)) for part in score.parts]
    count = max(map(len, parts), default=0)
    lengths = [_length([part[i] for part in parts if i < len(part)]) for i in range(count)]
    _check_lengths(lengths)
    voices = [
        _PartReader(part, measures, lengths, number).voice()
        for number, (part, measures) in enumerate(zip(score.parts, parts, strict=True), 1)
    ]
    if not any(n.pitches for voice in voices for given in voice.bars for n in given.notes):
        raise UnreadableScore("the score holds no notes")
    if bars is not None:
        voices = _excerpt(voices, bars)
    return _settled(_assembled(score, voices))


def _length(measures: Sequence[stream.Measure]) -> Fraction:
    """How long a bar lasts. Rests and forwards in files are often too long, so notes decide: the meter where all of
    them fit into it and some part fills it, else what most parts hold."""
    full = exact(measures[0].barDuration.quarterLength)
    ends = [_sounding_end(measure) for measure in measures]
    held = [
        exact(measure.highestTime)
        for measure, end in zip(measures, ends, strict=True)
        if end or not any(ends)
    ]
    if max(ends) <= full <= max(held) or not any(held):
        return full
    counts = Counter(held if max(ends) <= full else filter(None, ends))
    return max(counts, key=lambda length: (counts[length], length))


def _check_lengths(lengths: Sequence[Fraction]) -> None:
    for index, length in enumerate(lengths, 1):
        if length > _LONGEST_BAR:
            raise UnreadableScore(
                f"measure {index} lasts {float(length):,.0f} quarters; {_LONGEST_BAR} is the most that is read"
            )


def _sounding_end(measure: stream.Measure) -> Fraction:
    """Where the last note of a measure ends."""
    notes = measure.recurse().notes
    return max(
        (exact(n.getOffsetInHierarchy(measure)) + exact(n.quarterLength) for n in notes), default=_ZERO
    )


class _PartReader:
    """Reads one part; `voice()` is the result."""

    def __init__(
        self, part: stream.Part, measures: Sequence[stream.Measure], lengths: Sequence[Fraction], number: int
    ) -> None:
        self.part = part
        self.measures = measures
        self.lengths = lengths
        self.number = number
        begun, ended = stream_marks.slur_edges(part)
        self.marks = PartMarks(begun, ended, stream_marks.hairpin_edges(part))
        self.endings, self.ending_stops = _brackets(part)

    def voice(self) -> Voice:
        """The part as a voice."""
        instrument = self.part.getInstrument(returnDefault=True)
        percussion = any(
            isinstance(c, clef.PercussionClef) for c in self.part.recurse().getElementsByClass(clef.Clef)
        )
        percussion = percussion or self.part.recurse().getElementsByClass(note.Unpitched).first() is not None
        percussion = percussion or (instrument is not None and instrument.midiChannel == PERCUSSION_CHANNEL)
        program = instrument.midiProgram if instrument is not None else None
        transposition = instrument.transposition if instrument is not None else None
        return Voice(
            number=self.number,
            id=str(self.number),
            bars=tuple(self._bars()),
            name=stream_marks.clean(self.part.partName or "").replace("[", "").replace("]", ""),
            clef="" if percussion else self._clef(),
            program=None if percussion else program,
            percussion=percussion,
            transpose=0 if percussion or transposition is None else round(transposition.semitones),
        )

    def _clef(self) -> str:
        stated = self.part.recurse().getElementsByClass(clef.Clef).first()
        return stated.name if stated is not None and stated.name in _CLEFS else ""

    def _bars(self) -> list[Bar]:
        onset = _ZERO
        made: list[Bar] = []
        for index, length in enumerate(self.lengths):
            measure = self.measures[index] if index < len(self.measures) else None
            made.append(self._bar(measure, index, onset, length))
            onset += length
        return made

    def _bar(self, measure: stream.Measure | None, index: int, onset: Fraction, length: Fraction) -> Bar:
        if measure is None:
            rest = Note(_ZERO, length, length, (), _NOWHERE, whole_bar=True)
            return Bar(index + 1, onset, length, (rest,), _NOWHERE)
        left, right = measure.leftBarline, measure.rightBarline
        ends = right if isinstance(right, bar.Repeat) else None
        state, changes = _changes(measure)
        return Bar(
            number=index + 1,
            onset=onset,
            duration=length,
            notes=measure_notes(measure, length, self.marks),
            place=_NOWHERE,
            key=state.key,
            meter=state.meter,
            tempo=state.tempo,
            repeat_start=isinstance(left, bar.Repeat) and left.direction == "start",
            repeat_end=max(2, ends.times or 2) if ends is not None and ends.direction == "end" else 0,
            endings=self.endings.get(id(measure), ()),
            ending_stop=id(measure) in self.ending_stops,
            barline=_BARLINES.get(right.type, "|") if right is not None and ends is None else "|",
            section=_section(measure),
            changes=changes,
        )


def _brackets(part: stream.Part) -> tuple[dict[int, tuple[int, ...]], set[int]]:
    """The numbers of each ending by the identity of its first measure, and the measures where endings stop."""
    begun: dict[int, tuple[int, ...]] = {}
    stops: set[int] = set()
    for bracket in part.recurse().getElementsByClass(spanner.RepeatBracket):
        numbers = tuple(sorted(n for n in bracket.numberRange if 1 <= n <= 64))
        first, last = bracket.getFirst(), bracket.getLast()
        if numbers and first is not None:
            begun[id(first)] = numbers
            stops.add(id(last))
    return begun, stops


def _section(measure: stream.Measure) -> str:
    mark = measure.getElementsByClass(expressions.RehearsalMark).first()
    return stream_marks.clean(str(mark.content)).strip("[] ") if mark is not None else ""


# -- key, meter, tempo -------------------------------------------------------------------------------------


def _changes(measure: stream.Measure) -> tuple[Change, tuple[Change, ...]]:
    """What a measure states at its start, and what changes inside it."""
    stated: dict[Fraction, Change] = {}
    for element in measure.getElementsByClass((key.KeySignature, meter.TimeSignature, tempo.MetronomeMark)):
        onset = exact(element.offset)
        before = stated.get(onset, Change(onset))
        if isinstance(element, key.KeySignature):
            before = replace(before, key=_key(element))
        elif isinstance(element, meter.TimeSignature):
            before = replace(before, meter=_meter(element))
        else:
            before = replace(before, tempo=_tempo(element))
        stated[onset] = before
    start = stated.pop(_ZERO, Change(_ZERO))
    return start, tuple(stated[onset] for onset in sorted(stated))


def _key(signature: key.KeySignature) -> Key:
    if signature.sharps is None:
        extra = tuple((p.step, int(p.alter)) for p in signature.alteredPitches)
        return Key("", "none", 0, extra)
    mode = getattr(signature, "mode", "major")
    minor = mode == "minor"
    fifths = max(-7, min(7, signature.sharps))
    return Key(_TONICS[fifths + 8 + 3 * minor], "minor" if minor else "major", fifths)


def _meter(signature: meter.TimeSignature) -> Meter | None:
    above, below = signature.numerator, signature.denominator
    if not (1 <= above <= 64 and below in (1, 2, 4, 8, 16, 32, 64)):
        return None
    symbol = {"common": "C", "cut": "C|"}.get(signature.symbol or "", "")
    fits = {"C": (4, 4), "C|": (2, 2)}.get(symbol) == (above, below)
    return Meter(above, below, symbol if fits else "")


def _tempo(mark: tempo.MetronomeMark) -> Tempo | None:
    """The tempo where a number is given; words alone are shown as words."""
    number = mark.number if mark.number is not None and not mark.numberImplicit else mark.numberSounding
    beat = exact(mark.referent.quarterLength)
    words = stream_marks.clean(mark.text or "") if not mark.textImplicit else ""
    if number is None or not beat or not 5 <= beat * number <= 2000:
        return None
    return Tempo(beat, Fraction(number).limit_denominator(100), words)


# -- the whole score ---------------------------------------------------------------------------------------


def _excerpt(voices: Sequence[Voice], count: int) -> list[Voice]:
    """The voices from the first bar with a note on, for `count` bars; what held before it is stated anew."""
    first = min(
        i for voice in voices for i, given in enumerate(voice.bars) if any(n.pitches for n in given.notes)
    )
    last = first + count
    if first == 0 and _is_pickup(voices[0].bars):
        last += 1
    return [replace(voice, bars=_cut(voice.bars, first, last)) for voice in voices]


def _is_pickup(bars: Sequence[Bar]) -> bool:
    return len(bars) > 1 and bars[0].meter is not None and bars[0].duration < bars[0].meter.bar_duration


def _cut(bars: Sequence[Bar], first: int, last: int) -> tuple[Bar, ...]:
    held = Change(_ZERO)
    for given in bars[: first + 1]:
        for state in (_stated(given), *given.changes):
            if given is not bars[first] or state not in given.changes:
                held = Change(
                    _ZERO, state.key or held.key, state.meter or held.meter, state.tempo or held.tempo
                )
    begun = replace(
        bars[first], key=held.key, meter=held.meter, tempo=held.tempo, endings=(), ending_stop=False
    )
    return (begun, *bars[first + 1 : last])


def _assembled(score: stream.Score, voices: Sequence[Voice]) -> Score:
    first = voices[0].bars[0]
    stated = next((v.bars[0].tempo for v in voices if v.bars[0].tempo), None)
    head_key = first.key or Key("C", "major", 0)
    head_meter = next((v.bars[0].meter for v in voices if v.bars[0].meter), None) or Meter(4, 4)
    pickup = len(voices[0].bars) > 1 and first.duration < head_meter.bar_duration
    numbered = [
        _numbered(voice, pickup, stated if voice is voices[0] else None, head_key, head_meter)
        for voice in voices
    ]
    data = score.metadata
    title = stream_marks.clean(data.bestTitle or "") if data is not None else ""
    composer = stream_marks.clean(data.composer or "") if data is not None else ""
    return Score(title, composer, head_key, head_meter, Fraction(1, 2), stated, tuple(numbered))


def _numbered(voice: Voice, pickup: bool, stated: Tempo | None, head_key: Key, head_meter: Meter) -> Voice:
    first = voice.bars[0]
    first = replace(
        first,
        key=first.key or head_key,
        meter=first.meter or head_meter,
        tempo=stated,
        repeat_start=first.repeat_start,
    )
    bars = [replace(given, number=i + (not pickup)) for i, given in enumerate((first, *voice.bars[1:]))]
    if bars[-1].barline == "|" and not bars[-1].repeat_end:
        bars[-1] = replace(bars[-1], barline="|]")
    return replace(voice, bars=tuple(bars))


def _settled(score: Score) -> Score:
    """The score with no repeat left open, a meter for every bar that needs its own, and nothing said twice."""
    score = replace(score, voices=tuple(_with_second_endings(_closed(voice)) for voice in score.voices))
    for _ in range(_ROUNDS):
        odd = _odd_bars(score)
        if not odd:
            break
        score = replace(score, voices=tuple(_restated(voice, odd, score.meter) for voice in score.voices))
    return replace(score, voices=tuple(_said_once(voice) for voice in score.voices))


def _closed(voice: Voice) -> Voice:
    opened = {given.number for given in unclosed_repeats(voice)}
    bars = tuple(
        replace(given, repeat_start=False) if given.number in opened else given for given in voice.bars
    )
    return replace(voice, bars=bars)


def _with_second_endings(voice: Voice) -> Voice:
    """Behind a first ending that repeats, the next bar is the second ending, whether the file says so or not."""
    bars = list(voice.bars)
    for index in range(1, len(bars)):
        before = bars[index - 1]
        if before.repeat_end and not bars[index].endings and _ending_of(bars, index - 1) == (1,):
            bars[index] = replace(bars[index], endings=(2,), ending_stop=True)
    return replace(voice, bars=tuple(bars))


def _ending_of(bars: Sequence[Bar], index: int) -> tuple[int, ...]:
    """The numbers of the ending that the bar at `index` belongs to; none outside of endings."""
    while index >= 0 and not bars[index].endings:
        if bars[index].repeat_start or (index and bars[index - 1].ending_stop):
            return ()
        index -= 1
    return bars[index].endings if index >= 0 else ()


def _said_once(voice: Voice) -> Voice:
    """The voice without keys, meters and tempi that hold already; files repeat them at every section."""
    key, meter, tempo = None, None, None
    bars: list[Bar] = []
    for given in voice.bars:
        bars.append(
            replace(
                given,
                key=None if given.key == key else given.key,
                meter=None if given.meter == meter else given.meter,
                tempo=None if given.tempo == tempo else given.tempo,
            )
        )
        for state in (_stated(given), *given.changes):
            key, meter, tempo = state.key or key, state.meter or meter, state.tempo or tempo
    return replace(voice, bars=tuple(bars))


def _stated(given: Bar) -> Change:
    """What a bar states at its start."""
    return Change(_ZERO, given.key, given.meter, given.tempo)


def _odd_bars(score: Score) -> set[int]:
    """The numbers of the bars that fit neither the meter nor any pickup or repeat."""
    findings = Findings("", 100_000)
    judge(score, findings)
    return {p.bar for p in findings.problems if p.code in {"bar_too_short", "bar_too_long"}}


def _restated(voice: Voice, odd: set[int], meter: Meter) -> Voice:
    """`voice` with a meter of its own for each odd bar, and the usual one again behind it."""
    bars: list[Bar] = []
    shown = meter
    for given in voice.bars:
        meter = given.meter or meter
        wanted = _meter_of(given.duration) if given.number in odd else meter
        bars.append(replace(given, meter=wanted if wanted != shown or not bars else None))
        shown = wanted
        for change in given.changes:
            meter = shown = change.meter or meter
    return replace(voice, bars=tuple(bars))


def _meter_of(duration: Fraction) -> Meter:
    """The plainest meter with bars of this length; free where none has."""
    for below in (4, 8, 16, 32, 64):
        above = duration * below / 4
        if above.denominator == 1 and above <= 64:
            return Meter(int(above), below)
    return Meter(4, 4, "free")
