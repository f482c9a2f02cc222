"""One shop scene, played over MQTT by a register with a login of its own, and told step by step.

Belongs here: the scene. Never here: how it is shown (``commands/demonstration.py``). Whatever the
scene changes on a hub that is at work, the policy settings above all, is put back at its end.
"""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from contracts.base import Command, Reply
from contracts.base import Request as RequestMessage
from contracts.checkout import RegisterSale, Sale, Share
from contracts.checkout.crediting import AttributeLines
from contracts.checkout.paying import AddTender, CheckSale, CompleteSale, RemoveTender
from contracts.checkout.reading import GetSale
from contracts.checkout.selling import AttachCustomer, OpenSale, RegisterHasOpenSale, VoidSale
from contracts.customers import CreateCustomer, CustomerHistory, GetCustomerHistory, UpdateCustomer
from contracts.devices.printing import FindPrintJobs
from contracts.devices.scanning import InjectScan, ScanTaken
from contracts.ids import CustomerId, Day, SaleId, ScanId, StaffId, TenderId
from contracts.policy import ContactRule, DetailRule, GetSettings, PolicyInForce, PolicySettings, SetSettings
from contracts.staff import CreateStaff, ListStaff, RoleId
from contracts.staff.credit import GetStaffSales, StaffSalesRow
from contracts.staff.signing_on import SignedOn, SignOff, SignOn
from services.hub import logins
from services.hub.client import Client, connected
from services.hub.escpos_paper import Paper
from services.hub.keys import administrator_token
from services.hub.running_hub import DEMO_REGISTER, RunningHub
from services.hub.terminal import changing_logins
from services.hub.virtual_printer import VirtualPrinter
from services.runtime.ids import RandomIds, derived
from services.runtime.requester import Refused
from services.runtime.secret_fields import without_secrets

R = TypeVar("R", bound=Reply)
T = TypeVar("T")

PATIENCE_S: Final = 20.0
"""How long a fact of another process is waited for: a print, an entry in a history."""
BETWEEN_LOOKS_S: Final = 0.05
DEMO_STAFF: Final = "0e9d5c1e-3f4b-5b1a-9b1e-5d6f0c2a7e11"
"""What the id of a store's demo seller is derived from."""
BARCODES: Final = ("2000000000831", "2000000000299", "2000000001128")
"""Of the sample catalogue: water in a deposit bottle, butter, dish soap."""
DEMANDS: Final = PolicySettings(
    first_name=DetailRule("required"), contact=ContactRule("recommended", "email"), attribution="manual"
)
NOTE: Final = 10_00
"""Cash is handed over in whole notes of 10.00."""


class DemoFailed(Exception):
    """Something of the scene did not happen; the sentence says what."""


class Played(msgspec.Struct, frozen=True):
    """What came of the scene. ``total`` is in minor units; ``history`` counts the sales in the customer's history."""

    receipt_number: str
    total: int
    currency: str
    decisions: list[str]
    printed: bool
    history: int
    seconds: float


@dataclass(frozen=True)
class Step:
    """One step of the scene: a sentence, and the message it consists of, if it is one.

    ``answer`` is what came back in a few words. Payloads are without secret fields.
    """

    sentence: str
    topic: str = ""
    payload: str = ""
    answer: str = ""


Narrate = Callable[[Step], None]


