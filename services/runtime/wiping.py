"""What was deleted leaves no bytes in a database's files.

``secure_delete`` zeroes what is deleted from now on. What a page still holds beside its rows after it was divided,
and what stands in the write-ahead log, goes when the file is rebuilt and the log is cut off. That is the one thing
that another connection than the writer's does; it waits for the writer as any other would.
"""

from datetime import time, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from services.runtime.database import is_database_fault, open_writer

REBUILT_AT_ONCE_BYTES = 64 * 1024 * 1024
"""Rebuilding more than that would let registers wait; it is done at night."""
NIGHT = (time(1), time(5))
"""When nobody waits for a large database to be rebuilt, by the shop's wall clock."""
WAITS_FOR_NIGHT = timedelta(hours=12)
"""Of a box that is off at night it is done by day once it has waited so long, where nobody settled another time."""
PATIENCE_MS = 4000


def leave_no_bytes(connection: Connection) -> None:
    """Zero what this connection deletes from now on."""
    connection.exec_driver_sql("PRAGMA secure_delete=ON")


def may_rebuild(size: int, wall_clock: time, *, waited: bool) -> bool:
    """Whether a database of so many bytes may be rebuilt at this hour: a small one at any, so one that ``waited`` long.

    What waited before the start of a service has waited long: its box may be off every night.
    """
    return size <= REBUILT_AT_ONCE_BYTES or waited or NIGHT[0] <= wall_clock < NIGHT[1]


def wipe(file: Path) -> bool:
    """Rebuild the database without what was deleted, and cut off its log; says whether that was done.

    The writer, a reader or a full disk may not let it: then it is tried again later.
    """
    engine = open_writer(file)
    try:
        pooled = engine.raw_connection()
        # Straight to the driver: SQLAlchemy would begin a transaction, in which nothing is rebuilt.
        connection: Any = pooled.driver_connection
        connection.execute(f"PRAGMA busy_timeout={PATIENCE_MS}")
        connection.execute("PRAGMA temp_store=DEFAULT")
        connection.execute("VACUUM")
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except Exception as error:
        if not is_database_fault(error):
            raise
        return False
    finally:
        engine.dispose()
    return not busy
