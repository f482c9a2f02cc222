"""What was deleted leaves no bytes in the database's files.

``secure_delete`` zeroes what is deleted from now on. What a page still holds beside its rows after it was divided,
and what stands in the write-ahead log, goes when the file is rebuilt and the log is cut off. That is the one thing
here that another connection than the writer's does; it waits for the writer as any other would.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection

from services.runtime.database import uri

REBUILT_AT_ONCE_BYTES = 64 * 1024 * 1024
"""Rebuilding more than that would let registers wait; it is done at night."""
_PATIENCE_S = 4.0


def leave_no_bytes(connection: Connection) -> None:
    """Zero what this connection deletes from now on."""
    connection.exec_driver_sql("PRAGMA secure_delete=ON")


def rebuilds_at_once(file: Path) -> bool:
    """Whether the database is small enough to be rebuilt at any time of the day."""
    return file.stat().st_size <= REBUILT_AT_ONCE_BYTES


def wipe(file: Path) -> bool:
    """Rebuild the database without what was deleted, and cut off its log; says whether the log is empty now.

    Raises:
        sqlite3.OperationalError: the writer or the disk did not let it.
    """
    with closing(sqlite3.connect(uri(file, "rw"), uri=True, isolation_level=None, timeout=_PATIENCE_S)) as connection:
        connection.execute("VACUUM")
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy
