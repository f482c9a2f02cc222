"""A customer's copy of all that is held about them."""

from contracts.customers.privacy import CustomerExport, ExportCustomer
from services.customers.export_page import readable_page
from services.customers.sentences import spoken_language
from services.customers.store.customers import CustomerStore
from services.customers.store.exporting import everything, piece_of_history
from services.customers.transactions import CustomersView
from services.runtime.clock import stamp


async def export_customer(query: ExportCustomer, view: CustomersView) -> CustomerExport:
    """Make a copy of all that is held about a customer, and note that it was made.

    Rejections:
        CustomerNotFound: there is no such customer.
        Malformed: ``next`` is not from the part before.
    """
    customer = await view.read(lambda connection: CustomerStore(connection).get(query.customer_id))
    language = spoken_language(query.language or customer.language)
    if query.next is None:
        key = view.digest_key
        document, following = await view.read(lambda connection: everything(connection, key, customer.customer_id))
    else:
        history, following = await view.read(
            lambda connection: piece_of_history(connection, customer.customer_id, query.next)
        )
        document = {"history": history}
    view.accessed("exported", customer.customer_id)
    made_at = stamp(view.now)
    return CustomerExport(
        customer_id=customer.customer_id,
        made_at=made_at,
        language=language,
        document=document,
        page=readable_page(document, language, made_at),
        next=following,
    )
