"""Vouchers are made, printed and looked at. Their code is made again from the id whenever it is told."""

from msgspec import UNSET

from contracts.customers.vouchers import (
    CheckVoucher,
    IssueVoucher,
    ListSaleVouchers,
    Voucher,
    VoucherCodeLost,
    VoucherExists,
    VoucherNotFound,
    VoucherPrinted,
    Vouchers,
    VoucherState,
)
from services.customers.handlers.booking import book
from services.customers.model.days import read_day_to_come
from services.customers.model.vouchers import code_hash, prove_one_name, prove_purpose
from services.customers.store.ledgers import Kept, LedgerStore, NewEntry
from services.customers.store.vouchers import IssuedVoucher, VoucherStore
from services.customers.transactions import CustomersTx, CustomersView
from services.customers.voucher_codes import VoucherCodes
from services.runtime.clock import stamp

SEES_ALL_REGISTERS = "hub"


def issue_voucher(command: IssueVoucher, tx: CustomersTx) -> VoucherPrinted:
    """Make a voucher that nobody paid for at a till.

    Rejections:
        VoucherExists: the id is of another voucher.
        VoucherPurposeInvalid: the tax class is missing, or named for nothing.
        VoucherCodeLost: the voucher was made before, and its code cannot be told again.
        Malformed: its last day is none, or over.
    """
    made = tx.books.vouchers.find(command.voucher_id)
    if made is None:
        prove_purpose(command.purpose, command.tax_class)
        if command.expires_on is not None:
            read_day_to_come(command.expires_on, "expires_on", tx.today)
        made = IssuedVoucher(
            voucher_id=command.voucher_id,
            code_hash=tx.voucher_codes.hash_of(command.voucher_id),
            purpose=command.purpose,
            tax_class=command.tax_class,
            value=command.value,
            issued_on=tx.today,
            expires_on=command.expires_on,
        )
        issue(tx, made, stamp(tx.now))
    asked = (command.value, command.purpose, command.tax_class, command.expires_on, None)
    if (made.value, made.purpose, made.tax_class, made.expires_on, made.sale_id) != asked:
        raise VoucherExists(field="voucher_id", voucher_id=command.voucher_id)
    return _printed(made, tx.books.ledgers.kept("voucher", made.voucher_id), tx.today, tx.voucher_codes)


def issue(tx: CustomersTx, new: IssuedVoucher, at: str) -> None:
    """Keep a new voucher and book what is on it."""
    staff_id = tx.claims.subject if tx.claims else None
    tx.books.vouchers.add(new, staff_id, tx.now)
    book(
        tx,
        "voucher",
        new.voucher_id,
        NewEntry(
            entry_id=tx.ids.derived(new.voucher_id, "issued"),
            kind="issued",
            amount=new.value,
            at=at,
            day=new.issued_on,
            sale_id=new.sale_id,
            staff_id=staff_id,
            expires_on=new.expires_on,
        ),
    )


async def check_voucher(query: CheckVoucher, view: CustomersView) -> Voucher:
    """Look what is on a voucher.

    Rejections:
        VoucherNotFound: there is none.
        Malformed: it is named twice, or not at all.
    """
    prove_one_name(sum(name is not UNSET for name in (query.code, query.voucher_id)))
    found = await view.read(
        lambda connection: (
            VoucherStore(connection).with_code(code_hash(query.code))
            if query.code is not UNSET
            else VoucherStore(connection).find(str(query.voucher_id))
        )
    )
    if found is None:
        raise VoucherNotFound(field="code" if query.code is not UNSET else "voucher_id")
    kept = await view.read(lambda connection: LedgerStore(connection).kept("voucher", found.voucher_id))
    return _as_it_is(found, kept, view.today)


async def list_sale_vouchers(query: ListSaleVouchers, view: CustomersView) -> Vouchers:
    """Read the vouchers that a sale of the asking register sold, with their codes.

    Rejections:
        VoucherCodeLost: the key that the codes were made with is gone.
    """
    register = None if view.caller == SEES_ALL_REGISTERS else view.caller
    sold = await view.read(
        lambda connection: [
            (each, LedgerStore(connection).kept("voucher", each.voucher_id))
            for each in VoucherStore(connection).sold_by(query.sale_id, register)
        ]
    )
    return Vouchers(tuple(_printed(each, kept, view.today, view.voucher_codes) for each, kept in sold))


def _printed(issued: IssuedVoucher, kept: Kept, today: str, codes: VoucherCodes) -> VoucherPrinted:
    code = codes.code_of(issued.voucher_id)
    if code_hash(code) != issued.code_hash:
        raise VoucherCodeLost(voucher_id=issued.voucher_id)
    return VoucherPrinted(_as_it_is(issued, kept, today), code)


def _as_it_is(issued: IssuedVoucher, kept: Kept, today: str) -> Voucher:
    over = issued.expires_on is not None and issued.expires_on < today
    free = 0 if over else max(0, kept.balance - kept.reserved)
    state: VoucherState = "expired" if over else "valid" if kept.balance > 0 else "spent"
    return Voucher(
        voucher_id=issued.voucher_id,
        purpose=issued.purpose,
        value=issued.value,
        balance=kept.balance,
        available=free,
        state=state,
        issued_on=issued.issued_on,
        tax_class=issued.tax_class,
        expires_on=issued.expires_on,
        sale_id=issued.sale_id,
    )
