"""For pipes and log files: one line for each thing that happened, with the seconds since the start.

No colours, no cursor movement; long texts are given whole when they are finished, not while they are written.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TextIO

from hartmann.cli.announcements import Progress
from hartmann.results import wording
from hartmann.results.printable import printable
from hartmann.results.record import Record
from hartmann.v1 import composition_pb2 as pb


class PlainDisplay:
    """Writes lines to `output`."""

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._began = time.monotonic()
        self._task = ""
        self._tenth = -1

    def __enter__(self) -> PlainDisplay:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to put back."""

    def preparing(self, progress: Progress) -> None:
        """A line for a new task and for every tenth of it."""
        tenth = progress.done * 10 // progress.total if progress.total else 0
        if (progress.task, tenth) != (self._task, self._tenth):
            self._task, self._tenth = progress.task, tenth
            share = f": {progress.done:,} of {progress.total:,}" if progress.total else ""
            self._say(f"{progress.task}{share}")

    def event(self, event: pb.CompositionEvent, record: Record) -> None:
        """A line or a few, unless the event is a piece of text."""
        match event.WhichOneof("event"):
            case "accepted":
                self._say(wording.accepted_sentence(event.accepted, record.picture))
            case "stage_started":
                self._say(f"{wording.stage_title(event.stage)} …")
            case "caption":
                self._say(f"Description: {event.caption.text}")
            case "references":
                self._references(event.references)
            case "draft":
                self._draft(event.draft, record.seconds_into_stage(event))
            case "explanation":
                self._explanation(event.explanation)
            case "score":
                self._say(f"“{event.score.title}”. {event.score.rule}")
                for overlap in event.score.originality:
                    self._more(f"{overlap.reference_id}: {wording.overlap_sentence(overlap)}")
            case "cancelled":
                self._say("Cancelled.")

    def stopping(self) -> None:
        """Says nothing: it takes a moment only."""

    def cancelling(self) -> None:
        """Says that the wish was heard."""
        self._say("Cancelling; once more to leave at once.")

    def written(self, files: Mapping[str, Path]) -> None:
        """Names the files."""
        for path in files.values():
            self._say(f"Wrote {path}")

    def _references(self, references: pb.References) -> None:
        self._say(f"References: {len(references.references)} found" + _after_dash(references.note))
        for reference in references.references:
            image, text = (wording.similarity(reference, side) for side in ("image", "text"))
            self._more(
                f"{reference.rank}. {reference.title} (picture {image}, text {text}; {reference.licence})"
            )
            self._more(f"   {reference.caption}")

    def _draft(self, draft: pb.Draft, seconds: float) -> None:
        said = [wording.problem_count(list(draft.problems)), wording.changed_bars(draft), draft.note]
        title = f"{wording.draft_title(draft)} ({wording.seconds(seconds)})"
        self._say(f"{title}: {'; '.join(part for part in said if part)}")
        for line in draft.abc.rstrip("\n").splitlines():
            self._more(line)
        for problem in draft.problems:
            self._more(wording.problem_sentence(problem))
        if draft.HasField("metrics"):
            rows = wording.metric_rows(draft.metrics)
            self._more("; ".join(f"{row.name.lower()} {row.value}" for row in rows))

    def _explanation(self, explanation: pb.Explanation) -> None:
        self._say(f"Why: {explanation.motivation}")
        if sentence := wording.faithfulness_sentence(explanation):
            self._more(sentence)

    def _say(self, text: str) -> None:
        elapsed = time.monotonic() - self._began
        print(f"[{elapsed:7.1f} s] {printable(text)}", file=self._output, flush=True)

    def _more(self, text: str) -> None:
        print(f"            {printable(text)}", file=self._output, flush=True)


def _after_dash(text: str) -> str:
    return f" – {text}" if text else ""
