"""The ABC tunes inside the installed music21 package: where they are, where they come from, on what terms.

About 13,000 tunes of seven collections. Files hold one tune or hundreds; a tune begins at its `X:` field and
ends at the first empty line of its body (ABC 2.1, section 2.2.1). Ids are `music21/FOLDER/FILE/X`, the same on
every machine; where a number comes twice in a file the second gets `-2`. Nothing is redistributed: every
machine reads its own installed package. Each collection's terms are those that music21's `corpus/license.txt`,
`corpus/essenFolksong/license.txt` and the files' own comments state.
"""

from __future__ import annotations

import importlib.util
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hartmann.errors import MissingExtra

BY_PERMISSION: Final = (
    "tune in the public domain; encoding distributed with music21 by permission of its encoders "
    "(music21 corpus/license.txt)"
)


@dataclass(frozen=True, slots=True)
class Collection:
    """A folder of the corpus: what to call it, its terms, and where its tunes are from unless they say."""

    folder: str
    source: str
    licence: str
    origin: str


COLLECTIONS: Final = {
    collection.folder: collection
    for collection in (
        Collection("airdsAirs", "Aird's Airs (1778–1803), encoded by Jack Campin", BY_PERMISSION, "Scottish"),
        Collection(
            "essenFolksong",
            "Essen Folksong Collection, ABC by Seymour Shlien",
            "non-commercial distribution and use, by permission of E. Dahlig-Turek and S. Shlien "
            "(music21 corpus/essenFolksong/license.txt)",
            "German",
        ),
        Collection(
            "josquin", "Josquin des Prez, encoded by Laura E. Conrad", "GPL-2.0-or-later", "Renaissance"
        ),
        Collection("miscFolk", "Folk tune books, encoded by Jack Campin and others", BY_PERMISSION, ""),
        Collection("nottingham-dataset", "Nottingham Music Database", BY_PERMISSION, "English"),
        Collection("oneills1850", "O'Neill's Music of Ireland (1903)", BY_PERMISSION, "Irish"),
        Collection(
            "ryansMammoth",
            "Ryan's Mammoth Collection (1883), encoded by Ray Davies and others",
            BY_PERMISSION,
            "American",
        ),
    )
}

_ORIGINS: Final = (
    ("china", "Chinese"), ("lothringen", "Lorraine"), ("luxemburg", "Luxembourg"), ("irland", "Irish"),
    ("elsass", "Alsatian"), ("deutschland", "German"), ("oesterreich", "Austrian"), ("tirol", "Tyrolean"),
    ("schweiz", "Swiss"), ("niederlande", "Dutch"), ("frankreich", "French"), ("ungarn", "Hungarian"),
    ("jugoslawien", "South Slavic"), ("polen", "Polish"), ("rumaenien", "Romanian"), ("italien", "Italian"),
    ("russland", "Russian"), ("udssr", "Russian"), ("tschech", "Bohemian"), ("daenemark", "Danish"),
    ("schweden", "Swedish"), ("england", "English"), ("schottland", "Scottish"), ("mexi", "Mexican"),
    ("nordamerika", "American"), ("usa", "American"), ("japan", "Japanese"), ("turkei", "Turkish"),
    ("northumbria", "Northumbrian"),
)  # fmt: skip
"""Words of `O:` (German in the Essen collection) → what a caption says; the first found wins."""

_ONEILL_CHAPTERS: Final = (
    (700, "air"), (1115, "jig"), (1175, "slip jig"), (1555, "reel"), (1780, "hornpipe"), (1800, "set dance"),
    (1850, "march"),
)  # fmt: skip
"""The chapters of O'Neill's book: 625 airs and songs and 75 pieces by Carolan, 415 double jigs, 60 slip jigs,
380 reels, 225 hornpipes, 20 long dances, 50 marches and miscellaneous pieces."""

_TUNE = re.compile(r"^X:[ \t]*(\d*)[^\n]*\n", re.MULTILINE)
_BODY_END = re.compile(r"^K:.*?\n[ \t]*\n", re.MULTILINE | re.DOTALL)
_ORIGIN_FIELD = re.compile(r"^O:(.*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Tune:
    """A tune as its file has it. `rhythm` and `origin` are hints from outside its notes, "" where there is none."""

    id: str
    text: str
    source: str
    licence: str
    rhythm: str
    origin: str


def corpus_folder() -> Path:
    """The folder of music21's corpus, found without importing music21. Raises MissingExtra without it."""
    found = importlib.util.find_spec("music21")
    if found is None or not found.submodule_search_locations:
        raise MissingExtra("music21", "server")
    return Path(found.submodule_search_locations[0]) / "corpus"


def tune_files(folder: Path | None = None) -> tuple[Path, ...]:
    """Every ABC file of the collections, sorted by folder and name."""
    root = folder or corpus_folder()
    return tuple(sorted(path for name in COLLECTIONS for path in (root / name).glob("*.abc")))


def tunes_of(path: Path) -> Iterator[Tune]:
    """The tunes of one file, in its order."""
    collection = COLLECTIONS[path.parent.name]
    text = path.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n").lstrip("\ufeff")
    starts = list(_TUNE.finditer(text))
    ends = [match.start() for match in starts[1:]] + [len(text)]
    seen: Counter[str] = Counter()
    for start, end in zip(starts, ends, strict=True):
        number = str(int(start.group(1))) if start.group(1) else "0"
        seen[number] += 1
        name = number if seen[number] == 1 else f"{number}-{seen[number]}"
        yield _tune(collection, path.stem, number, name, text[start.start() : end])


def all_tunes(folder: Path | None = None) -> Iterator[Tune]:
    """Every tune of the corpus, file by file."""
    for path in tune_files(folder):
        yield from tunes_of(path)


def _tune(collection: Collection, stem: str, number: str, name: str, block: str) -> Tune:
    body_end = _BODY_END.search(block)
    return Tune(
        id=f"music21/{collection.folder}/{stem}/{name}",
        text=(block[: body_end.end()] if body_end else block).rstrip() + "\n",
        source=collection.source,
        licence=collection.licence,
        rhythm=_oneill_chapter(int(number)) if collection.folder == "oneills1850" else "",
        origin=_origin(block, collection, stem),
    )


def _origin(block: str, collection: Collection, stem: str) -> str:
    """From the tune's own `O:`, else what the file or its collection is known for."""
    field = _ORIGIN_FIELD.search(block)
    text = (field.group(1) if field else stem).lower()
    return next((origin for word, origin in _ORIGINS if word in text), collection.origin)


def _oneill_chapter(number: int) -> str:
    return next((rhythm for last, rhythm in _ONEILL_CHAPTERS if number <= last), "")
