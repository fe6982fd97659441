"""Text from a model, a person or a file, made safe for a terminal and a page."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Control characters that could move the cursor, change the terminal's title or turn the direction of writing."""


def printable(text: str) -> str:
    """The text with a visible sign in place of every control character but line ends and tabs."""
    return _CONTROL.sub("\ufffd", text)
