"""The schema: made once, by one process, checked by every other; and the same as the tables say."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, make_url, text

from hartmann.errors import DatabaseUnavailable, SchemaOutdated
from hartmann.storage import migrating, queue_schema
from hartmann.storage.database import open_database
from hartmann.storage.tables import metadata
from hartmann.storage.vectors import index_name

pytestmark = pytest.mark.integration

TRIGGER_FUNCTION = "procrastinate_trigger_function_status_events_update_v1"
NOT_OURS = ("procrastinate_", "alembic_version", "queue_schema")


def run(url: str, *statements: str) -> None:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def test_an_empty_database_needs_an_upgrade_and_then_does_not(empty_database_url: str) -> None:
    before = migrating.check(empty_database_url)
    assert (before.current, before.queue_current, before.is_current) == ("", "", False)
    after = migrating.upgrade(empty_database_url)
    assert after.is_current
    assert migrating.check(empty_database_url) == after


def test_upgrading_twice_changes_nothing(database_url: str) -> None:
    assert migrating.upgrade(database_url) == migrating.upgrade(database_url)


def test_two_that_upgrade_at_once_do_it_one_after_the_other(empty_database_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        states = list(pool.map(migrating.upgrade, [empty_database_url] * 4))
    assert all(state.is_current for state in states)


def test_an_old_schema_is_refused_with_the_command_that_mends_it(empty_database_url: str) -> None:
    with pytest.raises(SchemaOutdated, match=r"the database has no schema.*run: hartmann db upgrade$"):
        migrating.require_current(empty_database_url)


def test_a_schema_from_the_future_is_refused_and_left_alone(empty_database_url: str) -> None:
    migrating.upgrade(empty_database_url)
    run(empty_database_url, "UPDATE alembic_version SET version_num = '9999'")
    for use in (migrating.require_current, migrating.upgrade):
        with pytest.raises(SchemaOutdated, match="schema 9999, which this program does not know"):
            use(empty_database_url)


def test_an_older_queue_is_brought_up_to_date(empty_database_url: str) -> None:
    migrating.upgrade(empty_database_url)
    run(
        empty_database_url,
        "UPDATE queue_schema SET migration = '03.04.00_01_pre_add_retry_failed_job_procedure.sql'",
        f"DROP FUNCTION {TRIGGER_FUNCTION} CASCADE",
    )
    assert not migrating.check(empty_database_url).is_current
    assert migrating.upgrade(empty_database_url).queue_current == queue_schema.expected()
    run(empty_database_url, f"SELECT '{TRIGGER_FUNCTION}'::regproc")


def test_indexes_of_older_databases_are_renamed_and_not_built_anew(empty_database_url: str) -> None:
    migrating.upgrade(empty_database_url)
    spaces = {"embedding_mini_v1": "mini/v1", "embedding_it_s_l_v1": "it's-l/v1"}
    run(
        empty_database_url,
        *(
            f"CREATE INDEX {name} ON embedding USING hnsw ((vector::halfvec(4)) halfvec_ip_ops) "
            f"WHERE space = '{space.replace(chr(39), 2 * chr(39))}'"
            for name, space in spaces.items()
        ),
        "UPDATE alembic_version SET version_num = '0003'",
    )
    before = indexes(empty_database_url)
    migrating.upgrade(empty_database_url)
    after = indexes(empty_database_url)
    assert after.keys() >= {index_name(space) for space in spaces.values()}
    assert sorted(before.values()) == sorted(after.values())


def indexes(url: str) -> dict[str, int]:
    """The indexes of vectors by name, with the files that hold them."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    query = "SELECT relname, relfilenode FROM pg_class WHERE relkind = 'i' AND relname LIKE 'embedding%'"
    with engine.connect() as connection:
        found = {str(name): int(node) for name, node in connection.execute(text(query))}
    engine.dispose()
    return found


def test_the_migrations_make_the_tables_that_the_program_knows(database_url: str) -> None:
    engine = create_engine(make_url(database_url).set(drivername="postgresql+psycopg"))
    try:
        with engine.connect() as connection:
            assert differences_of(connection) == []
    finally:
        engine.dispose()


def differences_of(connection: Connection) -> list[object]:
    """What alembic finds different, apart from what is not ours."""

    def ours(_: object, name: str | None, kind: str, *__: object) -> bool:
        return not (kind == "table" and str(name).startswith(NOT_OURS))

    context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": True})
    return list(compare_metadata(context, metadata))


def test_a_database_that_does_not_answer_is_unavailable_and_its_password_is_not_shown() -> None:
    with pytest.raises(DatabaseUnavailable, match=r"127\.0\.0\.1:1/x does not answer") as raised:
        migrating.check("postgresql://me:secret@127.0.0.1:1/x")
    assert "secret" not in raised.value.message


async def test_a_server_with_an_old_schema_is_not_opened(empty_database_url: str, tmp_path: Path) -> None:
    with pytest.raises(SchemaOutdated, match="hartmann db upgrade"):
        async with open_database(empty_database_url, tmp_path):
            pass
