"""Writing one piece: the header first, within the wishes, then the body under a grammar built from it.

A model that can be constrained (`ModelInfo.constrains`) can't write a bar that doesn't add up: section 6.4 of
the design. Any other model, and any model when free notation is asked for, writes the whole text at once and
is trusted with nothing; the parser finds the music in it.
"""

from __future__ import annotations

from hartmann.composing.accompanying import is_accompanied, write_accompanied
from hartmann.composing.events import Stage
from hartmann.composing.headers import programs_of, unit_of
from hartmann.composing.own_score import ExcerptUse, lead_in
from hartmann.composing.steering import body_bounds, header_wishes
from hartmann.composing.streaming import Writer, stream_text
from hartmann.composing.varying import ThemeBar, theme_bars, write_variation
from hartmann.composing.voices import voices_written
from hartmann.composing.work import Conversation, Work
from hartmann.vision.header_grammar import header_grammar
from hartmann.vision.language_model import Finish, Generation, GenerationRequest, Message, Role
from hartmann.vision.picture_words import claims

TEMPERATURE = 0.9
TOP_P = 0.95
HEADER_TOKENS = 160
FREE_TOKENS = 3000
TOKENS_A_BAR = 40
USUAL_BARS = 16
"""Of a piece for which no length was asked."""


async def write_piece(
    work: Work, conversation: Conversation, stage: Stage, draft: int, *, header: str = "", room: int = 1
) -> str:
    """The text of one draft, streamed under (stage, draft). Raises ModelFailed, and ModelInputTooLong, before it
    writes anything, where the conversation leaves less than `room` tokens.

    With a `header` (whole lines), a model that can be constrained keeps it and writes the body alone.
    """
    constrained = is_constrained(work)

    async def produce(write: Writer) -> str:
        if constrained:
            return await _write_constrained(work, conversation, stage, draft, write, header, room)
        return (await work.answer(free_request(work, conversation, stage, draft, room), write)).text

    return await stream_text(work.journal, stage, draft, produce)


