"""What checkout last heard of policy's settings, for when policy is away."""

import msgspec
from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from services.checkout.model.decisions import KnownPolicy
from services.checkout.store import known_tables


class KnownPolicyStore:
    """One row, or none until policy was heard once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self) -> KnownPolicy | None:
        """What was last heard."""
        row = self._connection.execute(select(known_tables.known_policy)).one_or_none()
        return None if row is None else KnownPolicy(row.on_unavailable, row.attribution, row.moment, row.revision)

    def put(self, known: KnownPolicy) -> None:
        """Remember what was just heard."""
        values = msgspec.structs.asdict(known)
        fresh = insert(known_tables.known_policy).values(only=1, **values)
        self._connection.execute(fresh.on_conflict_do_update(index_elements=["only"], set_=values))
