"""Vouchers are made, printed and looked at. Their code is made again from the id each time it is given, and noted."""

from msgspec import UNSET

from contracts.checkout.catalogue import GetTaxClass
from contracts.customers.vouchers import (
    CheckVoucher,
    IssueVoucher,
    ListVouchers,
    PrintSaleVouchers,
    Voucher,
    VoucherCodeLost,
    VoucherExists,
    VoucherNotFound,
    VoucherPrinted,
    VoucherPurposeInvalid,
    Vouchers,
    VouchersIssued,
    VoucherState,
)
from services.customers.handlers.booking import book
from services.customers.model.days import prove_days, read_day_to_come
from services.customers.model.vouchers import code_hash, prove_one_name, prove_purpose, read_place
from services.customers.store.books import Books
from services.customers.store.ledgers import NewEntry
from services.customers.store.vouchers import IssuedVoucher, NewNote, VoucherStore
from services.customers.transactions import CustomersTx, CustomersView
from services.runtime.asking import Ask
from services.runtime.clock import stamp

SEES_ALL_REGISTERS = "hub"
GIVE_AGAIN = "ledger.adjust"
"""Who may issue a voucher may have its code given again: whoever sees it may spend it."""


async def prepare_issue_voucher(command: IssueVoucher, view: CustomersView, ask: Ask) -> None:
    """Ask checkout whether the tax class of a new single-purpose voucher has a rate.

    Rejections:
        VoucherPurposeInvalid: the tax class is missing, named for nothing, or outside the scope of tax.
        TaxClassUnknown: it has no rate today.
    """
    prove_purpose(command.purpose, command.tax_class)
    made = await view.read(lambda connection: VoucherStore(connection).find(command.voucher_id))
    if command.tax_class is not None and made is None:
        known = await ask(GetTaxClass(command.tax_class))
        if known.treatment == "outside_scope":
            raise VoucherPurposeInvalid(field="tax_class", purpose=command.purpose, treatment=known.treatment)


def issue_voucher(command: IssueVoucher, _known: None, tx: CustomersTx) -> VoucherPrinted:
    """Make a voucher that nobody paid for at a till.

    Rejections:
        VoucherExists: the id is of another voucher.
        VoucherCodeLost: the voucher was made before, and its code cannot be told again.
        Malformed: its last day is none, or over.
    """
    if tx.books.vouchers.find(command.voucher_id) is None:
        if command.expires_on is not None:
            read_day_to_come(command.expires_on, "expires_on", tx.today)
        new = IssuedVoucher(
            voucher_id=command.voucher_id,
            code_hash=tx.voucher_codes.hash_of(command.voucher_id),
            purpose=command.purpose,
            tax_class=command.tax_class,
            value=command.value,
            issued_on=tx.today,
            expires_on=command.expires_on,
        )
        issue(tx, new, stamp(tx.now))
    return issued_again(command, tx)


def issued_again(command: IssueVoucher, tx: CustomersTx) -> VoucherPrinted:
    """Give the code of a voucher that was made so.

    Rejections:
        VoucherExists: the id is of another voucher.
        VoucherCodeLost: the code cannot be told again.
    """
    made = tx.books.vouchers.find(command.voucher_id)
    asked = (command.value, command.purpose, command.tax_class, command.expires_on, None)
    if made is None or (made.value, made.purpose, made.tax_class, made.expires_on, made.sale_id) != asked:
        raise VoucherExists(field="voucher_id", voucher_id=command.voucher_id)
    return _given(made, tx)


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


def print_sale_vouchers(command: PrintSaleVouchers, tx: CustomersTx) -> Vouchers:
    """Give the codes of the vouchers that a sale of the asking register sold; once more needs a permission more.

    Rejections:
        TokenMissing, PermissionDenied, ApprovalNeeded, ApprovalInvalid: they were given already.
        VoucherCodeLost: the key that the codes were made with is gone.
    """
    register = None if tx.caller == SEES_ALL_REGISTERS else tx.caller
    sold = tx.books.vouchers.sold_by(command.sale_id, register)
    if any(tx.books.vouchers.given_by_another(each.voucher_id, tx.message_id) for each in sold):
        tx.prove_may(GIVE_AGAIN)
    return Vouchers(tuple(_given(each, tx) for each in sold))


async def check_voucher(query: CheckVoucher, view: CustomersView) -> Voucher:
    """Look what is on a voucher.

    Rejections:
        VoucherNotFound: there is none.
        Malformed: it is named twice, or not at all.
    """
    prove_one_name(sum(name is not UNSET for name in (query.code, query.voucher_id)))
    today = view.today

    def read(books: Books) -> Voucher | None:
        found = (
            books.vouchers.with_code(code_hash(query.code))
            if query.code is not UNSET
            else books.vouchers.find(str(query.voucher_id))
        )
        return None if found is None else as_of_today(found, books, today)

    voucher = await view.read(lambda connection: read(Books(connection)))
    if voucher is None:
        raise VoucherNotFound(field="code" if query.code is not UNSET else "voucher_id")
    return voucher


async def list_vouchers(query: ListVouchers, view: CustomersView) -> VouchersIssued:
    """Read which vouchers were issued over some days, without their codes.

    Rejections:
        Malformed: the days are none, or the wrong way round; ``next`` is not from a page before.
    """
    prove_days(query.from_day, query.to_day)
    after = None if query.next is None else read_place(query.next)
    today = view.today

    def read(books: Books) -> VouchersIssued:
        found = books.vouchers.issued(query.from_day, query.to_day, query.limit + 1, after)
        page = found[: query.limit]
        following = f"{page[-1].issued_on}_{page[-1].voucher_id}" if len(found) > len(page) else None
        return VouchersIssued(tuple(as_of_today(each, books, today) for each in page), following)

    return await view.read(lambda connection: read(Books(connection)))


def as_of_today(issued: IssuedVoucher, books: Books, today: str) -> Voucher:
    """A voucher as it is now, and what of it can be spent."""
    kept, blocked = books.ledgers.kept("voucher", issued.voucher_id), books.vouchers.blocked(issued.voucher_id)
    over = issued.expires_on is not None and issued.expires_on < today
    state: VoucherState = "spent"
    if blocked is not None:
        state = "blocked"
    elif over:
        state = "expired"
    elif kept.balance > 0:
        state = "valid"
    return Voucher(
        voucher_id=issued.voucher_id,
        purpose=issued.purpose,
        value=issued.value,
        balance=kept.balance,
        available=0 if over or blocked is not None else max(0, kept.balance - kept.reserved),
        state=state,
        issued_on=issued.issued_on,
        tax_class=issued.tax_class,
        expires_on=issued.expires_on,
        sale_id=issued.sale_id,
        blocked=blocked,
    )


def _given(issued: IssuedVoucher, tx: CustomersTx) -> VoucherPrinted:
    """A voucher with its code; who was given it is noted."""
    code = tx.voucher_codes.code_of(issued.voucher_id)
    if code_hash(code) != issued.code_hash:
        raise VoucherCodeLost(voucher_id=issued.voucher_id)
    tx.books.vouchers.note(issued.voucher_id, NewNote("given", stamp(tx.now), tx.signed_on, tx.caller, tx.message_id))
    return VoucherPrinted(as_of_today(issued, tx.books, tx.today), code)
