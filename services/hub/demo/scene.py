"""The scene itself: a seller, three goods, a new customer, what the shop demands, cash and a receipt.

Whatever it changes on a hub that is at work, the policy settings above all, is put back at its end. Never here: logins
and connections, and how it is shown (``commands/demonstration.py``).
"""

import asyncio
import hashlib
import hmac
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from contracts.checkout import Sale, Share
from contracts.checkout.crediting import AttributeLines
from contracts.checkout.paying import AddTender, CheckSale, CompleteSale, RemoveTender
from contracts.checkout.reading import GetSale
from contracts.checkout.selling import AttachCustomer, OpenSale, RegisterHasOpenSale, VoidSale
from contracts.customers import CreateCustomer, UpdateCustomer
from contracts.customers.asking import CustomerHistory, GetCustomerHistory
from contracts.devices.printing import FindPrintJobs
from contracts.devices.scanning import InjectScan, ScanTaken
from contracts.ids import CustomerId, Day, SaleId, ScanId, StaffId, TenderId
from contracts.policy import ContactRule, DetailRule, GetSettings, PolicyInForce, PolicySettings, SetSettings
from contracts.staff import CreateStaff, ListStaff, RoleId
from contracts.staff.credit import GetStaffSales, StaffSalesRow
from contracts.staff.signing_on import SignedOn, SignOff, SignOn
from services.hub.demo.stage import PATIENCE_S, DemoFailed, Stage, Step
from services.hub.escpos_paper import Paper
from services.hub.keys import administrator_token
from services.hub.running_hub import DEMO_REGISTER
from services.hub.virtual_printer import VirtualPrinter
from services.runtime.ids import RandomIds, derived
from services.runtime.requester import Refused

DEMO_STAFF: Final = "0e9d5c1e-3f4b-5b1a-9b1e-5d6f0c2a7e11"
"""What the id of a store's demo seller is derived from."""
BARCODES: Final = ("2000000000831", "2000000000299", "2000000001128")
"""Of the sample catalogue: water in a deposit bottle, butter, dish soap."""
DEMANDS: Final = PolicySettings(
    first_name=DetailRule("required"), contact=ContactRule("recommended", "email"), attribution="manual"
)
NOTE: Final = 10_00
"""Cash is handed over in whole notes of 10.00."""


class Played(msgspec.Struct, frozen=True):
    """What came of the scene. ``total`` is in minor units; ``history`` counts the sales in the customer's history."""

    receipt_number: str
    total: int
    currency: str
    decisions: list[str]
    printed: bool
    history: int
    seconds: float


