"""What runs out around a merge: reservations, credit with a last day, sleeping points. Undone, each has their own."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import msgspec
import pytest

from contracts.base import Rejection
from contracts.customers import CreateCustomer
from contracts.customers.balances import CustomerLedger, Reserved
from contracts.customers.ledgers import AdjustBalance
from contracts.customers.ledgers.reserving import ReserveBalance
from contracts.customers.loyalty import JoinLoyalty
from contracts.customers.merging import MergeCustomers, MergeId, UndoMerge
from contracts.ids import CustomerId
from services.customers.handlers.booking import dormant_before, up_to_date
from services.customers.handlers.ledgers import adjust_balance
from services.customers.handlers.loyalty import join_loyalty, set_loyalty_programme
from services.customers.handlers.merging import merge_customers, undo_merge
from services.customers.handlers.records import create_customer
from services.customers.handlers.reserving import expire, on_sale_voided, reserve_balance
from services.customers.handlers.spending import on_sale_completed
from services.customers.model.audit import Audit
from services.customers.store.audit import AuditStore
from services.customers.transactions import CustomersTx
from services.runtime.clock import stamp
from tests.services.customers.ledgers.shop import IDS, PROGRAMME, TERMS, TILL, reservation_id, sale_id, tender_id
from tests.services.customers.privacy.desk import Desk
from tests.services.customers.privacy.people import ANNA, ANNE

SOON = "2026-03-20"
A_YEAR = 365


class TwoAtTheDesk(Desk):
    """Anna, and Anne who is merged into her and parted again."""

    def must(self, handle: Any, command: Any) -> Any:
        made = self.do(handle, command)
        assert not isinstance(made, Rejection), made.details
        return made

    def open(self) -> None:
        for each in (ANNA, ANNE):
            self.must(create_customer, CreateCustomer(each, first_name="Anna", save_anyway="other"))

    def give(
        self, who: CustomerId, amount: int, expires_on: str | None = None, *, ledger: CustomerLedger = "store_credit"
    ) -> None:
        self.must(adjust_balance, AdjustBalance(IDS.new(), who, ledger, amount, "goodwill", expires_on))

    def reserve(self, who: CustomerId, amount: int, number: int = 1) -> Reserved:
        at = reservation_id(sale_id(number), tender_id(number))
        command = ReserveBalance(at, sale_id(number), tender_id(number), TILL, "store_credit", amount, who)
        reserved: Reserved = self.must(reserve_balance, command).reserved
        return reserved

    def merge(self) -> None:
        self.merge_id = MergeId(IDS.new())
        revisions = self.read(lambda tx: [tx.customers.get(each).revision for each in (ANNA, ANNE)])
        self.must(merge_customers, MergeCustomers(self.merge_id, ANNA, ANNE, *revisions))

    def undo(self) -> None:
        self.must(undo_merge, UndoMerge(self.merge_id))

    def let_run_out(self) -> None:
        """As the service does now and then."""

        def all_that_has(tx: CustomersTx) -> None:
            expire(tx, tx.books.reservations.overdue(stamp(tx.now), 10))
            before = dormant_before(tx.books, tx.now)
            for ledger, holder_id in tx.books.ledgers.holders_to_expire(tx.today, 10):
                up_to_date(tx, ledger, holder_id)
            for holder_id in tx.books.ledgers.dormant(before, 10) if before else ():
                up_to_date(tx, "loyalty", holder_id)

        self.read(all_that_has)

    def have(self, ledger: CustomerLedger = "store_credit") -> tuple[int, int]:
        """What Anna and Anne have; nothing of it differs from its entries."""

        def balances(tx: CustomersTx) -> tuple[int, int]:
            store = AuditStore(tx.connection)
            audit = Audit({each[:2]: each[2] for each in store.all_kept()}, store.all_held(), store.all_parts())
            for kept in store.all_kept():
                audit.check(kept[0], kept[1], [each[2] for each in store.all_booked() if each[:2] == kept[:2]])
            audit.check_captures(store.wrongly_captured(10))
            audit.check_transfers(store.wrongly_moved(10))
            audit.check_astray(store.astray())
            assert audit.result().differences == ()
            return tuple([tx.books.ledgers.kept(ledger, each).balance for each in (ANNA, ANNE)])  # type: ignore[return-value]

        found: tuple[int, int] = self.read(balances)
        return found

    def not_on_time(self) -> list[str | None]:
        found: list[str | None] = self.read(lambda tx: [each.not_on_time for each in tx.books.ledgers.late(10)])
        return found


@pytest.fixture
def desk() -> Iterator[TwoAtTheDesk]:
    with ExitStack() as ending:
        desk = TwoAtTheDesk(ending)
        desk.open()
        yield desk


@pytest.mark.parametrize("expires", ["while", "after"])
def test_what_an_expired_reservation_kept_is_whose_it_was(desk: TwoAtTheDesk, expires: str) -> None:
    """One of Anne's from before the merge, and one of Anna's since, which keeps some of Anne's."""
    desk.give(ANNA, 1000)
    desk.give(ANNE, 2000)
    desk.reserve(ANNE, 500)
    desk.merge()
    desk.reserve(ANNA, 2100, 2)
    if expires == "while":
        desk.later(minutes=16)
        desk.let_run_out()
    desk.undo()
    parted = desk.have()
    desk.later(minutes=16)
    desk.let_run_out()

    assert parted == ((1000, 2000) if expires == "while" else (2100, 900))
    assert desk.have() == (1000, 2000)


