"""The form of a piece as engraved: repeats with explicit starts, endings, and what each bar line looks like.

One `BarForm` for each bar index, for all voices together (a sign in any voice counts for all). The signs
are those that the order of playing (`unfolding.unfold`) really obeys: every jump back gets its start sign
and its end sign, since MuseScore misreads a lone `:|`, and signs that nothing obeys are not engraved.
Da capo, dal segno, fine and coda are words and signs above the notes (`marks.py`), no part of the form.
An order of parts (`P:ABA`) that no repeat sign can say is written out in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from hartmann.notation.score import PLAIN_BARLINES, Bar, Score, Tempo
from hartmann.notation.unfolding import unfold


@dataclass(frozen=True, slots=True)
class BarForm:
    """What all voices share in one bar.

    `onset` and `duration` in quarters as written (the longest voice counts); `times` is how often a repeat
    that ends here plays its music (0: none ends here); `endings` the passes of the ending that begins here,
    which lasts to bar index `ending_last`.
    """

    number: int
    onset: Fraction
    duration: Fraction
    repeat_start: bool = False
    times: int = 0
    endings: tuple[int, ...] = ()
    ending_last: int = -1
    barline: str = "|"
    section: str = ""
    tempo: Tempo | None = None


def form_of(score: Score) -> list[BarForm]:
    """The form, bar by bar; as many as the longest voice has."""
    forms = [_shared(bars) for bars in _columns(score)]
    forms = _placed(forms)
    starts, times = _repeats(unfold(score, jumps=False))
    marked = [replace(form, repeat_start=i in starts, times=times.get(i, 0)) for i, form in enumerate(forms)]
    stops = {i for i, bars in enumerate(_columns(score)) if any(bar.ending_stop for bar in bars)}
    return [
        replace(form, ending_last=_ending_last(marked, stops, i)) if form.endings else form
        for i, form in enumerate(marked)
    ]


def written_out(score: Score) -> Score:
    """The score itself; or, where its header's `P:` line orders the parts, its bars as played, without signs."""
    order = unfold(score)
    unordered = replace(score, header=tuple(field for field in score.header if field[0] != "P"))
    if order == unfold(unordered):
        return score
    voices = tuple(replace(voice, bars=_performed(voice.bars, order)) for voice in score.voices)
    return replace(unordered, voices=voices, sections=())


def _performed(bars: Sequence[Bar], order: Sequence[int]) -> tuple[Bar, ...]:
    """The bars in this order, each with copies of its notes; after a jump, key, meter and tempo are stated."""
    in_force = _in_force(bars)
    made: list[Bar] = []
    now, before = Fraction(0), -1
    first_number = bars[0].number if bars else 1
    for index in order:
        if index < len(bars):
            bar = in_force[index] if index != before + 1 else bars[index]
            notes = tuple(replace(note) for note in bar.notes)
            plain = replace(bar, repeat_start=False, repeat_end=0, endings=(), ending_stop=False, notes=notes)
            made.append(replace(plain, number=first_number + len(made), onset=now))
            now, before = now + bar.duration, index
    return tuple(made)


def _in_force(bars: Sequence[Bar]) -> list[Bar]:
    """The bars, each stating the key, meter and tempo that hold when it begins."""
    found: list[Bar] = []
    key, meter, tempo = None, None, None
    for bar in bars:
        key, meter, tempo = bar.key or key, bar.meter or meter, bar.tempo or tempo
        found.append(replace(bar, key=key, meter=meter, tempo=tempo))
        for change in bar.changes:
            key, meter, tempo = change.key or key, change.meter or meter, change.tempo or tempo
    return found


def _columns(score: Score) -> list[list[Bar]]:
    """For each bar index, the bars of all voices that have one."""
    count = max((len(voice.bars) for voice in score.voices), default=0)
    return [[voice.bars[i] for voice in score.voices if i < len(voice.bars)] for i in range(count)]


def _shared(bars: Sequence[Bar]) -> BarForm:
    return BarForm(
        number=bars[0].number,
        onset=Fraction(0),
        duration=max(bar.duration for bar in bars),
        endings=next((bar.endings for bar in bars if bar.endings), ()),
        barline=next((bar.barline for bar in bars if bar.barline not in PLAIN_BARLINES), bars[0].barline),
        section=next((bar.section for bar in bars if bar.section), ""),
        tempo=next((bar.tempo for bar in bars if bar.tempo), None),
    )


def _placed(forms: Sequence[BarForm]) -> list[BarForm]:
    now = Fraction(0)
    placed = []
    for form in forms:
        placed.append(replace(form, onset=now))
        now += form.duration
    return placed


def _repeats(order: Sequence[int]) -> tuple[set[int], dict[int, int]]:
    """(bars at which a repeat starts, how often the music before each end sign is played)."""
    starts: set[int] = set()
    times: dict[int, int] = {}
    passes: dict[int, int] = {}
    for here, following in pairwise(order):
        if following <= here:
            starts.add(following)
            passes[following] = passes.get(following, 1) + 1
            times[here] = passes[following]
    return starts, times


def _ending_last(forms: Sequence[BarForm], stops: set[int], first: int) -> int:
    """Where the ending that begins at `first` ends: at its stop, a repeat or double bar, or before the next."""
    last = first
    while (
        last not in stops
        and not forms[last].times
        and forms[last].barline in PLAIN_BARLINES
        and last + 1 < len(forms)
        and not forms[last + 1].endings
        and not forms[last + 1].repeat_start
    ):
        last += 1
    return last
