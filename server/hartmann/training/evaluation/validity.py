"""Validity: shares of tunes and of bars without an error, by our own checker (`notation.checking`)."""

from __future__ import annotations

from collections.abc import Sequence

from hartmann.notation.checking import check


def validity(tunes: Sequence[str]) -> dict[str, float]:
    """Shares of tunes that hold music and no error, and of bars without an error; bars of what is no music count as
    none, so look at both."""
    checked = [check(tune) for tune in tunes]
    bars = sum(len(voice.bars) for c in checked if c.score for voice in c.score.voices)
    faulty = sum(len({(p.voice, p.bar) for p in c.errors}) for c in checked)
    return {
        "tunes without errors": round(sum(c.ok for c in checked) / max(1, len(checked)), 3),
        "bars without errors": round(1 - min(bars, faulty) / max(1, bars), 3),
        "tunes": len(tunes),
    }
