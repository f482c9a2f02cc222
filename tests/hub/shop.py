"""A shop on a real hub, as the tests see it: filled, with registers that sell over MQTT with logins of their own."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from contracts.base import Event, Rejected, Reply, Request
from contracts.checkout import ReceiptWanted, Sale, Share
from contracts.checkout.catalogue import PutItems
from contracts.checkout.completed import SaleCompleted
from contracts.checkout.crediting import AttributeLines
from contracts.checkout.decided import CheckoutDecided
from contracts.checkout.paying import AddTender, CheckSale, CompleteSale
from contracts.checkout.selling import AddLineItem, AttachCustomer, OpenSale
from contracts.customers import CreateCustomer
from contracts.customers.asking import GetCustomerHistory, HistoryEntry
from contracts.every_service import JournalEntry, ReadJournal
from contracts.ids import CustomerId, Day, LineItemId, SaleId, StaffId, TenderId
from contracts.staff import CreateStaff, RoleId
from contracts.staff.credit import GetStaffSales
from contracts.staff.signing_on import SignOn
from services.checkout.catalogue.items import SAMPLE_ITEMS, items_from_csv
from services.hub import access, broker_logins, logins
from services.hub.client import Client, connected
from services.hub.keys import administrator_token
from services.hub.running_hub import OPS, RunningHub
from services.runtime.bus import Login, Outgoing
from services.runtime.ids import RandomIds
from services.runtime.requester import Refused

R = TypeVar("R", bound=Reply)
E = TypeVar("E", bound=Event)
T = TypeVar("T")

PIN = "83920174"
"""Long enough that no other bytes of the hub look like it."""
PATIENCE_S = 40.0
ITEMS_AT_ONCE = 200
WATER = "2000000000831"
"""Mineral water in a deposit bottle, in the sample catalogue."""
BUTTER = "2000000000299"
IDS = RandomIds()


async def until(ask: Callable[[], Awaitable[T]], so: Callable[[T], object], what: str) -> T:
    """Ask until the answer is so."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not so(answer := await ask()):
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"waited in vain for {what}") from None
    return answer


