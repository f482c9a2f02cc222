"""What a merge does to balances: every lot moves with its days, so that nothing that is owed or owned blocks a merge.

Undone, each lot gives back what is left of it: what was spent or paid since stays with the survivor. The sum of both
never changes.
"""

import msgspec

from contracts.customers.balances import CustomerLedger, Ledger
from contracts.ids import CustomerId
from services.customers.handlers.booking import book, up_to_date
from services.customers.model.ledgers import standing
from services.customers.store.ledgers import NewEntry
from services.customers.transactions import CustomersTx
from services.runtime.clock import stamp

CUSTOMER_LEDGERS: tuple[CustomerLedger, ...] = ("store_credit", "account", "loyalty")


def transfer(tx: CustomersTx, loser: CustomerId, survivor: CustomerId, transfer_id: str) -> None:
    """Move all that a customer has and owes to another, and what is kept of it for sales.

    Account terms and membership move where the survivor has none of their own.

    Args:
        tx: where it is booked.
        loser: whose it was; the id itself, not whom it stands for by now.
        survivor: whose it will be.
        transfer_id: names the merge.
    """
    for ledger in CUSTOMER_LEDGERS:
        for each in (loser, survivor):
            up_to_date(tx, ledger, each)
        whole = standing(tx.books.ledgers.bookings(ledger, loser))
        active_at = tx.books.ledgers.kept(ledger, loser).active_at
        for lot in whole.lots:
            moved = _moved(tx, transfer_id, lot.entry.entry_id, lot.left, lot.entry.day)
            out = msgspec.structs.replace(moved.out, lot=lot.entry.entry_id)
            into = msgspec.structs.replace(
                moved.into, expires_on=lot.entry.expires_on, due_on=lot.entry.due_on, sale_id=lot.entry.sale_id
            )
            book(tx, ledger, loser, out)
            book(tx, ledger, survivor, into)
        if whole.deficit:
            moved = _moved(tx, transfer_id, tx.ids.derived(transfer_id, ledger), -whole.deficit, tx.today)
            book(tx, ledger, loser, moved.out)
            book(tx, ledger, survivor, moved.into)
        for held in tx.books.ledgers.held_of(ledger, loser):
            tx.books.ledgers.put_reservation(msgspec.structs.replace(held, holder_id=survivor))
        if active_at is not None:
            tx.books.ledgers.keep_activity(ledger, survivor, active_at)
    _move_terms(tx, loser, survivor, transfer_id)


def transfer_back(tx: CustomersTx, loser: CustomerId, survivor: CustomerId, transfer_id: str) -> None:
    """Undo a transfer: what is left of each lot goes back. Later merges of the survivor are undone before."""
    undo_id = tx.ids.derived(transfer_id, "undone")
    for ledger, holder_id, entry, lot in tx.books.ledgers.moved(transfer_id):
        if holder_id != loser or entry.kind != "transferred_out":
            continue
        moved_id = _in_id(tx, transfer_id, lot or tx.ids.derived(transfer_id, ledger))
        moved = tx.books.ledgers.find(moved_id)
        amount = -entry.amount if lot is None else _left(tx, ledger, survivor, moved_id)
        if moved is None or not amount:
            continue
        back = _moved(tx, undo_id, moved_id, amount, moved[2].day)
        book(tx, ledger, survivor, msgspec.structs.replace(back.out, lot=moved_id))
        book(
            tx,
            ledger,
            loser,
            msgspec.structs.replace(
                back.into, expires_on=moved[2].expires_on, due_on=moved[2].due_on, sale_id=moved[2].sale_id, lot=lot
            ),
        )
    tx.books.loyalty.leave_with(transfer_id)


class _Moved(msgspec.Struct, frozen=True):
    """Both sides of what moves."""

    out: NewEntry
    into: NewEntry


def _moved(tx: CustomersTx, transfer_id: str, what: str, amount: int, day: str) -> _Moved:
    at = stamp(tx.now)
    return _Moved(
        NewEntry(
            tx.ids.derived(transfer_id, f"{what}/out"),
            "transferred_out",
            -amount,
            at,
            tx.today,
            transfer_id=transfer_id,
        ),
        NewEntry(_in_id(tx, transfer_id, what), "transferred_in", amount, at, day, transfer_id=transfer_id),
    )


def _in_id(tx: CustomersTx, transfer_id: str, what: str) -> str:
    """The id of the survivor's side of what moved."""
    return tx.ids.derived(transfer_id, f"{what}/in")


def _left(tx: CustomersTx, ledger: Ledger, survivor: str, entry_id: str) -> int:
    """What is left of a lot and not kept for a sale."""
    left = standing(tx.books.ledgers.bookings(ledger, survivor)).left_of(entry_id)
    if ledger == "account":
        return left
    kept = tx.books.ledgers.kept(ledger, survivor)
    return min(left, max(0, kept.balance - kept.reserved))


def _move_terms(tx: CustomersTx, loser: CustomerId, survivor: CustomerId, transfer_id: str) -> None:
    terms = tx.books.accounts.terms(loser)
    if terms.revision and not tx.books.accounts.terms(survivor).revision:
        tx.books.accounts.put(msgspec.structs.replace(terms, customer_id=survivor, revision=1), None, tx.now)
    member = tx.books.loyalty.membership(loser)
    if member is not None and tx.books.loyalty.membership(survivor) is None:
        tx.books.loyalty.join(survivor, member.terms_version, member.joined_at, member.bonus, transfer_id)
