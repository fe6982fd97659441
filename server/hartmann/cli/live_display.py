"""For a terminal: what is finished scrolls by, and below it the present stage lives.

The living part is the stage with a spinner and its elapsed time, and the end of the text that the model is
writing. It is drawn anew ten times a second by rich's own thread, from plain attributes that `event` sets.
Everything that came from a model or a person is shown as text, never read as markup.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.rule import Rule
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from hartmann.cli.announcements import Progress
from hartmann.cli.assembled_text import AssembledText
from hartmann.results import wording
from hartmann.results.printable import printable
from hartmann.results.record import Record
from hartmann.v1 import composition_pb2 as pb

LINES_WRITTEN = 8
"""How much of the text being written is kept in view."""


class LiveDisplay:
    """Shows on `console`, which must be a terminal for the living part to live."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._spinner = Spinner("dots")
        self._texts = AssembledText()
        self._activity = "Starting"
        self._since = time.monotonic()
        self._progress: Progress | None = None
        self._written = ""
        self._live = Live(get_renderable=self._now, console=console, refresh_per_second=10, transient=True)

    def __enter__(self) -> LiveDisplay:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def preparing(self, progress: Progress) -> None:
        """A progress bar while the server starts."""
        if progress.task != self._activity:
            self._begin(progress.task)
        self._progress = progress

    def event(self, event: pb.CompositionEvent, record: Record) -> None:
        """Changes the living part, or prints something finished above it."""
        took = wording.seconds(record.seconds_into_stage(event))
        match event.WhichOneof("event"):
            case "accepted":
                self._begin("Waiting for a worker")
                self._say(_plain(wording.accepted_sentence(event.accepted, record.picture), style="bold"))
            case "stage_started":
                self._begin(wording.stage_title(event.stage))
            case "text_delta":
                self._written = self._texts.add(event)
            case "caption":
                self._section("The picture", took, _plain(event.caption.text))
            case "references":
                self._section("References", took, _references(event.references))
            case "draft":
                self._section(wording.draft_title(event.draft), took, _draft(event.draft))
            case "explanation":
                self._section("Why", took, _explanation(event.explanation))
            case "score":
                self._section(f"“{event.score.title}”", "", _score(event.score))
            case "cancelled":
                self._say(_plain("Cancelled.", style="yellow"))

    def stopping(self) -> None:
        """The results are written; the server is being stopped."""
        self._begin("Stopping the server")

    def cancelling(self) -> None:
        """Says that the wish was heard."""
        self._begin("Cancelling; Ctrl-C again leaves at once")

    def written(self, files: Mapping[str, Path]) -> None:
        """Names the files."""
        for path in files.values():
            self._say(Text.assemble("  ", (str(path), "green")))

    def _begin(self, activity: str) -> None:
        self._activity, self._since = activity, time.monotonic()
        self._progress, self._written = None, ""

    def _section(self, title: str, took: str, body: RenderableType) -> None:
        self._written = ""
        heading = Text.assemble((printable(title), "bold"), ("  " + took if took else "", "dim"))
        self._console.print(Rule(heading, align="left", style="dim"))
        self._console.print(Padding(body, (0, 0, 1, 2)))

    def _say(self, text: Text) -> None:
        self._console.print(text)

    def _now(self) -> RenderableType:
        """The living part, at this moment."""
        elapsed = wording.seconds(time.monotonic() - self._since)
        self._spinner.update(text=Text.assemble(self._activity, (f"  {elapsed}", "dim")))
        parts: list[RenderableType] = [self._spinner]
        if self._progress is not None and self._progress.total:
            parts.append(_bar(self._progress))
        if self._written:
            tail = "\n".join(self._written.splitlines()[-LINES_WRITTEN:])
            parts.append(Padding(_plain(tail, style="dim"), (0, 0, 0, 2)))
        return Group(*parts)


def _plain(text: str, style: str = "") -> Text:
    """Text as it is: no markup, no control characters."""
    return Text(printable(text), style=style)


def _bar(progress: Progress) -> Table:
    row = Table.grid(padding=(0, 1))
    share = f"{progress.done:,} of {progress.total:,}"
    row.add_row(ProgressBar(total=progress.total, completed=progress.done, width=40), _plain(share))
    return row


def _references(references: pb.References) -> RenderableType:
    table = Table("", "Title", "Picture", "Text", "Caption", box=None, padding=(0, 1), header_style="dim")
    for reference in references.references:
        image, text = (wording.similarity(reference, side) for side in ("image", "text"))
        table.add_row(
            str(reference.rank), _plain(reference.title), image, text, _plain(reference.caption, style="dim")
        )
    return Group(table, _plain(references.note)) if references.note else table


def _draft(draft: pb.Draft) -> RenderableType:
    parts: list[RenderableType] = [_plain(draft.abc.rstrip("\n"), style="cyan")]
    bad = any(wording.SEVERITIES.get(problem.severity) == "error" for problem in draft.problems)
    parts.append(_plain(wording.problem_count(list(draft.problems)), style="red" if bad else "green"))
    parts.extend(_plain(f"  {wording.problem_sentence(problem)}") for problem in draft.problems)
    parts.extend(_plain(note, style="dim") for note in (wording.changed_bars(draft), draft.note) if note)
    if draft.HasField("metrics"):
        parts.append(_metrics(draft))
    return Group(*parts)


def _metrics(draft: pb.Draft) -> Table:
    table = Table.grid(padding=(0, 2))
    for row in wording.metric_rows(draft.metrics):
        table.add_row(_plain(row.name), _plain(row.value, style="bold"), _plain(row.meaning, style="dim"))
    return table


def _explanation(explanation: pb.Explanation) -> RenderableType:
    from hartmann.results.sections import sections_of

    parts: list[RenderableType] = [_plain(explanation.motivation)]
    parts.extend(
        _plain(f"  {section.label}: looked most at {section.region}", style="dim")
        for section in sections_of(explanation)
    )
    if sentence := wording.faithfulness_sentence(explanation):
        parts.append(_plain(sentence, style="dim"))
    return Group(*parts)


def _score(score: pb.Score) -> RenderableType:
    parts: list[RenderableType] = [_plain(score.rule)]
    parts.extend(
        _plain(f"  {overlap.reference_id}: {wording.overlap_sentence(overlap)}", style="dim")
        for overlap in score.originality
    )
    return Group(*parts)
