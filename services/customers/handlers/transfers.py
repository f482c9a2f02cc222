"""What a merge does to balances: every lot moves with its days, so that nothing that is owed or owned blocks a merge.

Undone, each lot gives back what is left of it: what was spent or paid since stays with the survivor, and what is kept
for a sale of theirs goes back once it is free again. The sum of both never changes.
"""

from collections import Counter
from functools import partial
from typing import NamedTuple

import msgspec

from contracts.customers.balances import CustomerLedger, Ledger
from contracts.customers.profile import Balances
from contracts.ids import CustomerId
from services.customers.handlers.booking import book, note_terms, up_to_date
from services.customers.model.ledgers import standing
from services.customers.store.accounts import KeptTerms
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
        for held in tx.books.reservations.held_of(ledger, loser):
            tx.books.reservations.put(msgspec.structs.replace(held, holder_id=survivor))
        if active_at is not None:
            tx.books.ledgers.keep_activity(ledger, survivor, active_at)
    _move_terms(tx, loser, survivor, transfer_id)


def transfer_back(tx: CustomersTx, loser: CustomerId, survivor: CustomerId, transfer_id: str) -> None:
    """Undo a transfer: what is left of each lot goes back. Later merges of the survivor are undone before.

    Terms that the transfer brought end, unless others were agreed on since.
    """
    balances_back(tx, loser, survivor, transfer_id)
    terms_back(tx, loser, survivor, transfer_id)


def balances_back(tx: CustomersTx, loser: CustomerId, survivor: CustomerId, transfer_id: str) -> None:
    """Give back what is left of each lot; who has points left that were earned meanwhile stays a member."""
    went = _give_back(tx, loser, survivor, transfer_id)
    for ledger in went.rest:
        tx.merges.keep_rest(transfer_id, ledger)
    for ledger in CUSTOMER_LEDGERS:
        for each in (survivor, loser):
            give_back_rest(tx, ledger, each)
    _end_membership(tx, survivor, transfer_id)


def give_back_rest(tx: CustomersTx, ledger: Ledger, holder_id: str) -> None:
    """Give back what was kept for a sale when a merge was undone, now that less is kept.

    Whoever it goes back to may have had it from somebody else, to whom it goes on. Who was erased since has it given
    up, as all that they had was. Once all has gone back or is spent, a merge is not looked at any more.

    Args:
        tx: where it is booked.
        ledger: of which something was released or spent; open items are kept for no sale, vouchers never moved.
        holder_id: who survived the merge, or whom that one was merged into since.
    """
    if ledger not in ("store_credit", "loyalty"):
        return
    for merge in tx.merges.with_rest(ledger, holder_id):
        loser = tx.books.meant_by(merge.loser_id)
        if loser == holder_id:
            continue
        went = _give_back(tx, merge.loser_id, merge.survivor_id, merge.merge_id, rest_of=ledger)
        if not went.rest:
            tx.merges.rest_gone(merge.merge_id, ledger, holder_id)
            if ledger == "loyalty":
                _end_membership(tx, merge.survivor_id, merge.merge_id)
        if not went.gave:
            continue
        give_back_rest(tx, ledger, loser)
        if not tx.customers.exists(loser):
            give_up(tx, loser, tx.ids.new())


def all_of(tx: CustomersTx, customer_id: CustomerId) -> Balances:
    """What a customer has and owes, with what others' sales still keep of theirs since merges were undone."""
    balances = tx.books.balances(customer_id)
    to_come = Counter({"store_credit": balances.store_credit, "loyalty": balances.loyalty_points})
    for ledger, merge in tx.merges.rests_of(customer_id):
        left = _Left(tx, ledger, merge.survivor_id)
        if left.holder_id == customer_id:
            continue
        for moved, holder_id, entry, lot in tx.books.ledgers.moved(merge.merge_id):
            if moved == ledger and holder_id == merge.loser_id and entry.kind == "transferred_out" and lot is not None:
                to_come[ledger] += left.of(left.name_of(_in_id(tx, merge.merge_id, lot)))
    return msgspec.structs.replace(balances, store_credit=to_come["store_credit"], loyalty_points=to_come["loyalty"])


def give_up(tx: CustomersTx, customer_id: CustomerId, cause: str) -> None:
    """Book all that somebody has or owes as given up; what is kept for a sale waits until the sale has ended.

    Args:
        tx: where it is booked.
        customer_id: whose it is, on file or not.
        cause: what the ids of the entries follow from.
    """
    for ledger in CUSTOMER_LEDGERS:
        kept = tx.books.ledgers.kept(ledger, customer_id)
        if kept.balance and not kept.reserved:
            entry = NewEntry(
                entry_id=tx.ids.derived(cause, ledger),
                kind="adjusted",
                amount=-kept.balance,
                at=stamp(tx.now),
                day=tx.today,
                staff_id=tx.signed_on,
                reason="write_off",
            )
            book(tx, ledger, customer_id, entry)


class _Went(NamedTuple):
    """Whether anything went back, and of which ledgers something is left that could not yet."""

    gave: bool
    rest: set[Ledger]


