"""Prepared statements do what SQLAlchemy would do with them."""

from pathlib import Path

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, bindparam, event, insert, select, update

from services.runtime.database import open_writer
from services.runtime.prepared import Prepared

METADATA = MetaData()
shelf = Table("shelf", METADATA, Column("name", Text, primary_key=True), Column("count", Integer))

ADD = Prepared(insert(shelf))
FIND = Prepared(select(shelf).where(shelf.c.name == bindparam("name_")))
TAKE = Prepared(
    update(shelf).where(shelf.c.name == bindparam("name_")).values(count=shelf.c.count - 1).returning(shelf.c.count)
)


@pytest.fixture
def connection(tmp_path: Path) -> Connection:
    file = tmp_path / "shelf.sqlite3"
    file.touch()
    connection = open_writer(file).connect()
    METADATA.create_all(connection)
    connection.commit()
    return connection


def test_rows_go_in_and_come_out_by_name(connection: Connection) -> None:
    ADD.run(connection, {"name": "tea", "count": 3})
    ADD.run_for(connection, [{"name": "milk", "count": 5}, {"count": 7, "name": "salt"}])
    ADD.run_for(connection, [])

    assert FIND.one(connection, {"name_": "tea"}).count == 3
    assert FIND.one(connection, {"name_": "salt"}).count == 7
    assert FIND.first(connection, {"name_": "ink"}) is None
    with pytest.raises(LookupError):
        FIND.one(connection, {"name_": "ink"})


def test_values_fixed_in_the_statement_are_kept(connection: Connection) -> None:
    ADD.run(connection, {"name": "tea", "count": 3})

    assert TAKE.one(connection, {"name_": "tea"}).count == 2
    assert TAKE.one(connection, {"name_": "tea"}).count == 1


def test_whoever_listens_to_statements_hears_them(connection: Connection) -> None:
    heard: list[str] = []
    event.listen(connection.engine, "before_cursor_execute", lambda *told: heard.append(told[2]))

    FIND.first(connection, {"name_": "tea"})

    assert [text.split()[0] for text in heard] == ["SELECT"]


def test_what_is_prepared_belongs_to_the_transaction(connection: Connection) -> None:
    with connection.begin() as transaction:
        ADD.run(connection, {"name": "tea", "count": 3})
        transaction.rollback()

    assert FIND.first(connection, {"name_": "tea"}) is None
