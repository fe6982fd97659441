"""A person's own pieces come in from a folder, described by texts, by pictures, or by what their notes show."""

from __future__ import annotations

import asyncio
import json
import subprocess
import zipfile
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from made_midi import clean_file, tune_sources
from PIL import Image
from sqlalchemy import text
from word_embedder import WordEmbedder

from hartmann.errors import InvalidRequest
from hartmann.library import keeping
from hartmann.library.ingest import embedding, ledger, reading_pool
from hartmann.library.ingest.filling import Filling, fill
from hartmann.library.ingest.musescore import find_musescore
from hartmann.library.ingest.own_pieces import PICTURE_PIXELS, Terms, own_pieces
from hartmann.library.ingest.piece_lines import piece_lines, to_line
from hartmann.library.keeping import Choice, Kept
from hartmann.library.reembedding import reembed
from hartmann.library.reference_filter import ReferenceFilter
from hartmann.notation.checking import check
from hartmann.notation.musicxml import to_musicxml
from hartmann.storage.database import Database
from hartmann.vision.pictures import read_picture

pytestmark = pytest.mark.integration

ABC = "X:1\nT:Jig\nM:6/8\nL:1/8\nK:Gmaj\nGAB d2B|cde d3|GAB dBG|A3 G3|]\n"
OTHER = ABC.replace("T:Jig", "T:Other").replace("GAB", "BAG")
WALTZ = "X:2\nT:Waltz\nM:3/4\nL:1/4\nK:Dmin\nDFA|d2A|FGE|D3|DFA|d2A|]\n"
PHOTO = Path(__file__).parents[2] / "data" / "photos" / "sunset_by_Aitzol_Berasategi.jpg"


@pytest.fixture(autouse=True)
async def _empty_library(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_pool, "_executor", ThreadPoolExecutor)
    async with database.transaction() as connection:
        await connection.execute(text("TRUNCATE reference, library_ingest, library_file CASCADE"))


def picture(data: bytes) -> Image.Image:
    return read_picture(data).image


async def ingest(database: Database, folder: Path, name: str = "drawer", **terms: Any) -> Filling:
    given = Terms(source="my drawer", licence="mine", read_picture=picture, **terms)
    return await fill(database, own_pieces(folder, name, given), WordEmbedder(), processes=1)


async def kept(database: Database) -> dict[str, Kept]:
    return {piece.id: piece async for piece in keeping.kept(database)}


async def refusals(database: Database) -> dict[str, str]:
    async with database.transaction() as connection:
        return {refused.name: refused.reason async for refused in ledger.refused(connection)}


def write(folder: Path, **files: str | bytes) -> Path:
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def musicxml() -> bytes:
    score = check(ABC).score
    assert score is not None
    return to_musicxml(score)


def mxl(content: bytes) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "META-INF/container.xml",
            '<container><rootfiles><rootfile full-path="score.xml"/></rootfiles></container>',
        )
        archive.writestr("score.xml", content)
    return file.getvalue()


async def test_every_format_comes_in_with_source_and_licence(database: Database, tmp_path: Path) -> None:
    xml = musicxml()
    write(
        tmp_path,
        a_abc=ABC,
        deep__b_musicxml=xml,
        c_mxl=mxl(xml),
        d_mid=clean_file(tune_sources(1)[0]),
        e_xml=xml,
    )
    await ingest(database, tmp_path)
    pieces = await kept(database)
    assert sorted(pieces) == [
        f"own/drawer/{name}" for name in ("a.abc", "c.mxl", "d.mid", "deep/b.musicxml", "e.xml")
    ]
    assert {(piece.source, piece.licence) for piece in pieces.values()} == {("my drawer", "mine")}
    assert await refusals(database) == {}


async def test_a_text_beside_a_score_is_its_caption(database: Database, tmp_path: Path) -> None:
    await ingest(database, write(tmp_path, a_abc=ABC, a_txt="Rain on the\n  roof.\n"))
    piece = (await kept(database))["own/drawer/a.abc"]
    assert (piece.caption, piece.described_by) == ("Rain on the roof.", "text")


