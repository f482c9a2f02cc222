"""Who works here, as far as staff told it."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from contracts.ids import StaffId
from services.checkout.store import known_tables


class KnownStaffStore:
    """The staff list by id, nothing else of it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, staff_id: StaffId, *, active: bool) -> None:
        """Know whether somebody works here."""
        fresh = insert(known_tables.known_staff).values(staff_id=staff_id, active=active)
        self._connection.execute(
            fresh.on_conflict_do_update(index_elements=[known_tables.known_staff.c.staff_id], set_={"active": active})
        )

    def wipe(self) -> None:
        """Know nobody."""
        self._connection.execute(delete(known_tables.known_staff))

    def first_unknown(self, staff_ids: Sequence[StaffId]) -> StaffId | None:
        """The first of these who does not work here; None as long as nobody is known at all."""
        staff = known_tables.known_staff.c
        working = select(staff.staff_id).where(staff.staff_id.in_(staff_ids), staff.active)
        known = set(self._connection.execute(working).scalars())
        unknown = next((staff_id for staff_id in staff_ids if staff_id not in known), None)
        if unknown is None or self._connection.execute(select(staff.staff_id).limit(1)).first() is None:
            return None
        return unknown
