"""Whatever is created, edited, booked, reserved, merged, undone and erased, in whatever order.

Totals never change, no orphan is left, nobody overwrites what they have not seen, and nothing of a person stays with
somebody else or outlives their erasure.
"""

from collections import Counter
from contextlib import ExitStack
from itertools import groupby
from typing import Any, NamedTuple

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contracts.base import Rejection
from contracts.customers import CreateCustomer, Customer, RevisionConflict, UpdateCustomer
from contracts.customers.balances import CustomerLedger, Reserved
from contracts.customers.consent import Answer, ConsentId, RecordConsent
from contracts.customers.ledgers import AdjustBalance
from contracts.customers.ledgers.accounts import SetAccountTerms
from contracts.customers.ledgers.reserving import BalanceReserved, ReserveBalance
from contracts.customers.loyalty import JoinLoyalty
from contracts.customers.merging import (
    MergeBuriedUnder,
    MergeCustomers,
    MergeId,
    MergeUndone,
    PreviewMerge,
    SameCustomer,
    UndoMerge,
)
from contracts.customers.privacy.erasing import BalanceOpen, EraseCustomer, ErasureId
from contracts.customers.profile import Balances
from contracts.ids import CustomerId
from services.customers.handlers.consent import record_consent
from services.customers.handlers.erasing import erase_customer
from services.customers.handlers.ledgers import adjust_balance, set_account_terms
from services.customers.handlers.loyalty import join_loyalty, set_loyalty_programme
from services.customers.handlers.merging import merge_customers, undo_merge
from services.customers.handlers.records import create_customer, update_customer
from services.customers.handlers.reserving import on_sale_voided, reserve_balance
from services.customers.handlers.spending import on_sale_completed
from services.customers.model.audit import Audit
from services.customers.store.aliases import family
from services.customers.store.audit import AuditStore
from services.customers.store.balances import balances_of
from services.customers.store.consents_shown import consents
from services.customers.store.merges_shown import merge_preview
from services.customers.transactions import CustomersTx
from tests.services.customers.ledgers.shop import PROGRAMME, TERMS, TILL, reservation_id, sale_id, tender_id
from tests.services.customers.privacy.desk import IDS, Desk

LEDGERS: tuple[CustomerLedger, ...] = ("store_credit", "account", "loyalty")
ADDRESSES = ("a@example.com", "b@example.com")
MOST = 4
ONE = st.integers(0, 59)
NAMES = st.sampled_from(["Anna", "Bert", "Caro"])
MAILS = st.lists(st.sampled_from(ADDRESSES), unique=True).map(tuple)
LIMITS = st.sampled_from([None, 0, 500])
WHERE = st.sampled_from(LEDGERS)
PERSONAL = ("consent", "customer", "customer_address", "customer_email", "customer_key", "customer_merge")
Terms = dict[CustomerId, int | None]


class Merged(NamedTuple):
    """A merge: what both had before it, and how often anything had moved or been agreed on after it.

    ``moves`` is -1 where a sale kept something back from whom it was to go to: they had less than theirs.
    """

    merge_id: MergeId
    survivor: CustomerId
    loser: CustomerId
    had: dict[str, Balances]
    moves: int
    terms: Terms
    agreed: int


class Sale(NamedTuple):
    """An open sale for which something of a balance is kept."""

    number: int
    reserved: Reserved


class Waits(NamedTuple):
    """What two have again once nothing is kept for a sale any more, if nothing else moves."""

    survivor: CustomerId
    had: dict[str, Balances]
    moves: dict[CustomerId, int]


