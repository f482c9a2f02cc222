"""Balances are read and booked by hand, accounts get their terms and statements, and all of it is audited."""

from itertools import groupby

from contracts.base import Malformed
from contracts.customers import RevisionConflict
from contracts.customers.balances import CustomerLedger, HolderId, Ledger
from contracts.customers.ledgers import (
    AdjustBalance,
    AmountZero,
    BalancesRead,
    BalanceTooLarge,
    BalanceTooLow,
    EntryBooked,
    EntryExists,
    GetBalances,
    GetLedger,
    LedgerRead,
    LoyaltyNotJoined,
)
from contracts.customers.ledgers.accounts import AccountStatement, AccountTerms, GetAccountStatement, SetAccountTerms
from contracts.customers.ledgers.watching import AuditLedgers, LateCaptures, LedgersAudited, ListLateCaptures
from contracts.ids import CustomerId
from contracts.money import LARGEST
from services.customers.handlers.booking import book, due_on, kept_of_owners, note_terms, parts_of, up_to_date
from services.customers.model.audit import Audit
from services.customers.model.days import prove_days, read_day_to_come
from services.customers.model.importing import opening_id
from services.customers.model.ledgers import (
    adjusted_kind,
    expiring,
    in_order_of_days,
    open_items,
    prove_way,
    spendable,
    standing,
)
from services.customers.store.audit import AuditStore
from services.customers.store.books import Books
from services.customers.store.ledgers import LedgerStore, NewEntry
from services.customers.transactions import CustomersTx, CustomersView
from services.runtime.clock import stamp

MOST_ENTRIES = 500
"""So many entries stand in one statement."""


def adjust_balance(command: AdjustBalance, tx: CustomersTx) -> EntryBooked:
    """Book by hand.

    Rejections:
        CustomerNotFound: there is no such customer.
        EntryExists: the id is of an entry that says something else.
        AmountZero, AmountWrongWay: nothing would change; the reason books the other way.
        BalanceTooLow: less is there, or the rest is reserved for a sale.
        BalanceTooLarge: more than can be booked.
        LoyaltyNotJoined: points are for those who joined.
        PlaceholderHoldsNothing: nobody would have or owe more.
        Malformed: ``expires_on`` is no day to come, or stands where nothing expires.
    """
    customer_id = tx.books.known_customer(command.customer_id)
    booked = tx.books.ledgers.find(command.entry_id)
    if booked is not None:
        ledger, holder_id, entry = booked
        said = (ledger, tx.books.meant_by(CustomerId(holder_id)), entry.amount, entry.reason, entry.expires_on)
        if said != (command.ledger, customer_id, command.amount, command.reason, command.expires_on):
            raise EntryExists(field="entry_id", entry_id=command.entry_id)
        return EntryBooked(ledger, holder_id, entry)
    _prove_adjustable(command, tx, customer_id)
    entry = book(
        tx,
        command.ledger,
        customer_id,
        NewEntry(
            entry_id=command.entry_id,
            kind=adjusted_kind(command.ledger, command.amount, payment=command.reason == "payment"),
            amount=command.amount,
            at=stamp(tx.now),
            day=tx.today,
            staff_id=tx.claims.subject if tx.claims else None,
            reason=command.reason,
            expires_on=command.expires_on,
            due_on=due_on(tx, customer_id, tx.today) if command.ledger == "account" and command.amount > 0 else None,
        ),
        parts_of(tx, command.ledger, customer_id, command.amount, command.customer_id),
    )
    return EntryBooked(command.ledger, HolderId(customer_id), entry)


