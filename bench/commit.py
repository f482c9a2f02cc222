"""``commit``: one durable SQLite commit of one row, as the hub's databases are set."""

import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.measure import figures_ms

WARM_UP = 20
COMMITS = 500


async def commit() -> dict[str, Any]:
    """The times of one commit after another."""
    return figures_ms(commits(COMMITS))


def commits(count: int) -> list[float]:
    """The times in seconds of so many commits on the disk where temporary files lie."""
    with tempfile.TemporaryDirectory(prefix="tillwire-bench-") as folder:
        connection = sqlite3.connect(Path(folder) / "commit.sqlite3", isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE sale (number INTEGER PRIMARY KEY, body TEXT)")
        times = []
        for _ in range(WARM_UP + count):
            began = time.perf_counter()
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO sale (body) VALUES (?)", ("x" * 500,))
            connection.execute("COMMIT")
            times.append(time.perf_counter() - began)
        connection.close()
        return times[WARM_UP:]
