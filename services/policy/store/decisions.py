"""What was decided about which sale, what was skipped and what went otherwise than the rules have it.

All of it is told by checkout and kept once for each event; none of it is ever computed again.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, update

from contracts.checkout.completed import SaleCompleted
from contracts.checkout.decided import CheckoutDecided, PolicyPassedOver, PromptSkipped, RuleWaived
from contracts.ids import DecisionId, SaleId, StaffId
from contracts.policy.checking import Outcome, RuleKind
from contracts.policy.reporting import ExceptionKind
from services.policy.model.recorded import Recorded
from services.policy.store.tables import (
    decision,
    decision_item,
    decision_named,
    exception_named,
    policy_exception,
    prompt_skip,
    skip_named,
)
from services.runtime.clock import read_stamp, stamp
from services.runtime.prepared import Prepared

_RECORDED = [decision.c[field] for field in Recorded._fields]
_SINCE = Prepared(
    select(*_RECORDED)
    .where(decision.c.decided_at >= bindparam("since"), decision.c.goods_lines.is_not(None))
    .order_by(decision.c.decided_at, decision.c.decision_id)
)


class Unanswered(NamedTuple):
    """A check that policy did not answer, and when it was asked."""

    decision_id: DecisionId
    decided_at: str
    recorded: Recorded


class KnownOfFlag(NamedTuple):
    """What is known of a flagged sale: the rules that were missed, what a recheck says, who let money be taken."""

    fields: tuple[RuleKind, ...] = ()
    rechecked: Outcome | None = None
    approved_by: StaffId | None = None


class DecisionStore:
    """What was decided about which sale, kept for reports."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, decided: CheckoutDecided, number: int) -> None:
        """Keep a decision with its facts and items, once for each decision id; ``number`` is its journal's."""
        known = select(decision.c.decision_id).where(decision.c.decision_id == decided.decision_id)
        if self._connection.execute(known).one_or_none() is not None:
            return
        person = decided.customer
        self._connection.execute(
            insert(decision).values(
                decision_id=decided.decision_id,
                sale_id=decided.sale_id,
                register=decided.register,
                staff_id=decided.staff_id,
                decided_at=_stamped(decided.decided_at),
                settings_revision=decided.settings_revision,
                outcome=decided.outcome,
                tender_kind=decided.tender_kind,
                total=decided.total,
                transaction_kind=decided.transaction_kind,
                journal_number=number,
                business_day=decided.business_day,
                hour=decided.hour,
                goods_lines=decided.goods_lines,
                unattributed_lines=decided.unattributed_lines,
                signed_on=decided.signed_on,
                item_tags=_list(decided.item_tags),
                has_first_name=person and person.has_first_name,
                has_last_name=person and person.has_last_name,
                has_email=person and person.has_email,
                has_phone=person and person.has_phone,
                placeholder=person and person.placeholder,
                customer_group=person and person.group,
                skipped=_list(decided.skipped),
                waived=_list(decided.waived),
            )
        )
        items = [
            {
                "decision_id": decided.decision_id,
                "field": item.field,
                "level": item.level,
                "satisfied": item.satisfied,
                "code": item.code,
                "settled": item.settled,
                "anew": item.anew,
            }
            for item in decided.items
        ]
        if items:
            self._connection.execute(insert(decision_item), items)

    def keep_skip(self, skipped: PromptSkipped, event_id: str) -> None:
        """Keep that a prompt was skipped, once for each event."""
        known = select(prompt_skip.c.event_id).where(prompt_skip.c.event_id == event_id)
        if self._connection.execute(known).one_or_none() is None:
            self._connection.execute(
                insert(prompt_skip).values(
                    event_id=event_id,
                    sale_id=skipped.sale_id,
                    register=skipped.register,
                    business_day=skipped.business_day,
                    field=skipped.field,
                    reason=skipped.reason,
                    staff_id=skipped.staff_id,
                    skipped_at=_stamped(skipped.skipped_at),
                )
            )

    def keep_waiver(self, waived: RuleWaived, event_id: str) -> None:
        """Keep that somebody let a rule pass, once for each event."""
        if not self.knows_exception(event_id):
            self._connection.execute(
                insert(policy_exception).values(
                    event_id=event_id,
                    kind="waiver",
                    at=_stamped(waived.waived_at),
                    sale_id=waived.sale_id,
                    register=waived.register,
                    business_day=waived.business_day,
                    staff_id=waived.staff_id,
                    approved_by=waived.approved_by,
                    fields=waived.field,
                )
            )

    def keep_passing(self, passed: PolicyPassedOver) -> None:
        """Keep who let money be taken while policy did not answer."""
        self._connection.execute(
            update(decision).where(decision.c.decision_id == passed.decision_id).values(passed_by=passed.approved_by)
        )

    def passed_by(self, sale_id: SaleId) -> StaffId | None:
        """Who let money be taken for a sale that policy did not answer about last."""
        columns = decision.c
        found: StaffId | None = self._connection.execute(
            select(columns.passed_by)
            .where(columns.sale_id == sale_id, columns.passed_by.is_not(None))
            .order_by(columns.journal_number.desc())
            .limit(1)
        ).scalar()
        return found

    def keep_flag(
        self,
        sale: SaleCompleted,
        kind: ExceptionKind,
        known: KnownOfFlag,
        event_id: str,
    ) -> None:
        """Keep that a sale was completed with a flag; ``knows_exception`` tells whether its event was kept before."""
        self._connection.execute(
            insert(policy_exception).values(
                event_id=event_id,
                kind=kind,
                at=_stamped(sale.completed_at),
                sale_id=sale.sale_id,
                register=sale.register,
                business_day=sale.business_day,
                staff_id=sale.cashier,
                approved_by=known.approved_by,
                receipt_number=sale.receipt_number,
                fields=",".join(known.fields),
                rechecked=known.rechecked,
            )
        )

    def knows_exception(self, event_id: str) -> bool:
        """Whether this event was kept as an exception."""
        known = select(policy_exception.c.kind).where(policy_exception.c.event_id == event_id).limit(1)
        return self._connection.execute(known).one_or_none() is not None

    def number_receipt(self, sale: SaleCompleted) -> None:
        """The waivers of a sale that was completed name its receipt."""
        columns = policy_exception.c
        self._connection.execute(
            update(policy_exception)
            .where(columns.sale_id == sale.sale_id, columns.kind == "waiver")
            .values(receipt_number=sale.receipt_number)
        )

    def last_unanswered(self, sale_id: SaleId) -> Unanswered | None:
        """The last check of a sale that policy did not answer, with the facts it would have been told."""
        columns = decision.c
        row = self._connection.execute(
            select(columns.decision_id, columns.decided_at, *_RECORDED)
            .where(columns.sale_id == sale_id, columns.outcome == "unavailable", columns.goods_lines.is_not(None))
            .order_by(columns.journal_number.desc())
            .limit(1)
        ).one_or_none()
        return None if row is None else Unanswered(row.decision_id, row.decided_at, Recorded(*row[2:]))

    def missing(self, sale_id: SaleId) -> tuple[RuleKind, ...]:
        """The required rules that a sale lacked, and nobody had waived, when it was blocked last."""
        columns = decision.c
        last = (
            select(columns.decision_id)
            .where(columns.sale_id == sale_id, columns.outcome == "block")
            .order_by(columns.journal_number.desc())
            .limit(1)
            .scalar_subquery()
        )
        items = decision_item.c
        found = self._connection.execute(
            select(items.field).where(
                items.decision_id == last, items.level == "required", ~items.satisfied, items.settled.is_(None)
            )
        )
        return tuple(sorted(found.scalars()))

    def put_recheck(self, decision_id: DecisionId, outcome: Outcome, revision: int) -> None:
        """Keep what policy says afterwards of a check that it did not answer."""
        self._connection.execute(
            update(decision)
            .where(decision.c.decision_id == decision_id)
            .values(rechecked_outcome=outcome, rechecked_revision=revision)
        )

    def since(self, at: datetime) -> Iterator[tuple[Any, ...]]:
        """The decisions from a time on that have their facts, as plain tuples in the order of ``Recorded``."""
        return iter(_SINCE.run(self._connection, {"since": stamp(at)}))

    def fade(self, now: datetime, keep_days: int) -> int:
        """Take staff, sales and their receipts away from all that is older than so many days; returns from how many."""
        before = stamp(now - timedelta(days=keep_days))
        old = (
            update(decision)
            .where(decision.c.decided_at < before, decision_named)
            .values(staff_id=None, sale_id=None, passed_by=None),
            update(prompt_skip)
            .where(prompt_skip.c.skipped_at < before, skip_named)
            .values(staff_id=None, sale_id=None),
            update(policy_exception)
            .where(policy_exception.c.at < before, exception_named)
            .values(staff_id=None, sale_id=None, approved_by=None, receipt_number=None),
        )
        return sum(self._connection.execute(statement).rowcount for statement in old)


def _stamped(time: str) -> str:
    """A time as ``stamp`` writes it, so that times can be compared as text."""
    return stamp(read_stamp(time))


def _list(entries: Iterable[str]) -> str:
    return ",".join(sorted(set(entries)))
