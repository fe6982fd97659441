"""From tokens to text as they come: whole characters only, stop strings cut, each token's place remembered.

A token may be a part of a character, or change how its neighbours are written, so text is decoded over a window
that begins at the last place known to be clean, and only what no later token can change is let out. Bytes that
are no UTF-8 are left out. Text that might be the beginning of a stop string is held back until it is clear.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

_UNFINISHED = "\ufffd"


class TokenText:
    """The text of one generation. `decode` turns token ids into text; `on_text` gets each new piece."""

    def __init__(
        self, decode: Callable[[list[int]], str], stop: Sequence[str], on_text: Callable[[str], None]
    ) -> None:
        self._decode = decode
        self._stop = tuple(filter(None, stop))
        self._on_text = on_text
        self._tokens: list[int] = []
        self._ends: list[int] = []
        self._window = 0
        self._read = 0
        self._told = 0
        self.text = ""
        self.stopped = False

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """(start, end) of each token in `text`. The parts of a split character are empty but for the last one."""
        ends = [min(end, len(self.text)) for end in self._ends]
        return tuple(zip([0, *ends[:-1]], ends, strict=True)) if ends else ()

    @property
    def tokens(self) -> tuple[int, ...]:
        """The tokens added so far."""
        return tuple(self._tokens)

    @property
    def kept(self) -> Sequence[int]:
        """The numbers of the tokens that belong to the text, in the order of `spans`: all."""
        return range(len(self._tokens))

    def add(self, token: int) -> None:
        """Take one more token; sets `stopped` when a stop string is complete (and cuts it off)."""
        self._tokens.append(token)
        before = self._decode(self._tokens[self._window : self._read])
        after = self._decode(self._tokens[self._window :])
        if after.endswith(_UNFINISHED) or len(after) <= len(before):
            self._ends.append(len(self.text))
            return
        self.text += after[len(before) :].replace(_UNFINISHED, "")
        self._window, self._read = self._read, len(self._tokens)
        self._ends.append(len(self.text))
        self._look_for_stop(len(after) - len(before))
        self._tell(self._safe_end())

    def finish(self) -> str:
        """No more tokens: let out what was held back, and return the whole text."""
        if not self.stopped:
            rest = self._decode(self._tokens[self._window :])[
                len(self._decode(self._tokens[self._window : self._read])) :
            ]
            self.text += rest.replace(_UNFINISHED, "")
            self._ends[-1:] = [len(self.text)] if self._ends else []
        self._tell(len(self.text))
        return self.text

    def _look_for_stop(self, added: int) -> None:
        for stop in self._stop:
            at = self.text.find(stop, max(0, len(self.text) - added - len(stop)))
            if at >= 0:
                self.text = self.text[:at]
                self.stopped = True

    def _safe_end(self) -> int:
        if self.stopped:
            return len(self.text)
        held = (
            length
            for stop in self._stop
            for length in range(1, len(stop))
            if self.text.endswith(stop[:length])
        )
        return len(self.text) - max(held, default=0)

    def _tell(self, end: int) -> None:
        if end > self._told:
            self._on_text(self.text[self._told : end])
            self._told = end


def text_of(tokens: Sequence[int], decode: Callable[[list[int]], str]) -> TokenText:
    """A finished text, with the place of each of its tokens."""
    text = TokenText(decode, (), lambda _: None)
    for token in tokens:
        text.add(token)
    text.finish()
    return text
