"""The migrations make exactly the tables that checkout works with."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine

from services.checkout.store.tables import METADATA
from services.runtime.migrate import chains, migrate
from services.runtime.tables import METADATA as RUNTIME


def test_migrations_and_tables_agree(tmp_path: Path) -> None:
    file = tmp_path / "checkout.sqlite3"

    migrate(file, chains("checkout"))

    engine = create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        others = {*RUNTIME.tables, "runtime_version", "checkout_version"}
        context = MigrationContext.configure(
            connection, opts={"include_name": lambda name, kind, _parents: kind != "table" or name not in others}
        )
        differences = compare_metadata(context, METADATA)
    engine.dispose()
    assert differences == []
