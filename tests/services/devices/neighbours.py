"""Those whom devices follows and asks, as far as it can see them: a checkout with receipts, staff, customers."""

import asyncio
from pathlib import Path

import msgspec

from contracts.base import Event
from contracts.checkout import RegisterSale, Sale, SaleNotFound
from contracts.checkout.completed import SaleCompleted
from contracts.checkout.reading import GetReceipt, Receipt
from contracts.checkout.selling import ApplyScan, SaleVoided, ScanApplied, ScanOutcome
from contracts.customers.fields import GetPrintedFields, PrintedCustomerField, PrintedFields
from contracts.ids import CurrencyCode, CustomerId, RegisterId, SaleId, StaffId
from contracts.staff import StaffNotFound
from contracts.staff.signing_on import GetStaffLabel, StaffLabel
from services.runtime.clock import stamp
from services.runtime.service import Route, Service, command, query
from services.runtime.transactions import Tx, View
from services.runtime.workers import Context
from tests.services.devices.receipts import receipt
from tests.under_test import StoreUnderTest

_MIGRATIONS = Path(__file__).parents[2] / "toy" / "leader_migrations"


class Neighbour:
    """Tells events under the name of a service, from a real journal, and answers what ``routes`` says."""

    def __init__(self, name: str) -> None:
        self._name = name

    def routes(self) -> tuple[Route, ...]:
        """What the neighbour answers."""
        return ()

    async def start(self, store: StoreUnderTest) -> None:
        """Start in a store, or start again."""
        self._context: asyncio.Future[Context[Tx, View]] = asyncio.get_running_loop().create_future()
        await store.start(
            Service(
                name=self._name,
                migrations=_MIGRATIONS,
                transaction=Tx,
                view=View,
                routes=self.routes(),
                workers=(self._keep_context,),
            )
        )

    async def tell(self, event: Event) -> None:
        """Put an event into the journal."""
        context = await self._context
        await context.write(lambda tx: tx.record(event))

    async def _keep_context(self, context: Context[Tx, View]) -> None:
        self._context.set_result(context)


class Checkout(Neighbour):
    """A checkout whose every completed sale has the receipt of the examples, in its own language."""

    def __init__(self) -> None:
        super().__init__("checkout")
        self.applied: list[ApplyScan] = []
        self.outcomes: dict[str, ScanOutcome] = {}
        """What comes of a scan of a kind; a line is added where nothing is said."""
        self.faults = 0
        """How many more receipts it does not tell, by a fault of its own."""
        self._receipts: dict[SaleId, Receipt] = {}
        self._shown = 0

    def routes(self) -> tuple[Route, ...]:
        """Receipts, and scans."""
        return (query(GetReceipt, self._receipt), command(ApplyScan, self._apply))

    async def complete(self, store: StoreUnderTest, *, register: str = "till-1", **fields: object) -> SaleCompleted:
        """Complete a sale now, and tell it."""
        sale_id = SaleId((await self._context).ids.new())
        whole = receipt(sale_id=sale_id, register=RegisterId(register), customer_id=fields.get("customer_id"))
        self._receipts[sale_id] = msgspec.structs.replace(whole, cashier_label="")  # which checkout does not know
        sale = self._receipts[sale_id].sale
        now = stamp(store.clock.now())
        told = SaleCompleted(
            sale_id=sale_id,
            register=RegisterId(register),
            receipt_number="till-1-000123",
            transaction_number=9,
            transaction_kind="sale",
            business_day="2026-11-22",
            started_at=now,
            completed_at=now,
            currency=CurrencyCode("EUR"),
            total=sale.totals.total,
            rounding=0,
            cashier=StaffId(sale.cashier),
            customer_id=None,
            lines=(),
            tenders=(),
            rates=sale.totals.rates,
            flags=(),
            receipt="print",
            language="de",
        )
        event: SaleCompleted = msgspec.structs.replace(told, **fields)
        await self.tell(event)
        return event

    async def show(self, sale: Sale | None, *, register: str = "till-1", language: str = "de") -> int:
        """Show a register its open sale, or that it has none; the revision of that state."""
        context = await self._context
        self._shown += 1
        state = RegisterSale(self._shown, sale, language)
        await context.write(lambda tx: tx.show_private(state, register))
        return state.revision

    async def void(self, store: StoreUnderTest, sale_id: SaleId, *, register: str = "till-1") -> None:
        """Void a sale now, and tell it."""
        at = stamp(store.clock.now())
        await self.tell(SaleVoided(sale_id, RegisterId(register), "2026-11-22", at, receipt().sale.cashier, "mistake"))

    def lose(self, sale_id: SaleId) -> None:
        """Have no receipt of a sale any more."""
        del self._receipts[sale_id]

    async def _receipt(self, asked: GetReceipt, _view: View) -> Receipt:
        if self.faults:
            self.faults -= 1
            raise RuntimeError
        if asked.sale_id not in self._receipts:
            raise SaleNotFound(sale_id=asked.sale_id)
        return self._receipts[asked.sale_id]

    def _apply(self, scan: ApplyScan, _tx: Tx) -> ScanApplied:
        self.applied.append(scan)
        return ScanApplied(self.outcomes.get(scan.kind, "line_added"))


class Staff(Neighbour):
    """A staff service that knows the short names it is given."""

    def __init__(self, **labels: str) -> None:
        super().__init__("staff")
        self._labels = labels

    def routes(self) -> tuple[Route, ...]:
        """What receipts call people."""
        return (query(GetStaffLabel, self._label),)

    async def _label(self, asked: GetStaffLabel, _view: View) -> StaffLabel:
        if asked.staff_id not in self._labels:
            raise StaffNotFound(staff_id=asked.staff_id)
        return StaffLabel(self._labels[asked.staff_id])


class Customers(Neighbour):
    """A customers service that knows what is printed of one customer."""

    def __init__(self, customer_id: CustomerId, *fields: PrintedCustomerField) -> None:
        super().__init__("customers")
        self.asked: list[CustomerId] = []
        self._printed = {customer_id: fields}

    def routes(self) -> tuple[Route, ...]:
        """What receipts show of people."""
        return (query(GetPrintedFields, self._fields),)

    async def _fields(self, asked: GetPrintedFields, _view: View) -> PrintedFields:
        self.asked.append(asked.customer_id)
        return PrintedFields(self._printed.get(asked.customer_id, ()))
