"""A hub of its own to measure: filled, with registers that are signed on and a customer each."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType

from contracts.checkout.catalogue import PutItems
from contracts.checkout.paying import AddTender, CheckSale, CompleteSale
from contracts.checkout.selling import AddLineItem, AttachCustomer, OpenSale
from contracts.customers import CreateCustomer
from contracts.ids import CustomerId, LineItemId, SaleId, StaffId, TenderId
from contracts.staff import AddOwner
from contracts.staff.signing_on import SignOn
from services.checkout.catalogue.items import SAMPLE_ITEMS, items_from_csv
from services.hub import access, broker_logins, logins
from services.hub.client import Client, connected
from services.hub.supervisor import Hub, hub_at_work
from services.runtime.ids import RandomIds
from services.runtime.settings import HubSettings

PIN = "4711"
LINES = 5
ITEMS_AT_ONCE = 200


@dataclass
class Register:
    """A register that sells one sale after another."""

    client: Client
    token: str
    customer_id: CustomerId
    items: list[str]
    ids: RandomIds

    async def open_until_paid(self) -> SaleId:
        """Nine of the ten requests of a journey: open, five lines, customer, check, tender."""
        ask, token, ids = self.client.ask, self.token, self.ids
        sale_id = SaleId(ids.new())
        sale = await ask(OpenSale(sale_id), token=token)
        for place in range(LINES):
            item = self.items[place % len(self.items)]
            sale = await ask(AddLineItem(sale_id, LineItemId(ids.new()), item), token=token)
        await ask(AttachCustomer(sale_id, self.customer_id), token=token)
        sale = await ask(CheckSale(sale_id, "card"), token=token)
        await ask(AddTender(sale_id, TenderId(ids.new()), "card", sale.totals.due), token=token)
        return sale_id

    async def complete(self, sale_id: SaleId) -> str:
        """The tenth request; returns the receipt's number."""
        sale = await self.client.ask(CompleteSale(sale_id, receipt="none"), token=self.token)
        return sale.receipt_number or ""


@dataclass
class Shop:
    """A hub at work and its registers."""

    hub: Hub
    registers: list[Register]


@asynccontextmanager
async def hub_online(folder: str, variables: Mapping[str, str] = MappingProxyType({})) -> AsyncIterator[Hub]:
    """A hub on that folder with all its services online, without the settings of this machine's."""
    settings = HubSettings(store="bench", data=folder, port=0)
    environment = {name: text for name, text in os.environ.items() if not name.startswith("TILLWIRE_")}
    async with hub_at_work(settings, _ignore, environment={**environment, **variables}) as hub:
        missing = await hub.until_online()
        if missing:
            raise RuntimeError(f"{', '.join(missing)} did not come online; see {folder}/logs")
        yield hub


@asynccontextmanager
async def shop_at_work(registers: int, variables: Mapping[str, str] = MappingProxyType({})) -> AsyncIterator[Shop]:
    """A new hub in a folder of its own, with these settings of its services, and so many registers, all signed on."""
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tillwire-bench-"))
        hub = await stack.enter_async_context(hub_online(folder, variables))
        items = await _fill(hub)
        ids = RandomIds()
        owner = StaffId(ids.new())
        await hub.client.ask(AddOwner(owner, "Bench", PIN))
        made = []
        for number in range(1, registers + 1):
            client = await _register(stack, hub, f"till-{number}")
            made.append(await _signed_on(client, owner, items, ids))
        yield Shop(hub, made)


async def _fill(hub: Hub) -> list[str]:
    """Put the sample catalogue in, and choose items without linked charges to sell."""
    with SAMPLE_ITEMS.open(encoding="utf-8", newline="") as lines:
        items = items_from_csv(lines)
    for begin in range(0, len(items), ITEMS_AT_ONCE):
        await hub.client.ask(PutItems(tuple(items[begin : begin + ITEMS_AT_ONCE])))
    return [item.barcodes[0] for item in items if item.barcodes and not item.linked][:50]


async def _register(stack: AsyncExitStack, hub: Hub, name: str) -> Client:
    own = hub.running.login(logins.own_credentials(hub.data, "hub"))
    async with connected(own, hub.topics, watching=(access.CONTROL_RESPONSE,), asks=False) as control:
        credentials = await broker_logins.add_login(hub.data, hub.topics, name, "register", control.send_control)
    return await stack.enter_async_context(connected(hub.running.login(credentials), hub.topics))


async def _signed_on(client: Client, owner: StaffId, items: list[str], ids: RandomIds) -> Register:
    session = await client.ask(SignOn(PIN, staff_id=owner), patience_s=30)
    customer_id = CustomerId(ids.new())
    await client.ask(CreateCustomer(customer_id, first_name="Bench"), token=session.token)
    return Register(client, session.token, customer_id, items, ids)


def _ignore(_sentence: str) -> None:
    """What a hub says of itself is not measured."""


async def warm_up(shop: Shop, journeys: int) -> None:
    """Let every register make some sales that are not measured."""

    async def sell(register: Register) -> None:
        for _ in range(journeys):
            await register.complete(await register.open_until_paid())

    await asyncio.gather(*(sell(register) for register in shop.registers))
