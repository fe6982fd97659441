"""Writing one piece: the header first, within the wishes, then the body under a grammar built from it.

A model that can be constrained (`ModelInfo.constrains`) can't write a bar that doesn't add up: section 6.4 of
the design. Any other model, and any model when free notation is asked for, writes the whole text at once and
is trusted with nothing; the parser finds the music in it.
"""

from __future__ import annotations

import re
from fractions import Fraction

from hartmann.composing.events import Stage
from hartmann.composing.streaming import Writer, stream_text
from hartmann.composing.wishes import MusicalWishes
from hartmann.composing.work import Conversation, Work
from hartmann.notation.instruments import playing_range
from hartmann.notation.score import Meter
from hartmann.vision.bar_grammar import body_grammar
from hartmann.vision.header_grammar import HeaderWishes, header_grammar
from hartmann.vision.language_model import Finish, Message, Role
from hartmann.vision.voice_range import PitchRange

TEMPERATURE = 0.9
TOP_P = 0.95
HEADER_TOKENS = 160
FREE_TOKENS = 3000
TOKENS_A_BAR = 40
TEMPO_SPREAD = 0.05
"""A tempo asked for leaves the model a twentieth either way, so that its beat can be a whole number."""
TEMPO_OFFERED = (40.0, 220.0)
"""Quarter notes a minute, where none is wished: the span of metronome marks."""
DEFAULT_BARS = (8, 32)
"""Where no length is wished: a strain of eight bars at least, four at most."""


async def write_piece(
    work: Work, conversation: Conversation, stage: Stage, draft: int, *, header: str = ""
) -> str:
    """The text of one draft, streamed under (stage, draft). Raises ModelFailed and ModelInputTooLong.

    With a `header` (whole lines), a model that can be constrained keeps it and writes the body alone.
    """
    constrained = is_constrained(work)

    async def produce(write: Writer) -> str:
        if constrained:
            return await _write_constrained(work, conversation, stage, draft, write, header)
        sampling = work.sampling(stage, draft, temperature=TEMPERATURE, top_p=TOP_P, max_tokens=FREE_TOKENS)
        return (await work.generate(conversation, sampling, write)).text

    return await stream_text(work.journal, stage, draft, produce)


def is_constrained(work: Work) -> bool:
    """Whether this composition's drafts are written under a grammar."""
    return work.tools.vision.info.constrains and not work.request.limits.free_notation


async def _write_constrained(
    work: Work, conversation: Conversation, stage: Stage, draft: int, write: Writer, header: str
) -> str:
    if header:
        write(header)
    else:
        header = await _write_header(work, conversation, stage, draft, write)
    fewest, most = (work.wishes.bars, work.wishes.bars) if work.wishes.bars else DEFAULT_BARS
    ranges = (PitchRange(*playing_range(_program(header))),)
    grammar = body_grammar(_meter(header), _unit(header), ranges=ranges, min_bars=fewest, max_bars=most)
    sampling = work.sampling(
        stage, draft, "body", temperature=TEMPERATURE, top_p=TOP_P, max_tokens=TOKENS_A_BAR * most
    )
    begun = (*conversation, Message(Role.ASSISTANT, header))
    body = await work.generate(begun, sampling, write, grammar)
    text = header + body.text
    return text if body.finish is Finish.STOP else closed(text)


async def _write_header(
    work: Work, conversation: Conversation, stage: Stage, draft: int, write: Writer
) -> str:
    sampling = work.sampling(
        stage, draft, "header", temperature=TEMPERATURE, top_p=TOP_P, max_tokens=HEADER_TOKENS
    )
    grammar = header_grammar(_header_wishes(work.wishes))
    return (await work.generate(conversation, sampling, write, grammar)).text


def header_of(abc: str) -> str:
    """The lines of a piece up to its key and instrument, each with its line break.

    >>> header_of("X:1\\nK:C\\n%%MIDI program 40\\nCDEF|]")
    'X:1\\nK:C\\n%%MIDI program 40\\n'
    """
    match = re.match(r"(?:[A-Za-z]:.*\n)*?K:.*\n(?:%%MIDI.*\n)*", abc)
    return match.group() if match else ""


def closed(text: str) -> str:
    """A text that ended in the middle of a bar, cut back to its last bar line and ended properly.

    >>> closed("K:C\\nCDEF|GA")
    'K:C\\nCDEF|]'
    """
    kept, line, _ = text.rpartition("|")
    return f"{kept.rstrip('|:')}|]" if line else text


def _header_wishes(wishes: MusicalWishes) -> HeaderWishes:
    bpm = wishes.tempo_bpm
    tempo = ((1 - TEMPO_SPREAD) * bpm, (1 + TEMPO_SPREAD) * bpm) if bpm else TEMPO_OFFERED
    return HeaderWishes(
        keys=(abc_key(*wishes.key),) if wishes.key else (),
        meters=("/".join(map(str, wishes.meter)),) if wishes.meter else (),
        programs=wishes.programs[:1],
        any_program=True,
        tempo=tempo,
    )


def abc_key(tonic: str, mode: str) -> str:
    """A key as the canonical header writes it.

    >>> abc_key("F#", "minor"), abc_key("A", "ionian")
    ('F#min', 'Amaj')
    """
    return tonic + {"ionian": "maj", "aeolian": "min"}.get(mode, mode[:3])


def _meter(header: str) -> Meter:
    found = re.search(r"^M:\s*(\d+)/(\d+)", header, re.MULTILINE)
    return Meter(int(found.group(1)), int(found.group(2))) if found else Meter(4, 4)


def _unit(header: str) -> Fraction:
    found = re.search(r"^L:\s*(\d+)/(\d+)", header, re.MULTILINE)
    return Fraction(int(found.group(1)), int(found.group(2))) if found else Fraction(1, 8)


def _program(header: str) -> int:
    found = re.search(r"^%%MIDI program (\d+)", header, re.MULTILINE)
    return int(found.group(1)) if found else 0
