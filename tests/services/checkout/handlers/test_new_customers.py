"""A new customer is put on file and attached in one command, by the authority of whoever is signed on, once."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from contracts.base import Rejected
from contracts.checkout import Sale
from contracts.checkout.paying import CheckSale
from contracts.checkout.reading import GetSale
from contracts.checkout.selling import AttachNewCustomer
from contracts.customers import CreateCustomer, Customer
from contracts.customers.asking import CustomerChanged, SearchCustomers
from contracts.ids import CustomerId, SaleId
from services.checkout.service import checkout
from services.checkout.settings import CheckoutSettings
from services.runtime import tables
from services.runtime.ids import RandomIds
from services.runtime.requester import Asker, NoAnswer, Refused
from services.runtime.secret_fields import without_secrets
from tests.services.checkout.shop import Shop, open_shop
from tests.services.checkout.stand_ins import SlowCustomers, StandInPolicy, asks_for_email

EDIT = "customer.edit"
PERSON: dict[str, Any] = {
    "first_name": "Wilhelmina",
    "last_name": "Zwanenburg",
    "emails": ("wilhelmina@example.com",),
    "phones": ("+31612345678",),
}


def new(shop: Shop, sale_id: SaleId, **details: Any) -> AttachNewCustomer:
    person = CreateCustomer(CustomerId(shop.ids.new()), **(details or PERSON))
    return AttachNewCustomer(sale_id, person)


async def on_file(shop: Shop) -> list[str]:
    """Whoever is on file by that name."""
    token = shop.store.token("customer.view")
    found = await shop.store.send(SearchCustomers("Zwanenburg"), token=token)
    assert not isinstance(found, Rejected)
    return [hit.customer.customer_id for hit in found.hits]


async def the_customer(shop: Shop, sale_id: SaleId) -> CustomerId | None:
    return (await shop.done(GetSale(sale_id))).customer_id


async def test_a_new_customer_is_put_on_file_and_the_sale_is_theirs(shop: Shop) -> None:
    sale_id = await shop.opened("tea")
    command = new(shop, sale_id)

    sale = await shop.done(command)

    assert sale.customer_id == command.customer.customer_id
    assert await on_file(shop) == [sale.customer_id]


async def test_the_same_command_sent_again_makes_one_customer(shop: Shop) -> None:
    sale_id = await shop.opened("tea")
    command, message_id = new(shop, sale_id), shop.ids.new()

    first = await shop.send(command, message_id=message_id)
    again = await shop.send(command, message_id=message_id)

    assert isinstance(first, Sale)
    assert first == again
    assert len(shop.store.told(CustomerChanged)) == 1


async def test_who_was_put_on_file_before_a_crash_is_attached_by_the_repeated_command(tmp_path: Path) -> None:
    slow = SlowCustomers()
    async with open_shop(tmp_path, customers_service=slow.service()) as shop:
        sale_id = await shop.opened("tea")
        command, message_id = new(shop, sale_id), shop.ids.new()
        sending = shop.send(command, message_id=message_id)
        cut_off = asyncio.create_task(sending)
        await slow.asked.wait()
        left = await on_file(shop)
        await shop.store.stop("checkout")
        cut_off.cancel()
        slow.answer.set()
        await shop.store.start(checkout(CheckoutSettings()))
        before = await the_customer(shop, sale_id)

        sale = await shop.send(command, message_id=message_id)

        assert isinstance(sale, Sale)
        assert (before, [sale.customer_id]) == (None, left)
        assert await on_file(shop) == left


async def test_policy_is_asked_about_the_new_customer_where_it_was_asked_before(shop: Shop) -> None:
    policy = StandInPolicy(asks_for_email("required"))
    await shop.store.start(policy.service())
    sale_id = await shop.opened("tea")
    await shop.attached(sale_id, None)
    await shop.done(CheckSale(sale_id, "cash"))

    sale = await shop.done(new(shop, sale_id))

    assert sale.decision is not None
    assert sale.decision.outcome == "proceed"


@pytest.mark.parametrize(
    ("details", "code", "field"),
    [
        ({"last_name": "Zwanenburg"}, "customer-incomplete", "first_name"),
        ({"first_name": "W", "emails": ("nobody",)}, "contact-invalid", "emails[0]"),
        ({"first_name": "W", "birth_date": "3026-01-01"}, "detail-invalid", "birth_date"),
        ({"first_name": "W", "group": "vip"}, "group-not-found", "group"),
        ({"first_name": "W", "codes": ("C-taken",)}, "code-taken", "codes[0]"),
        ({"first_name": "W\x07"}, "malformed", "$.first_name"),
    ],
)
async def test_what_the_customers_service_refuses_reaches_the_register_as_it_is(
    shop: Shop, details: dict[str, Any], code: str, field: str
) -> None:
    await shop.customer(codes=("C-taken",))
    sale_id = await shop.opened("tea")
    command = new(shop, sale_id, **details)

    refused = await shop.refused(command)
    by_itself = await shop.refused(msgspec.structs.replace(command.customer, customer_id=CustomerId(shop.ids.new())))

    assert refused == by_itself
    assert (refused.code, refused.details["field"]) == (code, field)
    assert await the_customer(shop, sale_id) is None


async def test_whoever_looks_like_the_same_person_is_named_and_can_be_attached(shop: Shop) -> None:
    known = await shop.customer(email=PERSON["emails"][0])
    sale_id = await shop.opened("tea")
    command, message_id = new(shop, sale_id), shop.ids.new()

    refused = await shop.send(command, message_id=message_id)
    again = await shop.send(command, message_id=message_id)

    assert isinstance(refused, Rejected)
    assert (refused.code, again) == ("possible-duplicate", refused)
    assert [each["customer_id"] for each in refused.details["duplicates"]] == [known]
    assert (await shop.attached(sale_id, known)).customer_id == known
    anyway = msgspec.structs.replace(command.customer, save_anyway="shared_contact")
    assert (await shop.done(AttachNewCustomer(sale_id, anyway))).customer_id == anyway.customer_id


async def test_who_may_not_put_customers_on_file_cannot_do_so_by_a_sale(shop: Shop) -> None:
    sale_id = await shop.opened("tea")

    denied = await shop.send_as(new(shop, sale_id))
    unapproved = await shop.send_as(new(shop, sale_id), needs_approval=(EDIT,))

    assert isinstance(denied, Rejected)
    assert isinstance(unapproved, Rejected)
    assert (denied.code, unapproved.code) == ("permission-denied", "approval-needed")
    assert denied.details == {"permission": EDIT}
    assert await on_file(shop) == []


async def test_an_approval_of_the_command_lets_the_customer_be_put_on_file(shop: Shop) -> None:
    sale_id = await shop.opened("tea")
    command, message_id = new(shop, sale_id), shop.ids.new()

    for_another = [
        shop.store.approval(EDIT, shop.ids.new(), sale_id=sale_id),
        shop.store.approval(EDIT, message_id, sale_id=shop.ids.new()),
        shop.store.approval(EDIT, message_id),
        shop.store.approval(EDIT, message_id, sale_id=sale_id, caller="till-2"),
        shop.store.approval("customer.merge", message_id, sale_id=sale_id),
    ]
    codes = set()
    for each in for_another:
        refused = await shop.send_as(command, needs_approval=(EDIT,), approval=each)
        assert isinstance(refused, Rejected)
        codes.add(refused.code)
    approval = shop.store.approval(EDIT, message_id, sale_id=sale_id)
    sale = await shop.send_as(command, needs_approval=(EDIT,), approval=approval, message_id=message_id)

    assert codes == {"approval-invalid"}
    assert isinstance(sale, Sale)
    assert sale.customer_id == command.customer.customer_id


async def test_nobody_is_put_on_file_for_a_sale_that_takes_no_customer(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    sale_id = await shop.opened("tea")
    await shop.done(shop.cash(sale_id, 100))

    codes = [(await shop.refused(new(shop, each))).code for each in (sale_id, SaleId(shop.ids.new()))]

    assert codes == ["sale-being-paid", "sale-not-found"]
    assert await on_file(shop) == []


async def test_without_the_customers_service_nobody_is_attached(shop: Shop) -> None:
    sale_id = await shop.opened("tea")
    await shop.store.stop("customers")
    await shop.store.unwell("customers")

    with pytest.raises(NoAnswer, match="unavailable"):
        await shop.send(new(shop, sale_id))

    assert await the_customer(shop, sale_id) is None


async def test_nothing_of_a_person_stays_with_checkout(shop: Shop) -> None:
    known = await shop.customer(email="zwanenburg@example.com", last_name="Zwanenburg")
    sale_id = await shop.opened("tea")
    refused = new(shop, sale_id, first_name="Wilhelmina", emails=("zwanenburg@example.com",))
    refused_id = shop.ids.new()

    await shop.send(refused, message_id=refused_id)
    await shop.done(new(shop, sale_id))
    bug = msgspec.json.encode(without_secrets(new(shop, sale_id)))

    kept = await shop.store.read(
        "checkout", lambda connection: connection.execute(select(tables.handled_request)).all()
    )
    assert refused_id not in {row.id for row in kept}
    await shop.store.stop("checkout")
    written = b"".join(file.read_bytes() for file in shop.store.folder.glob("checkout.sqlite3*")) + bug
    assert [
        mark for mark in ("Wilhelmina", "Zwanenburg", "31612345678", "example.com") if mark.encode() in written
    ] == []
    assert known


@pytest.mark.parametrize("caller", ["till-2", "devices"])
async def test_only_checkout_passes_a_creation_on(shop: Shop, caller: str) -> None:
    """Whoever got hold of somebody's token can do nothing with it."""
    thief = (await shop.store.caller(caller)).requester
    stolen = Asker("till-1", shop.store.token(EDIT, caller="till-1"))

    with pytest.raises(Refused, match="token-invalid"):
        await thief.ask(CreateCustomer(CustomerId(shop.ids.new()), first_name="Mia"), asker=stolen)


async def test_checkout_may_put_nobody_on_file_by_itself(tmp_path: Path) -> None:
    async with open_shop(tmp_path) as shop:
        token = shop.store.token(EDIT, caller="till-1")
        await shop.store.stop("checkout")
        itself = (await shop.store.caller("checkout")).requester

        async def refusal(asker: Asker | None, token: str | None = None) -> str:
            command = CreateCustomer(CustomerId(RandomIds().new()), first_name="Mia")
            try:
                made: Customer = await itself.ask(command, asker=asker, token=token)
            except Refused as refused:
                return refused.rejected.code
            return made.first_name

        assert await refusal(None) == "token-missing"
        assert await refusal(None, token) == "token-invalid"
        assert await refusal(Asker("till-1")) == "token-missing"
        assert await refusal(Asker("till-2", token)) == "token-invalid"
        assert await refusal(Asker("till-1", shop.store.token("sale.sell"))) == "permission-denied"
        assert await refusal(Asker("till-1", token)) == "Mia"
