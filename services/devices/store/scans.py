"""The counters of scans."""

from typing import Literal

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from services.devices.store.tables import scan_count


class ScanStore:
    """The counters of scans."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self, counter: Literal["device", "register", "printing"]) -> dict[str, int]:
        """The last number of each name of a counter."""
        rows = self._connection.execute(select(scan_count).where(scan_count.c.counter == counter))
        return {row.name: row.last for row in rows}

    def next(self, counter: Literal["device", "register", "printing"], name: str) -> int:
        """The next number of a counter: 1, 2, 3 ..."""
        fresh = insert(scan_count).values(counter=counter, name=name, last=1)
        counted = fresh.on_conflict_do_update(
            index_elements=[scan_count.c.counter, scan_count.c.name], set_={"last": scan_count.c.last + 1}
        ).returning(scan_count.c.last)
        last: int = self._connection.execute(counted).scalar_one()
        return last