@dataclass
class Scene:
    """The scene on one hub."""

    stage: Stage
    data: Path
    printer: VirtualPrinter
    decisions: list[str] = field(default_factory=list)

    async def play(self) -> Played:
        """Play it all.

        Raises:
            DemoFailed: something did not happen.
            Refused: a service refused a step.
            NoAnswer: a service did not answer.
        """
        since = time.monotonic()
        signed_on = await self._sign_on()
        try:
            earlier = await self.stage.ask("The store's settings are noted, to be put back.", GetSettings(), _revision)
            demanded = await self._set_policy(DEMANDS, earlier.revision)
            try:
                return await self._sell(signed_on.staff_id, since)
            finally:
                if earlier.settings != DEMANDS:
                    await self._set_policy(earlier.settings, demanded, "The settings are as they were.")
        finally:
            await self.stage.ask("The seller signs off.", SignOff(), lambda _: "")

    async def _sell(self, seller: StaffId, since: float) -> Played:
        sale = await self._open()
        before = await self._credit(seller, sale.business_day)
        for barcode in BARCODES:
            await self._scan(barcode)
        sale = await self.stage.sale_shown(lambda shown: len(shown.lines) >= len(BARCODES))
        await self._check(sale, "Nobody is attached and no line attributed: the check blocks.", "block")
        customer_id = await self._attach_new_customer(sale.sale_id)
        await self._check(sale, "A first name is there; the lines still belong to nobody.", "block")
        await self.stage.ask(
            "All lines are attributed to the seller.",
            AttributeLines(sale.sale_id, (Share(seller, 10_000),)),
            lambda sold: f"{len(sold.lines)} lines",
        )
        await self._check(sale, "All that is required is there; an email is recommended: a prompt.", "prompt")
        await self._add_email(customer_id)
        sale = await self._check(sale, "Nothing is missing any more: the check proceeds.", "proceed")
        done = await self._pay(sale)
        paper = await self._printed(done)
        history = await self._history(customer_id, done)
        sales_before = before.sales if before.period == done.business_day else 0
        totals = await self.stage.until(
            "the seller's total",
            lambda: self._credit(seller, done.business_day),
            lambda now: now.sales > sales_before,
        )
        self.stage.narrate(
            Step(f"The seller's day by now: {totals.sales} sale(s), {_money(totals.amount, done.currency)} credited.")
        )
        return Played(
            receipt_number=str(done.receipt_number),
            total=done.totals.total,
            currency=done.currency,
            decisions=self.decisions,
            printed=str(done.receipt_number) in paper.text,
            history=sum(entry.sale_id is not None for entry in history.entries),
            seconds=round(time.monotonic() - since, 2),
        )

    async def _sign_on(self) -> SignedOn:
        """Sign on the demo's seller, who is put on the staff list the first time."""
        # The same person and PIN in every demo of this store, known to nobody without the store's keys.
        digest = hmac.digest((self.data / "secrets" / "digest.key").read_bytes(), b"demo seller", hashlib.sha256)
        staff_id = StaffId(derived(DEMO_STAFF, self.stage.hub.store))
        pin = f"{int.from_bytes(digest[:8], 'big') % 10**8:08}"
        listed = await self.stage.administrator.ask(ListStaff())
        if all(member.staff_id != staff_id for member in listed.staff):
            await self.stage.ask(
                "The hub's administrator puts a seller for the demo on the staff list.",
                CreateStaff(staff_id=staff_id, name="Demo Seller", pin=pin, role=RoleId("manager")),
                lambda made: made.member.role,
                by=self.stage.administrator,
                token=administrator_token(self.data, "staff.edit"),
            )
        signed_on = await self.stage.ask(
            "The seller signs on at the register.",
            SignOn(pin=pin, staff_id=staff_id),
            lambda on: f"session {on.session}, may {', '.join(on.permissions)}",
        )
        self.stage.token = signed_on.token
        return signed_on

    async def _set_policy(self, settings: PolicySettings, revision: int, sentence: str = "") -> int:
        put = await self.stage.ask(
            sentence or "The shop wants: first name required, email recommended, lines attributed by hand.",
            SetSettings(expected_revision=revision, settings=settings),
            _revision,
        )
        return put.revision

    async def _open(self) -> Sale:
        """Open a sale; one that an interrupted demo left is voided first."""
        opening = OpenSale(SaleId(RandomIds().new()))
        try:
            return await self.stage.ask("A sale is opened.", opening, lambda sale: f"revision {sale.revision}")
        except Refused as refused:
            if refused.rejected.code != RegisterHasOpenSale.wire_code():
                raise
            left = SaleId(str(refused.rejected.details["sale_id"]))
        sale = await self.stage.till.ask(GetSale(left), token=self.stage.token)
        for tender in sale.tenders:
            await self.stage.till.ask(RemoveTender(left, tender.tender_id), token=self.stage.token)
        await self.stage.ask(
            "An earlier demo left a sale; it is voided.", VoidSale(left, "test"), lambda sale: sale.status
        )
        return await self.stage.ask("A sale is opened.", opening, lambda sale: f"revision {sale.revision}")

    async def _scan(self, barcode: str) -> None:
        taken: ScanTaken = await self.stage.ask(
            "The scanner reads an item; its line appears on the register.",
            InjectScan(ScanId(RandomIds().new()), DEMO_REGISTER, barcode),
            lambda taken: taken.outcome,
            by=self.stage.administrator,
        )
        if taken.outcome != "line_added":
            raise DemoFailed(f"the scan of {barcode} put no line on the sale: {taken.outcome}")

    async def _check(self, sale: Sale, sentence: str, expected: str) -> Sale:
        checked = await self.stage.ask(
            sentence,
            CheckSale(sale.sale_id),
            _decision,
        )
        outcome = "none" if checked.decision is None else checked.decision.outcome
        self.decisions.append(outcome)
        if outcome != expected:
            raise DemoFailed(f"the check answered {outcome} where {expected} was due")
        return checked

    async def _attach_new_customer(self, sale_id: SaleId) -> CustomerId:
        customer_id = CustomerId(RandomIds().new())
        await self.stage.ask(
            "A customer is put on file with a first name.",
            CreateCustomer(customer_id=customer_id, first_name="Demo", last_name="Customer"),
            lambda customer: f"revision {customer.revision}",
        )
        await self.stage.ask(
            "The customer is attached to the sale.",
            AttachCustomer(sale_id, customer_id),
            lambda sale: f"revision {sale.revision}",
        )
        return customer_id

    async def _add_email(self, customer_id: CustomerId) -> None:
        attached = self.stage.revision
        # example.org is kept for examples (RFC 2606, section 3).
        await self.stage.ask(
            "The customer gives an email.",
            UpdateCustomer(customer_id, expected_revision=1, emails=(f"demo-{customer_id}@example.org",)),
            lambda customer: f"revision {customer.revision}",
        )
        sale = await self.stage.sale_shown(lambda shown: shown.revision > attached)
        self.stage.narrate(Step("Checkout heard of it and shows the sale afresh.", answer=f"revision {sale.revision}"))

    async def _pay(self, sale: Sale) -> Sale:
        handed = -(-sale.totals.due // NOTE) * NOTE
        await self.stage.ask(
            f"The customer hands over {_money(handed, sale.currency)} in cash.",
            AddTender(sale.sale_id, TenderId(RandomIds().new()), "cash", handed),
            lambda paid: f"change {_money(paid.totals.change, paid.currency)}",
        )
        return await self.stage.ask(
            "The sale is completed.",
            CompleteSale(sale.sale_id),
            lambda done: f"receipt {done.receipt_number}, {_money(done.totals.total, done.currency)}",
        )

    async def _printed(self, sale: Sale) -> Paper:
        """Wait for the receipt to come out, and for the printer to have confirmed it."""
        number = str(sale.receipt_number)
        try:
            async with asyncio.timeout(PATIENCE_S):
                paper = await self.printer.next_paper()
                while number not in paper.text:  # what an interrupted demo left in the queue
                    paper = await self.printer.next_paper()
        except TimeoutError as error:
            raise DemoFailed(f"no receipt came out of the printer within {PATIENCE_S:.0f} s") from error
        await self.stage.until(
            "the print job",
            lambda: self.stage.till.ask(FindPrintJobs(sale.sale_id)),
            lambda found: bool(found.jobs) and found.jobs[-1].state == "printed",
        )
        self.stage.narrate(
            Step("The receipt comes out of the printer, and the printer confirms it.", payload=paper.text)
        )
        return paper

    async def _history(self, customer_id: CustomerId, sale: Sale) -> CustomerHistory:
        await self.stage.until(
            "the customer's history",
            lambda: self.stage.till.ask(GetCustomerHistory(customer_id), token=self.stage.token),
            lambda found: any(entry.receipt_number == sale.receipt_number for entry in found.entries),
        )
        return await self.stage.ask(
            "The customer's history has the sale.",
            GetCustomerHistory(customer_id),
            lambda found: ", ".join(f"{each.kind} {each.receipt_number or '-'}" for each in found.entries),
        )

    async def _credit(self, seller: StaffId, day: Day) -> StaffSalesRow:
        """What the seller is credited with on a business day; no role may read that of a person at first."""
        token = administrator_token(self.data, "staff.report", "staff.report_person")
        asked = GetStaffSales(from_day=day, to_day=day, staff_id=seller)
        rows = (await self.stage.administrator.ask(asked, token=token)).rows
        return rows[0] if rows else StaffSalesRow(day, seller, 0, 0)


def _revision(reply: PolicyInForce) -> str:
    return f"revision {reply.revision}"


def _decision(sale: Sale) -> str:
    decision = sale.decision
    if decision is None:
        return "no decision"
    missing = "; ".join(item.sentence for item in decision.items if not item.satisfied)
    return f"{decision.outcome}{': ' if missing else ''}{missing}"


def _money(amount: int, currency: str) -> str:
    return f"{amount // 100}.{amount % 100:02} {currency}"
