"""Whatever is created, edited, booked, merged and undone, in whatever order: totals never change, no orphan is left."""

import atexit
import shutil
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contracts.base import Rejection
from contracts.customers import CreateCustomer, UpdateCustomer
from contracts.customers.balances import CustomerLedger
from contracts.customers.consent import Answer, ConsentId, RecordConsent
from contracts.customers.ledgers import AdjustBalance
from contracts.customers.merging import MergeBuriedUnder, MergeCustomers, MergeId, MergeUndone, SameCustomer, UndoMerge
from contracts.customers.profile import Balances
from contracts.ids import CustomerId
from services.customers.access_notes import AccessNotes
from services.customers.handlers.consent import record_consent
from services.customers.handlers.ledgers import adjust_balance
from services.customers.handlers.merging import merge_customers, undo_merge
from services.customers.handlers.records import create_customer, update_customer
from services.customers.model.audit import Audit
from services.customers.settings import CustomersSettings
from services.customers.store.balances import balances_of
from services.customers.store.consents_shown import consents
from services.customers.transactions import CustomersTx
from services.runtime.database import open_writer
from services.runtime.ids import RandomIds
from services.runtime.journal import Journal
from services.runtime.migrate import chains, migrate
from services.runtime.tokens import Claims
from services.runtime.transactions import Request, Surroundings
from services.runtime.writer import Scope
from tests.services.customers.privacy.people import ALL

IDS = RandomIds()
AT = datetime(2026, 3, 14, 10, tzinfo=UTC)
CLAIMS = Claims(sub=IDS.new(), client="till-1", session=1, role="owner", permissions=ALL, exp=4_102_444_800)
SETTINGS = CustomersSettings(country="FI", time_zone="Europe/Helsinki", make_codes=False)
LEDGERS: tuple[CustomerLedger, ...] = ("store_credit", "account")
ADDRESSES = ("a@example.com", "b@example.com")
MOST = 5
ONE = st.integers(0, 59)
NAMES = st.sampled_from(["Anna", "Bert", "Caro"])
MAILS = st.lists(st.sampled_from(ADDRESSES), unique=True).map(tuple)


