"""The third stage: a first draft, and its repair (phase 1 of the paper, and the errors of phase 2).

Where several first drafts are wished for (`Limits.drafts`), they are sampled side by side, and the best goes on.
Problems go back with their place, and only the broken bars are asked for again; the answer is spliced in. What
can't be placed sends the whole piece back. A draft that copies a reference goes back once. After
`max_repairs` rounds the best draft so far stands: never an endless loop, never nothing.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hartmann.composing.carry import Carry, draft_part
from hartmann.composing.choosing import choose, count
from hartmann.composing.events import DraftKind, DraftWritten, Stage
from hartmann.composing.examining import NEAR_COPY, Yardstick, examine
from hartmann.composing.fitting import fitted
from hartmann.composing.headers import unit_of
from hartmann.composing.own_score import EXCERPT_ID, ExcerptUse, as_draft
from hartmann.composing.prompts import metric_lines
from hartmann.composing.side_by_side import write_pieces
from hartmann.composing.voices import shortfall, voices_written
from hartmann.composing.work import Conversation, Work, answered
from hartmann.composing.writing import (
    FREE_TOKENS,
    TEMPERATURE,
    is_constrained,
    room_for_piece,
    write_piece,
)
from hartmann.errors import ModelInputTooLong
from hartmann.notation.checking import check
from hartmann.notation.metrics import measure
from hartmann.notation.problems import Problem, Severity
from hartmann.notation.splicing import replace_bar

MAX_BARS_TO_SPLICE = 12
"""With more broken bars than this, the piece is asked for again as a whole."""
SENT_BACK_FOR_COPYING = "written again, since it copied a reference"
REPAIRED_BAR = re.compile(r"voice\s*(\d+)\s*,?\s*bar\s*(\d+)\s*[:.]\s*(.+)", re.IGNORECASE)


async def write_drafts(work: Work, carry: Carry) -> Carry:
    """Write the piece and mend it, unless that is done."""
    if carry.drafted:
        return carry
    await work.start(Stage.DRAFT, carry)
    carry = await _first_drafts(work, carry)
    carry = await repair(work, carry, Stage.DRAFT)
    if _copies(carry.drafts):
        carry = await repair(work, await _again_without_copying(work, carry), Stage.DRAFT)
    return replace(carry, drafted=True)


async def repair(work: Work, carry: Carry, stage: Stage) -> Carry:
    """Send the latest draft (of several first ones the best) back while it has errors, `max_repairs` times at most
    in this stage, and as long as the model's context has room for it."""
    while _rounds(carry, stage) < work.request.limits.max_repairs:
        latest = _to_mend(carry)
        if not count(latest, Severity.ERROR):
            break
        mending = _Mending(work, latest, stage, next_number(carry))
        try:
            mended = await fitted(work, carry, mending, room=room_for_piece(work))
        except ModelInputTooLong:
            break
        text, note = mended.result
        note = "; ".join(filter(None, (note, mended.note)))
        carry = await add_draft(
            work, mended.carry, stage, DraftKind.REPAIR, text, before=latest.abc, note=note
        )
    return carry


async def add_draft(
    work: Work, carry: Carry, stage: Stage, kind: DraftKind, text: str, *, before: str = "", note: str = ""
) -> Carry:
    """Examine a text and log it as the next draft."""
    number = next_number(carry)
    yardstick = _yardstick(work, carry)
    draft, _ = await asyncio.to_thread(
        examine, text, number, kind, against=yardstick, before=before, note=note, stage=stage
    )
    return await work.record(stage, draft_part(number), draft, carry.with_draft(draft))


def _yardstick(work: Work, carry: Carry) -> Yardstick:
    """What a draft is held against: no more voices than the model writes, and a variation should be like its theme."""
    own = work.request.excerpt
    wishes = work.wishes
    if is_constrained(work):
        wishes = replace(wishes, programs=voices_written(wishes.programs, work.tools.vision.info.voices))
    theme = EXCERPT_ID if own and own.use is ExcerptUse.VARY else ""
    return Yardstick(wishes, carry.references or (), work.request.limits.originality_notes, theme)


def next_number(carry: Carry) -> int:
    """The number of the draft to come; the first is 1."""
    return max((draft.number for draft in carry.drafts), default=0) + 1


async def _first_drafts(work: Work, carry: Carry) -> Carry:
    """As many as are wished for, less those that an earlier run has logged."""
    missing = range(next_number(carry), work.request.limits.drafts + 1)
    if not missing or any(draft.kind is not DraftKind.INITIAL for draft in carry.drafts):
        return carry

    async def attempt(conversation: Conversation, room: int) -> list[str]:
        return await write_pieces(work, _asked(work, conversation), Stage.DRAFT, missing, room=room)

    written = await fitted(work, carry, attempt, room=room_for_piece(work))
    note = "; ".join(filter(None, (written.note, _fewer_voices(work))))
    carry = written.carry
    for text in written.result:
        carry = await add_draft(work, carry, Stage.DRAFT, DraftKind.INITIAL, text, note=note)
    return carry


