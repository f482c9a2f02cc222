"""Who works here: rows of ``staff_member`` to records and back."""

from datetime import datetime

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from contracts.ids import StaffId
from contracts.staff import RoleId, StaffMember
from services.runtime.clock import stamp
from services.staff.model.people import Record
from services.staff.model.roles import OWNER
from services.staff.pins import NO_PIN
from services.staff.store.tables import sign_on_try, staff_member


class StaffStore:
    """Who works here."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, staff_id: StaffId) -> Record | None:
        """The staff member with that id, or None."""
        return self._one(select(staff_member).where(staff_member.c.staff_id == staff_id))

    def find_badge(self, badge: str) -> Record | None:
        """The staff member with that badge, or None."""
        return self._one(select(staff_member).where(staff_member.c.badge == badge))

    def get(self, staff_id: StaffId) -> Record:
        """The staff member with that id, who is known to be there."""
        return _record(self._connection.execute(select(staff_member).where(staff_member.c.staff_id == staff_id)).one())

    def active_owners(self) -> int:
        """How many owners can sign on."""
        return self._connection.execute(
            select(func.count()).where(staff_member.c.role == OWNER, staff_member.c.active)
        ).scalar_one()

    def all_members(self) -> list[StaffMember]:
        """Everybody, in no order, without badges."""
        columns = staff_member.c
        rows = self._connection.execute(
            select(columns.staff_id, columns.name, columns.short_name, columns.role, columns.active, columns.revision)
        )
        return [
            StaffMember(row.staff_id, row.name, row.short_name, row.role, row.active, revision=row.revision)
            for row in rows
        ]

    def having(self, role: RoleId) -> list[StaffId]:
        """Everybody with that role whose name is not forgotten."""
        return list(
            self._connection.execute(
                select(staff_member.c.staff_id).where(staff_member.c.role == role, staff_member.c.name != "")
            ).scalars()
        )

    def page_after(self, staff_id: str, most: int) -> list[tuple[Record, str]]:
        """The next members by id, each with when they last changed."""
        rows = self._connection.execute(
            select(staff_member).where(staff_member.c.staff_id > staff_id).order_by(staff_member.c.staff_id).limit(most)
        )
        return [(_record(row), row.changed_at) for row in rows]

    def add(self, record: Record, at: datetime) -> None:
        """Put somebody new on the list."""
        self._connection.execute(insert(staff_member).values(staff_id=record.member.staff_id, **_values(record, at)))

    def put(self, record: Record, at: datetime) -> None:
        """Keep somebody's changed record."""
        self._connection.execute(
            update(staff_member).where(staff_member.c.staff_id == record.member.staff_id).values(**_values(record, at))
        )

    def erase(self, staff_id: StaffId, at: datetime) -> None:
        """Forget who a staff member was; the id stays, so that it is never given again and sales still add up.

        Nobody signs on with it any more. Erasing twice changes nothing more.
        """
        self._connection.execute(delete(sign_on_try).where(sign_on_try.c.staff_id == staff_id))
        self._connection.execute(
            update(staff_member)
            .where(staff_member.c.staff_id == staff_id, staff_member.c.name != "")
            .values(
                revision=staff_member.c.revision + 1,
                name="",
                short_name="",
                active=False,
                badge=None,
                pin_hash=NO_PIN,
                changed_at=stamp(at),
            )
        )

    def _one(self, query: Select[tuple[object, ...]]) -> Record | None:
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _record(row)


def _record(row: Row[tuple[object, ...]]) -> Record:
    return Record(
        StaffMember(row.staff_id, row.name, row.short_name, row.role, row.active, row.badge, row.revision),
        row.pin_hash,
    )


def _values(record: Record, at: datetime) -> dict[str, object]:
    member = record.member
    return {
        "revision": member.revision,
        "name": member.name,
        "short_name": member.short_name,
        "role": member.role,
        "active": member.active,
        "badge": member.badge,
        "pin_hash": record.pin_hash,
        "changed_at": stamp(at),
    }
