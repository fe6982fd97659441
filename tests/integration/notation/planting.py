"""Ten kinds of faults, planted at random places of real tunes, in one voice and in several.

A tune is made fit first: of one voice as it stands in the corpus, or of two or three voices (the tune's own music
in each) in one of two styles of `V:`. Then a bar is drawn, spoilt in its text, and the plant tells what must be
reported: the fault's code with its voice, bar and line.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from hartmann.notation.checking import check
from hartmann.notation.score import Bar, Note, Score, Voice
from hartmann.notation.writing import to_abc


@dataclass(frozen=True)
class Planted:
    """A spoilt tune and what must be said of it."""

    text: str
    code: str
    voice: int
    bar: int
    line: int


@dataclass(frozen=True)
class _Spot:
    """A full bar between two plain bar lines, in a text."""

    score: Score
    voice: Voice
    bar: Bar

    @property
    def text(self) -> str:
        return self.score.source

    def spoilt(self, code: str, start: int, end: int, new: str) -> Planted:
        """The text with `new` in place of what stands from `start` to `end`."""
        text = self.text[:start] + new + self.text[end:]
        line = self.text.count("\n", 0, start) + 1
        return Planted(text, code, self.voice.number, self.bar.number, line)


Plant = Callable[[_Spot, random.Random], Planted | None]


# -- tunes that are fit ------------------------------------------------------------------------------------


def prepared(text: str, voices: int, chance: random.Random) -> Score | None:
    """The tune with that many voices, read from its own text; None where it has errors or no meter."""
    checked = check(text)
    score = checked.score
    if score is None or not checked.ok or score.meter.symbol == "free" or len(score.voices) > 1:
        return None
    if voices > 1:
        score = check(_in_voices(score, voices, in_blocks=chance.random() < 0.5)).score
    return score if score is not None and any(_spots(score)) else None


def _in_voices(score: Score, count: int, *, in_blocks: bool) -> str:
    (voice,) = score.voices
    voices = tuple(replace(voice, number=n, id=f"V{n}") for n in range(1, count + 1))
    text = to_abc(replace(score, voices=voices))
    if not in_blocks:
        return text
    lines = text.rstrip("\n").split("\n")
    music = {v.id: [line for line in lines if line.startswith(f"[V:{v.id}] ")] for v in voices}
    header = [line for line in lines if not line.startswith(("[V:", "w:", "%"))]
    body = [
        part
        for name, own in music.items()
        for part in (f"V:{name}", *(line.split(" ", 1)[1] for line in own))
    ]
    return "\n".join([*header, *body]) + "\n"


def _spots(score: Score) -> list[_Spot]:
    return [
        _Spot(score, voice, bar)
        for voice in score.voices
        for before, bar in zip(voice.bars, voice.bars[1:-1], strict=False)
        if _is_plain(before) and _is_plain(bar) and bar.duration == _meter_at(score, voice, bar)
        and not bar.spans and score.source[bar.place.end :].lstrip(" ").startswith("|")
    ]  # fmt: skip


def _is_plain(bar: Bar) -> bool:
    return bar.barline == "|" and not (
        bar.repeat_start or bar.repeat_end or bar.endings or bar.changes or bar.meter
    )


def _meter_at(score: Score, voice: Voice, bar: Bar) -> object:
    stated = [b.meter for b in voice.bars if b.meter and b.onset <= bar.onset]
    return (stated[-1] if stated else score.meter).bar_duration


# -- the ten kinds -----------------------------------------------------------------------------------------


def _note_start(spot: _Spot, chance: random.Random) -> int:
    return chance.choice(spot.bar.notes).place.start


def _too_long(spot: _Spot, chance: random.Random) -> Planted:
    more = chance.choice((" C16", "z8C16", spot.text[spot.bar.place.start : spot.bar.place.end]))
    return spot.spoilt("bar_too_long", spot.bar.place.end, spot.bar.place.end, more)


def _too_short(spot: _Spot, chance: random.Random) -> Planted | None:
    music = spot.text[spot.bar.place.start : spot.bar.place.end]
    if len(spot.bar.notes) < 2 or any(sign in music for sign in "(<>){"):
        return spot.spoilt("bar_too_short", spot.bar.place.start, spot.bar.place.end, "C/8")
    dropped: Note = chance.choice(spot.bar.notes)
    return spot.spoilt("bar_too_short", dropped.place.start, dropped.place.end, " ")


def _inserted(code: str, *choices: str) -> Plant:
    def plant(spot: _Spot, chance: random.Random) -> Planted:
        at = _note_start(spot, chance)
        return spot.spoilt(code, at, at, chance.choice(choices))

    return plant


def _open_repeat(spot: _Spot, _chance: random.Random) -> Planted | None:
    later = [bar for bar in spot.voice.bars if bar.number >= spot.bar.number]
    if any(bar.repeat_end or bar.repeat_start for bar in later):
        return None
    return spot.spoilt("unclosed_repeat", spot.bar.place.start, spot.bar.place.start, "|:")


def _short_voice(spot: _Spot, chance: random.Random) -> Planted | None:
    score, voice = spot.score, spot.voice
    kept = chance.randint(1, len(voice.bars) - 1)
    if len(score.voices) == 1:
        text = f"{score.source.rstrip()}\nV:2\n{'Z|' * kept}\n"
        return Planted(text, "voices_differ", 2, kept, text.count("\n"))
    cut = replace(voice, bars=voice.bars[:kept])
    text = to_abc(replace(score, voices=tuple(cut if v is voice else v for v in score.voices)))
    line = next(
        n for n, own in reversed(list(enumerate(text.split("\n"), 1))) if own.startswith(f"[V:{voice.id}] ")
    )
    return Planted(text, "voices_differ", voice.number, cut.bars[-1].number, line)


def _on_voice_line(spot: _Spot, _chance: random.Random) -> Planted | None:
    start = spot.text.rfind("\n", 0, spot.bar.place.start) + 1
    head = spot.text[start : spot.bar.place.start]
    if head not in {"", f"[V:{spot.voice.id}] "}:
        return None
    name = spot.voice.id
    planted = spot.spoilt("notes_on_voice_line", start, spot.bar.place.start, f"V:{name} ")
    return planted if len(spot.score.voices) > 1 or name == "1" else None


PLANTS: dict[str, Plant] = {
    "bar_too_long": _too_long,
    "bar_too_short": _too_short,
    "voices_differ": _short_voice,
    "unclosed_chord": _inserted("unclosed_chord", "[CEG ", "[C^E ", "[c "),
    "bad_character": _inserted("bad_character", "é", "§", "¿", "Ж", "中", "}", "]"),
    "unclosed_repeat": _open_repeat,
    "bad_key": _inserted("bad_key", "[K:Qblues]", "[K:H]", "[K:G#]", "[K:Cjazz]"),
    "bad_meter": _inserted("bad_meter", "[M:4/5]", "[M:0/4]", "[M:waltz]", "[M:7]"),
    "notes_on_voice_line": _on_voice_line,
    "bad_length": _inserted("bad_length", "C1.7 ", "C/0 ", "C0 ", "C99999999 ", "C2/3/4 "),
}


def plant(kind: str, score: Score, chance: random.Random) -> Planted | None:
    """The fault in some bar of the score's text; None where no bar is fit for it."""
    spots = _spots(score)
    chance.shuffle(spots)
    return next((planted for spot in spots if (planted := PLANTS[kind](spot, chance))), None)