@pytest.mark.parametrize(("expires", "spent"), [("while", "while"), ("while", "after"), ("after", "after")])
def test_a_sale_that_comes_late_spends_of_whom_it_was_reserved(desk: TwoAtTheDesk, expires: str, spent: str) -> None:
    desk.give(ANNA, 1000)
    desk.give(ANNE, 2000)
    reserved = desk.reserve(ANNE, 1500)
    desk.merge()
    if expires == "while":
        desk.later(minutes=16)
        desk.let_run_out()
    if spent == "while":
        desk.must(on_sale_completed, desk.completed(1, reserved))
    desk.undo()
    if expires == "after":
        desk.later(minutes=16)
        desk.let_run_out()
    if spent == "after":
        desk.must(on_sale_completed, desk.completed(1, reserved))

    assert desk.have() == (1000, 500)
    assert desk.not_on_time() == ["expired"]


def test_a_sale_of_the_survivors_that_comes_late_after_the_undoing_spends_nothing_of_the_others(
    desk: TwoAtTheDesk,
) -> None:
    desk.give(ANNA, 1000)
    desk.give(ANNE, 2000)
    desk.merge()
    reserved = desk.reserve(ANNA, 2500)
    desk.undo()
    desk.later(minutes=16)
    desk.let_run_out()

    desk.must(on_sale_completed, desk.completed(1, reserved))

    assert desk.have() == (-1500, 2000)


def test_credit_whose_last_day_is_over_while_two_are_one_runs_out_for_whose_it_was(desk: TwoAtTheDesk) -> None:
    desk.give(ANNA, 1000)
    desk.give(ANNA, 300, SOON)
    desk.give(ANNE, 500, SOON)
    desk.give(ANNE, 700)
    desk.merge()
    desk.later(days=10)
    desk.let_run_out()
    as_one = desk.have()

    desk.undo()

    assert as_one == (1700, 0)
    assert desk.have() == (1000, 700)


@pytest.mark.parametrize("undone", [True, False])
@pytest.mark.parametrize("sold", [True, False])
def test_credit_that_is_kept_for_a_sale_past_its_last_day_is_whose_it_was(
    desk: TwoAtTheDesk, *, sold: bool, undone: bool
) -> None:
    """Voided, it runs out then, before or after the merge is undone."""
    desk.give(ANNA, 500, SOON)
    desk.give(ANNE, 500, SOON)
    desk.give(ANNE, 700)
    reserved = desk.reserve(ANNE, 400)
    desk.merge()
    desk.later(days=10)
    desk.read(lambda tx: up_to_date(tx, "store_credit", ANNA))
    as_one = desk.have()
    if undone:
        desk.undo()
    if sold:
        desk.must(on_sale_completed, desk.completed(1, reserved))
    else:
        desk.must(on_sale_voided, desk.voided(1))
    desk.let_run_out()
    if not undone:
        desk.undo()

    assert as_one == (1100, 0)
    assert desk.have() == (0, 700)


@pytest.mark.parametrize("active", [ANNA, ANNE])
@pytest.mark.parametrize("when", ["before", "while"])
def test_points_stay_awake_for_whoever_did_something_and_no_other(
    desk: TwoAtTheDesk, active: CustomerId, when: str
) -> None:
    """As one they are awake while either is."""
    join_both(desk)
    desk.later(days=350)
    if when == "before":
        desk.give(active, 5, ledger="loyalty")
    desk.merge()
    if when == "while":
        desk.give(active, 5, ledger="loyalty")
    desk.later(days=16)
    desk.let_run_out()
    as_one = desk.have("loyalty")
    desk.undo()
    desk.let_run_out()

    assert as_one == (45, 0)
    assert desk.have("loyalty") == ((25, 0) if active == ANNA else (0, 25))


def test_points_of_both_that_fall_asleep_while_two_are_one_are_gone_for_both(desk: TwoAtTheDesk) -> None:
    join_both(desk)
    desk.later(days=350)
    desk.merge()
    desk.later(days=16)
    desk.let_run_out()
    as_one = desk.have("loyalty")

    desk.undo()

    assert as_one == (0, 0)
    assert desk.have("loyalty") == (0, 0)


def join_both(desk: TwoAtTheDesk) -> None:
    """Each has 20 points that fall asleep after a year."""
    desk.must(set_loyalty_programme, msgspec.structs.replace(PROGRAMME, sign_up_bonus=20, dormant_days=A_YEAR))
    for each in (ANNA, ANNE):
        desk.must(join_loyalty, JoinLoyalty(each, TERMS))