@dataclass
class Scene:
    """The scene on one hub."""

    hub: RunningHub
    data: Path
    narrate: Narrate
    administrator: Client
    """A client with the hub's own login: it stands for scanner and back office."""
    till: Client
    """The register that the scene plays on."""
    printer: VirtualPrinter
    decisions: list[str] = field(default_factory=list)
    _token: str | None = None
    _revision: int = 0
    """Of the sale as the last command on it left it."""

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
            earlier = await self._ask("The store's settings are noted, to be put back.", GetSettings(), _revision)
            demanded = await self._set_policy(DEMANDS, earlier.revision)
            try:
                return await self._sell(signed_on.staff_id, since)
            finally:
                if earlier.settings != DEMANDS:
                    await self._set_policy(earlier.settings, demanded, "The settings are as they were.")
        finally:
            await self._ask("The seller signs off.", SignOff(), lambda _: "")

    async def _sell(self, seller: StaffId, since: float) -> Played:
        sale = await self._open()
        before = await self._credit(seller, sale.business_day)
        for barcode in BARCODES:
            await self._scan(barcode)
        sale = await self._sale_shown(lambda shown: len(shown.lines) >= len(BARCODES))
        await self._check(sale, "Nobody is attached and no line attributed: the check blocks.", "block")
        customer_id = await self._attach_new_customer(sale.sale_id)
        await self._check(sale, "A first name is there; the lines still belong to nobody.", "block")
        await self._ask(
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
        totals = await self._until(
            "the seller's total",
            lambda: self._credit(seller, done.business_day),
            lambda now: now.sales > sales_before,
        )
        self.narrate(
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

    # The steps

    async def _sign_on(self) -> SignedOn:
        """Sign on the demo's seller, who is put on the staff list the first time."""
        # The same person and PIN in every demo of this store, known to nobody without the store's keys.
        digest = hmac.digest((self.data / "secrets" / "digest.key").read_bytes(), b"demo seller", hashlib.sha256)
        staff_id = StaffId(derived(DEMO_STAFF, self.hub.store))
        pin = f"{int.from_bytes(digest[:8], 'big') % 10**8:08}"
        listed = await self.administrator.ask(ListStaff())
        if all(member.staff_id != staff_id for member in listed.staff):
            await self._ask(
                "The hub's administrator puts a seller for the demo on the staff list.",
                CreateStaff(staff_id=staff_id, name="Demo Seller", pin=pin, role=RoleId("manager")),
                lambda made: made.member.role,
                by=self.administrator,
                token=administrator_token(self.data, "staff.edit"),
            )
        signed_on = await self._ask(
            "The seller signs on at the register.",
            SignOn(pin=pin, staff_id=staff_id),
            lambda on: f"session {on.session}, may {', '.join(on.permissions)}",
        )
        self._token = signed_on.token
        return signed_on

    async def _set_policy(self, settings: PolicySettings, revision: int, sentence: str = "") -> int:
        put = await self._ask(
            sentence or "The shop wants: first name required, email recommended, lines attributed by hand.",
            SetSettings(expected_revision=revision, settings=settings),
            _revision,
        )
        return put.revision

    async def _open(self) -> Sale:
        """Open a sale; one that an interrupted demo left is voided first."""
        opening = OpenSale(SaleId(RandomIds().new()))
        try:
            return await self._ask("A sale is opened.", opening, lambda sale: f"revision {sale.revision}")
        except Refused as refused:
            if refused.rejected.code != RegisterHasOpenSale.wire_code():
                raise
            left = SaleId(str(refused.rejected.details["sale_id"]))
        sale = await self.till.ask(GetSale(left), token=self._token)
        for tender in sale.tenders:
            await self.till.ask(RemoveTender(left, tender.tender_id), token=self._token)
        await self._ask("An earlier demo left a sale; it is voided.", VoidSale(left, "test"), lambda sale: sale.status)
        return await self._ask("A sale is opened.", opening, lambda sale: f"revision {sale.revision}")

    async def _scan(self, barcode: str) -> None:
        taken: ScanTaken = await self._ask(
            "The scanner reads an item; its line appears on the register.",
            InjectScan(ScanId(RandomIds().new()), DEMO_REGISTER, barcode),
            lambda taken: taken.outcome,
            by=self.administrator,
        )
        if taken.outcome != "line_added":
            raise DemoFailed(f"the scan of {barcode} put no line on the sale: {taken.outcome}")

    async def _check(self, sale: Sale, sentence: str, expected: str) -> Sale:
        checked = await self._ask(
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
        await self._ask(
            "A customer is put on file with a first name.",
            CreateCustomer(customer_id=customer_id, first_name="Demo", last_name="Customer"),
            lambda customer: f"revision {customer.revision}",
        )
        await self._ask(
            "The customer is attached to the sale.",
            AttachCustomer(sale_id, customer_id),
            lambda sale: f"revision {sale.revision}",
        )
        return customer_id

    async def _add_email(self, customer_id: CustomerId) -> None:
        attached = self._revision
        # example.org is kept for examples (RFC 2606, section 3).
        await self._ask(
            "The customer gives an email.",
            UpdateCustomer(customer_id, expected_revision=1, emails=(f"demo-{customer_id}@example.org",)),
            lambda customer: f"revision {customer.revision}",
        )
        sale = await self._sale_shown(lambda shown: shown.revision > attached)
        self.narrate(Step("Checkout heard of it and shows the sale afresh.", answer=f"revision {sale.revision}"))

    async def _pay(self, sale: Sale) -> Sale:
        handed = -(-sale.totals.due // NOTE) * NOTE
        await self._ask(
            f"The customer hands over {_money(handed, sale.currency)} in cash.",
            AddTender(sale.sale_id, TenderId(RandomIds().new()), "cash", handed),
            lambda paid: f"change {_money(paid.totals.change, paid.currency)}",
        )
        return await self._ask(
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
        await self._until(
            "the print job",
            lambda: self.till.ask(FindPrintJobs(sale.sale_id)),
            lambda found: bool(found.jobs) and found.jobs[-1].state == "printed",
        )
        self.narrate(Step("The receipt comes out of the printer, and the printer confirms it.", payload=paper.text))
        return paper

    async def _history(self, customer_id: CustomerId, sale: Sale) -> CustomerHistory:
        await self._until(
            "the customer's history",
            lambda: self.till.ask(GetCustomerHistory(customer_id), token=self._token),
            lambda found: any(entry.receipt_number == sale.receipt_number for entry in found.entries),
        )
        return await self._ask(
            "The customer's history has the sale.",
            GetCustomerHistory(customer_id),
            lambda found: ", ".join(f"{each.kind} {each.receipt_number or '-'}" for each in found.entries),
        )

    async def _credit(self, seller: StaffId, day: Day) -> StaffSalesRow:
        """What the seller is credited with on a business day; no role may read that of a person at first."""
        token = administrator_token(self.data, "staff.report", "staff.report_person")
        asked = GetStaffSales(from_day=day, to_day=day, staff_id=seller)
        rows = (await self.administrator.ask(asked, token=token)).rows
        return rows[0] if rows else StaffSalesRow(day, seller, 0, 0)

    # Asking and waiting

    async def _ask(
        self,
        sentence: str,
        request: RequestMessage[R],
        told: Callable[[R], str],
        *,
        by: Client | None = None,
        token: str | None = None,
    ) -> R:
        client = by or self.till
        reply = await client.ask(request, token=token or (self._token if by is None else None))
        topic = self.hub.topics.request(request.owner(), type(request), client.caller)
        payload = msgspec.json.encode(without_secrets(request)).decode()
        self.narrate(Step(sentence, topic, payload, told(reply)))
        if isinstance(reply, Sale) and isinstance(request, Command):
            self._revision = reply.revision
        return reply

    async def _sale_shown(self, wanted: Callable[[Sale], bool]) -> Sale:
        """Wait until the register's private state shows the sale as wanted."""
        topic = self.hub.topics.private(RegisterSale, DEMO_REGISTER)
        try:
            async with asyncio.timeout(PATIENCE_S):
                async for message in self.till.watch():
                    if message.topic == topic and message.payload:
                        sale = msgspec.json.decode(message.payload, type=RegisterSale).sale
                        if sale is not None and wanted(sale):
                            return sale
        except TimeoutError as error:
            raise DemoFailed(f"the register was not shown the sale within {PATIENCE_S:.0f} s") from error
        raise DemoFailed("the register's login was removed in mid-scene")

    async def _until(self, what: str, look: Callable[[], Awaitable[T]], wanted: Callable[[T], bool]) -> T:
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not wanted(found := await look()):  # noqa: ASYNC110 - another process's fact has no event here
                    await asyncio.sleep(BETWEEN_LOOKS_S)
                return found
        except TimeoutError as error:
            raise DemoFailed(f"{what} did not show the sale within {PATIENCE_S:.0f} s") from error


async def play(data: Path, narrate: Narrate) -> Played:
    """Play the scene on the hub that runs on a data directory.

    Args:
        data: the hub's data directory; whoever plays must be able to read the store's keys in it.
        narrate: told of each step.

    Raises:
        NoHub: none runs there.
        DemoFailed: something of the scene did not happen.
        Refused: a service refused a step.
        NoAnswer: a service did not answer.
    """
    async with changing_logins(data) as (hub, send_control):
        if hub.demo_printer_port is None:
            raise DemoFailed("this hub's shop has printers of its own and expects none of the demo's")
        made = await _login(data, hub, send_control)
        narrate(Step(f"The register {DEMO_REGISTER} has a login of its own.", hub.topics.privates_for(DEMO_REGISTER)))
        try:
            watching = (hub.topics.privates_for(DEMO_REGISTER),)
            async with (
                VirtualPrinter(hub.demo_printer_port) as printer,
                connected(hub.login(logins.own_credentials(data, "hub")), hub.topics) as administrator,
                connected(hub.login(made), hub.topics, watching=watching) as till,
            ):
                return await Scene(hub, data, narrate, administrator, till, printer).play()
        except OSError as error:
            raise DemoFailed(f"the printer's port {hub.demo_printer_port} is taken: {error.strerror}") from error
        finally:
            await logins.cut_off_login(data, DEMO_REGISTER, send_control)


async def _login(data: Path, hub: RunningHub, send_control: logins.SendControl) -> logins.Credentials:
    """Have a login for the demo's register; one that an interrupted demo left makes way."""
    if any(each.username == DEMO_REGISTER for each in logins.list_logins(data).logins):
        await logins.cut_off_login(data, DEMO_REGISTER, send_control)
    return await logins.add_login(data, hub.topics, DEMO_REGISTER, "register", send_control)


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
