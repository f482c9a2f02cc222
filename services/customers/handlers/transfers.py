"""What a merge does to balances: every lot moves with its days, so that nothing that is owed or owned blocks a merge.

In the survivor's ledgers it stays apart whose is whose. Undone, each has their own again: what nothing was taken from
is as it was before, to the day and the open item. A sale goes with whose it is, and what it keeps goes along with it;
what another one's sale keeps goes back once it is free again. The sum of both never changes.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from typing import NamedTuple

import msgspec

from contracts.customers.balances import CustomerLedger, Ledger
from contracts.customers.profile import Balances
from contracts.ids import CustomerId
from services.customers.handlers.booking import book, note_terms, up_to_date
from services.customers.model.ledgers import Lot, standing
from services.customers.store.accounts import KeptTerms
from services.customers.store.ledgers import NewEntry
from services.customers.store.reservations import Reservation
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
        move = _Move(tx, ledger, loser, survivor, transfer_id)
        for owner, part in standing(tx.books.ledgers.bookings(ledger, loser)).parts.items():
            for lot in part.lots:
                move.lot(lot, lot.left)
            move.deficit(owner or loser, part.deficit)
        for held in tx.books.reservations.held_of(ledger, loser):
            move.kept(held)
        move.activity(loser, tx.books.ledgers.kept(ledger, loser).active_at)
        for owner_id, kept in tx.books.owners.parts(ledger, loser).items():
            move.activity(owner_id, kept.active_at)
            tx.books.owners.gone(ledger, loser, owner_id)
    _move_terms(tx, loser, survivor, transfer_id)


def balances_back(tx: CustomersTx, survivor: CustomerId, transfer_id: str) -> None:
    """Give each their own back; who has points left that were earned meanwhile stays a member.

    The loser stands for themselves again by then, and later merges of the survivor are undone.
    """
    for ledger in CUSTOMER_LEDGERS:
        _send_home(tx, ledger, tx.books.meant_by(survivor))
    _end_membership(tx, survivor, transfer_id)


def give_back_rest(tx: CustomersTx, ledger: Ledger, holder_id: str) -> None:
    """Give back what was kept for a sale of somebody else's, now that less is kept.

    Whoever it goes back to may keep what is others', to whom it goes on. Who was erased since has it given up, as all
    that they had was.

    Args:
        tx: where it is booked.
        ledger: of which something was released or spent; open items are kept for no sale, vouchers never moved.
        holder_id: who has it.
    """
    if ledger not in ("store_credit", "loyalty") or not tx.books.astray(ledger, holder_id) or tx.merges.going_back():
        return
    _send_home(tx, ledger, holder_id)
    if ledger == "loyalty" and not tx.books.astray(ledger, holder_id):
        for merge in tx.merges.that_made_members(CustomerId(holder_id)):
            _end_membership(tx, merge.survivor_id, merge.merge_id)


def all_of(tx: CustomersTx, customer_id: CustomerId) -> Balances:
    """What a customer has and owes, with what others' sales still keep of theirs since merges were undone."""
    balances = tx.books.balances(customer_id)
    theirs = tx.books.owners.elsewhere(tx.books.merged_into(customer_id), customer_id)
    return msgspec.structs.replace(
        balances,
        store_credit=balances.store_credit + sum(each.balance for each in theirs if each.ledger == "store_credit"),
        loyalty_points=balances.loyalty_points + sum(each.balance for each in theirs if each.ledger == "loyalty"),
    )


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
            others = {each: -part.balance for each, part in tx.books.owners.parts(ledger, customer_id).items()}
            own = entry.amount - sum(others.values())
            book(tx, ledger, customer_id, entry, {**others, str(customer_id): own} if others else None)


