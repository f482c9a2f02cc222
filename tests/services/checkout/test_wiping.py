"""What was deleted of erased customers goes from checkout's files, of a large one by day, too, where it waited."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from services.checkout.service import checkout
from services.checkout.settings import CheckoutSettings
from services.runtime.clock import SetClock, stamp
from services.runtime.wiping import REBUILT_AT_ONCE_BYTES
from tests.under_test import store_under_test, until

NOON = datetime(2026, 3, 14, 11, tzinfo=UTC)


def deleted(file: Path, at: datetime) -> None:
    """Note that something was deleted, of a database that is too large to be rebuilt while people sell."""
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("CREATE TABLE room (bytes BLOB)")
        database.execute("INSERT INTO room VALUES (zeroblob(?))", (REBUILT_AT_ONCE_BYTES,))
        database.execute("DROP TABLE room")
        database.execute("INSERT INTO unwiped VALUES (1, ?)", (stamp(at),))
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def test_what_waited_since_before_the_start_is_wiped_by_day_of_a_large_database_too(tmp_path: Path) -> None:
    file, clock = tmp_path / "checkout.sqlite3", SetClock(NOON)
    async with store_under_test(tmp_path, clock) as store:
        await store.start(checkout(CheckoutSettings()))
        await store.stop("checkout")
        deleted(file, NOON)
        clock.move(1)

        await store.start(checkout(CheckoutSettings()))

        await until(lambda: file.stat().st_size < REBUILT_AT_ONCE_BYTES)
