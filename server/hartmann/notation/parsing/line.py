"""Reading one line of music into a voice, sign by sign.

`LineReader` walks over the tokens of `tokens.TOKEN`; each kind of token has one small method of the same name
with an underscore before it. What cannot be music is reported with its place, and reading goes on behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from hartmann.notation.findings import Findings
from hartmann.notation.limits import Limits
from hartmann.notation.parsing.mark_signs import MarkSigns
from hartmann.notation.parsing.odd_signs import OddSigns
from hartmann.notation.parsing.tokens import TOKEN


class LineReader(MarkSigns, OddSigns):
    """Reads music lines into whichever voice is current. `inline` is called for `[K:G]` and the like."""

    def __init__(self, findings: Findings, limits: Limits) -> None:
        super().__init__(findings, limits)
        self._take: dict[str, Callable[[re.Match[str]], None]] = {
            name: getattr(self, "_" + name) for name in TOKEN.groupindex if hasattr(self, "_" + name)
        }

    def read(self, text: str, line: int, start: int, origins: Sequence[int] | None = None) -> None:
        """Read `text`, which stands on `line` (1-based); `start` is the offset of its first character.

        Where macros were written out, `origins` gives the offset that each character of `text` comes from, and
        one more for its end.
        """
        self.line, self.base, self.origins = line, start, origins
        self.line_start = self.findings.line_starts[line - 1]
        self.piece = start
        take = self._take
        for token in TOKEN.finditer(text):
            kind = token.lastgroup
            if kind != "space":
                take[kind](token)  # type: ignore[index]
        self.settle(self.offset(len(text)))
        self.voice.joined = text.rstrip().endswith("\\")
        if not self.voice.joined:
            self.end_line()
        self.origins = None
