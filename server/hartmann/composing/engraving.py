"""The last stage: the chosen draft becomes a score that says where it comes from.

The provenance holds nothing that differs between two runs of the same request (no times, no composition name),
so that the same seed gives the same file, byte for byte.
"""

from __future__ import annotations

import asyncio

from hartmann.composing.carry import Carry
from hartmann.composing.choosing import choose, reason
from hartmann.composing.events import ScoreWritten, Stage
from hartmann.composing.examining import overlaps
from hartmann.composing.own_score import EXCERPT_ID
from hartmann.composing.work import Work
from hartmann.errors import InvalidNotation
from hartmann.library.reference import Reference
from hartmann.notation.checking import check
from hartmann.notation.provenance import Provenance, ReferenceUsed


async def engrave(work: Work, carry: Carry) -> None:
    """Write MusicXML and MIDI of the chosen draft. Raises InvalidNotation when no draft holds any music."""
    await work.start(Stage.ENGRAVE, carry)
    event = await asyncio.to_thread(_engraved, work, carry)
    await work.journal.record(Stage.ENGRAVE, "score", event, carry)


def _engraved(work: Work, carry: Carry) -> ScoreWritten:
    from hartmann.notation.midi import to_midi
    from hartmann.notation.musicxml import to_musicxml

    chosen = choose(carry.drafts)
    score = check(chosen.abc).score
    if score is None:
        raise InvalidNotation(
            "the model wrote no music in any of its drafts; try another seed, fewer wishes, or another model"
        )
    provenance = _provenance(work, carry, chosen.number).fields()
    motivation = carry.motivation or ""
    return ScoreWritten(
        musicxml=to_musicxml(score, motivation=motivation, provenance=provenance),
        midi=to_midi(score),
        abc=chosen.abc,
        title=score.title,
        draft=chosen.number,
        rule=reason(chosen, carry.drafts),
        originality=overlaps(score, carry.references or ()),
        provenance=provenance,
    )


def _provenance(work: Work, carry: Carry, draft: int) -> Provenance:
    info = work.tools.vision.info
    return Provenance(
        picture_sha256=work.request.picture.sha256,
        models=(f"{info.name} {info.revision}".strip(), work.tools.embedder.space),
        seed=work.request.seed,
        prompt=work.request.prompt,
        references=tuple(_used(work, reference) for reference in carry.references or ()),
        draft=draft,
        program_version=work.tools.program_version,
    )


def _used(work: Work, reference: Reference) -> ReferenceUsed:
    """A reference as the score names it; of an excerpt also which bars, and what became of them."""
    own = work.request.excerpt
    source = own.source if own and reference.id == EXCERPT_ID else reference.source
    return ReferenceUsed(reference.id, source, reference.licence)