def room_for_piece(work: Work) -> int:
    """Tokens that a piece may take, at most half of the model's context."""
    bars = work.wishes.bars or USUAL_BARS
    return min(work.tools.vision.info.context_tokens // 2, HEADER_TOKENS + TOKENS_A_BAR * bars)


def is_constrained(work: Work) -> bool:
    """Whether this composition's drafts are written under a grammar."""
    return work.tools.vision.info.constrains and not work.request.limits.free_notation


async def _write_constrained(
    work: Work, conversation: Conversation, stage: Stage, draft: int, write: Writer, header: str, room: int
) -> str:
    if header:
        write(header)
    else:
        header = (await work.answer(header_request(work, conversation, stage, draft, room), write)).text
        room = 1
    if theme := _theme(work, header):
        return await write_variation(work, conversation, stage, draft, write, header, theme)
    if is_accompanied(work, header):
        text, ended = await write_accompanied(work, conversation, stage, draft, write, header, room)
        return text if ended else closed(text)
    return whole_text(
        header, await work.answer(body_request(work, conversation, stage, draft, header, room), write)
    )


def free_request(
    work: Work, conversation: Conversation, stage: Stage, draft: int, room: int = 1
) -> GenerationRequest:
    """Asks for a whole piece under no grammar."""
    sampling = work.sampling(stage, draft, temperature=TEMPERATURE, top_p=TOP_P, max_tokens=FREE_TOKENS)
    return work.ask(conversation, sampling, room=room)


def header_request(
    work: Work, conversation: Conversation, stage: Stage, draft: int, room: int = 1
) -> GenerationRequest:
    """Asks for a header within the wishes."""
    sampling = work.sampling(
        stage, draft, "header", temperature=TEMPERATURE, top_p=TOP_P, max_tokens=HEADER_TOKENS
    )
    grammar = header_grammar(
        header_wishes(
            work.wishes,
            work.request.excerpt,
            voices=work.tools.vision.info.voices,
            words=work.request.prompt if work.is_compact else "",
            feeling=_feeling(conversation) if work.is_compact else "",
        )
    )
    return work.ask(conversation, sampling, grammar, room)


def _feeling(conversation: Conversation) -> str:
    """The moods that the description names, which is the first answer of every conversation."""
    return " ".join(claim.word for claim in claims(conversation[1].text) if claim.kind == "mood")


def body_request(
    work: Work, conversation: Conversation, stage: Stage, draft: int, header: str, room: int = 1
) -> GenerationRequest:
    """Asks for the music that follows a header."""
    bounds = body_bounds(header, work.wishes)
    sampling = work.sampling(
        stage, draft, "body", temperature=TEMPERATURE, top_p=TOP_P, max_tokens=TOKENS_A_BAR * bounds.most_bars
    )
    begun = (*conversation, Message(Role.ASSISTANT, header + _bars_before(work, header)))
    return work.ask(begun, sampling, bounds.grammar, room)


def whole_text(header: str, body: Generation) -> str:
    """Header and body, properly ended where the body was not."""
    text = header + body.text
    return text if body.finish is Finish.STOP else closed(text)


def is_varied(work: Work) -> bool:
    """Whether bars that the person brought are to be varied."""
    own = work.request.excerpt
    return own is not None and own.use is ExcerptUse.VARY


def takes_turns(work: Work) -> bool:
    """Whether several drafts are written one after the other: those that are written bar by bar or line by line."""
    voices = voices_written(work.wishes.programs, work.tools.vision.info.voices)
    return is_varied(work) or (is_constrained(work) and work.is_compact and len(voices) > 1)


def _theme(work: Work, header: str) -> tuple[ThemeBar, ...]:
    """The bars to vary; none where nothing is to be varied."""
    return theme_bars(work, header) if is_varied(work) and _is_for_one(header) else ()


def _bars_before(work: Work, header: str) -> str:
    """What a continuation goes on from, as if the model had just written it; nothing otherwise."""
    excerpt = work.request.excerpt
    if excerpt is None or excerpt.use is not ExcerptUse.CONTINUE or not _is_for_one(header):
        return ""
    return lead_in(excerpt, unit_of(header))


def _is_for_one(header: str) -> bool:
    """Whether the music is in one voice; what is kept of one's own score is a single melody."""
    return len(programs_of(header)) == 1


def closed(text: str) -> str:
    """A text that ended in the middle of a bar, cut back to its last bar line and ended properly.

    A repeat that is open is closed. In several voices, cut back to its last whole system, or within the only one to the
    bars that all voices have.

    >>> closed("K:C\\nCDEF|GA")
    'K:C\\nCDEF|]'
    >>> closed("K:C\\n|:CDEF|GABc|de")
    'K:C\\n|:CDEF|GABc:|'
    >>> closed("K:C\\nCDEF||\\n% [B]\\n|:GA")
    'K:C\\nCDEF|]'
    >>> closed("K:C\\n[V:1] C|\\n[V:2] E|\\n[V:1] D|\\n[V:2] F")
    'K:C\\n[V:1] C|]\\n[V:2] E|]'
    >>> closed("K:C\\n[V:1] C|D|\\n[V:2] E|F")
    'K:C\\n[V:1] C|]\\n[V:2] E|]'
    """
    before, _, _ = text.rpartition("\n[V:1]")
    if "\n[V:1]" in before:
        head, first_voice, system = before.rpartition("[V:1]")
        lines = (f"{line.rstrip('|')}|]" for line in system.splitlines() if not line.startswith("%"))
        return head + first_voice + "\n".join(lines)
    if "\n[V:2]" in text:
        return _shortened(text)
    kept, line, _ = text.rpartition("|")
    if not line:
        return text
    repeated = kept.endswith(":")
    kept = kept.rstrip("|: \n")
    while (last := kept.rpartition("\n"))[2].startswith("%"):
        kept = last[0].rstrip("|: \n")
    return kept + (":|" if repeated or kept.rfind("|:") > kept.rfind(":|") else "|]")


def _shortened(text: str) -> str:
    """The only system of a text with as many bars as every voice has whole."""
    head, first_voice, system = text.rpartition("[V:1]")
    lines = [[bar for bar in line.split("|")[:-1] if bar] for line in (first_voice + system).splitlines()]
    bars = min(len(line) for line in lines)
    return head + "\n".join("|".join(line[:bars]) + "|]" for line in lines) if bars else text
