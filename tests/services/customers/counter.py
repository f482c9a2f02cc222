"""What a person at the counter does with customers, and what they are refused."""

from datetime import UTC, datetime
from typing import Any

from contracts.base import Rejected
from contracts.customers import AddDetails, CreateCustomer, Customer, UpdateCustomer
from contracts.customers.asking import CustomerHits, SearchCustomers
from contracts.ids import CustomerId
from tests.under_test import StoreUnderTest

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)


async def edit(shop: StoreUnderTest, command: CreateCustomer | UpdateCustomer | AddDetails, **how: Any) -> Any:
    """Put somebody on file or change them, as somebody who sees details."""
    return await shop.send(
        command, **{"token": shop.token("customer.edit", "customer.details", "customer.grant"), **how}
    )


async def saved(shop: StoreUnderTest, command: CreateCustomer | UpdateCustomer) -> Customer:
    """The same where it must not be refused."""
    reply = await edit(shop, command)
    assert isinstance(reply, Customer), reply
    return reply


async def look(shop: StoreUnderTest, query: Any, *more: str, **how: Any) -> Any:
    """Ask something about customers, as somebody who sees what else is named."""
    return await shop.send(query, **{"token": shop.token("customer.view", *more), **how})


async def found(shop: StoreUnderTest, typed: str, limit: int = 20) -> list[tuple[CustomerId, str]]:
    """Who is found by what is typed, and what matched."""
    hits = await look(shop, SearchCustomers(typed, limit), "customer.details")
    assert isinstance(hits, CustomerHits)
    return [(hit.customer.customer_id, hit.matched) for hit in hits.hits]


def refusal(reply: Any) -> tuple[str, Any, Any]:
    """The code of a refusal, the field it names and the rule."""
    assert isinstance(reply, Rejected), reply
    return reply.code, reply.details.get("field"), reply.details.get("rule")
