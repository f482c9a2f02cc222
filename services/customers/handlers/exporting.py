"""A customer's copy of all that is held about them."""

from typing import Any, Final

from contracts.checkout.custom import FieldOfSale, ListFieldsOfSales
from contracts.customers.privacy.copying import CustomerExport, ExportCustomer
from contracts.ids import CustomerId
from services.customers.export_page import Style, readable_page
from services.customers.sentences import spoken_language
from services.customers.store.aliases import family
from services.customers.store.customers import CustomerStore
from services.customers.store.exporting import everything, piece
from services.customers.transactions import CustomersView
from services.runtime.asking import Ask
from services.runtime.clock import stamp

SALE_FIELDS: Final = "sale_fields"
"""The last of the long lists, which checkout holds: what the shop's own fields hold of their sales."""


async def export_customer(query: ExportCustomer, view: CustomersView, ask: Ask) -> CustomerExport:
    """Make a copy of all that is held about a customer, and note that it was made.

    Sealed buyers are in it whole where whoever makes it may read them, which is noted as such; else that they are kept.

    Rejections:
        CustomerNotFound: there is no such customer.
        Malformed: ``next`` is not from the part before.
        Unavailable: checkout does not answer; a copy without what it holds would look like a whole one.
    """
    customer = await view.read(lambda connection: CustomerStore(connection).get(query.customer_id))
    customer_id = customer.customer_id
    language = spoken_language(query.language or customer.language, view.language)
    listed, _, place = (query.next or "").partition(":")
    if listed == SALE_FIELDS:
        document, following = await _fields(view, ask, customer_id, place)
    else:
        document, following = await _own(query, view, customer_id)
        if following is None:
            fields, following = await _fields(view, ask, customer_id, None)
            document |= fields
    if view.reads_sealed and document.get("sealed_records"):
        view.accessed("fiscal_read", customer_id)
    view.accessed("exported", customer_id)
    made_at = stamp(view.now)
    return CustomerExport(
        customer_id=customer_id,
        made_at=made_at,
        language=language,
        document=document,
        page=readable_page(document, Style(language, view.currency, view.zone), made_at),
        next=following,
    )


async def _own(
    query: ExportCustomer, view: CustomersView, customer_id: CustomerId
) -> tuple[dict[str, Any], str | None]:
    """What this service holds, or so much more of it."""
    if query.next is not None:
        return await view.read(lambda connection: piece(connection, customer_id, query.next))
    key, sealed = view.digest_key, view.reads_sealed
    return await view.read(lambda connection: everything(connection, key, customer_id, sealed=sealed))


async def _fields(
    view: CustomersView, ask: Ask, customer_id: CustomerId, after: str | None
) -> tuple[dict[str, Any], str | None]:
    """What the shop's own fields hold of their sales, or so much more of it."""
    ids = await view.read(lambda connection: family(connection, customer_id))
    told = await ask(ListFieldsOfSales(tuple(CustomerId(each) for each in ids), after))
    return {SALE_FIELDS: [_row(each) for each in told.fields]}, told.next and f"{SALE_FIELDS}:{told.next}"


def _row(field: FieldOfSale) -> dict[str, Any]:
    return {
        "day": field.business_day,
        "receipt_number": field.receipt_number,
        "item": field.name,
        "label": field.label,
        "value": field.value,
        "sale_id": field.sale_id,
        "line_item_id": field.line_item_id,
    }
