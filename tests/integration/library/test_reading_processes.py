"""Files are read by processes of their own, and no file takes the others with it."""

from __future__ import annotations

import os
from dataclasses import dataclass

import pytest

from hartmann.library.ingest.describing import Piece, Reject, describe_abc
from hartmann.library.ingest.reading_pool import describe_batches
from hartmann.library.ingest.walking import Walk

pytestmark = pytest.mark.integration

ABC = "X:1\nT:Tune\nM:6/8\nL:1/8\nK:Gmaj\nGAB d2B|cde d3|GAB dBG|A3 G3|]\n"


@dataclass(frozen=True)
class Candidate:
    """A file that kills the process that reads it, or makes it raise, or is fine, as its name says."""

    name: str
    digest: str = ""
    size: int = 1

    def describe(self) -> Piece | Reject:
        if self.name == "deadly":
            os._exit(1)
        if self.name == "strange":
            raise ArithmeticError("too strange")
        return describe_abc(self.name, ABC, source="tests", licence="none")


async def test_a_file_that_kills_its_reader_is_refused_and_the_others_are_read() -> None:
    files = [Candidate(name) for name in ("a", "deadly", "b", "strange", "c")]
    results = [
        result
        async for _, batch in describe_batches(Walk({}, 2).batches(files), processes=1)
        for result in batch
    ]
    assert [result.id for result in results] == [file.name for file in files]
    assert {result.id: result.reason for result in results if isinstance(result, Reject)} == {
        "deadly": "it kills the process that reads it",
        "strange": "reading it failed: ArithmeticError: too strange",
    }