class _Move(NamedTuple):
    """From one ledger to another."""

    tx: CustomersTx
    ledger: CustomerLedger
    giver: str
    taker: str
    transfer_id: str

    def lot(self, lot: Lot, amount: int) -> None:
        """Move so much of a lot, which keeps its days; back where it was it is left of what it was."""
        came = lot.entry
        self._book(
            lot.owner or self.giver,
            amount,
            lot=came.entry_id,
            into=NewEntry(
                self.tx.ids.new(),
                "transferred_in",
                amount,
                stamp(self.tx.now),
                self.tx.today,
                sale_id=came.sale_id,
                expires_on=came.expires_on,
                due_on=came.due_on,
                lot=self.tx.books.ledgers.came_from(came.entry_id, self.taker),
                transfer_id=self.transfer_id,
                since=lot.day,
            ),
        )

    def deficit(self, owner_id: str, amount: int) -> None:
        """Move what an owner took and never had."""
        if amount:
            day, at = self.tx.today, stamp(self.tx.now)
            into = NewEntry(self.tx.ids.new(), "transferred_in", -amount, at, day, transfer_id=self.transfer_id)
            self._book(owner_id, -amount, lot=None, into=into)

    def kept(self, held: Reservation) -> None:
        """Let a sale keep what it keeps there from now on."""
        reservations = self.tx.books.reservations
        parts = reservations.parts(held)
        reservations.put(msgspec.structs.replace(held, holder_id=self.taker, owner_id=held.whose))
        if self.ledger != "account":
            reservations.put_parts(held.reservation_id, parts)

    def activity(self, owner_id: str, active_at: str | None) -> None:
        """Let it be known there when an owner last did something."""
        if active_at is None:
            return
        if owner_id == self.taker:
            self.tx.books.ledgers.keep_activity(self.ledger, self.taker, active_at)
        else:
            self.tx.books.owners.keep_activity(self.ledger, self.taker, owner_id, active_at)

    def _book(self, owner_id: str, amount: int, *, lot: str | None, into: NewEntry) -> None:
        tx, at = self.tx, stamp(self.tx.now)
        out = NewEntry(tx.ids.new(), "transferred_out", -amount, at, tx.today, lot=lot, transfer_id=self.transfer_id)
        book(tx, self.ledger, self.giver, out, {owner_id: -amount})
        book(tx, self.ledger, self.taker, into, {owner_id: amount})


def _send_home(tx: CustomersTx, ledger: CustomerLedger, holder_id: str) -> None:
    """Let what a holder has of others' go to whom it belongs, and so on from there; what their own sales keep stays."""
    due = [holder_id]
    while due:
        for taker in _send_each_home(tx, ledger, due.pop()):
            if not tx.customers.exists(taker):
                give_up(tx, taker, tx.ids.new())
            due.append(taker)


def _send_each_home(tx: CustomersTx, ledger: CustomerLedger, holder_id: str) -> list[CustomerId]:
    """Send home what is free, and others' sales with what they keep; says who took something."""
    leaving: defaultdict[CustomerId, list[Reservation]] = defaultdict(list)
    for held in tx.books.reservations.held_of(ledger, holder_id):
        home = tx.books.meant_by(held.whose)
        if home != holder_id:
            leaving[home].append(held)
    homes = {owner_id: tx.books.meant_by(owner_id) for owner_id in tx.books.astray(ledger, holder_id)}
    took = []
    for taker in dict.fromkeys((*homes.values(), *leaving)):
        going = Counter[str]()
        move = _Move(tx, ledger, holder_id, taker, tx.ids.new())
        for held in leaving[taker]:
            going.update(tx.books.reservations.parts(held))
            move.kept(held)
        owners = [owner_id for owner_id, home in homes.items() if home == taker]
        if _give(move, owners, going) or leaving[taker]:
            took.append(taker)
        _stay_member(move)
        parts = tx.books.owners.parts(ledger, holder_id)
        for owner_id in owners:
            move.activity(owner_id, parts[owner_id].active_at)
            tx.books.owners.gone(ledger, holder_id, owner_id)
    return took


def _give(move: _Move, owners: Collection[str], going: Mapping[str, int]) -> bool:
    """Give what is these owners' and kept for nobody else, and of others' what goes along for sales; False for nothing.

    An account has all of it given back: it keeps nothing for sales.
    """
    reservations, ledger = move.tx.books.reservations, move.ledger
    staying = Counter[str]() if ledger == "account" else reservations.kept_of_each(ledger, move.giver)
    gave = False
    for owner, part in standing(move.tx.books.ledgers.bookings(ledger, move.giver)).parts.items():
        owner_id = owner or move.giver
        if owner_id in owners:
            stays = min(part.had, staying[owner_id])
            move.deficit(owner_id, part.deficit)
        else:
            stays = part.had if ledger == "account" else max(0, part.had - going[owner_id])
        gave = gave or part.had > stays or (owner_id in owners and part.deficit > 0)
        for lot in part.lots:
            here = min(lot.left, stays)
            stays -= here
            if lot.left > here:
                move.lot(lot, lot.left - here)
    return gave


def _stay_member(move: _Move) -> None:
    """Let whoever takes points be a member, on the terms on which they were earned while both were one.

    Who was erased since does not become one again: what they take is given up.
    """
    loyalty, taker = move.tx.books.loyalty, CustomerId(move.taker)
    member = loyalty.membership(CustomerId(move.giver))
    has = move.ledger == "loyalty" and move.tx.books.ledgers.kept("loyalty", taker).balance
    if has and member is not None and loyalty.membership(taker) is None and move.tx.customers.exists(taker):
        loyalty.join(taker, member.terms_version, member.joined_at, 0, move.transfer_id)


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
