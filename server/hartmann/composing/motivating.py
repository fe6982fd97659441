"""Motivation: the model says why, a sentence at a time, and no sentence that the score refutes is kept.

A sentence with a false claim (`claims.py`) is asked for again, a few times; if it stays false it is left out and
the model goes on behind it. What is streamed is what was kept.
"""

from __future__ import annotations

from hartmann.composing.claims import false_claims
from hartmann.composing.events import Stage
from hartmann.composing.streaming import Writer, stream_text
from hartmann.composing.work import Conversation, Work, answered
from hartmann.notation.score import Score

TEMPERATURE = 0.5
MAX_SENTENCES = 12
MAX_TOKENS_A_SENTENCE = 120
TRIES = 6
"""How often one sentence is asked for before it is left out."""
SENTENCE_END = ". "


async def motivate(work: Work, asked: Conversation, draft: int, score: Score | None) -> str:
    """The motivation, streamed under the explaining stage. `asked` ends with the question."""

    async def produce(write: Writer) -> str:
        text = ""
        for number in range(MAX_SENTENCES):
            sentence, is_last = await _sentence(work, asked, text, (draft, number), score)
            if sentence:
                added = f"{' ' if text else ''}{sentence}"
                write(added)
                text += added
            if is_last:
                break
        return text

    return await stream_text(work.journal, Stage.EXPLAIN, 0, produce)


async def _sentence(
    work: Work, asked: Conversation, before: str, place: tuple[int, int], score: Score | None
) -> tuple[str, bool]:
    """The next sentence that the score does not refute, or nothing; and whether the model ended there."""
    begun = answered(asked, before) if before else asked
    is_last = False
    for attempt in range(TRIES):
        sampling = work.sampling(
            Stage.EXPLAIN,
            *place,
            attempt,
            temperature=TEMPERATURE + 0.1 * attempt,
            max_tokens=MAX_TOKENS_A_SENTENCE,
            stop=(SENTENCE_END,),
        )
        written = (await work.generate(begun, sampling, lambda _: None)).text.strip()
        is_last = not written or written.endswith((".", "!", "?"))
        sentence = written if is_last else f"{written}."
        if score is None or not false_claims(sentence, score):
            return sentence, is_last
    return "", is_last
