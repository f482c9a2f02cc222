"""Whether something of an erased customer was deleted whose bytes are still in the database's files."""

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from services.checkout.store import tables


class UnwipedStore:
    """One row, or none once the files were wiped."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def since(self) -> str | None:
        """When something was last deleted; None when nothing is left of it."""
        since: str | None = self._connection.execute(select(tables.unwiped.c.since)).scalar()
        return since

    def note(self, at: str) -> None:
        """Something was deleted just now."""
        fresh = insert(tables.unwiped).values(only=1, since=at)
        self._connection.execute(fresh.on_conflict_do_update(index_elements=["only"], set_={"since": at}))

    def wiped(self, since: str) -> None:
        """What was deleted until then is gone from the files, too."""
        self._connection.execute(delete(tables.unwiped).where(tables.unwiped.c.since == since))
