"""What reports read: counts by key, and exceptions a page at a time."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Connection, Row, Table, and_, func, literal, select, tuple_

from contracts.base import Malformed
from contracts.policy.reporting import ExceptionKind, PolicyException, ReportBy
from services.policy.model.recorded import rules
from services.policy.model.report import Counted, Period
from services.policy.store.tables import decision, decision_item, policy_exception, prompt_skip

_PLACE = re.compile(r"([0-9-]{10}T[0-9:]{8}\.[0-9]{6}Z)_([0-9a-f-]{36})_([a-z_]{1,40})")


class Place(NamedTuple):
    """Where a page of exceptions ends: the time, event and kind of its last entry."""

    at: str
    event_id: str
    kind: str

    def write(self) -> str:
        """Put the place into the text that asks for the following page."""
        return "_".join(self)

    @classmethod
    def read(cls, text: str) -> "Place":
        """Read a place that ``write`` wrote.

        Rejections:
            Malformed: it is none.
        """
        match = _PLACE.fullmatch(text)
        if match is None:
            raise Malformed(field="$.next", rule="'next' is taken from the page before as it stands there")
        return cls(match[1], match[2], match[3])


class ReportStore:
    """Reads what was decided, skipped and waived."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def counts(self, by: ReportBy, period: Period) -> Iterator[Counted]:
        """Count prompts, blocks, skips, waivers and checks without an answer; by reason only skips have a key."""
        if by != "reason":
            yield from self._open_items(by, period)
            yield from self._waivers(by, period)
            yield from self._unanswered(by, period)
        yield from self._skips(by, period)

    def exceptions(
        self, period: Period, kind: ExceptionKind | None, limit: int, after: Place | None
    ) -> tuple[tuple[PolicyException, ...], Place | None]:
        """So many exceptions of a period, newest first, and where the page ends if more follow."""
        columns = policy_exception.c
        order = (columns.at, columns.event_id, columns.kind)
        statement = select(policy_exception).where(_within(policy_exception, period))
        if kind is not None:
            statement = statement.where(columns.kind == kind)
        if after is not None:
            statement = statement.where(tuple_(*order) < tuple_(*after))
        rows = self._connection.execute(statement.order_by(*(column.desc() for column in order)).limit(limit + 1)).all()
        end = rows[limit - 1] if len(rows) > limit else None
        return (
            tuple(_exception(row) for row in rows[:limit]),
            None if end is None else Place(end.at, end.event_id, end.kind),
        )

    def _open_items(self, by: ReportBy, period: Period) -> Iterator[Counted]:
        items = decision_item.c
        key = _key(decision, by, items.field)
        rows = self._connection.execute(
            select(key, items.level, func.count())
            .select_from(decision.join(decision_item))
            .where(_within(decision, period), items.anew, ~items.satisfied, items.settled.is_(None))
            .group_by(key, items.level)
        )
        for found, level, count in rows:
            yield Counted(found, "blocks" if level == "required" else "prompts", count)

    def _waivers(self, by: ReportBy, period: Period) -> Iterator[Counted]:
        key = _key(policy_exception, by, policy_exception.c.fields)
        rows = self._connection.execute(
            select(key, func.count())
            .where(_within(policy_exception, period), policy_exception.c.kind == "waiver")
            .group_by(key)
        )
        for found, count in rows:
            yield Counted(found, "waivers", count)

    def _unanswered(self, by: ReportBy, period: Period) -> Iterator[Counted]:
        key = _key(decision, by, literal(""))
        rows = self._connection.execute(
            select(key, func.count())
            .where(_within(decision, period), decision.c.outcome == "unavailable")
            .group_by(key)
        )
        for found, count in rows:
            yield Counted(found, "unavailable", count)

    def _skips(self, by: ReportBy, period: Period) -> Iterator[Counted]:
        columns = prompt_skip.c
        key = columns.reason if by == "reason" else _key(prompt_skip, by, columns.field)
        rows = self._connection.execute(
            select(key, columns.reason, func.count()).where(_within(prompt_skip, period)).group_by(key, columns.reason)
        )
        for found, reason, count in rows:
            yield Counted(found, "skips", count, reason)


def _within(table: Table, period: Period) -> ColumnElement[bool]:
    days = table.c.business_day.between(period.from_day, period.to_day)
    return days if period.register is None else and_(days, table.c.register == period.register)


def _key(table: Table, by: ReportBy, field: ColumnElement[str] | Column[str]) -> ColumnElement[str]:
    if by == "rule":
        return field
    if by == "staff":
        return func.coalesce(table.c.staff_id, "")
    return table.c.register if by == "register" else table.c.business_day


def _exception(row: Row[Any]) -> PolicyException:
    return PolicyException(
        kind=row.kind,
        sale_id=row.sale_id,
        register=row.register,
        business_day=row.business_day,
        at=row.at,
        staff_id=row.staff_id,
        approved_by=row.approved_by,
        receipt_number=row.receipt_number,
        fields=rules(row.fields),
        rechecked=row.rechecked,
    )
