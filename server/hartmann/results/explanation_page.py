"""The page that says why a score is as it is: `NAME.explanation.md`, for people.

Markdown with plain tables. Text from a model, a person or the library is escaped, so that it can't become
a heading, a link or a table's border.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from hartmann.results import wording
from hartmann.results.printable import printable
from hartmann.results.record import Record
from hartmann.results.sections import (
    Section,
    caption_sentences_of,
    motivation_sentences_of,
    sections_of,
)
from hartmann.v1 import composition_pb2 as pb

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")


def explanation_page(record: Record) -> str:
    """The whole page. `record` must hold a score; other parts are left out where they did not happen."""
    if record.score is None:
        raise ValueError("the composition has no score yet")
    parts: list[str] = [f"# {escaped(record.score.title) or 'Untitled'}", _opening(record)]
    parts += _picture(record)
    parts += _why(record)
    parts += _references(record)
    parts += _drafts(record)
    parts += _making(record, record.score)
    return "\n\n".join(part for part in parts if part) + "\n"


def escaped(text: str) -> str:
    """Text on one line that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", printable(" ".join(text.split())))


def _opening(record: Record) -> str:
    wish = f", with the words “{escaped(record.prompt)}”" if record.prompt else ""
    return f"Written for the picture *{escaped(record.picture)}*{wish}."


def _picture(record: Record) -> Iterable[str]:
    if record.caption is not None:
        yield "## What was seen"
        yield escaped(record.caption.text)


def _why(record: Record) -> Iterable[str]:
    explanation = record.explanation
    if explanation is None:
        return
    yield "## Why this music"
    yield escaped(explanation.motivation)
    sections = sections_of(explanation)
    if sections:
        yield "Where the model looked while it wrote each section (see the attention picture beside this page):"
        yield "\n".join(f"- **{escaped(section.label)}**: most at {section.region}" for section in sections)
        yield from _sentences("it described the picture", caption_sentences_of(explanation))
        yield from _sentences("it gave its reasons", motivation_sentences_of(explanation))
        yield _reading(explanation.attention_reading)
    else:
        yield "This model records no attention, so there is no picture of where it looked."
    yield wording.faithfulness_sentence(explanation)


def _sentences(what: str, sentences: Sequence[Section]) -> Iterable[str]:
    """Where the model looked during each sentence; nothing where it said none."""
    if sentences:
        yield f"And while {what}:"
        yield "\n".join(f"- “{escaped(each.label)}”: most at {each.region}" for each in sentences)


def _reading(attention_reading: str) -> str:
    """How the maps differ from the plain mean over layers and heads; empty where they don't."""
    return f"The maps are of {escaped(attention_reading)}." if attention_reading else ""


def _references(record: Record) -> Iterable[str]:
    references = record.references
    if references is None:
        return
    yield "## References"
    if not references.references:
        yield "Nothing in the library came near."
        return
    yield (
        "Pieces of the library that came nearest to the picture and to its description, "
        "by cosine similarity. The model saw them; it was asked not to copy them."
    )
    shared = {o.reference_id: o for o in record.score.originality} if record.score else {}
    yield _table(
        ("", "Title", "Picture", "Text", "Shared with the score", "Source", "Licence"),
        (
            (
                str(reference.rank),
                escaped(reference.title),
                wording.similarity(reference, "image"),
                wording.similarity(reference, "text"),
                wording.overlap_sentence(shared[reference.id]) if reference.id in shared else "–",
                escaped(reference.source),
                escaped(reference.licence),
            )
            for reference in references.references
        ),
    )
    yield "\n".join(f"{r.rank}. {escaped(r.caption)} (`{r.id}`)" for r in references.references)
    yield escaped(references.note)


def _drafts(record: Record) -> Iterable[str]:
    if not record.drafts:
        return
    yield "## Drafts"
    measured = {draft.number: _values(draft) for draft in record.drafts}
    names = list(dict.fromkeys(name for values in measured.values() for name in values))
    yield _table(
        ("Draft", "Why", "Problems", *names),
        (
            (
                str(draft.number),
                wording.DRAFT_KINDS.get(draft.kind, ""),
                wording.problem_count(list(draft.problems)),
                *(measured[draft.number].get(name, "–") for name in names),
            )
            for draft in record.drafts
        ),
    )
    yield _meanings(record.drafts[-1])
    for draft in record.drafts:
        yield _remarks(draft)
    if record.score is not None:
        yield f"Which became the score, and why: {escaped(record.score.rule)}"


def _values(draft: pb.Draft) -> dict[str, str]:
    return {row.name: row.value for row in wording.metric_rows(draft.metrics)}


def _meanings(draft: pb.Draft) -> str:
    return "\n".join(f"- *{row.name}*: {row.meaning}" for row in wording.metric_rows(draft.metrics))


def _remarks(draft: pb.Draft) -> str:
    """What is to be said of one draft beyond its row; empty when nothing is."""
    remarks = [wording.changed_bars(draft), draft.note, *map(wording.problem_sentence, draft.problems)]
    lines = [f"- {escaped(remark)}" for remark in remarks if remark]
    return "\n".join([f"Of draft {draft.number}:", "", *lines]) if lines else ""


def _making(record: Record, score: pb.Score) -> Iterable[str]:
    yield "## How it was made"
    if record.stage_seconds:
        took = (
            f"{wording.stage_title(stage).lower()} {wording.seconds(took)}"
            for stage, took in record.stage_seconds.items()
        )
        yield f"Time: {', '.join(took)}."
    yield _table(
        ("Provenance", ""), ((escaped(field.name), escaped(field.value)) for field in score.provenance)
    )


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