@contextmanager
def standing_still(pid: int) -> Iterator[None]:
    """Let a process stand still, with its connections open."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@dataclass
class Register:
    """A register on which somebody is signed on."""

    client: Client
    login: Login
    token: str
    staff_id: StaffId

    @property
    def name(self) -> str:
        return self.client.caller

    async def ask(self, request: Request[R], *, message_id: str | None = None) -> R:
        """Ask as whoever is signed on."""
        return await self.client.ask(request, message_id=message_id, token=self.token)

    async def ask_until_answered(self, request: Request[R]) -> R:
        """Repeat a request with the same id until there is a final answer, as a register does."""
        return await self.client.ask(request, token=self.token, patience_s=0.4, attempts=40)

    async def ask_despite_policy(self, request: Request[R]) -> R:
        """The same for what policy is asked about: while it is away, somebody tries again."""
        while True:
            try:
                return await self.ask_until_answered(request)
            except Refused as refusal:
                if refusal.rejected.code != "policy-unavailable":
                    raise

    async def refused(self, request: Request[R], *, message_id: str | None = None) -> Rejected:
        """Ask for what is rejected for good."""
        try:
            answer = await self.ask(request, message_id=message_id)
        except Refused as refusal:
            return refusal.rejected
        raise AssertionError(f"not refused: {answer}")

    async def opened(self, *barcodes: str) -> Sale:
        """A new sale with one of each item."""
        sale = await self.ask(OpenSale(SaleId(IDS.new())))
        for barcode in barcodes:
            sale = await self.ask(line(sale.sale_id, barcode))
        return sale

    async def sell(self, customer_id: CustomerId, receipt: ReceiptWanted = "none") -> Sale:
        """A whole sale to a customer, every step repeated until it is answered."""
        ask = self.ask_until_answered
        sale = await ask(OpenSale(SaleId(IDS.new())))
        for barcode in (WATER, BUTTER):
            sale = await ask(line(sale.sale_id, barcode))
        await ask(AttachCustomer(sale.sale_id, customer_id))
        await ask(AttributeLines(sale.sale_id, (Share(self.staff_id, 10_000),)))
        await self.ask_despite_policy(CheckSale(sale.sale_id, "cash"))
        await self.ask_despite_policy(cash(sale.sale_id, sale.totals.due))
        return await ask(CompleteSale(sale.sale_id, receipt))


def line(sale_id: SaleId, barcode: str) -> AddLineItem:
    """A new line with that item."""
    return AddLineItem(sale_id, LineItemId(IDS.new()), barcode)


def cash(sale_id: SaleId, amount: int) -> AddTender:
    """A new tender in cash, in cents."""
    return AddTender(sale_id, TenderId(IDS.new()), "cash", amount)


class Shop:
    """A shop on a hub that runs."""

    def __init__(self, data: Path, running: RunningHub, client: Client, stack: AsyncExitStack) -> None:
        self.data = data
        self.topics = running.topics
        self.hub = client
        """A client with the hub's own login."""
        self._running = running
        self._stack = stack

    async def fill(self) -> None:
        """Put the sample catalogue in."""
        with SAMPLE_ITEMS.open(encoding="utf-8", newline="") as lines:
            items = items_from_csv(lines)
        for begin in range(0, len(items), ITEMS_AT_ONCE):
            await self.hub.ask(PutItems(tuple(items[begin : begin + ITEMS_AT_ONCE])))

    async def new_login(self, name: str) -> Login:
        """A new register's login; it says how to reach the broker."""
        async with self._control() as control:
            made = await broker_logins.add_login(self.data, self.topics, name, "register", control.send_control)
        return self._running.login(made)

    async def cut_off(self, name: str) -> None:
        """Remove a register."""
        async with self._control() as control:
            await broker_logins.cut_off_login(self.data, name, control.send_control)

    async def register(self, name: str) -> Register:
        """A new register, with somebody new signed on who may do everything."""
        login = await self.new_login(name)
        client = await self._stack.enter_async_context(connected(login, self.topics))
        staff_id = await self.colleague(f"Colleague at {name}")
        session = await client.ask(SignOn(PIN, staff_id=staff_id), patience_s=30)
        return Register(client, login, session.token, staff_id)

    async def second_connection(self, till: Register) -> Register:
        """Another connection of a register, with temporary credentials."""
        async with self._control() as control:
            made = await broker_logins.add_temporary_login(self.data, self.topics, till.name, control.send_control)
        login = self._running.login(made)
        client = await self._stack.enter_async_context(connected(login, self.topics))
        return Register(client, login, till.token, till.staff_id)

    async def colleague(self, name: str) -> StaffId:
        """Somebody new on the staff list."""
        staff_id = StaffId(IDS.new())
        token = administrator_token(self.data, "staff.edit")
        await self.hub.ask(CreateStaff(staff_id, name, PIN, RoleId("manager")), token=token, patience_s=30)
        return staff_id

    async def ops(self) -> Client:
        """A client that hears all that the ops role may read."""
        async with self._control() as control:
            made = await broker_logins.add_temporary_login(self.data, self.topics, OPS, control.send_control)
        login, watching = self._running.login(made), self.topics.everything_open()
        return await self._stack.enter_async_context(connected(login, self.topics, watching=watching, asks=False))

    def own_login(self, name: str = "hub") -> Login:
        """The login of the hub, or of a service."""
        return self._running.login(logins.own_credentials(self.data, name))

    async def customer(self, at: Register) -> CustomerId:
        """A new customer."""
        made = await at.ask(CreateCustomer(CustomerId(IDS.new()), first_name="Mia"))
        return made.customer_id

    # What the services tell

    async def journal(self, service: str) -> list[JournalEntry]:
        """A service's whole journal."""
        entries: list[JournalEntry] = []
        while True:
            page = await self.hub.ask(ReadJournal(after=entries[-1].number if entries else 0), service=service)
            entries += page.entries
            if not page.entries or entries[-1].number >= page.head:
                return entries

    async def told(self, kind: type[E]) -> list[E]:
        """Every journaled event of a kind, in order."""
        return [
            msgspec.json.decode(entry.payload, type=kind)
            for entry in await self.journal(kind.owner())
            if entry.name == kind.wire_name()
        ]

    async def history(self, at: Register, customer_id: CustomerId, *, least: int) -> list[HistoryEntry]:
        """What a customer bought, newest first, once there are so many entries; what was changed is left out."""

        async def entries() -> list[HistoryEntry]:
            page = await at.ask(GetCustomerHistory(customer_id, limit=100))
            found = list(page.entries)
            while page.next is not None:
                page = await at.ask(GetCustomerHistory(customer_id, limit=100, next=page.next))
                found += page.entries
            return [each for each in found if each.sale_id is not None]

        return await until(entries, lambda found: len(found) >= least, "the history to catch up")

    async def retained(self) -> dict[str, bytes]:
        """What the broker retains of states, private states and statuses, by topic."""
        login = self.own_login()
        watching = [f"{self.topics.root}/{kind}/#" for kind in ("state", "private", "status")]
        async with connected(login, self.topics, watching=watching) as watcher:
            last = Outgoing(self.topics.status("hub"), IDS.new().encode())
            watcher.bus.post(last)  # it comes behind all that is retained
            kept: dict[str, bytes] = {}
            async for message in watcher.watch():
                if message.payload == last.payload:
                    break
                if message.retained:
                    kept[message.topic] = message.payload
            return kept

    def rows(self, service: str, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read a service's database, past the service."""
        file = self.data / f"{service}.sqlite3"
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(statement, values).fetchall()

    async def is_told_once(self, at: Register, sold: list[Sale]) -> None:
        """Prove that these are all sales of their registers and each is there once: in checkout, history and totals.

        Receipt numbers are without gaps, and amounts add up.
        """
        registers = {sale.register for sale in sold}
        completed = [each for each in await self.told(SaleCompleted) if each.register in registers]
        assert sorted((each.sale_id, each.receipt_number, each.total) for each in completed) == sorted(
            (sale.sale_id, sale.receipt_number, sale.totals.total) for sale in sold
        )
        for register in registers:
            numbers = [each.receipt_number for each in completed if each.register == register]
            assert numbers == [f"{register}-{number:06d}" for number in range(1, len(numbers) + 1)]
        for each in completed:
            assert sum(tender.amount for tender in each.tenders) == each.total + each.rounding
            assert sum(line_item.amount for line_item in each.lines) == each.total
        await self._is_in_histories(at, sold)
        await self._is_in_totals(completed)

    async def decisions_are_kept(self) -> None:
        """Prove that policy keeps every decision that checkout told, once."""
        decided = sorted(each.decision_id for each in await self.told(CheckoutDecided))
        kept = await until(self._kept_decisions, lambda kept: len(kept) >= len(decided), "policy to catch up")
        assert kept == decided

    async def _kept_decisions(self) -> list[str]:
        return [row[0] for row in self.rows("policy", "SELECT decision_id FROM decision ORDER BY decision_id")]

    async def _is_in_histories(self, at: Register, sold: list[Sale]) -> None:
        for customer_id in {sale.customer_id for sale in sold if sale.customer_id is not None}:
            wanted = sorted(
                (sale.sale_id, sale.receipt_number, sale.totals.total)
                for sale in sold
                if sale.customer_id == customer_id
            )
            found = await self.history(at, customer_id, least=len(wanted))
            assert sorted((each.sale_id, each.receipt_number, each.total) for each in found) == wanted

    async def _is_in_totals(self, completed: list[SaleCompleted]) -> None:
        wanted: dict[tuple[Day, StaffId], tuple[int, int]] = {}
        for each in completed:
            for staff_id in {share.staff_id for line_item in each.lines for share in line_item.attribution}:
                count, amount = wanted.get((each.business_day, staff_id), (0, 0))
                mine = sum(
                    line_item.amount for line_item in each.lines if Share(staff_id, 10_000) in line_item.attribution
                )
                wanted[each.business_day, staff_id] = count + 1, amount + mine

        async def told() -> dict[tuple[Day, StaffId], tuple[int, int]]:
            token = administrator_token(self.data, "staff.report", "staff.report_person")
            return {
                (day, staff_id): (row.sales, row.amount)
                for day, staff_id in wanted
                for row in (await self.hub.ask(GetStaffSales(day, day, staff_id=staff_id), token=token)).rows
            }

        least = sum(count for count, _ in wanted.values())
        found = await until(
            told, lambda found: sum(count for count, _ in found.values()) >= least, "the totals to catch up"
        )
        assert found == wanted

    @asynccontextmanager
    async def _control(self) -> AsyncIterator[Client]:
        own = self.own_login()
        async with connected(own, self.topics, watching=(access.CONTROL_RESPONSE,), asks=False) as control:
            yield control
