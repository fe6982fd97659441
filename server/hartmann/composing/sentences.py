"""Sentences: text that is written one sentence at a time, keeping nothing that can be refuted.

A sentence that says something measurably false is asked for again, a few times; if it stays false it is corrected
where that can be done and left out where not, and the model goes on behind it. What is streamed is what was kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from hartmann.composing.events import Stage
from hartmann.composing.streaming import Writer, stream_text
from hartmann.composing.work import Conversation, Work, answered

MAX_SENTENCES = 12
MAX_TOKENS_A_SENTENCE = 120
TRIES = 4
"""How often one sentence is asked for before it is corrected or left out."""
WARMING = 0.1
"""Each further try is sampled this much hotter."""
SENTENCE_END = ". "


def repeats_itself(sentence: str) -> bool:
    """Whether a clause stands twice, or a word on both sides of an "and", as small models like to do.

    >>> repeats_itself("The top is red, the top is red."), repeats_itself("Red above, blue below.")
    (True, False)
    """
    clauses = [clause.strip(" .").lower() for clause in re.split("[,;]", sentence)]
    return len(set(clauses)) < len(clauses) or re.search(r"\b(\w+) and \1\b", sentence.lower()) is not None


@dataclass(frozen=True, slots=True)
class Essay:
    """A text to be written for a stage: the conversation that asks for it, and what becomes of false sentences.

    `refuted` says whether a sentence is false, `corrected` gives it without what is false, or nothing.
    """

    work: Work
    stage: Stage
    asked: Conversation
    temperature: float
    refuted: Callable[[str], bool]
    corrected: Callable[[str], str] = lambda _: ""
    part: int = 0

    async def write(self) -> str:
        """The text, streamed under the stage."""

        async def produce(write: Writer) -> str:
            text = ""
            for number in range(MAX_SENTENCES):
                sentence, is_last = await self._sentence(text, number)
                if sentence:
                    added = f"{' ' if text else ''}{sentence}"
                    write(added)
                    text += added
                if is_last:
                    break
            return text

        return await stream_text(self.work.journal, self.stage, 0, produce)

    async def _sentence(self, before: str, number: int) -> tuple[str, bool]:
        """The next sentence that stands, or nothing; and whether the model ended there."""
        begun = answered(self.asked, before) if before else self.asked
        first, is_last = "", False
        for attempt in range(TRIES):
            sampling = self.work.sampling(
                self.stage,
                self.part,
                number,
                attempt,
                temperature=self.temperature + WARMING * attempt,
                max_tokens=MAX_TOKENS_A_SENTENCE,
                stop=(SENTENCE_END,),
            )
            written = (await self.work.generate(begun, sampling, lambda _: None)).text.strip()
            is_last = not written or written.endswith((".", "!", "?"))
            sentence = written if is_last else f"{written}."
            if not self.refuted(sentence):
                return sentence, is_last
            first = first or sentence
        return self.corrected(first), is_last
