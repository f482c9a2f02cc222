"""What a person bought, for their own copy: the receipts of the sales that it names, without who served them."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from contracts.checkout.reading import GetReceipt
from contracts.ids import SaleId
from services.hub.client import Client
from services.runtime.requester import Refused

OF_OTHERS: Final = frozenset({"cashier", "cashier_label", "staff_id", "approved_by", "attribution", "store"})
"""Colleagues are other people; the store is not a person."""


def sales_of(documents: Iterable[Mapping[str, Any]]) -> list[SaleId]:
    """The sales that the parts of a copy name, newest first, each once."""
    entries = [entry for each in documents for entry in each.get("history", ()) if entry.get("receipt_number")]
    return list(dict.fromkeys(SaleId(entry["sale_id"]) for entry in entries))


async def bought(client: Client, sale_ids: Iterable[SaleId]) -> list[dict[str, Any]]:
    """What was bought in each sale, what was not asked or let pass in it included.

    A sale that checkout does not hold any more goes by its id alone.

    Raises:
        NoAnswer: checkout is away.
    """
    found = []
    for sale_id in sale_ids:
        try:
            receipt = await client.ask(GetReceipt(sale_id))
        except Refused:
            found.append({"sale_id": sale_id})
        else:
            found.append(_theirs(msgspec.to_builtins(receipt.sale)))
    return found


def _theirs(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _theirs(each) for name, each in value.items() if name not in OF_OTHERS}
    if isinstance(value, list | tuple):
        return [_theirs(each) for each in value]
    return value
