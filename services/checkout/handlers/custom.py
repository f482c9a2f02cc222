"""The shop's own fields of a sale and its lines are filled, and told to whom they are about."""

from contracts.base import Malformed
from contracts.checkout import Sale
from contracts.checkout.custom import FieldsOfSales, ListFieldsOfSales, SetCustomFields
from contracts.customers.fields import CheckCustomValues
from services.checkout.model.custom import Changes
from services.checkout.store.fields_of_sales import fields_of_sales
from services.checkout.transactions import CheckoutTx, CheckoutView
from services.runtime.asking import Ask


async def prepare_set_custom_fields(command: SetCustomFields, view: CheckoutView, ask: Ask) -> Changes:
    """Ask the customers service, which knows the fields, what the values become.

    Rejections:
        SaleNotFound, SaleNotOpen.
        DetailInvalid: there is no such field, its kind cannot hold that, or it is not editable on the till.
        Malformed: a text holds a control character.
        Unavailable: the customers service does not answer.
    """
    await view.opened(command.sale_id)
    asked = CheckCustomValues("sale" if command.line_item_id is None else "line", command.values)
    checked = await ask(asked, expects=(Malformed,))
    return Changes.of(command.values, checked.values, checked.fields)


def set_custom_fields(command: SetCustomFields, changes: Changes, tx: CheckoutTx) -> Sale:
    """Fill them, while the sale is being paid, too: policy is told nothing of them.

    Rejections:
        SaleNotFound, SaleNotOpen, LineItemNotFound, LineItemFollows, CustomValuesTooLong.
    """
    opened = tx.sales.get(command.sale_id, tx.register)
    opened.sale.fill_fields(changes, command.line_item_id)
    return tx.keep(opened)


async def list_fields_of_sales(query: ListFieldsOfSales, view: CheckoutView) -> FieldsOfSales:
    """Read what the fields of somebody's sales hold, for the copy that the customers service makes for them.

    Rejections:
        Malformed: ``next`` is not from the answer before.
    """
    return await view.read(lambda connection: fields_of_sales(connection, query.customer_ids, query.next))