def open_balance(  # noqa: PLR0913, PLR0917 - what an opening balance consists of
    tx: CustomersTx, customer_id: CustomerId, ledger: CustomerLedger, amount: int, day: str, source_key: str
) -> bool:
    """Book what a customer brought along from another system, once for each source key; says whether it was new.

    Args:
        tx: where it is booked.
        customer_id: whose it is.
        ledger: where it belongs.
        amount: minor units or points; of an account what is owed.
        day: as of which day.
        source_key: names the balance where it came from; only an id that follows from it is kept.
    """
    entry_id = opening_id(source_key, ledger, tx.ids.derived)
    if amount == 0 or tx.books.ledgers.find(entry_id) is not None:
        return False
    meant = tx.books.meant_by(customer_id)
    due = due_on(tx, meant, day) if ledger == "account" and amount > 0 else None
    book(tx, ledger, meant, NewEntry(entry_id, "opening", amount, stamp(tx.now), day, due_on=due))
    return True


def set_account_terms(command: SetAccountTerms, tx: CustomersTx) -> AccountTerms:
    """Say how much a customer may owe and for how many days.

    Rejections:
        CustomerNotFound: there is no such customer.
        RevisionConflict: somebody changed the terms meanwhile.
        PlaceholderHoldsNothing: nobody buys on account.
    """
    customer_id = tx.books.known_customer(command.customer_id)
    tx.books.prove_somebody(customer_id)
    before = tx.books.accounts.terms(customer_id)
    if before.revision != command.expected_revision:
        raise RevisionConflict(field="expected_revision", revision=before.revision)
    terms = AccountTerms(customer_id, before.revision + 1, command.credit_limit, command.grace_days)
    tx.books.accounts.put(terms, tx.claims.subject if tx.claims else None, tx.now)
    note_terms(tx, before, terms)
    return terms


async def get_balances(query: GetBalances, view: CustomersView) -> BalancesRead:
    """Read a customer's balances and what of them can be spent now.

    Rejections:
        CustomerNotFound: there is no such customer.
    """
    today = view.today

    def read(books: Books) -> BalancesRead:
        customer_id = books.known_customer(query.customer_id)
        ledgers = books.ledgers
        membership, programme = books.loyalty.membership(customer_id), books.loyalty.programme()
        balances = books.balances(customer_id)
        credit, points = (_spendable_of(books, each, customer_id, today) for each in ("store_credit", "loyalty"))
        account = ledgers.kept("account", customer_id)
        items = open_items(standing(ledgers.bookings("account", customer_id)), today)
        agreed = books.accounts.kept(customer_id)
        return BalancesRead(
            customer_id=customer_id,
            balances=balances,
            store_credit_available=credit,
            account_available=spendable("account", account.balance, account.reserved, balances.account_limit),
            points_available=points,
            points_worth=0 if programme is None else points * programme.point_value,
            overdue=sum(item.left for item in items if item.overdue),
            loyalty_terms=None if membership is None else membership.terms_version,
            account_revision=agreed.terms.revision,
            account_grace_days=agreed.terms.grace_days if agreed.there else None,
        )

    return await view.read(lambda connection: read(Books(connection)))


async def get_ledger(query: GetLedger, view: CustomersView) -> LedgerRead:
    """Read a page of what was booked, newest first.

    Rejections:
        CustomerNotFound: there is no such customer.
    """

    def read(books: Books) -> LedgerRead:
        customer_id = books.known_customer(query.customer_id)
        entries = books.ledgers.page(query.ledger, customer_id, query.limit + 1, query.next)
        shown = tuple(entries[: query.limit])
        following = shown[-1].number if len(entries) > query.limit else None
        return LedgerRead(query.ledger, HolderId(customer_id), shown, following)

    return await view.read(lambda connection: read(Books(connection)))


