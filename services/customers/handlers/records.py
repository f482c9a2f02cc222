"""Customers' records: made, changed, read, and told to others as facts."""

from contracts.base import Event
from contracts.customers import (
    CodeTaken,
    CreateCustomer,
    Customer,
    CustomerChanged,
    CustomerExists,
    CustomerFactsRead,
    GetCustomer,
    GetCustomerFacts,
    RevisionConflict,
    UpdateCustomer,
)
from services.customers.model.records import changed_customer, creation_mark, facts, new_customer
from services.customers.store.customers import CustomerStore
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


def _check_codes(customer: Customer, tx: CustomersTx) -> None:
    taken = tx.customers.codes_of_others(customer.codes, customer.customer_id)
    for place, code in enumerate(customer.codes):
        if code in taken:
            raise CodeTaken(field=f"codes[{place}]")
