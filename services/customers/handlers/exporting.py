"""A customer's copy of all that is held about them."""

from contracts.customers.privacy import CustomerExport, ExportCustomer
from services.customers.export_page import readable_page
from services.customers.sentences import spoken_language
from services.customers.store.customers import CustomerStore
from services.customers.store.exporting import everything, piece
from services.customers.transactions import CustomersView
from services.runtime.clock import stamp


async def export_customer(query: ExportCustomer, view: CustomersView) -> CustomerExport:
    """Make a copy of all that is held about a customer, and note that it was made.

    Sealed buyers are in it whole where whoever makes it may read them, which is noted as such; else that they are kept.

    Rejections:
        CustomerNotFound: there is no such customer.
        Malformed: ``next`` is not from the part before.
    """
    customer = await view.read(lambda connection: CustomerStore(connection).get(query.customer_id))
    language = spoken_language(query.language or customer.language)
    if query.next is None:
        key = view.digest_key
        document, following = await view.read(
            lambda connection: everything(connection, key, customer.customer_id, sealed=view.reads_sealed)
        )
        if view.reads_sealed and document["sealed_records"]:
            view.accessed("fiscal_read", customer.customer_id)
    else:
        document, following = await view.read(lambda connection: piece(connection, customer.customer_id, query.next))
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
