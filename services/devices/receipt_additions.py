"""What others add to a receipt as checkout tells it: staff the cashier's name, customers their printed fields.

Law asks for neither: a receipt goes without what is not told within a second, and nothing of it is kept.
"""

import asyncio

import msgspec

from contracts.checkout.reading import PrintedField, Receipt
from contracts.customers.fields import GetPrintedFields
from contracts.staff.signing_on import GetStaffLabel
from services.runtime.asking import Ask


async def with_additions(ask: Ask, receipt: Receipt) -> Receipt:
    """The receipt with what is told. Both are asked at once, so that paper waits for the slower one alone."""
    label, theirs = await asyncio.gather(_cashier(ask, receipt), _fields_of_customer(ask, receipt))
    return msgspec.structs.replace(receipt, cashier_label=label, custom=(*receipt.custom, *theirs))


async def _cashier(ask: Ask, receipt: Receipt) -> str:
    """What the receipt calls the cashier."""
    told = await ask.if_there(GetStaffLabel(receipt.sale.cashier), attempts=1)
    return receipt.cashier_label if told is None else told.label


async def _fields_of_customer(ask: Ask, receipt: Receipt) -> list[PrintedField]:
    """The customer's own fields that are printed, which stand at the end as those of the sale do."""
    if receipt.sale.customer_id is None:
        return []
    told = await ask.if_there(GetPrintedFields(receipt.sale.customer_id), attempts=1)
    return [] if told is None else [PrintedField(None, each.label, each.kind, each.value) for each in told.fields]
