"""Erasures in the database, and how far they have come."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, exists, func, insert, or_, select, update

from contracts.customers.privacy.erasing import Erasure, ErasureId, ServiceErasure
from contracts.ids import CustomerId
from services.customers.erased_file import Erased
from services.customers.store.aliases import family
from services.customers.store.buyers import who_leaves
from services.customers.store.ledger_tables import ledger_balance
from services.customers.store.privacy_tables import customer_merge, erasure, erasure_service, suppression
from services.customers.store.tables import erased_customer


class Waiting(NamedTuple):
    """An erasure that some service has not acknowledged, and where this journal tells of it."""

    erasure_id: ErasureId
    customer_id: CustomerId
    erased_at: str
    epoch: int
    number: int
    outstanding: tuple[str, ...]


def has_balances(connection: Connection, customer_ids: Sequence[str]) -> bool:
    """Whether one of these has or owes something, or any balance is still to go back to its owner."""
    balance = ledger_balance.c
    theirs = (balance.holder_id.in_(customer_ids), balance.ledger != "voucher", balance.balance != 0)
    going_back = exists().where(customer_merge.c.goes_back.is_not(None))
    return bool(connection.execute(select(or_(exists().where(*theirs), going_back))).scalar())


def who_has_all_the_same(connection: Connection) -> list[CustomerId]:
    """The erased who have or owe something of which nothing is kept for a sale: a sale came after they were erased."""
    balance = ledger_balance.c
    of_erased = ledger_balance.join(erased_customer, erased_customer.c.customer_id == balance.holder_id)
    unsettled = (balance.ledger != "voucher", balance.balance != 0, balance.reserved == 0)
    rows = connection.execute(select(balance.holder_id).distinct().select_from(of_erased).where(*unsettled))
    return [CustomerId(each) for each in rows.scalars()]


def waits_for_sales(connection: Connection, erasure: Erasure) -> bool:
    """Whether what an erasure of this service's own part needs first is that checkout's sales of before are heard."""
    whose = family(connection, erasure.customer_id)
    return has_balances(connection, whose) or bool(who_leaves(connection, [erasure.erasure_id]))


def database_bytes(connection: Connection) -> int:
    """How large the database's file is."""
    pages, size = (connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("page_count", "page_size"))
    return int(pages or 0) * int(size or 0)


class ErasureStore:
    """All erasures."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, begun: Erased, epoch: int, number: int, services: Iterable[str]) -> None:
        """Keep that a customer was erased, where this journal tells of it, and who is to acknowledge it."""
        self._connection.execute(
            insert(erasure).values(
                erasure_id=begun.erasure_id,
                customer_id=begun.customer_ids[0],
                reason=begun.reason,
                staff_id=begun.staff_id,
                erased_at=begun.erased_at,
                epoch=epoch,
                number=number,
                seal=begun.seal,
            )
        )
        for service in services:
            self._connection.execute(insert(erasure_service).values(erasure_id=begun.erasure_id, service=service))

    def all(self) -> dict[str, Erased]:
        """All erasures by id, as far as this database knows them; it knows addresses by their hashes."""
        suppressed: dict[str, tuple[bytes, ...]] = {}
        both = select(erasure.c.erasure_id, suppression.c.digest).where(
            suppression.c.recorded_at == erasure.c.erased_at
        )
        for erasure_id, digest in self._connection.execute(both.order_by(suppression.c.digest)):
            suppressed[erasure_id] = (*suppressed.get(erasure_id, ()), digest)
        rows = self._connection.execute(select(erasure).order_by(erasure.c.erased_at)).all()
        return {
            row.erasure_id: Erased(
                erasure_id=row.erasure_id,
                customer_ids=tuple(CustomerId(each) for each in family(self._connection, row.customer_id)),
                reason=row.reason,
                erased_at=row.erased_at,
                staff_id=row.staff_id,
                suppressed=suppressed.get(row.erasure_id, ()),
                seal=row.seal,
            )
            for row in rows
        }

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

    # Seals of certificates of before

    def unsealed(self) -> list[str]:
        """The erasures that were finished before, and whose seal is still to be put down."""
        return list(self._connection.execute(select(erasure.c.erasure_id).where(erasure.c.seal == "")).scalars())

    def keep_seal(self, erasure_id: str, seal: str) -> None:
        """Keep the seal that a certificate of before has."""
        self._connection.execute(update(erasure).where(erasure.c.erasure_id == erasure_id).values(seal=seal))

    def seal_of(self, erasure_id: str) -> str | None:
        """The seal that a certificate of before has; else None."""
        return self._connection.execute(select(erasure.c.seal).where(erasure.c.erasure_id == erasure_id)).scalar()

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