async def test_a_score_without_a_description_gets_one_marked_as_ours(
    database: Database, tmp_path: Path
) -> None:
    await ingest(database, write(tmp_path, a_abc=ABC))
    piece = (await kept(database))["own/drawer/a.abc"]
    assert "jig" in piece.caption or "G major" in piece.caption
    assert piece.described_by == "features"


async def test_a_picture_beside_a_score_describes_it_by_a_vector_of_its_own(
    database: Database, tmp_path: Path
) -> None:
    await ingest(database, write(tmp_path, a_abc=ABC, a_JPG=PHOTO.read_bytes(), b_abc=OTHER))
    piece = (await kept(database))["own/drawer/a.abc"]
    assert piece.described_by == "picture"
    assert max(Image.open(BytesIO(piece.picture)).size) <= PICTURE_PIXELS
    async with database.transaction() as connection:
        rows = await connection.execute(text("SELECT reference, kind FROM embedding ORDER BY 1, 2"))
        assert [tuple(row) for row in rows] == [
            ("own/drawer/a.abc", "caption"),
            ("own/drawer/a.abc", "image"),
            ("own/drawer/b.abc", "caption"),
        ]


async def test_every_tune_of_a_book_is_a_piece(database: Database, tmp_path: Path) -> None:
    await ingest(database, write(tmp_path, book_abc=f"% a book\n\n{ABC}\n{WALTZ}"))
    assert {id: piece.title for id, piece in (await kept(database)).items()} == {
        "own/drawer/book.abc/1": "Jig",
        "own/drawer/book.abc/2": "Waltz",
    }


async def test_what_is_no_score_is_refused_or_passed_by(database: Database, tmp_path: Path) -> None:
    bomb = mxl(b"<score-partwise>" + b" " * 100_000_000 + b"</score-partwise>")
    write(
        tmp_path, bomb_mxl=bomb, empty_musicxml="<score-partwise/>", torn_mid=b"MThd\0\0", note_txt="Buy milk.",
        a_abc=ABC, a_png=b"no picture", b_mscz=b"PK", _hidden_abc=ABC, words_abc="Dear diary",
        good_abc=OTHER, good_txt="x" * 9000,
    )  # fmt: skip
    await ingest(database, tmp_path)
    refused = await refusals(database)
    assert await kept(database) == {}
    for name, word in {
        "bomb.mxl": "unpacks", "empty.musicxml": "no notes", "torn.mid": "MIDI", "a.abc": "no picture",
        "b.mscz": "MuseScore", "words.abc": "no", "good.abc": "9,000 characters",
    }.items():  # fmt: skip
        assert word in refused.pop(name)
    assert refused == {}


async def test_a_folder_without_scores_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="holds no scores"):
        own_pieces(tmp_path, "x", Terms("", "", picture))
    with pytest.raises(InvalidRequest, match="is no folder"):
        own_pieces(tmp_path / "missing", "x", Terms("", "", picture))


@pytest.mark.musescore
async def test_musescores_own_files_are_read_by_musescore(database: Database, tmp_path: Path) -> None:
    program = find_musescore()
    write(tmp_path, a_musicxml=musicxml(), broken_mscz=b"PK no score")

    await asyncio.to_thread(save_as_mscz, program, tmp_path / "a.musicxml", tmp_path / "b.mscz")
    await ingest(database, tmp_path, musescore=program)
    pieces = await kept(database)
    melody = {id: piece.features["melody"] for id, piece in pieces.items()}
    assert melody["own/drawer/b.mscz"] == melody["own/drawer/a.musicxml"]
    assert "MuseScore can't read it" in (await refusals(database))["broken.mscz"]


def save_as_mscz(program: str, score: Path, result: Path) -> None:
    """Have MuseScore write a file of its own."""
    environment = {"QT_QPA_PLATFORM": "offscreen", "HOME": str(result.parent), "PATH": "/usr/bin:/bin"}
    subprocess.run([program, "-o", result, score], env=environment, check=True, capture_output=True)


