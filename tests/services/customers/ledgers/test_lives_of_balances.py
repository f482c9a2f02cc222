"""Whatever is given, reserved, renewed, sold, voided, given up and told twice, in whatever order: it adds up."""

import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from contracts.base import Rejection
from contracts.checkout.completed import SaleCompleted
from contracts.checkout.selling import SaleVoided
from contracts.customers import CreateCustomer
from contracts.customers.balances import CustomerLedger, Reserved
from contracts.customers.ledgers import AdjustBalance
from contracts.customers.ledgers.accounts import SetAccountTerms
from contracts.customers.ledgers.reserving import BalanceReserved, ReserveBalance
from contracts.ids import CurrencyCode, CustomerId
from services.customers.access_notes import AccessNotes
from services.customers.handlers.ledgers import adjust_balance, set_account_terms
from services.customers.handlers.records import create_customer
from services.customers.handlers.reserving import KEPT_FOR, expire, on_sale_voided, reserve_balance
from services.customers.handlers.spending import on_sale_completed
from services.customers.model.audit import Audit
from services.customers.settings import CustomersSettings
from services.customers.store.audit import AuditStore
from services.customers.transactions import CustomersTx
from services.runtime.clock import stamp
from services.runtime.database import open_writer
from services.runtime.journal import Journal
from services.runtime.migrate import chains, migrate
from services.runtime.tokens import Claims
from services.runtime.transactions import Request, Surroundings
from services.runtime.writer import Scope
from tests.services.customers.ledgers.shop import (
    ANNA,
    BERT,
    CASHIER,
    IDS,
    TILL,
    a_line,
    a_tender,
    reservation_id,
    sale_id,
    tender_id,
)

CLAIMS = Claims(sub=IDS.new(), client="till-1", session=1, role="owner", permissions=(), exp=4_102_444_800)
SETTINGS = CustomersSettings(country="FI", make_codes=False)
LIMIT = 800
LEDGERS: tuple[CustomerLedger, ...] = ("store_credit", "account")
WHO = st.sampled_from((ANNA, BERT))
WHERE = st.sampled_from(LEDGERS)


@cache
def migrated() -> Path:
    """An empty database, made once."""
    file = Path(tempfile.mkdtemp(prefix="balances-")) / "customers.sqlite3"
    migrate(file, chains("customers"))
    return file


