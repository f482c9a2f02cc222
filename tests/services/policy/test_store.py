"""Policy's tables are as the migrations make them."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from services.policy.store import METADATA
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