def _give_back(
    tx: CustomersTx, loser: CustomerId, survivor: CustomerId, transfer_id: str, *, rest_of: Ledger | None = None
) -> _Went:
    """Give back what is left of each lot that a transfer moved, or what an undone one had to leave of a ledger."""
    gave, rest = False, set[Ledger]()
    undo_id = tx.ids.derived(transfer_id, "undone")
    moved = tx.books.ledgers.moved(transfer_id)
    into = {entry.entry_id: entry for _, holder_id, entry, _ in moved if holder_id == survivor}
    left: dict[Ledger, _Left] = {}
    for ledger, holder_id, entry, lot in moved:
        if holder_id != loser or entry.kind != "transferred_out" or rest_of not in {None, ledger}:
            continue
        if rest_of is not None and lot is None:
            continue  # What was owed went back as a whole.
        moved_id = _in_id(tx, transfer_id, lot or tx.ids.derived(transfer_id, ledger))
        came = into.get(moved_id)
        if came is None:
            continue
        if ledger not in left:
            left[ledger] = _Left(tx, ledger, survivor)
        name = left[ledger].name_of(moved_id)
        amount = -entry.amount if lot is None else left[ledger].take(name)
        if lot is not None and left[ledger].of(name):
            rest.add(ledger)
        if not amount:
            continue
        gave = True
        back = _moved(tx, undo_id, moved_id if rest_of is None else tx.ids.new(), amount, came.day)
        book(tx, ledger, left[ledger].holder_id, msgspec.structs.replace(back.out, lot=name))
        book(
            tx,
            ledger,
            tx.books.meant_by(loser),
            msgspec.structs.replace(
                back.into, expires_on=came.expires_on, due_on=came.due_on, sale_id=came.sale_id, lot=lot
            ),
        )
    return _Went(gave, rest)


class _Left:
    """What is left of each lot of a ledger and not kept for a sale; replayed once, however many lots go back.

    ``holder_id`` is who has it by now: the survivor, or whom they were merged into since. Every merge gives the lots
    that it moves new names.
    """

    def __init__(self, tx: CustomersTx, ledger: Ledger, survivor: str) -> None:
        since = tx.merges.since(survivor)
        self.holder_id = since[-1].into_id if since else survivor
        self._named = [partial(_in_id, tx, each.merge_id) for each in since]
        self._left = Counter[str]()
        for lot in standing(tx.books.ledgers.bookings(ledger, self.holder_id)).lots:
            self._left.update(dict.fromkeys(lot.names, lot.left))
        kept = tx.books.ledgers.kept(ledger, self.holder_id)
        self._free = None if ledger == "account" else max(0, kept.balance - kept.reserved)

    def name_of(self, entry_id: str) -> str:
        """What a lot of the survivor's is called by now."""
        for named in self._named:
            entry_id = named(entry_id)
        return entry_id

    def take(self, entry_id: str) -> int:
        """What can go back of an entry, which is gone then."""
        amount = self._left[entry_id] if self._free is None else min(self._left[entry_id], self._free)
        self._left[entry_id] -= amount
        if self._free is not None:
            self._free -= amount
        return amount

    def of(self, entry_id: str) -> int:
        """What is left of an entry, kept or not."""
        return self._left[entry_id]


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


def _end_membership(tx: CustomersTx, survivor: CustomerId, transfer_id: str) -> None:
    """End the membership that a merge brought, and any that later ones made of it, where no points are left."""
    for merge_id, holder_id in ((transfer_id, survivor), *tx.merges.since(survivor)):
        points = tx.books.ledgers.kept("loyalty", holder_id)
        if points.balance or points.reserved:
            return
        tx.books.loyalty.leave_with(merge_id)
        if tx.books.loyalty.membership(CustomerId(holder_id)) is not None:
            return


def _move_terms(tx: CustomersTx, loser: CustomerId, survivor: CustomerId, transfer_id: str) -> None:
    mine, theirs = tx.books.accounts.kept(survivor), tx.books.accounts.kept(loser)
    if theirs.terms.revision:
        # Put anew even where the survivor's own hold: who looked at either's before must look again.
        kept = mine if mine.there else theirs
        _put_terms(tx, survivor, kept._replace(transfer_id=transfer_id), _revision_after(mine, theirs), transfer_id)
    member = tx.books.loyalty.membership(loser)
    if member is not None and tx.books.loyalty.membership(survivor) is None:
        tx.books.loyalty.join(survivor, member.terms_version, member.joined_at, member.bonus, transfer_id)


def terms_back(tx: CustomersTx, loser: CustomerId, survivor: CustomerId, transfer_id: str) -> None:
    """Give both their own account terms back; others that were agreed on since stay."""
    accounts = tx.books.accounts
    now, theirs = accounts.kept(survivor), accounts.kept(loser)
    if not now.terms.revision:
        return
    revision = _revision_after(now, theirs)
    if now.transfer_id == transfer_id:
        before = accounts.kept_before(survivor, transfer_id)
        _put_terms(tx, survivor, before, revision, transfer_id)
    _put_terms(tx, loser, theirs, revision, transfer_id)


def _revision_after(one: KeptTerms, other: KeptTerms) -> int:
    return max(one.terms.revision, other.terms.revision) + 1


def _put_terms(tx: CustomersTx, customer_id: CustomerId, kept: KeptTerms, revision: int, merge_id: str) -> None:
    before = tx.books.accounts.terms(customer_id)
    terms = msgspec.structs.replace(kept.terms, customer_id=customer_id, revision=revision)
    tx.books.accounts.put(terms, None, tx.now, there=kept.there, transfer_id=kept.transfer_id)
    if (before.credit_limit, before.grace_days) != (terms.credit_limit, terms.grace_days):
        note_terms(tx, before, terms, merge_id)
