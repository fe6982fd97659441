"""Da capo, dal segno, fine and coda: the decorations of ABC 2.1 (section 4.14) that send the player elsewhere.

The standard prints them and says no more; players follow them, so we do (`unfolding.py`). The names are the
standard's with the spellings that people use; they are compared in lower case and without dots, blanks or `_`.
"""

from __future__ import annotations

from enum import Enum


class Jump(Enum):
    """What a decoration tells the player."""

    SEGNO = "segno"
    CODA = "coda"
    FINE = "fine"
    TO_CODA = "dacoda"
    DA_CAPO = "dacapo"
    DAL_SEGNO = "dalsegno"

    @property
    def ends_its_bar(self) -> bool:
        """True where it belongs to what was just played (`fine`), false where something begins (`segno`)."""
        return self not in {Jump.SEGNO, Jump.CODA}


_NAMES = {
    "segno": Jump.SEGNO, "coda": Jump.CODA, "fine": Jump.FINE, "dacoda": Jump.TO_CODA, "tocoda": Jump.TO_CODA,
    "dc": Jump.DA_CAPO, "dacapo": Jump.DA_CAPO, "dcalfine": Jump.DA_CAPO, "dcalcoda": Jump.DA_CAPO,
    "ds": Jump.DAL_SEGNO, "dalsegno": Jump.DAL_SEGNO, "dsalfine": Jump.DAL_SEGNO, "dsalcoda": Jump.DAL_SEGNO,
}  # fmt: skip
_DROPPED = str.maketrans("", "", "._ ")


def jump_named(decoration: str) -> Jump | None:
    """The jump that a decoration's name means, or None.

    >>> jump_named("D.C.alfine")
    <Jump.DA_CAPO: 'dacapo'>
    """
    return _NAMES.get(decoration.translate(_DROPPED).lower())
