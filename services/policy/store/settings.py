"""The settings, every revision kept, and the roles that may let a rule pass."""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select

from contracts.ids import StaffId, Timestamp
from contracts.policy import PolicySettings, SettingsRevision
from services.policy.model.settings import FIRST_REVISION, settings_hash
from services.policy.store.tables import settings_revision, staff_role
from services.runtime.clock import stamp


class InForce(NamedTuple):
    """Settings, the revision they are, and who put them in force when; nobody did with the first."""

    revision: int
    settings: PolicySettings
    set_by: StaffId | None = None
    set_at: Timestamp | None = None


AT_FIRST = InForce(FIRST_REVISION, PolicySettings())
"""What a store has that never set any: all rules ``not_required``."""


class SettingsStore:
    """The settings, every revision kept."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def in_force(self) -> InForce:
        """The newest revision."""
        row = self._connection.execute(
            select(settings_revision).order_by(settings_revision.c.revision.desc()).limit(1)
        ).one_or_none()
        return AT_FIRST if row is None else _in_force(row)

    def get(self, revision: int) -> InForce:
        """The settings of a revision that there was."""
        if revision == FIRST_REVISION:
            return AT_FIRST
        found = select(settings_revision).where(settings_revision.c.revision == revision)
        return _in_force(self._connection.execute(found).one())

    def revision_at(self, at: str) -> int:
        """Which revision was in force at a time, written as ``stamp`` does.

        Where the clock jumped back between two revisions, a time may lie after both in either order; the higher
        revision had replaced the lower by then.
        """
        newest = select(func.max(settings_revision.c.revision)).where(settings_revision.c.set_at <= at)
        revision: int | None = self._connection.execute(newest).scalar()
        return FIRST_REVISION if revision is None else revision

    def page(self, limit: int, first: int) -> tuple[tuple[SettingsRevision, ...], int | None]:
        """So many revisions, newest first, from ``first`` downwards, and where the next page begins."""
        columns = settings_revision.c
        rows = self._connection.execute(
            select(columns.revision, columns.staff_id, columns.set_at, columns.settings_hash)
            .where(columns.revision <= first)
            .order_by(columns.revision.desc())
            .limit(limit + 1)
        ).all()
        told = tuple(SettingsRevision(*row) for row in rows[:limit])
        return told, rows[limit].revision if len(rows) > limit else None

    def add(self, new: InForce, *, staff_id: str, client: str, at: datetime) -> None:
        """Keep one more revision, with who put it in force from where and when."""
        self._connection.execute(
            insert(settings_revision).values(
                revision=new.revision,
                settings=msgspec.json.encode(new.settings).decode(),
                settings_hash=settings_hash(new.settings),
                staff_id=staff_id,
                client=client,
                set_at=stamp(at),
            )
        )


class RoleStore:
    """What policy knows of staff's roles."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, role: str, revision: int, *, may_waive: bool) -> None:
        """Keep what a role may; what is told of an earlier revision changes nothing."""
        columns = staff_role.c
        known = self._connection.execute(select(columns.revision).where(columns.role == role)).scalar()
        if known is None or known < revision:
            self._connection.execute(delete(staff_role).where(columns.role == role))
            self._connection.execute(insert(staff_role).values(role=role, revision=revision, may_waive=may_waive))

    def may_waive(self) -> tuple[str, ...]:
        """The roles that may let a rule pass, by name."""
        columns = staff_role.c
        roles = self._connection.execute(select(columns.role).where(columns.may_waive).order_by(columns.role))
        return tuple(roles.scalars())


def _in_force(row: Row[Any]) -> InForce:
    settings = msgspec.json.decode(row.settings, type=PolicySettings)
    return InForce(row.revision, settings, StaffId(row.staff_id), row.set_at)
