"""The desk at which a shop's customers are moved in: rows are tried and taken over, and looked at afterwards."""

from typing import Any

from contracts.base import Rejected
from contracts.customers import Customer
from contracts.customers.asking import GetCustomer
from contracts.customers.importing import (
    CheckImport,
    CustomerPage,
    ImportCustomers,
    ImportRow,
    ListCustomers,
    RowResult,
    RowsChecked,
    RowsImported,
)
from contracts.ids import CustomerId
from services.runtime.ids import RandomIds
from tests.under_test import StoreUnderTest

HUB = "hub-1"
IDS = RandomIds()


def row(number: int = 2, key: str | None = None, **said: Any) -> ImportRow:
    """A row of a file, of Matti where nothing else is said."""
    return ImportRow(number, key or f"code:{number}", **{"first_name": "Matti", **said})


async def send(shop: StoreUnderTest, *rows: ImportRow, **how: Any) -> RowsImported:
    """Take rows over."""
    command = ImportCustomers(IDS.new(), how.pop("source", "lightspeed"), rows, **how)
    reply = await shop.send(command, caller=HUB, token=shop.token("customer.import", caller=HUB))
    assert isinstance(reply, RowsImported), reply
    return reply


async def take(shop: StoreUnderTest, *rows: ImportRow, **how: Any) -> list[RowResult]:
    """Take rows over and tell what became of each."""
    return list((await send(shop, *rows, **how)).results)


async def check(shop: StoreUnderTest, *rows: ImportRow, **how: Any) -> RowsChecked:
    """Try rows."""
    query = CheckImport(how.pop("source", "lightspeed"), rows, **how)
    reply = await shop.send(query, caller=HUB, token=shop.token("customer.import", caller=HUB))
    assert isinstance(reply, RowsChecked), reply
    return reply


async def taken(shop: StoreUnderTest, *rows: ImportRow, **how: Any) -> list[Customer]:
    """Take rows over that must not be refused; returns the customers."""
    found = []
    for each in await take(shop, *rows, **how):
        assert each.customer_id is not None, each
        found.append(await read(shop, each.customer_id))
    return found


async def read(shop: StoreUnderTest, customer_id: CustomerId) -> Customer:
    """A customer's whole profile."""
    token = shop.token("customer.view", "customer.details", caller=HUB)
    reply = await shop.send(GetCustomer(customer_id), caller=HUB, token=token)
    assert isinstance(reply, Customer), reply
    return reply


async def everybody(shop: StoreUnderTest) -> list[Customer]:
    """All customers, as a file is made of them."""
    found: list[Customer] = []
    following = None
    while True:
        query = ListCustomers(200, following)
        page = await shop.send(query, caller=HUB, token=shop.token("customer.export", caller=HUB))
        assert isinstance(page, CustomerPage), page
        found += page.customers
        if page.next is None:
            return found
        following = page.next


def refusal(result: RowResult | Rejected) -> tuple[Any, Any, Any]:
    """Why a row was refused."""
    assert isinstance(result, RowResult), result
    return result.outcome, result.code, result.field
