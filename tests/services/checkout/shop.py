"""A shop for the tests of checkout: real services on a bus in memory, and what a register sends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import pytest

from contracts.base import Rejected, Reply, Request
from contracts.checkout import Sale
from contracts.checkout.catalogue import Item, ItemPrice, PutItems
from contracts.checkout.completed import SaleCompleted
from contracts.checkout.paying import AddTender, CompleteSale
from contracts.checkout.selling import AddLineItem, AttachCustomer, OpenSale
from contracts.customers import CreateCustomer, Customer
from contracts.customers.merging import MergeCustomers, MergeId
from contracts.customers.privacy.erasing import EraseCustomer, ErasureId
from contracts.ids import CustomerId, ItemCode, LineItemId, SaleId, StaffId, TaxClassCode, TenderId
from contracts.policy import GetSettings, PolicyInForce, PolicySettings, SetSettings, TenderKind
from services.checkout.service import checkout
from services.checkout.settings import CheckoutSettings
from services.customers.service import customers
from services.customers.settings import CustomersSettings
from services.customers.transactions import CustomersTx, CustomersView
from services.policy.service import policy
from services.policy.settings import PolicyServiceSettings
from services.runtime.clock import Clock
from services.runtime.ids import RandomIds
from services.runtime.requester import NoAnswer
from services.runtime.service import Service
from tests.under_test import StoreUnderTest, store_under_test

R = TypeVar("R", bound=Reply)

ANNA = StaffId("00000000-0000-7000-8000-00000000000a")
PERMISSIONS = (
    "sale.sell",
    "sale.remove_line",
    "sale.void",
    "tender.remove",
    "customer.view",
    "customer.details",
    "customer.edit",
    "customer.grant",
    "policy.edit",
)


def thing(code: str, price: int, *, barcode: str | None = None, linked: tuple[str, ...] = ()) -> Item:
    """Goods at a price in cents."""
    return Item(
        code=ItemCode(code),
        name=code.capitalize(),
        kind="goods",
        tax_class=TaxClassCode("standard"),
        barcodes=() if barcode is None else (barcode,),
        prices=(ItemPrice(price, "2021-01-01"),),
        linked=tuple(map(ItemCode, linked)),
    )


DEPOSIT = Item(
    code=ItemCode("deposit"),
    name="Deposit",
    kind="deposit",
    tax_class=TaxClassCode("deposit_drinks"),
    barcodes=(),
    prices=(ItemPrice(25, "2021-01-01"),),
)
CATALOGUE = (
    DEPOSIT,
    thing("tea", 250, barcode="2000000000015"),
    thing("cola", 99, barcode="20000004", linked=("deposit",)),
    thing("gift", 0),
    thing("gold", 10**12),
    Item(
        code=ItemCode("unpriced"),
        name="Unpriced",
        kind="goods",
        tax_class=TaxClassCode("standard"),
        barcodes=("2000000000022",),
        prices=(),
    ),
)


class Shop:
    """A store with checkout at work, seen from its registers."""

    def __init__(self, store: StoreUnderTest) -> None:
        self.store = store
        self.ids = RandomIds()

    async def send(self, request: Request[R], *, caller: str = "till-1", message_id: str | None = None) -> R | Rejected:
        """Send a request as somebody who may do everything; the answer may be a rejection."""
        token = self.store.token(*PERMISSIONS, caller=caller, staff_id=ANNA)
        return await self.store.send(request, caller=caller, token=token, message_id=message_id)

    async def send_as(
        self,
        request: Request[R],
        *permissions: str,
        needs_approval: tuple[str, ...] = (),
        approval: str | None = None,
        message_id: str | None = None,
    ) -> R | Rejected:
        """Send a request from till-1 as somebody who sells and may do just this beside it."""
        token = self.store.token("sale.sell", *permissions, staff_id=ANNA, needs_approval=needs_approval)
        return await self.store.send(request, token=token, approval=approval, message_id=message_id)

    async def done(self, request: Request[R], *, caller: str = "till-1") -> R:
        """Send a request that is not rejected."""
        reply = await self.send(request, caller=caller)
        assert not isinstance(reply, Rejected), reply
        return reply

    async def refused(self, request: Request[R], *, caller: str = "till-1") -> Rejected:
        """Send a request that is rejected."""
        reply = await self.send(request, caller=caller)
        assert isinstance(reply, Rejected), reply
        return reply

    async def is_busy(self, request: Request[R], *, caller: str = "till-1") -> None:
        """Send a request once that is answered with ``busy``, which is not final."""
        with pytest.raises(NoAnswer, match="busy"):
            await self.send(request, caller=caller)

    async def policy(self, settings: PolicySettings | None = None) -> None:
        """Let policy be there, with these settings in force."""
        if "policy" not in self.store.services:
            await self.store.start(policy(PolicyServiceSettings()))
        if settings is not None:
            in_force: PolicyInForce = await self.done(GetSettings())
            await self.done(SetSettings(in_force.revision, settings))

    async def customer(
        self,
        *,
        email: str = "",
        phone: str = "",
        last_name: str = "",
        codes: tuple[str, ...] = (),
        blocked_codes: tuple[str, ...] = (),
        placeholder: bool = False,
    ) -> CustomerId:
        """A customer on file, at the customers service that the shop was opened with."""
        customer_id = CustomerId(self.ids.new())
        made: Customer = await self.done(
            CreateCustomer(
                customer_id,
                first_name="Mia",
                last_name=last_name,
                emails=(email,) if email else (),
                phones=(phone,) if phone else (),
                codes=codes,
                blocked_codes=blocked_codes,
                placeholder=placeholder,
            )
        )
        return made.customer_id

    async def merged(self, loser_id: CustomerId, survivor_id: CustomerId) -> MergeId:
        """Two customers made one, and checkout has heard of it; both are as they were put on file."""
        merge_id = MergeId(self.ids.new())
        token = self.store.token("customer.merge")
        made = await self.store.send(MergeCustomers(merge_id, survivor_id, loser_id, 1, 1), token=token)
        assert not isinstance(made, Rejected), made
        await self.store.followed("customers", "checkout")
        return merge_id

    async def erased(self, customer_id: CustomerId) -> None:
        """A customer is forgotten, and checkout has heard of it."""
        command = EraseCustomer(ErasureId(self.ids.new()), customer_id)
        token = self.store.token("customer.erase", caller="hub")
        made = await self.store.send(command, caller="hub", token=token)
        assert not isinstance(made, Rejected), made
        await self.store.followed("customers", "checkout")

    async def opened(self, *codes: str, caller: str = "till-1") -> SaleId:
        """A sale with one of each item."""
        sale_id = SaleId(self.ids.new())
        await self.done(OpenSale(sale_id), caller=caller)
        for code in codes:
            await self.done(self.add(sale_id, code), caller=caller)
        return sale_id

    async def completed(self, *codes: str, caller: str = "till-1") -> Sale:
        """A sale of one of each item, paid in cash."""
        sale_id = await self.opened(*codes, caller=caller)
        await self.done(self.cash(sale_id, 10_000), caller=caller)
        return await self.done(CompleteSale(sale_id), caller=caller)

    async def attached(self, sale_id: SaleId, customer_id: CustomerId | None) -> Sale:
        """The sale with that customer."""
        return await self.done(AttachCustomer(sale_id, customer_id))

    def add(self, sale_id: SaleId, code: str = "tea", quantity: str = "1") -> AddLineItem:
        """A new line with that item."""
        return AddLineItem(sale_id, LineItemId(self.ids.new()), code, Decimal(quantity))

    def cash(self, sale_id: SaleId, amount: int) -> AddTender:
        """Cash handed over, in cents."""
        return self.tender(sale_id, "cash", amount)

    def tender(self, sale_id: SaleId, kind: TenderKind, amount: int) -> AddTender:
        """A new tender."""
        return AddTender(sale_id, TenderId(self.ids.new()), kind, amount)

    def told_completed(self) -> list[SaleCompleted]:
        """All sales that were told as completed."""
        return self.store.told(SaleCompleted)


@asynccontextmanager
async def open_shop(
    folder: Path,
    settings: CheckoutSettings | None = None,
    clock: Clock | None = None,
    customers_service: Service[CustomersTx, CustomersView] | None = None,
) -> AsyncIterator[Shop]:
    """A shop with checkout and the customers service at work, and a small catalogue."""
    async with store_under_test(folder, clock) as store:
        (folder / "secrets" / "digest.key").write_bytes(b"a key of the tests, 32 bytes long")
        await store.start(
            customers_service or customers(CustomersSettings())
        )  # first, so that checkout finds whom it follows
        await store.start(checkout(settings or CheckoutSettings()))
        shop = Shop(store)
        await shop.done(PutItems(CATALOGUE), caller="hub")
        yield shop
