"""A checkout that tells what a test wants, and what the shop's own fields hold of somebody's sales."""

from contracts.checkout.custom import FieldOfSale, FieldsOfSales, ListFieldsOfSales
from contracts.ids import CustomerId
from services.runtime.service import query
from services.runtime.transactions import View
from tests.services.policy.teller import Teller


class Tills(Teller):
    """Tells checkout's events; each field that is filled comes in an answer of its own."""

    def __init__(self) -> None:
        super().__init__("checkout", (query(ListFieldsOfSales, self._fields),))
        self.filled: list[tuple[CustomerId, FieldOfSale]] = []

    async def _fields(self, asked: ListFieldsOfSales, _view: View) -> FieldsOfSales:
        theirs = [field for customer_id, field in self.filled if customer_id in asked.customer_ids]
        place = int(asked.next or 0)
        return FieldsOfSales(tuple(theirs[place : place + 1]), str(place + 1) if place + 1 < len(theirs) else None)