@cache
def migrated() -> Path:
    """An empty database, made once."""
    folder = Path(tempfile.mkdtemp(prefix="lives-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = folder / "customers.sqlite3"
    migrate(file, chains("customers"))
    return file


class Merged(NamedTuple):
    """A merge, with what both had before it and how often anything had moved for the survivor after it."""

    merge_id: MergeId
    survivor: CustomerId
    loser: CustomerId
    had: dict[str, Balances]
    moves: int


class Lives(RuleBasedStateMachine):
    """A store's customers, and what a simple book of them says."""

    @initialize()
    def open(self) -> None:
        self.ending = ExitStack()
        folder = Path(self.ending.enter_context(tempfile.TemporaryDirectory(prefix="life-")))
        (folder / "secrets").mkdir()
        (folder / "secrets" / "digest.key").write_bytes(b"a key of the tests, 32 bytes long")
        shutil.copy(migrated(), folder / "customers.sqlite3")
        engine = open_writer(folder / "customers.sqlite3")
        self.ending.callback(engine.dispose)
        self.connection = self.ending.enter_context(engine.connect())
        # Nothing of these is shown, read or verified here.
        self.around = Surroundings(IDS, None, None, None, folder)  # type: ignore[arg-type]
        self.now = AT
        self.into: dict[CustomerId, CustomerId] = {}
        self.alive: set[CustomerId] = set()
        self.booked: dict[str, int] = dict.fromkeys(LEDGERS, 0)
        self.merges: list[Merged] = []
        self.undone: set[MergeId] = set()
        self.refused: set[str] = set()
        """Addresses whose last answer, whoever gave it, was a no."""
        self.order: list[CustomerId] = []
        self.moves: dict[CustomerId, int] = {}
        """How often anything was booked for a customer, or moved to or from them."""
        for name in ("Anna", "Bert"):
            self.create(name, ADDRESSES)
        self.book(0, "store_credit", 700)
        self.book(1, "store_credit", 500)

    def teardown(self) -> None:
        if hasattr(self, "ending"):
            self.ending.close()

    def do(self, handle: Callable[[Any, CustomersTx], Any], command: Any) -> Any:
        """What a handler answers; a rejection is answered, and changes nothing."""
        self.now += timedelta(seconds=1)
        with self.connection.begin() as begun:
            request = Request(self.now, "till-1", IDS.new(), CLAIMS)
            scope = Scope(self.connection, Journal.load(self.connection))
            try:
                return handle(command, CustomersTx(scope, self.around, request, SETTINGS, AccessNotes().add))
            except Rejection as rejection:
                begun.rollback()
                return rejection

    def read(self, function: Callable[[CustomersTx], Any]) -> Any:
        return self.do(lambda _, tx: function(tx), None)

    def present(self, customer_id: CustomerId) -> CustomerId:
        while customer_id in self.into:
            customer_id = self.into[customer_id]
        return customer_id

    @precondition(lambda self: len(self.order) < MOST)
    @rule(name=NAMES, emails=MAILS)
    def create(self, name: str, emails: tuple[str, ...]) -> None:
        customer_id = CustomerId(IDS.new())
        made = self.do(
            create_customer,
            CreateCustomer(
                customer_id, first_name=name, emails=emails, codes=(code_of(customer_id),), save_anyway="other"
            ),
        )
        assert not isinstance(made, Rejection), made.details
        self.alive.add(customer_id)
        self.order.append(customer_id)

    @rule(one=ONE, name=NAMES, emails=MAILS)
    def edit(self, one: int, name: str, emails: tuple[str, ...]) -> None:
        customer_id = self.picked(one)
        before = self.read(lambda tx: tx.customers.get(customer_id))
        command = UpdateCustomer(customer_id, before.revision, last_name=name, emails=emails, save_anyway="other")
        made = self.do(update_customer, command)
        assert not isinstance(made, Rejection), made.details
        assert made.customer_id == self.present(customer_id)

    @rule(one=ONE, ledger=st.sampled_from(LEDGERS), amount=st.integers(-300, 500))
    def book(self, one: int, ledger: CustomerLedger, amount: int) -> None:
        customer_id = self.picked(one)
        made = self.do(adjust_balance, AdjustBalance(IDS.new(), customer_id, ledger, amount, "goodwill"))
        if not isinstance(made, Rejection):
            assert made.holder_id == self.present(customer_id)
            self.booked[ledger] += amount
            self.moved(self.present(customer_id))

    @rule(one=ONE, address=st.sampled_from(ADDRESSES), said=st.sampled_from(["yes", "no"]))
    def answer(self, one: int, address: str, said: Answer) -> None:
        customer_id = self.picked(one)
        command = RecordConsent(ConsentId(IDS.new()), customer_id, "email", address, said, "w-1", "fi")
        made = self.do(record_consent, command)
        if not isinstance(made, Rejection):
            (self.refused.add if said == "no" else self.refused.discard)(address)

    @rule(one=ONE, other=ONE)
    def merge(self, one: int, other: int) -> None:
        survivor, loser = self.picked(one), self.picked(other)
        mine, theirs = self.present(survivor), self.present(loser)
        had = self.balances(mine, theirs)
        both = self.read(lambda tx: [tx.customers.get(each) for each in (survivor, loser)])
        merge_id = MergeId(IDS.new())
        made = self.do(merge_customers, MergeCustomers(merge_id, survivor, loser, *(each.revision for each in both)))
        assert isinstance(made, SameCustomer) == (mine == theirs)
        if mine == theirs:
            return
        assert made.customer_id == mine
        self.into[theirs] = mine
        self.alive.discard(theirs)
        self.moved(mine)
        self.merges.append(Merged(merge_id, mine, theirs, had, self.moves[mine]))

    @precondition(lambda self: self.merges)
    @rule(one=ONE)
    def undo(self, one: int) -> None:
        merged = self.merges[one % len(self.merges)]
        made = self.do(undo_merge, UndoMerge(merged.merge_id))
        if merged.merge_id in self.undone:
            assert isinstance(made, MergeUndone)
            return
        if merged.survivor in self.into:
            assert isinstance(made, MergeBuriedUnder)
            return
        assert not isinstance(made, Rejection), made.details
        self.undone.add(merged.merge_id)
        del self.into[merged.loser]
        self.alive.add(merged.loser)
        if self.moves[merged.survivor] == merged.moves:
            assert self.balances(merged.survivor, merged.loser) == merged.had
        self.moved(merged.survivor)
        self.moved(merged.loser)

    @precondition(lambda self: self.into)
    @rule()
    def undo_the_newest(self) -> None:
        self.undo(
            next(place for place in reversed(range(len(self.merges))) if self.merges[place].merge_id not in self.undone)
        )

    def picked(self, one: int) -> CustomerId:
        return self.order[one % len(self.order)]

    def moved(self, customer_id: CustomerId) -> None:
        self.moves[customer_id] = self.moves.get(customer_id, 0) + 1

    def balances(self, *customer_ids: CustomerId) -> dict[str, Balances]:
        found: dict[str, Balances] = self.read(lambda tx: balances_of(tx.connection, customer_ids))
        return found

    @invariant()
    def every_id_leads_to_somebody_on_file(self) -> None:
        def check(tx: CustomersTx) -> None:
            for each in {*self.alive, *self.into}:
                assert tx.customers.get(each).customer_id == self.present(each)
                assert tx.customers.holder_of(code_of(each)) == (self.present(each), False)
            on_file = {record.customer_id for record, _ in tx.customers.page_after("", 1000)}
            assert on_file == self.alive

        self.read(check)

    @invariant()
    def totals_are_what_was_booked_and_nothing_is_left_behind(self) -> None:
        def check(tx: CustomersTx) -> None:
            balances = balances_of(tx.connection, sorted(self.alive)).values()
            assert sum(each.store_credit for each in balances) == self.booked["store_credit"]
            assert sum(each.account_owed for each in balances) == self.booked["account"]
            for merged in self.into:
                assert all(tx.books.ledgers.kept(ledger, merged).balance == 0 for ledger in LEDGERS)
            audit = Audit(
                {(ledger, holder): kept for ledger, holder, kept in tx.books.ledgers.all_kept()},
                tx.books.ledgers.all_held(),
            )
            for (ledger, holder_id), booked in groupby(tx.books.ledgers.all_booked(), key=lambda each: each[:2]):
                audit.check(ledger, holder_id, [booking for _, _, booking in booked])
            assert audit.result().differences == ()

        self.read(check)

    @invariant()
    def who_was_refused_last_is_written_to_by_nobody(self) -> None:
        def check(tx: CustomersTx) -> None:
            for each in self.alive:
                told = consents(tx.connection, tx.digest_key, tx.customers.get(each), details=True).consents
                assert not [now for now in told if now.permitted and now.address in self.refused]

        self.read(check)


def code_of(customer_id: CustomerId) -> str:
    return f"C-{customer_id[-12:]}"


TestLives = Lives.TestCase
TestLives.settings = settings(
    max_examples=20, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
