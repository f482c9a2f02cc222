"""Policy's tables are as the migrations make them."""

import contextlib
import shutil
import sqlite3
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from services.policy.store.tables import METADATA
from services.runtime.migrate import chains, migrate


def test_the_migrations_make_the_tables_that_the_queries_know(tmp_path: Path) -> None:
    file = tmp_path / "policy.sqlite3"
    migrate(file, chains("policy"))
    engine = create_engine(f"sqlite:///{file}")

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_name": lambda name, kind, _parents: kind != "table" or name in METADATA.tables}
        )
        differences = compare_metadata(context, METADATA)
        names = set(inspect(connection).get_table_names())
    engine.dispose()

    assert differences == []
    assert set(METADATA.tables) <= names


def test_a_database_of_before_keeps_its_decisions_with_day_and_hour(tmp_path: Path) -> None:
    file = tmp_path / "policy.sqlite3"
    runtime, (name, folder) = chains("policy")
    first = tmp_path / "migrations"
    shutil.copytree(folder, first, ignore=shutil.ignore_patterns("0002_*", "__pycache__"))
    migrate(file, (runtime, (name, first)))
    with contextlib.closing(sqlite3.connect(file)) as old:
        old.execute(
            "INSERT INTO decision (decision_id, register, decided_at, outcome, total, transaction_kind) "
            "VALUES ('d-1', 'till-1', '2026-03-01T09:30:00.000000Z', 'block', 100, 'sale')"
        )
        old.execute("INSERT INTO decision_item VALUES ('d-1', 'contact', 'required', 0, 'email-missing')")
        old.commit()

    migrate(file, chains("policy"))

    with contextlib.closing(sqlite3.connect(file)) as new:
        kept = new.execute("SELECT business_day, hour, goods_lines, anew FROM decision JOIN decision_item").fetchall()
    assert kept == [("2026-03-01", 9, None, 1)]
