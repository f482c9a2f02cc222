"""Migrations: bring a service's database to the version its program needs, in a process of their own.

The runtime's tables have a chain of their own, run first. Foreign keys are off before ``BEGIN``
(a batch rebuild with them on deletes child rows), everything is one transaction, and before it
commits the foreign keys are checked and no table may have lost a row. A database with
something in it is copied first. Run: ``python -m services.runtime.migrate DATA SERVICE...``.
"""

import contextlib
import os
import re
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.pool import StaticPool

from services.runtime.clock import SystemClock, stamp
from services.runtime.database import back_up, uri

RUNTIME_CHAIN = Path(__file__).parent / "migrations"
CLOSED_TO_OTHERS = 0o027
"""The umask of whoever makes a database: 0640, folders 0750."""
_REVISION = re.compile(r"(\d{4})_\w+\.py")


class MigrationFailed(Exception):
    """The database could not be brought up to date and is as it was before."""


def chains(service: str, folder: Path | None = None) -> tuple[tuple[str, Path], ...]:
    """The chains of a service's database: the version table's name and the folder, in the order to be run."""
    own = folder or Path(__file__).parents[1] / service / "migrations"
    return (("runtime_version", RUNTIME_CHAIN), (f"{service}_version", own))


def newest(folder: Path) -> str | None:
    """The last revision of a chain; a migration's file is named by its revision, ``0001_...py``."""
    found = (_REVISION.fullmatch(file.name) for file in (folder / "versions").glob("*.py"))
    return max((match[1] for match in found if match), default=None)


def is_current(file: Path, parts: tuple[tuple[str, Path], ...]) -> bool:
    """Whether a database needs no migration."""
    if not file.is_file():
        return False
    try:
        connection = sqlite3.connect(uri(file, "ro"), uri=True)
    except sqlite3.Error:
        return False
    try:
        return all(_version(connection, table) == newest(folder) for table, folder in parts)
    except sqlite3.Error:
        return False
    finally:
        connection.close()


def migrate(file: Path, parts: tuple[tuple[str, Path], ...]) -> bool:
    """Run what is pending; returns whether anything was.

    Raises:
        MigrationFailed: nothing was changed; the sentence says why.
    """
    if is_current(file, parts):
        return False
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as driver:
            _migrate(driver, file, parts)
    except MigrationFailed:
        raise
    except Exception as error:  # a revision is a program and may fail in any way
        # The first line says what is wrong; those after it may quote the statement with what is in it.
        reason, *_statement = str(error).split("\n")
        raise MigrationFailed(f"{file} was left as it was: {reason}") from error
    return True


def _migrate(driver: sqlite3.Connection, file: Path, parts: tuple[tuple[str, Path], ...]) -> None:
    for table, folder in parts:
        version = _version(driver, table)
        if version is not None and version > (newest(folder) or ""):
            raise MigrationFailed(f"{file} was made by a newer Tillwire, with {table} {version}; run that one")
    driver.execute("PRAGMA journal_mode=WAL")
    driver.execute("PRAGMA foreign_keys=OFF")
    before = dict(_row_counts(driver))
    if before:
        at = stamp(SystemClock().now()).translate(str.maketrans("", "", ":."))
        back_up(driver, file.parent / "backups" / f"{file.stem}-before-{at}.sqlite3")
    _upgrade(driver, parts, before)


def _version(connection: sqlite3.Connection, table: str) -> str | None:
    """The revision that a database is at in one chain; None where that chain was never run."""
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone() is None:
        return None
    row = connection.execute(f"SELECT version_num FROM {table}").fetchone()  # noqa: S608 - our own names
    return None if row is None else str(row[0])


def _upgrade(driver: sqlite3.Connection, parts: tuple[tuple[str, Path], ...], before: dict[str, int]) -> None:
    """Run all chains in one transaction and commit it if nothing was lost."""
    # Imported here, not above: a service looks whether it is current and must not carry Alembic along.
    from alembic.config import Config  # noqa: PLC0415
    from alembic.runtime.environment import EnvironmentContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    engine = create_engine("sqlite://", creator=lambda: driver, poolclass=StaticPool, hide_parameters=True)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    with engine.begin() as connection:
        for version_table, folder in parts:
            config = Config()
            config.set_main_option("script_location", str(folder).replace("%", "%%"))
            script = ScriptDirectory(str(folder))

            def steps(revision: Any, _context: Any, script: Any = script) -> Any:
                return script._upgrade_revs("head", revision)  # noqa: SLF001 - what alembic's own command does

            with EnvironmentContext(config, script, fn=steps) as environment:
                environment.configure(connection=connection, version_table=version_table, render_as_batch=True)
                environment.run_migrations()
        _check(driver, before)
    engine.dispose()


def _row_counts(connection: sqlite3.Connection) -> Iterator[tuple[str, int]]:
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    ).fetchall()
    for (name,) in names:
        (count,) = connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()  # noqa: S608 - read from the schema
        yield name, count


def _check(connection: sqlite3.Connection, before: dict[str, int]) -> None:
    broken = connection.execute("PRAGMA foreign_key_check").fetchone()
    if broken is not None:
        raise MigrationFailed(f"a row of table {broken[0]} would point to nothing in {broken[2]}; nothing was changed")
    after = dict(_row_counts(connection))
    for table, count in before.items():
        if table in after and after[table] < count:
            raise MigrationFailed(f"table {table} would lose {count - after[table]} rows; nothing was changed")


def main() -> None:
    """Migrate the databases of the named services."""
    os.umask(CLOSED_TO_OTHERS)
    data, *services = sys.argv[1:]
    for service in services:
        try:
            changed = migrate(Path(data) / f"{service}.sqlite3", chains(service))
        except MigrationFailed as failure:
            sys.exit(f"{service}: {failure}")
        if changed:
            print(f"{service}: database brought up to date", file=sys.stderr)  # noqa: T201 - told to whoever ran it


if __name__ == "__main__":
    main()