class Lives(RuleBasedStateMachine):
    """A store's customers, and what a simple book of them says."""

    @initialize()
    def open(self) -> None:
        self.ending = ExitStack()
        self.desk = Desk(self.ending)
        self.into: dict[CustomerId, CustomerId] = {}
        self.alive: set[CustomerId] = set()
        self.erased: set[CustomerId] = set()
        self.booked: dict[str, int] = dict.fromkeys(LEDGERS, 0)
        self.merges: list[Merged] = []
        self.undone: set[MergeId] = set()
        self.waiting: list[Waits] = []
        self.given_up = Counter[str]()
        """What of somebody erased was given up, ledger by ledger."""
        self.sales: list[Sale] = []
        self.number = 0
        self.terms: Terms = {}
        self.agreed: dict[CustomerId, int] = {}
        """How often terms were set for a customer."""
        self.refused: set[str] = set()
        """Addresses whose last answer, whoever gave it, was a no."""
        self.order: list[CustomerId] = []
        self.moves: dict[CustomerId, int] = {}
        """How often anything was booked for a customer, or moved to or from them."""
        self.seen: dict[CustomerId, dict[int, Any]] = {}
        self.seen_terms: dict[CustomerId, dict[int, Any]] = {}
        """What was shown under an id and a revision."""
        self.desk.do(set_loyalty_programme, PROGRAMME)
        for name in ("Anna", "Bert"):
            self.create(name, ADDRESSES)
        self.book(0, "store_credit", 700)
        # One of them has a bit of everything that a merge brings along.
        self.book(1, "store_credit", 500)
        self.reserve(1, "store_credit", 300)
        self.reserve(0, "store_credit", 200)
        self.book(0, "account", 300)
        self.book(1, "account", -200)
        self.agree(1, 500)
        self.join(1)
        self.answer(1, "", "yes", own=True)

    def teardown(self) -> None:
        if hasattr(self, "ending"):
            self.ending.close()

    def present(self, customer_id: CustomerId) -> CustomerId:
        while customer_id in self.into:
            customer_id = self.into[customer_id]
        return customer_id

    def family(self, customer_id: CustomerId) -> set[CustomerId]:
        return {each for each in self.order if self.present(each) == self.present(customer_id)}

    @precondition(lambda self: len(self.order) < MOST)
    @rule(name=NAMES, emails=MAILS)
    def create(self, name: str, emails: tuple[str, ...]) -> None:
        customer_id = CustomerId(IDS.new())
        made = self.desk.do(
            create_customer,
            CreateCustomer(
                customer_id,
                first_name=name,
                emails=(*emails, own_address(customer_id)),
                codes=(code_of(customer_id),),
                notes=own_note(customer_id),
                save_anyway="other",
            ),
        )
        assert not isinstance(made, Rejection), made.details
        self.alive.add(customer_id)
        self.order.append(customer_id)

    @precondition(lambda self: self.order)
    @rule(one=ONE, name=NAMES, emails=MAILS, note=st.sampled_from(["", "\nRang."]))
    def edit(self, one: int, name: str, emails: tuple[str, ...], note: str) -> None:
        customer_id = self.picked(one)
        before = self.record(customer_id)
        own = tuple(each for each in before.emails if each not in ADDRESSES)
        command = UpdateCustomer(
            customer_id,
            before.revision,
            last_name=name,
            emails=(*emails, *own),
            notes=before.notes + note,
            save_anyway="other",
        )
        made = self.desk.do(update_customer, command)
        assert not isinstance(made, Rejection), made.details
        assert made.customer_id == self.present(customer_id)

    @precondition(lambda self: self.order)
    @rule(one=ONE, which=ONE)
    def edit_what_was_seen_before(self, one: int, which: int) -> None:
        customer_id = self.picked(one)
        shown = sorted(self.seen[customer_id])
        revision = shown[which % len(shown)]
        if revision != self.record(customer_id).revision:
            made = self.desk.do(update_customer, UpdateCustomer(customer_id, revision, company="Late"))
            assert isinstance(made, RevisionConflict)

    @precondition(lambda self: self.order)
    @rule(one=ONE, ledger=WHERE, amount=st.integers(-300, 500))
    def book(self, one: int, ledger: CustomerLedger, amount: int) -> None:
        customer_id = self.picked(one)
        made = self.desk.do(adjust_balance, AdjustBalance(IDS.new(), customer_id, ledger, amount, "goodwill"))
        if not isinstance(made, Rejection):
            assert made.holder_id == self.present(customer_id)
            self.booked[ledger] += amount
            self.moved(self.present(customer_id))

    @precondition(lambda self: self.order)
    @rule(one=ONE)
    def join(self, one: int) -> None:
        assert not isinstance(self.desk.do(join_loyalty, JoinLoyalty(self.picked(one), TERMS)), Rejection)

    @precondition(lambda self: self.order)
    @rule(one=ONE, limit=LIMITS)
    def agree(self, one: int, limit: int | None) -> None:
        customer_id = self.picked(one)
        before = self.desk.read(lambda tx: tx.books.accounts.terms(self.present(customer_id)))
        made = self.desk.do(set_account_terms, SetAccountTerms(customer_id, before.revision, limit))
        assert not isinstance(made, Rejection), made.details
        present = self.present(customer_id)
        self.terms[present] = limit
        self.agreed[present] = self.agreed.get(present, 0) + 1

    @precondition(lambda self: self.order)
    @rule(one=ONE, ledger=WHERE, amount=st.integers(1, 400))
    def reserve(self, one: int, ledger: CustomerLedger, amount: int) -> None:
        self.number += 1
        sale, tender = sale_id(self.number), tender_id(self.number)
        command = ReserveBalance(reservation_id(sale, tender), sale, tender, TILL, ledger, amount, self.picked(one))
        made = self.desk.do(reserve_balance, command)
        if isinstance(made, BalanceReserved):
            self.sales.append(Sale(self.number, made.reserved))

    @precondition(lambda self: self.sales)
    @rule(which=ONE)
    def void(self, which: int) -> None:
        sale = self.sales.pop(which % len(self.sales))
        held = self.desk.read(lambda tx: tx.books.reservations.find(sale.reserved.reservation_id))
        self.desk.do(on_sale_voided, self.desk.voided(sale.number))
        self.freed(CustomerId(held.holder_id))

    @precondition(lambda self: self.sales)
    @rule(which=ONE)
    def complete(self, which: int) -> None:
        sale = self.sales.pop(which % len(self.sales))
        ledger, units = sale.reserved.ledger, sale.reserved.units
        held = self.desk.read(lambda tx: tx.books.reservations.find(sale.reserved.reservation_id))
        self.desk.do(on_sale_completed, self.desk.completed(sale.number, sale.reserved))
        self.booked[ledger] += units if ledger == "account" else -units
        self.moved(CustomerId(held.holder_id))
        self.freed(CustomerId(held.holder_id))

    @precondition(lambda self: self.order)
    @rule(one=ONE, address=st.sampled_from(ADDRESSES), said=st.sampled_from(["yes", "no"]), own=st.booleans())
    def answer(self, one: int, address: str, said: Answer, *, own: bool) -> None:
        customer_id = self.picked(one)
        address = own_address(customer_id) if own else address
        command = RecordConsent(ConsentId(IDS.new()), customer_id, "email", address, said, "w-1", "fi")
        made = self.desk.do(record_consent, command)
        if not isinstance(made, Rejection):
            (self.refused.add if said == "no" else self.refused.discard)(address)

    @precondition(lambda self: self.order)
    @rule(one=ONE, other=ONE)
    def merge(self, one: int, other: int) -> None:
        survivor, loser = self.picked(one), self.picked(other)
        mine, theirs = self.present(survivor), self.present(loser)
        had = self.balances(mine, theirs)
        undone = [each for each in self.merges if each.merge_id in self.undone]
        parted = {one for each in undone for one in (each.survivor, each.loser)}
        kept_back = any(self.is_kept(each) for each in {mine, theirs} & parted)
        preview = self.desk.read(
            lambda tx: merge_preview(tx.connection, tx.digest_key, PreviewMerge(survivor, loser), details=True)
        )
        merge_id = MergeId(IDS.new())
        seen = (self.record(survivor).revision, self.record(loser).revision)
        made = self.desk.do(merge_customers, MergeCustomers(merge_id, survivor, loser, *seen))
        assert isinstance(made, SameCustomer) == isinstance(preview, SameCustomer) == (mine == theirs)
        if mine == theirs:
            return
        assert made == msgspec.structs.replace(preview.result, balances=preview.balances)
        terms = {each: self.terms[each] for each in (mine, theirs) if each in self.terms}
        if theirs in terms:
            self.terms.setdefault(mine, terms[theirs])
            del self.terms[theirs]
        self.into[theirs] = mine
        self.alive.discard(theirs)
        for each in (mine, theirs):
            self.moved(each)
        moves = -1 if kept_back else self.moves[mine]
        self.merges.append(Merged(merge_id, mine, theirs, had, moves, terms, self.agreed.get(mine, 0)))

    @precondition(lambda self: self.merges)
    @rule(one=ONE)
    def undo(self, one: int) -> None:
        place = one % len(self.merges)
        merged = self.merges[place]
        made = self.desk.do(undo_merge, UndoMerge(merged.merge_id))
        if merged.merge_id in self.undone:
            assert isinstance(made, MergeUndone)
            return
        later = [each for each in self.merges[place + 1 :] if each.merge_id not in self.undone]
        if merged.survivor not in self.alive or merged.survivor in {each.survivor for each in later}:
            assert isinstance(made, MergeBuriedUnder)
            return
        assert not isinstance(made, Rejection), made.details
        self.undone.add(merged.merge_id)
        del self.into[merged.loser]
        self.alive.add(merged.loser)
        self.part_terms(merged)
        untouched = self.moves[merged.survivor] == merged.moves
        for each in (merged.survivor, merged.loser):
            self.moved(each)
            self.freed(each)
        if untouched:
            both = (merged.survivor, merged.loser)
            self.waiting.append(Waits(merged.survivor, merged.had, {each: self.moves[each] for each in both}))

    @precondition(lambda self: self.into)
    @rule()
    def undo_the_newest(self) -> None:
        places = reversed(range(len(self.merges)))
        self.undo(next(place for place in places if self.merges[place].loser in self.into))

    @precondition(lambda self: self.order)
    @rule(one=ONE, other=ONE, amount=st.integers(1, 400), earn=st.booleans(), end=st.booleans())
    def merge_and_part(self, one: int, other: int, amount: int, *, earn: bool, end: bool) -> None:
        """With a sale open meanwhile, an answer given, and something earned."""
        self.merge(one, other)
        self.reserve(other, "store_credit", amount)
        self.answer(other, "", "yes", own=True)
        if earn:
            self.book(other, "loyalty", amount)
        if self.into:
            self.undo_the_newest()
        while end and self.sales:
            self.void(0)

    @precondition(lambda self: self.into)
    @rule()
    def undo_the_oldest(self) -> None:
        self.undo(next(place for place, merged in enumerate(self.merges) if merged.loser in self.into))

    @precondition(lambda self: self.order)
    @rule(one=ONE)
    def erase(self, one: int) -> None:
        customer_id = self.picked(one)
        had = self.balances(self.present(customer_id))[self.present(customer_id)]
        gone = self.family(customer_id)
        made = self.desk.do(erase_customer, EraseCustomer(ErasureId(IDS.new()), customer_id, give_up_balances=True))
        if isinstance(made, Rejection):
            assert isinstance(made, BalanceOpen)
            assert made.details["reserved"]
            return
        for ledger, amount in zip(LEDGERS, (had.store_credit, had.account_owed, had.loyalty_points), strict=True):
            self.booked[ledger] -= amount
        assert list(self.written_off().values()) == [-had.store_credit, -had.account_owed, -had.loyalty_points]
        self.erased |= gone
        self.alive -= gone
        self.order = [each for each in self.order if each not in gone]
        self.into = {each: other for each, other in self.into.items() if each not in gone}
        self.terms = {each: limit for each, limit in self.terms.items() if each not in gone}
        self.waiting = [each for each in self.waiting if not gone & set(each.moves)]

    def part_terms(self, merged: Merged) -> None:
        """What was agreed on since stays; the loser has what they had."""
        for each in (merged.survivor, merged.loser):
            if each == merged.loser or self.agreed.get(each, 0) == merged.agreed:
                self.terms.pop(each, None)
                if each in merged.terms:
                    self.terms[each] = merged.terms[each]

    def freed(self, survivor: CustomerId) -> None:
        """Less is kept of what they have: what was others' goes back to them, or is given up where they were erased."""
        theirs, more = set[CustomerId](), {survivor}
        while more:
            parted = [(each.survivor, each.loser) for each in self.merges if each.merge_id in self.undone]
            lost = {one for pair in parted if more & set(pair) for one in pair} - more
            more = {self.present(each) for each in lost} - theirs
            theirs |= more
        self.waiting = [each for each in self.waiting if each.survivor == survivor or not theirs & set(each.moves)]
        for ledger, amount in self.written_off().items():
            if amount:
                assert theirs & self.erased
                self.booked[ledger] += amount
                self.moved(survivor)

    def written_off(self) -> dict[str, int]:
        """What was given up since this was asked before."""
        before = dict(self.given_up)

        def sums(tx: CustomersTx) -> Counter[str]:
            found = Counter[str]()
            for ledger, _, booking in AuditStore(tx.connection).all_booked():
                if booking.entry.reason == "write_off":
                    found[ledger] += booking.entry.amount
            return found

        self.given_up = self.desk.read(sums)
        return {ledger: self.given_up[ledger] - before.get(ledger, 0) for ledger in LEDGERS}

    def picked(self, one: int) -> CustomerId:
        return self.order[one % len(self.order)]

    def moved(self, customer_id: CustomerId) -> None:
        self.moves[customer_id] = self.moves.get(customer_id, 0) + 1

    def record(self, customer_id: CustomerId) -> Customer:
        found: Customer = self.desk.read(lambda tx: tx.customers.get(customer_id))
        return found

    def is_kept(self, customer_id: CustomerId) -> bool:
        """Whether something of theirs is kept for a sale."""
        kept = self.desk.read(lambda tx: [tx.books.ledgers.kept(ledger, customer_id).reserved for ledger in LEDGERS])
        return any(kept)

    def balances(self, *customer_ids: CustomerId) -> dict[str, Balances]:
        found: dict[str, Balances] = self.desk.read(lambda tx: balances_of(tx.connection, customer_ids))
        return found

    @invariant()
    def every_id_leads_to_somebody_on_file(self) -> None:
        def check(tx: CustomersTx) -> None:
            for each in self.order:
                assert tx.customers.get(each).customer_id == self.present(each)
                assert tx.customers.holder_of(code_of(each)) == (self.present(each), False)
            on_file = {record.customer_id for record, _ in tx.customers.page_after("", 1000)}
            assert on_file == self.alive

        self.desk.read(check)

    @invariant()
    def totals_are_what_was_booked_and_nothing_is_left_behind(self) -> None:
        def check(tx: CustomersTx) -> None:
            balances = balances_of(tx.connection, sorted(self.alive))
            for booked_in, field in zip(LEDGERS, ("store_credit", "account_owed", "loyalty_points"), strict=True):
                assert sum(getattr(each, field) for each in balances.values()) == self.booked[booked_in]
            kept = {(ledger, holder): kept for ledger, holder, kept in AuditStore(tx.connection).all_kept()}
            for (ledger, holder), each in kept.items():
                assert holder in self.alive or (each.balance, each.reserved) == (0, 0)
                assert ledger == "account" or each.balance >= each.reserved >= 0
                assert ledger != "loyalty" or not each.balance or tx.books.loyalty.membership(CustomerId(holder))
            store = AuditStore(tx.connection)
            audit = Audit(dict(kept.items()), store.all_held(), store.all_parts())
            for (ledger, holder_id), booked in groupby(
                AuditStore(tx.connection).all_booked(), key=lambda each: each[:2]
            ):
                audit.check(ledger, holder_id, [booking for _, _, booking in booked])
            audit.check_captures(store.wrongly_captured(10))
            audit.check_transfers(store.wrongly_moved(10))
            audit.check_astray(store.astray())
            assert audit.result().differences == ()

        self.desk.read(check)

    @invariant()
    def terms_are_their_own(self) -> None:
        found = self.balances(*sorted(self.alive))
        assert {each: balances.account_limit for each, balances in found.items()} == {
            each: self.terms.get(each, 0) for each in self.alive
        }

    @invariant()
    def whoever_was_parted_has_what_was_theirs_once_no_sale_keeps_it(self) -> None:
        def check(tx: CustomersTx) -> None:
            for each in self.waiting:
                if any(self.moves[one] != moves for one, moves in each.moves.items()):
                    continue
                if not any(tx.books.ledgers.kept(ledger, one).reserved for ledger in LEDGERS for one in each.moves):
                    now = balances_of(tx.connection, sorted(each.had))
                    assert {one: without_terms(has) for one, has in now.items()} == {
                        one: without_terms(has) for one, has in each.had.items()
                    }

        self.desk.read(check)

    @invariant()
    def a_revision_shown_under_an_id_is_shown_again_only_with_the_same(self) -> None:
        def check(tx: CustomersTx) -> None:
            for each in self.order:
                record, terms = tx.customers.get(each), tx.books.accounts.terms(self.present(each))
                assert self.seen.setdefault(each, {}).setdefault(record.revision, record) == record
                limit = (terms.credit_limit, terms.grace_days)
                assert self.seen_terms.setdefault(each, {}).setdefault(terms.revision, limit) == limit

        self.desk.read(check)

    @invariant()
    def nobody_holds_what_leads_to_somebody_else(self) -> None:
        def check(tx: CustomersTx) -> None:
            for each in self.alive:
                record, ids = tx.customers.get(each), self.family(each)
                assert set(family(tx.connection, each)) == ids
                own = {own_address(one) for one in ids}
                assert {address for address in record.emails if address not in ADDRESSES} == own
                assert {line for line in record.notes.split("\n") if line.startswith("Of ")} == set(map(own_note, ids))
                said = {one.address for one in tx.consents.everything(each)}
                assert said <= {*own, *ADDRESSES}
            kept = str([tx.connection.exec_driver_sql(f"SELECT * FROM {name}").fetchall() for name in PERSONAL])  # noqa: S608
            for each in self.erased:
                assert own_address(each) not in kept
                assert own_note(each) not in kept

        self.desk.read(check)

    @invariant()
    def who_was_refused_last_is_written_to_by_nobody(self) -> None:
        def check(tx: CustomersTx) -> None:
            for each in self.alive:
                told = consents(tx.connection, tx.digest_key, tx.customers.get(each), details=True).consents
                assert not [now for now in told if now.permitted and now.address in self.refused]

        self.desk.read(check)


def code_of(customer_id: CustomerId) -> str:
    return f"C-{customer_id[-12:]}"


def own_address(customer_id: CustomerId) -> str:
    return f"{customer_id[-12:]}@example.org"


def own_note(customer_id: CustomerId) -> str:
    return f"Of {customer_id[-12:]}."


def without_terms(balances: Balances) -> Balances:
    return msgspec.structs.replace(balances, account_limit=0)


TestLives = Lives.TestCase
TestLives.settings = settings(
    max_examples=15, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
