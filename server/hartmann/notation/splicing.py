"""Changing one bar of a text, and saying which bars two versions differ in."""

from __future__ import annotations

from difflib import SequenceMatcher

from hartmann.notation.score import Bar, Score, Voice
from hartmann.notation.writing import without_places


def replace_bar(score: Score, voice_number: int, bar_index: int, abc: str) -> str:
    """`score.source` with one bar's music replaced by `abc`; nothing else changes.

    `bar_index` counts `Voice.bars` from 0; `abc` is the music between the bar lines (bar lines around it are
    dropped). Raises `IndexError` where the score has no such voice or bar.
    """
    voice = next((voice for voice in score.voices if voice.number == voice_number), None)
    if voice is None or not 0 <= bar_index < len(voice.bars):
        raise IndexError(f"there is no bar {bar_index} in voice {voice_number}")
    bar = voice.bars[bar_index]
    music = " ".join(abc.strip().strip("|").strip().split("\n"))
    text = score.source
    pieces = bar.spans or ((bar.place.start, bar.place.end),)
    for start, end in reversed(pieces[1:]):
        text = text[:start] + text[end:]
    start, end = pieces[0]
    return text[:start] + _in_long_rest(voice, bar_index, music) + text[end:]


def changed_bars(old: Score, new: Score) -> tuple[tuple[int, int], ...]:
    """(voice, bar number) of the bars of `new` that are not as in `old`, voice by voice in order.

    Bars are matched in sequence, so that one inserted bar is one difference. Where bars were only taken out,
    the bar of `new` that now stands there counts.
    """
    before = {voice.number: voice for voice in without_places(old).voices}
    changed: list[tuple[int, int]] = []
    for voice in without_places(new).voices:
        earlier = before.get(voice.number)
        numbers = _changed(earlier, voice) if earlier else [bar.number for bar in voice.bars]
        changed += [(voice.number, number) for number in numbers]
    return tuple(changed)


def _in_long_rest(voice: Voice, index: int, music: str) -> str:
    """`Z4` is four bars in one sign: replacing one of them writes out the others."""
    place = voice.bars[index].place
    same = [i for i, bar in enumerate(voice.bars) if bar.place.start == place.start]
    if len(same) < 2:
        return music
    rest = "X" if voice.bars[index].notes[0].invisible else "Z"
    before, after = index - same[0], same[-1] - index
    return "|".join([rest] * before + [music] + [rest] * after)


def _changed(old: Voice, new: Voice) -> list[int]:
    a, b = [_essence(bar) for bar in old.bars], [_essence(bar) for bar in new.bars]
    numbers: list[int] = []
    for kind, _, _, first, last in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind == "delete" and new.bars:
            numbers.append(new.bars[min(first, len(new.bars) - 1)].number)
        elif kind != "equal":
            numbers += [bar.number for bar in new.bars[first:last]]
    return sorted(set(numbers))


def _essence(bar: Bar) -> str:
    """All that a bar says, without its number and its onset, which move with the bars before it."""
    said = (
        bar.notes,
        bar.key,
        bar.meter,
        bar.tempo,
        bar.repeat_start,
        bar.repeat_end,
        bar.endings,
        bar.barline,
    )
    return repr((said, bar.changes))