def _to_mend(carry: Carry) -> DraftWritten:
    """The latest draft; while there are only first ones, the one that the rule picks."""
    latest = carry.drafts[-1]
    return choose(carry.drafts) if latest.kind is DraftKind.INITIAL else latest


def _asked(work: Work, conversation: Conversation) -> Conversation:
    """The conversation; for a variation by the mini, which takes no instructions, with the theme as a draft to refine.

    To make another tune out of the notes of a draft is what refinement taught it.
    """
    own = work.request.excerpt
    if own is None or own.use is not ExcerptUse.VARY or not (work.is_compact and is_constrained(work)):
        return conversation
    theme = as_draft(own, unit_of(own.abc))
    score = check(theme).score
    lines = list(metric_lines(measure(score))) if score else []
    return answered(conversation, theme, work.prompts.refine(caption="", metrics=lines))


def _fewer_voices(work: Work) -> str:
    """Says so when the model writes fewer voices under a grammar than were asked for."""
    return shortfall(work.wishes.programs, work.tools.vision.info.voices) if is_constrained(work) else ""


def _rounds(carry: Carry, stage: Stage) -> int:
    return sum(draft.kind is DraftKind.REPAIR and draft.stage is stage for draft in carry.drafts)


@dataclass(frozen=True, slots=True)
class _Mending:
    """Asks for a draft again, or for its broken bars: gives the new text and what was done, in words."""

    work: Work
    draft: DraftWritten
    stage: Stage
    number: int

    async def __call__(self, conversation: Conversation, room: int) -> tuple[str, str]:
        work, draft, stage, number = self.work, self.draft, self.stage, self.number
        errors = [problem for problem in draft.problems if problem.severity is Severity.ERROR]
        bars = _broken_bars(draft, errors)
        asked = answered(conversation, draft.abc, work.prompts.repair(errors, list(bars.values())))
        if not bars:
            return await write_piece(work, asked, stage, number, room=room), "written again"
        sampling = work.sampling(stage, number, temperature=TEMPERATURE, max_tokens=FREE_TOKENS)
        answer = await work.say(stage, asked, sampling, number)
        return _spliced(draft.abc, answer, bars)


def _broken_bars(draft: DraftWritten, errors: Sequence[Problem]) -> dict[tuple[int, int], str]:
    """The broken bars by (voice, bar number), as lines of a prompt; empty when they can't all be placed."""
    score = check(draft.abc).score
    places = {(problem.voice, problem.bar) for problem in errors}
    if score is None or len(places) > MAX_BARS_TO_SPLICE:
        return {}
    texts = {
        (voice.number, bar.number): draft.abc[bar.place.start : bar.place.end].strip()
        for voice in score.voices
        for bar in voice.bars
    }
    if not places <= texts.keys():
        return {}
    return {(voice, bar): f"voice {voice}, bar {bar}: {texts[voice, bar]}" for voice, bar in sorted(places)}


def _spliced(abc: str, answer: str, asked: dict[tuple[int, int], str]) -> tuple[str, str]:
    """The text with the bars of the answer in place of the old ones; bars that were not asked for are ignored."""
    done = []
    for match in REPAIRED_BAR.finditer(answer):
        voice, number = int(match.group(1)), int(match.group(2))
        score = check(abc).score
        if (voice, number) not in asked or score is None:
            continue
        index = next(i for i, bar in enumerate(score.voices[voice - 1].bars) if bar.number == number)
        abc = replace_bar(score, voice, index, match.group(3).strip().strip("|").strip())
        done.append(f"{number}" if voice == 1 else f"{number} of voice {voice}")
    if not done and check(answer).score is not None:
        return answer, "written again"
    return abc, f"bars mended: {', '.join(done)}" if done else "the model mended nothing"


def _copies(drafts: Sequence[DraftWritten]) -> bool:
    """Whether the best draft copies a reference and none was sent back for that yet."""
    best = choose(drafts)
    sent_back = any(draft.note.startswith(SENT_BACK_FOR_COPYING) for draft in drafts)
    return not sent_back and any(problem.code == NEAR_COPY for problem in best.problems)


async def _again_without_copying(work: Work, carry: Carry) -> Carry:
    best = choose(carry.drafts)
    copies = "; ".join(problem.message for problem in best.problems if problem.code == NEAR_COPY)
    number = next_number(carry)

    async def attempt(conversation: Conversation, room: int) -> str:
        return await write_piece(work, _asked(work, conversation), Stage.DRAFT, number, room=room)

    written = await fitted(
        work,
        carry,
        attempt,
        room=room_for_piece(work),
        extra=f"Write a melody of your own: last time {copies}.",
    )
    return await add_draft(
        work,
        written.carry,
        Stage.DRAFT,
        DraftKind.REPAIR,
        written.result,
        before=best.abc,
        note="; ".join(filter(None, (SENT_BACK_FOR_COPYING, written.note))),
    )
