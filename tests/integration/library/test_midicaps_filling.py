"""A data set in MidiCaps's format comes in whole, what is broken in it is refused, and nothing is half loaded."""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from made_midicaps import DataSet, write_data_set
from sqlalchemy import text
from word_embedder import WordEmbedder

from hartmann.errors import DatabaseFull, InvalidRequest
from hartmann.library.ingest import ledger, reading_pool
from hartmann.library.ingest.filling import Filling, fill
from hartmann.library.ingest.midicaps import SOURCE, midicaps
from hartmann.storage import vector_index, vectors
from hartmann.storage.database import Database

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("_reading_in_threads")]

SONGS, BROKEN = 40, 12


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    """A data set as it is downloaded."""
    return write_data_set(tmp_path_factory.mktemp("set"), SONGS, BROKEN, huge=False)


@pytest.fixture(autouse=True)
async def _empty_library(database: Database) -> AsyncIterator[None]:
    async with database.transaction() as connection:
        await connection.execute(text("TRUNCATE reference, library_ingest, library_file CASCADE"))
    yield
    async with database.transaction() as connection:
        await connection.execute(text("DROP TRIGGER IF EXISTS full_disk ON embedding"))
        await vector_index.drop_index(connection, WordEmbedder().space)


@pytest.fixture
def _reading_in_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the tests the start of processes, which takes longer than all that they read."""
    monkeypatch.setattr(reading_pool, "_executor", ThreadPoolExecutor)


async def ingest(database: Database, folder: Path) -> Filling:
    return await fill(database, midicaps(folder), WordEmbedder(), processes=1, batch_files=16)


async def values(database: Database, statement: str) -> list[tuple[Any, ...]]:
    async with database.transaction() as connection:
        return [tuple(row) for row in await connection.execute(text(statement))]


async def refusals(database: Database) -> dict[str, str]:
    async with database.transaction() as connection:
        return {refused.name: refused.reason async for refused in ledger.refused(connection, SOURCE)}


async def pieces(database: Database) -> set[str]:
    return {id.removeprefix("midicaps/") for (id,) in await values(database, "SELECT id FROM reference")}


def faults(found: dict[str, str], expected: dict[str, str]) -> list[str]:
    """What was refused wrongly, not refused, or for another reason than the one meant."""
    names = found.keys() ^ expected.keys()
    return [*names, *(name for name in found.keys() & expected.keys() if expected[name] not in found[name])]


async def test_every_good_song_comes_in_and_every_broken_one_is_refused_with_its_reason(
    database: Database, archived: DataSet
) -> None:
    filling = await ingest(database, archived.folder)
    assert await pieces(database) == archived.good
    assert faults(await refusals(database), archived.broken) == []
    assert (filling.pieces, filling.rejected) == (SONGS, BROKEN)


async def test_an_unpacked_data_set_gives_the_same_pieces(
    database: Database, archived: DataSet, tmp_path: Path
) -> None:
    statement = "SELECT id, content_hash FROM reference ORDER BY id"
    await ingest(database, archived.folder)
    from_archive = await values(database, statement)
    await _empty(database)
    (tmp_path / "train.json").write_bytes((archived.folder / "train.json").read_bytes())
    with tarfile.open(archived.folder / "midicaps.tar.gz") as archive:
        archive.extractall(tmp_path, filter="fully_trusted")
    await ingest(database, tmp_path)
    assert await values(database, statement) == from_archive
    assert faults(await refusals(database), archived.broken) == []


async def test_pieces_carry_what_the_data_set_says_of_them(database: Database, archived: DataSet) -> None:
    await ingest(database, archived.folder)
    with (archived.folder / "train.json").open() as file:
        line = json.loads(file.readline())
    row = (
        await values(
            database,
            "SELECT caption, key, meter, tempo_bpm, genre, mood, licence, features ->> 'described_by', "
            "features -> 'instruments', abc FROM reference JOIN reference_text ON reference = id "
            f"WHERE id = 'midicaps/{line['location']}'",
        )
    )[0]
    assert row[:4] == (line["caption"], line["key"], line["time_signature"], float(line["tempo"]))
    assert row[4:8] == ("rock", "energetic, film, happy, dark, epic", "CC-BY-SA-4.0", "data set")
    assert row[8] == [name.lower() for name in line["instrument_summary"]]
    assert row[9].startswith("X:1\n")


async def test_ingesting_again_reads_nothing_again(database: Database, archived: DataSet) -> None:
    await ingest(database, archived.folder)
    again = await ingest(database, archived.folder)
    assert (again.pieces, again.unchanged, again.rejected, again.embedded_anew) == (0, SONGS, BROKEN, 0)


async def test_a_mended_line_becomes_a_piece_and_its_refusal_goes(
    database: Database, archived: DataSet, tmp_path: Path
) -> None:
    await ingest(database, archived.folder)
    lines = (archived.folder / "train.json").read_text().splitlines()
    (number,) = (n for n, line in enumerate(lines) if not line.endswith(("}", "]")))
    lines[number] = json.dumps({"location": "lmd_full/b/broken0000.mid", "caption": "A mended song."})
    (tmp_path / "train.json").write_text("\n".join(lines))
    (tmp_path / "midicaps.tar.gz").symlink_to(archived.folder / "midicaps.tar.gz")
    mended = await ingest(database, tmp_path)
    assert (mended.pieces, mended.unchanged, mended.rejected) == (1, SONGS, BROKEN - 1)
    assert f"train.json:{number + 1}" not in await refusals(database)


async def test_a_song_that_is_broken_later_leaves_the_library(
    database: Database, archived: DataSet, tmp_path: Path
) -> None:
    await ingest(database, archived.folder)
    gone = min(archived.good)
    text_of = (archived.folder / "train.json").read_text()
    (tmp_path / "train.json").write_text(text_of.replace(f'"{gone}", "caption"', f'"{gone}", "words"'))
    (tmp_path / "midicaps.tar.gz").symlink_to(archived.folder / "midicaps.tar.gz")
    await ingest(database, tmp_path)
    assert await pieces(database) == archived.good - {gone}


async def test_a_full_disk_leaves_no_batch_half_loaded_and_says_what_to_do(
    database: Database, archived: DataSet
) -> None:
    await _fill_the_disk_at(database, 20)
    with pytest.raises(DatabaseFull, match="no room left"):
        await ingest(database, archived.folder)
    stored = await pieces(database)
    counts = await values(
        database,
        "SELECT (SELECT count(*) FROM reference_text), (SELECT count(*) FROM embedding), "
        "(SELECT count(*) FROM library_file WHERE reference IS NOT NULL)",
    )
    assert 0 < len(stored) < SONGS
    assert counts == [(len(stored),) * 3]


async def test_after_a_full_disk_the_same_command_goes_on(database: Database, archived: DataSet) -> None:
    await _fill_the_disk_at(database, 20)
    with pytest.raises(DatabaseFull):
        await ingest(database, archived.folder)
    before = len(await pieces(database))
    async with database.transaction() as connection:
        await connection.execute(text("DROP TRIGGER full_disk ON embedding"))
    filling = await ingest(database, archived.folder)
    assert await pieces(database) == archived.good
    assert filling.unchanged == before


async def test_an_archive_cut_short_gives_what_is_whole_and_the_whole_one_later_the_rest(
    database: Database, archived: DataSet, tmp_path: Path
) -> None:
    (tmp_path / "train.json").write_bytes((archived.folder / "train.json").read_bytes())
    whole = (archived.folder / "midicaps.tar.gz").read_bytes()
    (tmp_path / "midicaps.tar.gz").write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(InvalidRequest, match="damaged or cut short"):
        await ingest(database, tmp_path)
    assert len(await pieces(database)) < SONGS
    (tmp_path / "midicaps.tar.gz").write_bytes(whole)
    await ingest(database, tmp_path)
    assert await pieces(database) == archived.good


async def test_a_folder_without_the_data_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"train\.json"):
        midicaps(tmp_path)


async def test_an_index_is_built_from_the_size_on_that_pays(database: Database, archived: DataSet) -> None:
    await ingest(database, archived.folder)
    assert await indexes(database) == []
    await fill(database, midicaps(archived.folder), WordEmbedder(), processes=1, index_from=1)
    assert await indexes(database) == [vectors.index_name(WordEmbedder().space)]


async def test_an_index_is_built_serially_where_shared_memory_is_too_small(
    database: Database, archived: DataSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ingest(database, archived.folder)
    too_much = _more_than_shared_memory()
    monkeypatch.setattr(vector_index, "build_memory", lambda *_: too_much)
    async with database.transaction() as connection:
        await connection.execute(text("ALTER TABLE embedding SET (parallel_workers = 2)"))
    space = WordEmbedder().space
    assert await vector_index.ensure_index(database, space, index_from=1, most_memory=too_much)
    assert await indexes(database) == [vectors.index_name(space)]


async def indexes(database: Database) -> list[str]:
    """The HNSW indexes that there are."""
    found = await values(
        database, "SELECT indexname FROM pg_indexes WHERE tablename = 'embedding' AND indexdef LIKE '%hnsw%'"
    )
    return [name for (name,) in found]


def _more_than_shared_memory() -> int:
    """MiB: more than /dev/shm can give, whatever the machine."""
    size = os.statvfs("/dev/shm")
    return size.f_blocks * size.f_frsize // 2**20 + 1024


async def _fill_the_disk_at(database: Database, vectors_stored: int) -> None:
    """Let Postgres say what it says on a full disk, as soon as so many vectors are stored."""
    async with database.transaction() as connection:
        await connection.execute(
            text(
                "CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF (SELECT count(*) FROM embedding) >= {vectors_stored} THEN RAISE EXCEPTION "
                "'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; "
                "END IF; RETURN NEW; END $$"
            )
        )
        await connection.execute(
            text(
                "CREATE TRIGGER full_disk BEFORE INSERT ON embedding FOR EACH ROW EXECUTE FUNCTION full_disk()"
            )
        )


async def _empty(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute(text("TRUNCATE reference, library_ingest, library_file CASCADE"))