async def test_what_is_exported_comes_in_elsewhere_as_it_was(database: Database, tmp_path: Path) -> None:
    await ingest(
        database,
        write(tmp_path, a_abc=ABC, a_jpg=PHOTO.read_bytes(), b_abc=OTHER, b_txt="A text.", c_abc=WALTZ),
    )
    before = await kept(database)
    file = tmp_path / "pieces.jsonl"
    file.write_text("".join(to_line(piece.values(), piece.picture) for piece in before.values()))
    await keeping.remove(database, Choice())
    assert await kept(database) == {}
    await fill(database, piece_lines(file), WordEmbedder(), processes=1)
    assert await kept(database) == before


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"id": "a", "abc": ', "cut short"),
        ("[]", "no JSON object"),
        ('{"abc": "X:1"}', "no id"),
        ('{"id": "a"}', "no abc"),
        ('{"id": "a", "abc": "X:1\\nK:C\\n"}', "no"),
        (json.dumps({"id": "a", "abc": ABC, "picture": "????"}), "picture"),
        (json.dumps({"id": "a", "abc": ABC, "picture": "AAAA"}), "picture"),
    ],
)
async def test_lines_that_are_no_piece_are_refused(
    database: Database, tmp_path: Path, line: str, reason: str
) -> None:
    file = tmp_path / "pieces.jsonl"
    file.write_text(line + "\n")
    await fill(database, piece_lines(file), WordEmbedder(), processes=1)
    (said,) = (await refusals(database)).values()
    assert reason in said


async def test_removed_pieces_come_back_when_they_are_ingested_again(
    database: Database, tmp_path: Path
) -> None:
    await ingest(database, write(tmp_path, a_abc=ABC, b_abc=WALTZ))
    removed = await keeping.remove(database, Choice(filter=ReferenceFilter(meter="3/4")))
    assert (removed, list(await kept(database))) == (1, ["own/drawer/a.abc"])
    again = await ingest(database, tmp_path)
    assert (again.pieces, again.unchanged) == (1, 1)


async def test_another_embedding_model_takes_over_beside_the_first(
    database: Database, tmp_path: Path
) -> None:
    await ingest(database, write(tmp_path, a_abc=ABC, a_jpg=PHOTO.read_bytes(), b_abc=WALTZ))
    old, new = WordEmbedder("words/v1"), WordEmbedder("words/v2")
    seen: list[dict[str, int]] = []
    done = await reembed(database, new)
    seen.append(await vectors_by_space(database))
    assert done.made == 3
    assert (await reembed(database, new)).made == 0
    last = await reembed(database, new, remove_others=True)
    seen.append(await vectors_by_space(database))
    assert seen == [{old.space: 3, new.space: 3}, {new.space: 3}]
    assert last.removed == {old.space: 3}


async def test_embedding_anew_goes_on_where_it_was_interrupted(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tunes = {f"t{n:02}_abc": ABC.replace("Jig", f"Jig {n}") for n in range(20)}
    await ingest(database, write(tmp_path, **tunes))
    failing = WordEmbedder("words/v2")
    embed, calls = failing.embed_texts, iter(range(1))

    async def embed_once(texts: Any) -> Any:
        if next(calls, None) is None:
            raise InterruptedError
        return await embed(texts)

    failing.embed_texts = embed_once  # type: ignore[method-assign]
    monkeypatch.setattr(embedding, "BATCH_CAPTIONS", 8)
    with pytest.raises(InterruptedError):
        await reembed(database, failing, remove_others=True)
    assert await vectors_by_space(database) == {"words/v1": 20, "words/v2": 8}
    assert (await reembed(database, WordEmbedder("words/v2"))).made == 12


async def vectors_by_space(database: Database) -> dict[str, int]:
    async with database.transaction() as connection:
        rows = await connection.execute(text("SELECT space, count(*) AS n FROM embedding GROUP BY space"))
        return {row.space: row.n for row in rows}
