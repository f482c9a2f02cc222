"""Who is signed on at which register, as far as staff told it or a token showed it."""

from typing import NamedTuple

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from contracts.ids import RegisterId, StaffId
from services.checkout.store import known_tables


class SignedOn(NamedTuple):
    """The newest session of a register, and who is signed on in it; None when it has ended.

    ``sells``: they may sell without an approval.
    """

    session: int
    staff_id: StaffId | None
    sells: bool = True


class SignedOnStore:
    """The newest session of every register."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> dict[RegisterId, SignedOn]:
        """Every register that somebody was ever signed on at."""
        rows = self._connection.execute(select(known_tables.signed_on))
        return {RegisterId(row.register_id): SignedOn(row.session, row.staff_id, row.sells) for row in rows}

    def put(self, register: RegisterId, signed_on: SignedOn) -> None:
        """Know of a register's newest session."""
        values = signed_on._asdict()
        fresh = insert(known_tables.signed_on).values(register_id=register, **values)
        self._connection.execute(
            fresh.on_conflict_do_update(index_elements=[known_tables.signed_on.c.register_id], set_=values)
        )
