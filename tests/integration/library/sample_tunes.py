"""Some two hundred tunes of the corpus and three that are no music, for tests of filling."""

from __future__ import annotations

from hartmann.library.ingest.music21_tunes import Tune, corpus_folder, tunes_of

FILES = (
    "oneills1850/0001-0050.abc",
    "oneills1850/1001-1031.abc",
    "essenFolksong/irl.abc",
    "airdsAirs/book4.abc",
)
BROKEN = tuple(
    Tune(f"broken/{name}", text, "made up", "none", "", "")
    for name, text in (
        ("empty", "X:1\nK:C\n"),
        ("prose", "X:1\nT:No\nK:C\n???\n"),
        ("short", "X:1\nK:C\nC D|\n"),
    )
)


def sample_tunes() -> list[Tune]:
    """Tunes that every machine with music21 has, the broken ones in their midst."""
    found = [tune for name in FILES for tune in list(tunes_of(corpus_folder() / name))[:60]]
    return [*found[:70], *BROKEN, *found[70:]]
