"""What the customers service does with each message: records first, then reading, then what it hears from others.

The runtime opens the transaction, commits state and journal together and then replies. Nothing here
commits, retries, catches or reads a clock.
"""

from contracts.base import Event
from contracts.checkout import SaleCompleted
from contracts.customers import (
    CodeTaken,
    CreateCustomer,
    Customer,
    CustomerChanged,
    CustomerExists,
    CustomerFactsRead,
    CustomerHistory,
    CustomerHits,
    GetCustomer,
    GetCustomerFacts,
    GetCustomerHistory,
    HistoryEntry,
    RevisionConflict,
    SearchCustomers,
    UpdateCustomer,
)
from contracts.staff import SessionEnded, SessionStarted
from services.customers.model import changed_customer, creation_mark, facts, new_customer
from services.customers.store.customers import CustomerStore
from services.customers.store.history import HistoryStore, Place
from services.customers.store.search import CustomerSearch
from services.customers.transactions import CustomersTx, CustomersView
from services.runtime.service import SnapshotPiece

CUSTOMERS_A_PIECE = 500


def create_customer(command: CreateCustomer, tx: CustomersTx) -> Customer:
    """Put a new customer on file under the id that the caller made.

    The same creation sent again, however much later, is answered with the customer as they are by then.

    Rejections:
        CustomerExists: the id was used with other details, or was that of a customer who was erased.
        CustomerIncomplete: what the store asks for at least is missing.
        ContactInvalid: an email or phone is none.
        CodeTaken: another customer has the code.
        Malformed: a name holds a control character.
    """
    mark = tx.customers.creation_mark(command.customer_id)
    if mark == creation_mark(command):
        return tx.customers.get(command.customer_id)
    if mark is not None or tx.customers.is_erased(command.customer_id):
        raise CustomerExists(field="customer_id", customer_id=command.customer_id)
    customer = new_customer(command, tx.rules)
    _check_codes(customer, tx)
    tx.customers.add(customer, creation_mark(command), tx.now)
    tx.record(CustomerChanged(facts(customer)))
    return customer


def update_customer(command: UpdateCustomer, tx: CustomersTx) -> Customer:
    """Change the given details and leave the others alone.

    Rejections:
        CustomerNotFound: there is no such customer.
        RevisionConflict: the record is another than the one that was read; ``revision`` says which.
        CustomerIncomplete, ContactInvalid, CodeTaken, Malformed: as for a new customer.
    """
    before = tx.customers.get(command.customer_id)
    if command.expected_revision != before.revision:
        raise RevisionConflict(field="expected_revision", revision=before.revision)
    after = changed_customer(before, command, tx.rules)
    if after.revision == before.revision:
        return before
    _check_codes(after, tx)
    tx.customers.change(before, after, tx.now)
    tx.record(CustomerChanged(facts(after)))
    return after


def customer_again(command: CreateCustomer | UpdateCustomer, tx: CustomersTx) -> Customer:
    """Answer a repeated command with the customer as they are by now.

    Rejections:
        CustomerNotFound: the customer was erased since.
    """
    return tx.customers.get(command.customer_id)


async def get_customer(query: GetCustomer, view: CustomersView) -> Customer:
    """Read one customer's profile.

    Rejections:
        CustomerNotFound: there is no such customer.
    """
    return await view.read(lambda connection: CustomerStore(connection).get(query.customer_id))


async def get_customer_facts(query: GetCustomerFacts, view: CustomersView) -> CustomerFactsRead:
    """Read what policy may know of a customer.

    Rejections:
        CustomerNotFound: there is no such customer.
    """
    return CustomerFactsRead(
        facts(await view.read(lambda connection: CustomerStore(connection).get(query.customer_id)))
    )


async def search_customers(query: SearchCustomers, view: CustomersView) -> CustomerHits:
    """Find customers by what somebody typed so far."""
    return CustomerHits(
        await view.read(lambda connection: CustomerSearch(connection, view.rules.country).find(query.text, query.limit))
    )


async def get_customer_history(query: GetCustomerHistory, view: CustomersView) -> CustomerHistory:
    """Read a page of what a customer bought, newest first.

    Rejections:
        CustomerNotFound: there is no such customer.
        Malformed: ``next`` is not from a page before.
    """
    after = None if query.next is None else Place.read(query.next)
    entries, end = await view.read(
        lambda connection: HistoryStore(connection).page(query.customer_id, query.limit, after)
    )
    return CustomerHistory(query.customer_id, entries, None if end is None else end.write())


async def snapshot(view: CustomersView, number: int, following: str | None) -> SnapshotPiece:  # noqa: ARG001
    """Tell what policy may know of every customer, a piece at a time.

    A customer who changes while the pieces are read is told as they are by then; the journal's later
    event carries the same revision, so that telling it again changes nothing.
    """
    page = await view.read(lambda connection: CustomerStore(connection).page_after(following or "", CUSTOMERS_A_PIECE))
    events: list[tuple[Event, str, str]] = [
        (CustomerChanged(facts(each)), view.ids.derived(each.customer_id, f"snapshot {each.revision}"), changed_at)
        for each, changed_at in page
    ]
    return events, page[-1][0].customer_id if len(page) == CUSTOMERS_A_PIECE else None


def on_sale_completed(event: SaleCompleted, tx: CustomersTx) -> None:
    """The sale is in its customer's history, whether or not the customer is known here."""
    if event.customer_id is not None:
        entry = HistoryEntry(
            kind=event.transaction_kind,
            sale_id=event.sale_id,
            receipt_number=event.receipt_number,
            time=event.completed_at,
            total=event.total,
            currency=event.currency,
        )
        tx.history.put(event.customer_id, entry)


def wipe_history(tx: CustomersTx) -> None:
    """Forget the history before the journal is replayed."""
    tx.history.wipe()


def on_session_started(event: SessionStarted, tx: CustomersTx) -> None:
    """Earlier sessions at that register are void."""
    tx.end_session(event.register, below=event.session)


def on_session_ended(event: SessionEnded, tx: CustomersTx) -> None:
    """That session and those before it are void."""
    tx.end_session(event.register, below=event.session + 1)


def _check_codes(customer: Customer, tx: CustomersTx) -> None:
    taken = tx.customers.codes_of_others(customer.codes, customer.customer_id)
    for place, code in enumerate(customer.codes):
        if code in taken:
            raise CodeTaken(field=f"codes[{place}]")
