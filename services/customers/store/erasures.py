"""Erasures in the database, and how far they have come."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, insert, select, update

from contracts.customers.privacy import Erasure, ErasureId, ErasureReason, ServiceErasure
from contracts.ids import CustomerId
from services.customers.store.privacy_tables import erasure, erasure_service
from services.customers.store.tables import erased_customer


class Begun(NamedTuple):
    """An erasure as it begins, and where this journal tells of it."""

    erasure_id: str
    customer_id: str
    reason: ErasureReason
    erased_at: str
    epoch: int
    number: int
    staff_id: str | None = None


class Waiting(NamedTuple):
    """An erasure that some service has not acknowledged, and where this journal tells of it."""

    erasure_id: ErasureId
    customer_id: CustomerId
    erased_at: str
    epoch: int
    number: int
    outstanding: tuple[str, ...]


class ErasureStore:
    """All erasures."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, begun: Begun, services: Iterable[str]) -> None:
        """Keep that a customer was erased, and who is to acknowledge it."""
        self._connection.execute(insert(erasure).values(**begun._asdict()))
        for service in services:
            self._connection.execute(insert(erasure_service).values(erasure_id=begun.erasure_id, service=service))

    def begin_again(self, erasure_id: str, place: tuple[int, int]) -> None:
        """Let every service acknowledge an erasure anew: it was told again."""
        epoch, number = place
        which = erasure.c.erasure_id == erasure_id
        self._connection.execute(update(erasure).where(which).values(epoch=epoch, number=number, finished_at=None))
        self._connection.execute(
            update(erasure_service).where(erasure_service.c.erasure_id == erasure_id).values(acknowledged_at=None)
        )

    def find(self, erasure_id: str, overdue_before: str) -> Erasure | None:
        """An erasure, or None."""
        row = self._connection.execute(select(erasure).where(erasure.c.erasure_id == erasure_id)).one_or_none()
        return None if row is None else self._whole(row, overdue_before)

    def newest(self, limit: int, overdue_before: str, *, unfinished_only: bool) -> tuple[Erasure, ...]:
        """So many erasures, newest first."""
        statement = select(erasure).order_by(erasure.c.erased_at.desc(), erasure.c.erasure_id.desc()).limit(limit)
        if unfinished_only:
            statement = statement.where(erasure.c.finished_at.is_(None))
        return tuple(self._whole(row, overdue_before) for row in self._connection.execute(statement).all())

    def waiting(self) -> list[Waiting]:
        """The erasures that are not finished, oldest first."""
        rows = self._connection.execute(
            select(erasure).where(erasure.c.finished_at.is_(None)).order_by(erasure.c.erased_at)
        ).all()
        return [
            Waiting(
                row.erasure_id,
                row.customer_id,
                row.erased_at,
                row.epoch,
                row.number,
                tuple(each.service for each in self._services(row.erasure_id) if each.acknowledged_at is None),
            )
            for row in rows
        ]

    def acknowledge(self, erasure_id: str, service: str, at: str) -> None:
        """Keep that a service has done its part; with the last one the erasure is finished."""
        which = (erasure_service.c.erasure_id == erasure_id, erasure_service.c.acknowledged_at.is_(None))
        self._connection.execute(
            update(erasure_service).where(*which, erasure_service.c.service == service).values(acknowledged_at=at)
        )
        left = self._connection.execute(select(func.count()).select_from(erasure_service).where(*which)).scalar()
        if not left:
            self._connection.execute(
                update(erasure)
                .where(erasure.c.erasure_id == erasure_id, erasure.c.finished_at.is_(None))
                .values(finished_at=at)
            )

    def erased_ids(self) -> dict[str, str]:
        """All ids that were ever erased, with when."""
        rows = self._connection.execute(select(erased_customer.c.customer_id, erased_customer.c.erased_at))
        return {row.customer_id: row.erased_at for row in rows}

    def _whole(self, row: Any, overdue_before: str) -> Erasure:
        return Erasure(
            erasure_id=row.erasure_id,
            customer_id=row.customer_id,
            reason=row.reason,
            erased_at=row.erased_at,
            services=self._services(row.erasure_id),
            finished_at=row.finished_at,
            overdue=row.finished_at is None and row.erased_at < overdue_before,
        )

    def _services(self, erasure_id: str) -> tuple[ServiceErasure, ...]:
        rows = self._connection.execute(
            select(erasure_service.c.service, erasure_service.c.acknowledged_at)
            .where(erasure_service.c.erasure_id == erasure_id)
            .order_by(erasure_service.c.service)
        )
        return tuple(ServiceErasure(row.service, row.acknowledged_at) for row in rows)
