"""The database of one service: how its file is opened, written, read and copied.

SQLite in WAL with ``synchronous=FULL``. Only the writer's connection writes or checkpoints;
every other one is opened read-only. Tables are made by migrations (``migrate.py``), never here.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import quote

import aiosqlite
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

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


def open_copy(file: Path) -> Engine:
    """Open a database file that nobody writes, to look at it; nothing is put beside it."""
    unchanging = uri(file, "ro") + "&immutable=1"
    return create_engine("sqlite://", creator=lambda: sqlite3.connect(unchanging, uri=True), poolclass=StaticPool)


class Readers:
    """Read transactions on read-only connections, each with aiosqlite's thread of its own.

    A whole read runs in that thread in one hop. Statement by statement, as SQLAlchemy's own
    asyncio does it, a read costs some twenty hops between threads and five times the processor time.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._free: asyncio.Queue[_Reader] = asyncio.Queue()
        self._readers: list[_Reader] = []
        self._reading: set[asyncio.Task[Any]] = set()

    async def open(self) -> None:
        """Open the connections."""
        for _ in range(READERS):
            reader = await _Reader.open(self._file)
            self._readers.append(reader)
            self._free.put_nowait(reader)

    async def read(self, function: Callable[[Connection], T]) -> T:
        """Run a function that reads in one transaction, so that all it sees is of one moment."""
        reader = await self._free.get()
        # A read that nobody waits for any more is finished all the same before its connection is used again.
        reading = asyncio.create_task(reader.read(function))
        self._reading.add(reading)
        reading.add_done_callback(lambda _: self._done(reading, reader))
        return await asyncio.shield(reading)

    async def close(self) -> None:
        """Finish what is being read and close all connections."""
        await asyncio.gather(*self._reading, return_exceptions=True)
        for reader in self._readers:
            await reader.close()

    def _done(self, reading: asyncio.Task[Any], reader: "_Reader") -> None:
        self._reading.discard(reading)
        self._free.put_nowait(reader)
        if not reading.cancelled():
            reading.exception()  # whoever still waits sees it; without anybody asyncio need not complain


class _Reader:
    """One read-only connection: aiosqlite's thread, and SQLAlchemy Core on the same driver connection there."""

    def __init__(self, connection: aiosqlite.Connection, driver: sqlite3.Connection) -> None:
        self._connection = connection
        self._engine = create_engine("sqlite://", creator=lambda: driver, poolclass=StaticPool, hide_parameters=True)
        event.listen(self._engine, "begin", lambda begun: begun.exec_driver_sql("BEGIN"))
        self._bound = self._engine.connect()

    @classmethod
    async def open(cls, file: Path) -> "_Reader":
        connection = await aiosqlite.connect(
            uri(file, "ro"), uri=True, isolation_level=None, check_same_thread=False, cached_statements=512
        )
        # aiosqlite has no public way to its thread; a test proves that this one still leads there.
        return cls(connection, connection._conn)  # noqa: SLF001

    async def read(self, function: Callable[[Connection], T]) -> T:
        """Run the function in the thread, in one transaction."""

        def in_one_moment() -> T:
            with self._bound.begin():
                return function(self._bound)

        # aiosqlite annotates none of it
        answer: T = await self._connection._execute(in_one_moment)  # type: ignore[no-untyped-call] # noqa: SLF001 - as above
        return answer

    async def close(self) -> None:
        self._bound.close()
        self._engine.dispose()
        await self._connection.close()


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