async def get_account_statement(query: GetAccountStatement, view: CustomersView) -> AccountStatement:
    """Read an account over a time.

    Rejections:
        CustomerNotFound: there is no such customer.
        Malformed: the days are none, or the wrong way round.
    """
    prove_days(query.from_day, query.to_day)
    # Of days to come nobody knows what is paid by then: what is due is not overdue yet.
    overdue_on = min(query.to_day, view.today)

    def read(books: Books) -> AccountStatement:
        customer_id = books.known_customer(query.customer_id)
        bookings = books.ledgers.bookings("account", customer_id)
        until = [each for each in bookings if each.entry.day <= query.to_day]
        before = sum(each.entry.amount for each in until if each.entry.day < query.from_day)
        during = in_order_of_days([each for each in until if each.entry.day >= query.from_day], before)
        items = open_items(standing(until), overdue_on)
        return AccountStatement(
            customer_id=customer_id,
            from_day=query.from_day,
            to_day=query.to_day,
            owed_before=before,
            owed_after=during[-1].balance if during else before,
            overdue=sum(item.left for item in items if item.overdue),
            terms=books.accounts.terms(customer_id),
            entries=during[:MOST_ENTRIES],
            open_items=items[:MOST_ENTRIES],
            more=len(during) > MOST_ENTRIES or len(items) > MOST_ENTRIES,
        )

    return await view.read(lambda connection: read(Books(connection)))


async def list_late_captures(query: ListLateCaptures, view: CustomersView) -> LateCaptures:
    """Read which sales spent what was not reserved for them any more."""
    return LateCaptures(await view.read(lambda connection: LedgerStore(connection).late(query.limit)))


async def audit_ledgers(query: AuditLedgers, view: CustomersView) -> LedgersAudited:  # noqa: ARG001 - asks for all
    """Recompute everything from the entries and say what differs."""

    def read(store: AuditStore) -> LedgersAudited:
        kept_of_all = {(ledger, holder): kept for ledger, holder, kept in store.all_kept()}
        audit = Audit(kept_of_all, store.all_held(), store.all_parts())
        for (ledger, holder_id), booked in groupby(store.all_booked(), key=lambda each: each[:2]):
            audit.check(ledger, holder_id, [booking for _, _, booking in booked])
        audit.check_captures(store.wrongly_captured(MOST_ENTRIES))
        audit.check_transfers(store.wrongly_moved(MOST_ENTRIES))
        audit.check_astray(store.astray())
        return audit.result()

    return await view.read(lambda connection: read(AuditStore(connection)))


def _spendable_of(books: Books, ledger: Ledger, holder_id: str, today: str) -> int:
    """What can be spent today, what has run out and is not booked yet left out."""
    kept = books.ledgers.kept(ledger, holder_id)
    free = spendable(ledger, kept.balance, kept.reserved, None) or 0
    if kept.expires_on is None or kept.expires_on >= today:
        return free
    still_kept = kept_of_owners(books, ledger, holder_id, kept)
    run_out = expiring(standing(books.ledgers.bookings(ledger, holder_id)), today, still_kept)
    return max(0, free - sum(amount for _, amount in run_out))


def _prove_adjustable(command: AdjustBalance, tx: CustomersTx, customer_id: CustomerId) -> None:
    if command.amount == 0:
        raise AmountZero(field="amount")
    prove_way(command.ledger, command.amount, command.reason)
    if command.expires_on is not None:
        if command.ledger != "store_credit" or command.amount < 0:
            raise Malformed(field="$.expires_on", rule="only store credit that is given expires on a day")
        read_day_to_come(command.expires_on, "expires_on", tx.today)
    if command.ledger == "loyalty" and tx.books.loyalty.membership(customer_id) is None:
        raise LoyaltyNotJoined(field="customer_id")
    kept = up_to_date(tx, command.ledger, customer_id)
    if abs(kept.balance + command.amount) > abs(kept.balance):
        tx.books.prove_somebody(customer_id)
    free = kept.balance - kept.reserved
    if command.ledger != "account" and command.amount < 0 and free + command.amount < 0:
        raise BalanceTooLow(field="amount", available=max(0, free))
    if abs(kept.balance + command.amount) > LARGEST:
        raise BalanceTooLarge(field="amount")
