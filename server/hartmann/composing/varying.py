"""Varying: a theme's first note of every bar stays, the rest is the model's.

Notes on the first beat carry a melody's course: a variation that keeps them is heard as one, whatever happens
between. So a model that can be constrained writes bar by bar, each under a grammar that begins with the theme's
pitch, having seen all bars before. Asked for another key, it gets the same degrees of that key.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from hartmann.composing.events import Stage
from hartmann.composing.headers import meter_of, unit_of
from hartmann.composing.own_score import melody
from hartmann.composing.steering import ranges_offered, shortest_offered
from hartmann.composing.streaming import Writer
from hartmann.composing.work import Conversation, Work
from hartmann.notation.checking import check
from hartmann.notation.score import Key, Pitch, Score
from hartmann.notation.tune_fields import signature
from hartmann.vision.language_model import Message, Role
from hartmann.vision.one_bar_grammar import one_bar_grammar
from hartmann.vision.voice_range import PitchRange, abc_pitch

BARS_A_LINE = 4
TOKENS = 40
"""As many as a bar may take."""
TEMPERATURE = 0.9
TOP_P = 0.95
_LETTERS = "CDEFGAB"
_SIGNS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}


@dataclass(frozen=True, slots=True)
class ThemeBar:
    """One bar of a theme: its first pitch as ABC (`^F`; `z` for a rest), and its length in quarters."""

    first: str
    length: Fraction


def theme_bars(work: Work, header: str) -> tuple[ThemeBar, ...]:
    """The theme in the header's key and range; empty where its bars are not those that the piece is to have."""
    own, meter = work.request.excerpt, meter_of(header)
    score = check(header + "C|]").score
    if own is None or score is None:
        return ()
    theme = melody(own, unit_of(header))
    bars = theme.voices[0].bars
    full = meter.bar_duration
    changes = any(bar.meter not in {None, theme.meter} for bar in bars)
    is_other = (theme.meter.numerator, theme.meter.denominator) != (meter.numerator, meter.denominator)
    too_long = any(not 0 < bar.duration <= full for bar in bars)
    if changes or is_other or too_long or work.wishes.bars != own.wishes.bars:
        return ()
    pitches = ranges_offered(header, work.wishes)[0]
    return tuple(
        ThemeBar(_first(bar.notes[0].pitches, theme, score.key, pitches) if bar.notes else "z", bar.duration)
        for bar in bars
    )


async def write_variation(
    work: Work,
    conversation: Conversation,
    stage: Stage,
    draft: int,
    write: Writer,
    header: str,
    theme: tuple[ThemeBar, ...],
) -> str:
    """The variation, bar by bar; `header` is written already. Raises ModelFailed and ModelInputTooLong."""
    text, meter, unit = header, meter_of(header), unit_of(header)
    shortest, pitches = shortest_offered(header, work.wishes), ranges_offered(header, work.wishes)[0]

    def say(words: str) -> None:
        nonlocal text
        text += words
        write(words)

    say("% [A]\n")
    pickups = sum(bar.length < meter.bar_duration for bar in theme[:1])
    for number, bar in enumerate(theme):
        grammar = one_bar_grammar(meter, unit, bar.length, bar.first, pitches=pitches, shortest=shortest)
        sampling = work.sampling(
            stage, draft, "bar", number, temperature=TEMPERATURE, top_p=TOP_P, max_tokens=TOKENS
        )
        begun = (*conversation, Message(Role.ASSISTANT, text))
        text += (await work.generate(begun, sampling, write, grammar)).text
        at_line_end = (number + 1 - pickups) % BARS_A_LINE == 0 and number + 1 > pickups
        say("|]" if number == len(theme) - 1 else "|\n" if at_line_end else "|")
    return text


def _first(pitches: tuple[Pitch, ...], theme: Score, key: Key, within: PitchRange) -> str:
    """The first pitch of a bar as ABC under the new key, moved by octaves into the range."""
    if not pitches:
        return "z"
    pitch = pitches[0]
    altered = pitch.alter - signature(theme.key).get(pitch.step, 0)
    shift = _degrees(theme.key.tonic, key.tonic)
    step = _LETTERS.index(pitch.step) + 7 * (pitch.octave - 4) + shift
    names = within.abc
    while abc_pitch(step) not in names:
        step += -7 if step > 7 else 7
    natural = signature(key).get(_LETTERS[step % 7], 0)
    sign = _SIGNS.get(natural + altered, "") if altered else ""
    return sign + abc_pitch(step)


def _degrees(before: str, after: str) -> int:
    """Letters from one tonic up to another, or down where that is nearer; 0 where either is unknown."""
    if not before or not after:
        return 0
    up = (_LETTERS.index(after[0]) - _LETTERS.index(before[0])) % 7
    return up - 7 if up > 3 else up
