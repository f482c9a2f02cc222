"""What happened with a customer, and what of it checkout tells."""

from contracts.checkout.completed import SaleCompleted
from contracts.customers.asking import CustomerHistory, GetCustomerHistory, HistoryEntry
from services.customers.store.history import HistoryStore, Place
from services.customers.transactions import CustomersTx, CustomersView


async def get_customer_history(query: GetCustomerHistory, view: CustomersView) -> CustomerHistory:
    """Read a page of what happened with a customer, newest first.

    Rejections:
        CustomerNotFound: there is no such customer.
        Malformed: ``next`` is not from a page before.
    """
    after = None if query.next is None else Place.read(query.next)
    entries, end = await view.read(
        lambda connection: HistoryStore(connection).page(query.customer_id, query.limit, after)
    )
    return CustomerHistory(query.customer_id, entries, None if end is None else end.write())


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
