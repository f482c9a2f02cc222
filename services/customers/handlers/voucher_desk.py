"""What a person does about a voucher that is lost, stolen or wrong: block it, put it right, look through it."""

from contracts.customers.balances import HolderId
from contracts.customers.ledgers import (
    AdjustVoucher,
    AmountZero,
    BalanceTooLarge,
    BalanceTooLow,
    EntryBooked,
    EntryExists,
    GetVoucherLedger,
    LedgerRead,
)
from contracts.customers.vouchers import (
    BlockReason,
    BlockVoucher,
    GetVoucherNotes,
    UnblockVoucher,
    Voucher,
    VoucherExpired,
    VoucherNotes,
    VoucherNotFound,
)
from contracts.money import LARGEST
from services.customers.handlers.booking import book, up_to_date
from services.customers.handlers.vouchers import as_of_today
from services.customers.model.ledgers import adjusted_kind, prove_way
from services.customers.store.books import Books
from services.customers.store.ledgers import NewEntry
from services.customers.store.vouchers import IssuedVoucher, NewNote
from services.customers.transactions import CustomersTx, CustomersView
from services.runtime.clock import stamp


def block_voucher(command: BlockVoucher, tx: CustomersTx) -> Voucher:
    """Let nobody reserve anything of a voucher from now on.

    Rejections:
        VoucherNotFound: there is none with that id.
    """
    return _blocked(command.voucher_id, command.reason, tx)


def unblock_voucher(command: UnblockVoucher, tx: CustomersTx) -> Voucher:
    """Let a voucher be spent again.

    Rejections:
        VoucherNotFound: there is none with that id.
    """
    return _blocked(command.voucher_id, None, tx)


def adjust_voucher(command: AdjustVoucher, tx: CustomersTx) -> EntryBooked:
    """Put right what is on a voucher, blocked or not.

    Rejections:
        VoucherNotFound: there is none with that id.
        EntryExists: the id is of an entry that says something else.
        AmountZero, AmountWrongWay: nothing would change; the reason books the other way.
        VoucherExpired: its last day is over.
        BalanceTooLow: less is there, or the rest is reserved for a sale.
        BalanceTooLarge: more than can be booked.
    """
    voucher = _known(command.voucher_id, tx.books)
    booked = tx.books.ledgers.find(command.entry_id)
    if booked is not None:
        ledger, holder_id, entry = booked
        said = (HolderId(command.voucher_id), command.amount, command.reason)
        if ledger != "voucher" or (holder_id, entry.amount, entry.reason) != said:
            raise EntryExists(field="entry_id", entry_id=command.entry_id)
        return EntryBooked(ledger, holder_id, entry)
    if command.amount == 0:
        raise AmountZero(field="amount")
    prove_way("voucher", command.amount, command.reason)
    if voucher.expires_on is not None and voucher.expires_on < tx.today:
        raise VoucherExpired(field="voucher_id", expires_on=voucher.expires_on)
    kept = up_to_date(tx, "voucher", command.voucher_id)
    free = kept.balance - kept.reserved
    if command.amount < 0 and free + command.amount < 0:
        raise BalanceTooLow(field="amount", available=max(0, free))
    if kept.balance + command.amount > LARGEST:
        raise BalanceTooLarge(field="amount")
    entry = book(
        tx,
        "voucher",
        command.voucher_id,
        NewEntry(
            entry_id=command.entry_id,
            kind=adjusted_kind("voucher", command.amount, payment=command.reason == "payment"),
            amount=command.amount,
            at=stamp(tx.now),
            day=tx.today,
            staff_id=tx.signed_on,
            reason=command.reason,
            expires_on=voucher.expires_on if command.amount > 0 else None,
        ),
    )
    return EntryBooked("voucher", HolderId(command.voucher_id), entry)


async def get_voucher_ledger(query: GetVoucherLedger, view: CustomersView) -> LedgerRead:
    """Read a page of what was booked on a voucher, newest first.

    Rejections:
        VoucherNotFound: there is none with that id.
    """

    def read(books: Books) -> LedgerRead:
        _known(query.voucher_id, books)
        entries = books.ledgers.page("voucher", query.voucher_id, query.limit + 1, query.next)
        shown = tuple(entries[: query.limit])
        following = shown[-1].number if len(entries) > query.limit else None
        return LedgerRead("voucher", HolderId(query.voucher_id), shown, following)

    return await view.read(lambda connection: read(Books(connection)))


async def get_voucher_notes(query: GetVoucherNotes, view: CustomersView) -> VoucherNotes:
    """Read who was given a voucher's code and who blocked it.

    Rejections:
        VoucherNotFound: there is none with that id.
    """

    def read(books: Books) -> VoucherNotes:
        _known(query.voucher_id, books)
        return VoucherNotes(query.voucher_id, books.vouchers.notes(query.voucher_id))

    return await view.read(lambda connection: read(Books(connection)))


def _blocked(voucher_id: str, reason: BlockReason | None, tx: CustomersTx) -> Voucher:
    voucher = _known(voucher_id, tx.books)
    if tx.books.vouchers.blocked(voucher_id) != reason:
        kind = "unblocked" if reason is None else "blocked"
        new = NewNote(kind, stamp(tx.now), tx.signed_on, tx.caller, tx.message_id, reason)  # type: ignore[arg-type] # both are kinds
        tx.books.vouchers.note(voucher_id, new)
    return as_of_today(voucher, tx.books, tx.today)


def _known(voucher_id: str, books: Books) -> IssuedVoucher:
    found = books.vouchers.find(voucher_id)
    if found is None:
        raise VoucherNotFound(field="voucher_id", voucher_id=voucher_id)
    return found
