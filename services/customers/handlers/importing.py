"""Customers moved in from another system by the batch, tried before, and listed to be moved out."""

from contracts.customers import Customer
from contracts.customers.asking import CustomerChanged
from contracts.customers.groups import PutGroup
from contracts.customers.importing import (
    CheckImport,
    CustomerPage,
    ImportCustomers,
    ListCustomers,
    RowsChecked,
    RowsImported,
)
from contracts.customers.ledgers.accounts import AccountTerms
from contracts.ids import CustomerId
from services.customers.handlers.booking import note_terms
from services.customers.handlers.imported_consent import (
    IMPORTED,
    LANGUAGE,
    Imported,
    addressed,
    keep_imported,
    keep_of_new,
)
from services.customers.handlers.ledgers import open_balance
from services.customers.handlers.opening import open_new
from services.customers.judging import Batch, Standards, Verdict
from services.customers.model.days import read_day_past
from services.customers.model.groups import named_group
from services.customers.model.records import changed_fields, facts
from services.customers.store.importing import ImportStore, Shelf
from services.customers.transactions import CustomersTx, CustomersView
from services.runtime.clock import stamp

REASON = "other"


def import_customers(command: ImportCustomers, tx: CustomersTx) -> RowsImported:
    """Take over what rows say, each by itself; what is refused is told, and changes nothing.

    Rejections:
        Malformed: ``as_of`` is no day of the calendar or still to come, or two rows have one number or key.
    """
    as_of = tx.today if command.as_of is None else read_day_past(command.as_of, "as_of", tx.today)
    batch = Batch(Shelf(tx.connection), command, Standards(tx.rules, tx.now.date(), tx.digest_key, tx.ids))
    results, waiting = [], list[Verdict]()
    for row in command.rows:
        if batch.meets_fresh(row):
            _keep_new(waiting, as_of, command, tx)
            waiting = []
        verdict = batch.judge(row)
        results.append(verdict.result)
        if verdict.after is not None:
            batch.on_file(row, verdict.after)
        if verdict.after is not None and verdict.before is None:
            waiting.append(verdict)
        elif verdict.kept is not None:
            _keep_new(waiting, as_of, command, tx)
            waiting = []
            _keep_known(verdict, as_of, command, tx)
    _keep_new(waiting, as_of, command, tx)
    for group, name in batch.new_groups.items():
        tx.groups.put(named_group(PutGroup(group, name)))
    return RowsImported(tuple(results), tuple(batch.new_groups))


async def check_import(query: CheckImport, view: CustomersView) -> RowsChecked:
    """Tell what would become of rows; nothing is kept."""
    held = Standards(view.rules, view.now.date(), view.digest_key, view.ids)
    return await view.read(lambda connection: _checked(Batch(Shelf(connection), query, held), query))


async def list_customers(query: ListCustomers, view: CustomersView) -> CustomerPage:
    """Read a page of all customers, and note who took them away."""
    customers, terms = await view.read(lambda connection: _page(Shelf(connection), query))
    view.accessed("exported", None, len(customers))
    return CustomerPage(customers, customers[-1].customer_id if len(customers) == query.limit else None, terms)


def _page(shelf: Shelf, query: ListCustomers) -> tuple[tuple[Customer, ...], tuple[AccountTerms, ...]]:
    customers = shelf.page(query.next or "", query.limit)
    return customers, shelf.accounts.of([each.customer_id for each in customers])


def _checked(batch: Batch, query: CheckImport) -> RowsChecked:
    results = tuple(batch.judge(row).result for row in query.rows)
    return RowsChecked(results, tuple(batch.new_groups.values()))


def _keep_new(verdicts: list[Verdict], as_of: str, command: ImportCustomers, tx: CustomersTx) -> None:
    """Put new customers on file, all at once."""
    if not verdicts:
        return
    new = [
        (verdict, verdict.kept, verdict.after)
        for verdict in verdicts
        if verdict.kept is not None and verdict.after is not None
    ]
    tx.customers.add_many(((after, kept.mark) for _, kept, after in new), tx.now)
    ImportStore(tx.connection).keep((kept for _, kept, _ in new), tx.now)
    for verdict, _, after in new:
        tx.note("created", after.customer_id, revision=after.revision, reference=command.source)
        _note_saved_anyway(verdict, after.customer_id, tx)
        tx.record(CustomerChanged(facts(after)))
    country = command.country or tx.rules.country
    for verdict, _, after in new:
        _agree(verdict, after.customer_id, tx)
    openings = [(after.customer_id, kept.row_id, *each) for verdict, kept, after in new for each in verdict.openings]
    grace = {after.customer_id: verdict.terms.grace_days for verdict, _, after in new if verdict.terms is not None}
    open_new(tx, openings, as_of, IMPORTED, grace)
    keep_of_new([(after, kept.row_id, addressed(verdict.row, after, country)) for verdict, kept, after in new], tx)


def _keep_known(verdict: Verdict, as_of: str, command: ImportCustomers, tx: CustomersTx) -> None:
    """Change a customer on file where the row says anything new, and keep that the row was taken over."""
    before, after, kept = verdict.before, verdict.after, verdict.kept
    if before is None or kept is None:
        return
    ImportStore(tx.connection).keep([kept], tx.now)
    if after is not None:
        tx.customers.change(before, after, tx.now)
        fields = changed_fields(before, after)
        tx.note("changed", after.customer_id, revision=after.revision, fields=fields, reference=command.source)
        _note_saved_anyway(verdict, after.customer_id, tx)
        tx.record(CustomerChanged(facts(after)))
    record = after or before
    _agree(verdict, record.customer_id, tx)
    _open(verdict, record.customer_id, as_of, tx)
    for said, address in addressed(verdict.row, record, command.country or tx.rules.country):
        told = Imported(said.channel, address, said.answer == "no", record.language or LANGUAGE, IMPORTED)
        keep_imported(record, told, tx.ids.derived(kept.row_id, said.answer), tx)


def _agree(verdict: Verdict, customer_id: CustomerId, tx: CustomersTx) -> None:
    """Keep the terms on which a customer may owe, before anything that they owe is booked: it is due by them."""
    if verdict.terms is None:
        return
    before = tx.books.accounts.terms(customer_id)
    terms = AccountTerms(customer_id, before.revision + 1, verdict.terms.credit_limit, verdict.terms.grace_days)
    tx.books.accounts.put(terms, tx.signed_on, tx.now)
    note_terms(tx, before, terms)


def _open(verdict: Verdict, customer_id: CustomerId, as_of: str, tx: CustomersTx) -> None:
    """Book what a customer brings along."""
    if verdict.kept is None:
        return
    for ledger, amount in verdict.openings:
        if ledger == "loyalty" and tx.books.loyalty.membership(customer_id) is None:
            tx.books.loyalty.join(customer_id, IMPORTED, stamp(tx.now), 0)
            tx.note("loyalty_joined", customer_id, reference=IMPORTED)
        open_balance(tx, customer_id, ledger, amount, as_of, verdict.kept.row_id)


def _note_saved_anyway(verdict: Verdict, customer_id: CustomerId, tx: CustomersTx) -> None:
    if verdict.suspects:
        tx.note("saved_anyway", customer_id, reference=REASON)
