"""Two voices, system by system: the first as the model likes, the second of tones of the chords that suit the first.

A small model writes its second voice as if it did not hear the first: they go together as often as chance has it
(`tests/benchmarks/bench_second_voice.py`). So each line of the first voice is harmonized (`notation.harmonization`)
and the second is written under a grammar that holds nothing but the tones of those chords; its rhythm, its figures and
which tone comes when are the model's choice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from hartmann.composing.events import Stage
from hartmann.composing.headers import meter_of, programs_of, unit_of
from hartmann.composing.steering import body_bounds, ranges_offered, shortest_offered
from hartmann.composing.streaming import Writer
from hartmann.composing.work import Conversation, Work
from hartmann.notation.checking import check
from hartmann.notation.harmonization import Tones, chord_tones
from hartmann.vision.harmonized_line import harmonized_line_grammar
from hartmann.vision.language_model import Finish, Generation, Message, Role

TEMPERATURE = 0.9
TOP_P = 0.95
TOKENS_A_LINE = 600
"""More than four bars of chords in the shortest notes take."""
FIRST, SECOND = "[V:1] ", "[V:2] "
_END = re.compile(r"(\|[]|]?)\n*$")


def is_accompanied(work: Work, header: str) -> bool:
    """Whether a piece with this header is written here: in two voices, by a model that was trained as the mini was."""
    return work.is_compact and len(programs_of(header)) == len((FIRST, SECOND))


@dataclass(slots=True)
class _Lines:
    """What the first voice has so far, under a header for it alone."""

    header: str
    music: str = ""
    bars: int = 0
    tones: list[tuple[Tones, ...]] = field(default_factory=list)
    """Of the bars of the last line."""

    def add(self, line: str) -> None:
        """One more line of whole bars. Raises ValueError where it holds no music."""
        self.music += line + "\n"
        score = check(self.header + self.music).score
        if score is None:
            raise ValueError("expected bars of music")
        voice = score.voices[0]
        self.tones = chord_tones(voice, score.key, score.meter)[self.bars :]
        self.bars = len(voice.bars)


@dataclass(slots=True)
class _Pen:
    """What writes the text of one draft; `text` is all that stands there, the header first."""

    work: Work
    conversation: Conversation
    place: tuple[Stage, int]
    write: Writer
    text: str

    def add(self, words: str) -> None:
        """Write what is certain."""
        self.text += words
        self.write(words)

    async def ask(
        self, grammar: str, *seeded: int | str, stop: tuple[str, ...] = (), room: int = 1
    ) -> Generation:
        """Let the model go on."""
        sampling = self.work.sampling(
            *self.place, *seeded, temperature=TEMPERATURE, top_p=TOP_P, max_tokens=TOKENS_A_LINE, stop=stop
        )
        begun = (*self.conversation, Message(Role.ASSISTANT, self.text))
        answer = await self.work.generate(begun, sampling, self.write, grammar, room)
        self.text += answer.text
        return answer


async def write_accompanied(
    work: Work, conversation: Conversation, stage: Stage, draft: int, write: Writer, header: str, room: int
) -> tuple[str, bool]:
    """Header and body, and whether the body was properly ended; `header` is written already.

    Raises ModelFailed, and ModelInputTooLong where the conversation leaves less than `room` tokens.
    """
    pen = _Pen(work, conversation, (stage, draft), write, header)
    lines = _Lines(header[: header.index("\n", header.index("\nK:") + 1) + 1])
    meter, unit, shortest = meter_of(header), unit_of(header), shortest_offered(header, work.wishes)
    lower = ranges_offered(header, work.wishes)[1]
    while True:
        bounds = body_bounds(header, work.wishes, lines.bars, chord_symbols=False)
        first = await pen.ask(
            bounds.grammar, "first voice", lines.bars, stop=(SECOND.strip(),), room=1 if lines.bars else room
        )
        end = _END.search(first.text)
        if first.finish is not Finish.STOP or end is None:
            return pen.text, False
        lines.add(first.text[first.text.index(FIRST) + len(FIRST) :].rstrip("\n"))
        pen.add(SECOND)
        grammar = harmonized_line_grammar(meter, unit, lines.tones, pitches=lower, shortest=shortest)
        second = await pen.ask(grammar, "second voice", lines.bars)
        if second.finish is not Finish.STOP:
            return pen.text, False
        if end[1] == "|]":
            pen.add(end[1])
            return pen.text, True
        pen.add(f"{end[1]}\n")
