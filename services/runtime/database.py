"""The database of one service: how its file is opened, written, read and copied.

SQLite in WAL with ``synchronous=FULL``. Only the writer's connection writes or checkpoints;
every other one is opened read-only. Tables are made by migrations (``migrate.py``), never here.
"""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, StaticPool

T = TypeVar("T")

READERS = 4
BUSY_TIMEOUT_MS = 5000


def uri(file: Path, mode: Literal["ro", "rw"]) -> str:
    """The file as SQLite opens it in that mode, whatever characters its folder's name has (RFC 3986, 2.1)."""
    return f"file:{quote(str(file))}?mode={mode}"


def open_writer(file: Path) -> Engine:
    """Open the one connection that writes. Every transaction begins with ``BEGIN IMMEDIATE``."""

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            uri(file, "rw"), uri=True, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        for pragma in (
            f"busy_timeout={BUSY_TIMEOUT_MS}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=StaticPool, hide_parameters=True)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def open_readers(file: Path) -> AsyncEngine:
    """Open connections that only read and never wait for the writer."""
    engine = create_async_engine(
        "sqlite+aiosqlite://",
        poolclass=AsyncAdaptedQueuePool,
        pool_size=READERS,
        max_overflow=0,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
    )

    @event.listens_for(engine.sync_engine, "do_connect")
    def name_the_file(_dialect: Any, _record: Any, arguments: list[Any], options: dict[str, Any]) -> None:
        """Name the file here, for SQLAlchemy's URLs read some characters of a folder's name as their own."""
        arguments[:] = [uri(file, "ro")]
        options["uri"] = True

    return engine


class Readers:
    """Read transactions on read-only connections."""

    def __init__(self, file: Path) -> None:
        self._engine = open_readers(file)

    async def read(self, function: Callable[[Connection], T]) -> T:
        """Run a function that reads in one transaction, so that all it sees is of one moment."""
        async with self._engine.connect() as connection:
            return await connection.run_sync(_in_one_moment, function)

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()


def _in_one_moment(connection: Connection, function: Callable[[Connection], T]) -> T:
    connection.exec_driver_sql("BEGIN")
    answer = function(connection)  # if it raises, the pool ends the transaction when the connection comes back
    connection.exec_driver_sql("COMMIT")
    return answer


def is_database_fault(error: BaseException) -> bool:
    """Whether an error is the database's (disk full, read-only, locked), not the fault of what was asked of it."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(original, sqlite3.DatabaseError):
        return False
    if isinstance(original, sqlite3.IntegrityError | sqlite3.ProgrammingError | sqlite3.InterfaceError):
        return False
    return getattr(original, "sqlite_errorcode", sqlite3.SQLITE_ERROR) != sqlite3.SQLITE_ERROR


def back_up(source: sqlite3.Connection, target: Path) -> int:
    """Copy a live database to a new file, check the copy, and return its size in bytes.

    Raises:
        sqlite3.DatabaseError: the copy is not whole; it is removed again.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".unfinished")
    copy = sqlite3.connect(unfinished)
    try:
        source.backup(copy)
        _check_whole(copy)
    except BaseException:
        copy.close()
        unfinished.unlink(missing_ok=True)
        raise
    copy.close()
    with unfinished.open("rb") as written:
        os.fsync(written.fileno())
    unfinished.replace(target)
    return target.stat().st_size


def _check_whole(copy: sqlite3.Connection) -> None:
    (verdict,) = copy.execute("PRAGMA integrity_check").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError("the copy of the database is not whole")