class BalancesInUse(RuleBasedStateMachine):
    """Two customers, and what a simple book says of what they have and owe."""

    sales = Bundle("sales")
    ended = Bundle("ended")

    @initialize()
    def open(self) -> None:
        self.ending = ExitStack()
        folder = Path(self.ending.enter_context(tempfile.TemporaryDirectory(prefix="balances-")))
        shutil.copy(migrated(), folder / "customers.sqlite3")
        engine = open_writer(folder / "customers.sqlite3")
        self.ending.callback(engine.dispose)
        self.connection = self.ending.enter_context(engine.connect())
        # Nothing of these is shown, read or verified here.
        self.around = Surroundings(IDS, None, None, None, folder, None)  # type: ignore[arg-type]
        self.now = datetime(2026, 3, 14, 10, tzinfo=UTC)
        self.booked = {(ledger, who): 0 for ledger in LEDGERS for who in (ANNA, BERT)}
        self.late: set[tuple[str, CustomerId]] = set()
        self.number = 0
        for who in (ANNA, BERT):
            self.do(create_customer, CreateCustomer(who, first_name="Anna", save_anyway="other"))
            self.do(set_account_terms, SetAccountTerms(who, 0, LIMIT))

    def teardown(self) -> None:
        if hasattr(self, "ending"):
            self.ending.close()

    def do(self, handle: Callable[[Any, CustomersTx], Any], command: Any) -> Any:
        """What a handler answers; a rejection is answered, and changes nothing."""
        self.now += timedelta(seconds=1)
        with self.connection.begin() as begun:
            scope = Scope(self.connection, Journal.load(self.connection))
            tx = CustomersTx(
                scope,
                self.around,
                Request(self.now, "till-1", IDS.new(), CLAIMS),
                SETTINGS,
                AccessNotes().add,
                lambda: None,
            )
            try:
                return handle(command, tx)
            except Rejection as rejection:
                begun.rollback()
                return rejection

    @rule(who=WHO, ledger=WHERE, amount=st.integers(-300, 500))
    def book(self, who: CustomerId, ledger: CustomerLedger, amount: int) -> None:
        made = self.do(adjust_balance, AdjustBalance(IDS.new(), who, ledger, amount, "goodwill"))
        if not isinstance(made, Rejection):
            self.booked[ledger, who] += amount

    @rule(target=sales, who=WHO, ledger=WHERE, amount=st.integers(1, 400))
    def reserve(self, who: CustomerId, ledger: CustomerLedger, amount: int) -> tuple[int, CustomerId, Reserved | None]:
        self.number += 1
        return self.number, who, self.ask(self.number, who, ledger, amount)

    @rule(target=sales, sale=consumes(sales), amount=st.integers(1, 400))
    def reserve_again(
        self, sale: tuple[int, CustomerId, Reserved | None], amount: int
    ) -> tuple[int, CustomerId, Reserved | None]:
        number, who, reserved = sale
        if reserved is None:
            return sale
        return number, who, self.ask(number, who, "store_credit", amount) or reserved

    @rule(target=ended, sale=consumes(sales))
    def complete(self, sale: tuple[int, CustomerId, Reserved | None]) -> SaleCompleted:
        number, who, reserved = sale
        event = self.completed(number, who, reserved)
        if reserved is not None:
            held = self.do(lambda at, tx: tx.books.reservations.find(at), reserved.reservation_id)
            if held.state != "held":
                self.late.add((reserved.ledger, who))
            self.booked[reserved.ledger, who] += reserved.units * (1 if reserved.ledger == "account" else -1)  # type: ignore[index]
        self.do(on_sale_completed, event)
        return event

    @rule(event=ended)
    def tell_again(self, event: SaleCompleted) -> None:
        self.do(on_sale_completed, event)

    @rule(sale=consumes(sales))
    def void(self, sale: tuple[int, CustomerId, Reserved | None]) -> None:
        self.do(on_sale_voided, SaleVoided(sale_id(sale[0]), TILL, "2026-03-14", stamp(self.now), CASHIER, "mistake"))

    @rule()
    def give_up(self) -> None:
        self.now += KEPT_FOR
        self.do(lambda now, tx: expire(tx, tx.books.reservations.overdue(now, 100)), stamp(self.now))

    @invariant()
    def it_adds_up(self) -> None:
        if not hasattr(self, "ending"):
            return

        def check(_nothing: None, tx: CustomersTx) -> None:
            ledgers, store = tx.books.ledgers, AuditStore(tx.connection)
            audit = Audit({(ledger, holder): kept for ledger, holder, kept in store.all_kept()}, store.all_held(), {})
            for (ledger, holder), booked in groupby(store.all_booked(), key=lambda each: each[:2]):
                audit.check(ledger, holder, [booking for _, _, booking in booked])
            audit.check_captures(store.wrongly_captured(10))
            assert audit.result().differences == ()
            for (ledger, who), balance in self.booked.items():
                kept = ledgers.kept(ledger, who)
                assert kept.balance == balance
                if (ledger, who) not in self.late:
                    assert ledger == "account" or kept.balance >= kept.reserved >= 0

        self.do(check, None)

    def ask(self, number: int, who: CustomerId, ledger: CustomerLedger, amount: int) -> Reserved | None:
        at = reservation_id(sale_id(number), tender_id(number))
        command = ReserveBalance(at, sale_id(number), tender_id(number), TILL, ledger, amount, who)
        free = self.do(lambda _, tx: self.free(tx, ledger, who, at), None)
        made = self.do(reserve_balance, command)
        assert isinstance(made, BalanceReserved) == (amount <= free)
        return made.reserved if isinstance(made, BalanceReserved) else None

    @staticmethod
    def free(tx: CustomersTx, ledger: CustomerLedger, who: CustomerId, at: str) -> int:
        """What can be reserved, what the reservation itself keeps counted as free."""
        kept, own = tx.books.ledgers.kept(ledger, who), tx.books.reservations.find(at)
        held = own.units if own is not None and own.state == "held" and own.ledger == ledger else 0
        limit = LIMIT - kept.balance if ledger == "account" else kept.balance
        return max(limit - kept.reserved + held, held)

    def completed(self, number: int, who: CustomerId, reserved: Reserved | None) -> SaleCompleted:
        amount = 100 if reserved is None else reserved.units
        kind = "cash" if reserved is None else reserved.ledger
        return SaleCompleted(
            sale_id=sale_id(number),
            register=TILL,
            receipt_number=f"till-1-{number:06d}",
            transaction_number=number,
            transaction_kind="sale",
            business_day="2026-03-14",
            started_at=stamp(self.now),
            completed_at=stamp(self.now),
            currency=CurrencyCode("EUR"),
            total=amount,
            rounding=0,
            cashier=CASHIER,
            customer_id=who,
            lines=(a_line(number, amount),),
            tenders=(a_tender(number, kind, amount, reserved),),
            rates=(),
            flags=(),
        )


TestBalancesInUse = BalancesInUse.TestCase
TestBalancesInUse.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
