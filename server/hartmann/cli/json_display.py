"""For programs: every event as one line of JSON (protobuf's mapping) on standard output, nothing else there."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TextIO

from hartmann.cli.announcements import Progress
from hartmann.results.record import Record, to_json
from hartmann.v1.composition_pb2 import CompositionEvent


class JsonDisplay:
    """Writes events to `output`; where files went is said on standard error."""

    def __init__(self, output: TextIO) -> None:
        self._output = output

    def __enter__(self) -> JsonDisplay:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to put back."""

    def preparing(self, progress: Progress) -> None:
        """Says nothing: only events belong on this output."""

    def event(self, event: CompositionEvent, record: Record) -> None:
        """One line."""
        del record
        print(to_json(event), file=self._output, flush=True)

    def stopping(self) -> None:
        """Says nothing."""

    def cancelling(self) -> None:
        """Says nothing: the `cancelled` event will."""

    def written(self, files: Mapping[str, Path]) -> None:
        """Names the files on standard error."""
        for path in files.values():
            print(path, file=sys.stderr)
