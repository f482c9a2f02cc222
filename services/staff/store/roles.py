"""What each role may do: rows of ``role`` to roles and back."""

from datetime import datetime

import msgspec
from sqlalchemy import Connection, Row, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from contracts.staff import RoleId
from contracts.staff.roles import StaffRole
from services.runtime.clock import stamp
from services.staff.model.roles import PERMISSIONS
from services.staff.store.tables import role as roles


class RoleStore:
    """The roles of the store."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, role: RoleId | str) -> StaffRole | None:
        """The role of that id, or None."""
        row = self._connection.execute(select(roles).where(roles.c.role == role, ~roles.c.removed)).one_or_none()
        return None if row is None else _role(row)

    def last_revision(self, role: RoleId) -> int:
        """The highest revision that a role of that id ever had; 0 where there was none."""
        revision: int = self._connection.execute(
            select(func.coalesce(func.max(roles.c.revision), 0)).where(roles.c.role == role)
        ).scalar_one()
        return revision

    def get(self, role: RoleId) -> StaffRole:
        """The role of that id, which somebody has."""
        return _role(self._connection.execute(select(roles).where(roles.c.role == role)).one())

    def every(self) -> list[StaffRole]:
        """All roles, in no order."""
        return [_role(row) for row in self._connection.execute(select(roles).where(~roles.c.removed))]

    def ever(self) -> list[tuple[StaffRole, bool, str]]:
        """All roles that there ever were by id, each with whether it is removed and when it last changed."""
        rows = self._connection.execute(select(roles).order_by(roles.c.role))
        return [(_role(row), row.removed, row.changed_at) for row in rows]

    def put(self, role: StaffRole, at: datetime, *, removed: bool = False) -> None:
        """Keep a role; one that is removed keeps its revision."""
        values = {
            "revision": role.revision,
            "name": role.name,
            "permissions": msgspec.json.encode(role.permissions).decode(),
            "may_approve": role.may_approve,
            "built_in": role.built_in,
            "removed": removed,
            "changed_at": stamp(at),
        }
        self._connection.execute(
            upsert(roles).values(role=role.role, **values).on_conflict_do_update(index_elements=["role"], set_=values)
        )


def _role(row: Row[tuple[object, ...]]) -> StaffRole:
    kept = msgspec.json.decode(row.permissions)
    return StaffRole(
        role=row.role,
        revision=row.revision,
        name=row.name,
        permissions={permission: kept[permission] for permission in PERMISSIONS if permission in kept},
        may_approve=row.may_approve,
        built_in=row.built_in,
    )
