"""The counters of scans and of what registers are told of their paper."""

from typing import Literal

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from services.devices.store.tables import scan_count

Counter = Literal["device", "register", "printing", "paperless"]
"""``paperless`` has the registers without a printer of which a sale wanted paper."""


class ScanStore:
    """The counters of scans and of what registers are told of their paper."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self, counter: Counter) -> dict[str, int]:
        """The last number of each name of a counter."""
        rows = self._connection.execute(select(scan_count).where(scan_count.c.counter == counter))
        return {row.name: row.last for row in rows}

    def next(self, counter: Counter, name: str) -> int:
        """The next number of a counter: 1, 2, 3 ..."""
        fresh = insert(scan_count).values(counter=counter, name=name, last=1)
        counted = fresh.on_conflict_do_update(
            index_elements=[scan_count.c.counter, scan_count.c.name], set_={"last": scan_count.c.last + 1}
        ).returning(scan_count.c.last)
        last: int = self._connection.execute(counted).scalar_one()
        return last

    def has(self, counter: Counter, name: str) -> bool:
        """Whether anything was counted under that name."""
        counted = select(scan_count.c.last).where(scan_count.c.counter == counter, scan_count.c.name == name)
        return self._connection.execute(counted).one_or_none() is not None

    def forget(self, counter: Counter, name: str) -> None:
        """Count a name from the beginning."""
        self._connection.execute(delete(scan_count).where(scan_count.c.counter == counter, scan_count.c.name == name))
