"""A customer's details, PINs and tokens are found where they belong and nowhere else, byte for byte."""

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from contracts.base import Request
from contracts.checkout import Sale
from contracts.checkout.completed import SaleCompleted
from contracts.customers import CreateCustomer, UpdateCustomer
from contracts.customers.asking import GetCustomer, SearchCustomers
from contracts.customers.fields import PutCustomField
from contracts.customers.privacy.copying import ExportCustomer
from contracts.customers.profile import FieldId
from contracts.devices.scanning import InjectScan
from contracts.ids import CustomerId, RegisterId, ScanId
from contracts.staff.signing_on import SignOn
from services.hub.commands.customers.purchases import bought, sales_of
from services.hub.keys import administrator_token
from services.runtime.bus import Incoming
from services.runtime.requester import Refused
from tests.hub.shop import IDS, PIN, Register, Shop, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAME, EMAIL, PHONE, CODE = "Zyxomara", "qvzyx.mark@kunde-qv.de", "+4915129783654", "QVZYX-CARD-77"
NOTE = "Qvnotizzyx"
SHOES = "Qvschuhzyx 38"
MARKS = {text.strip("+").casefold() for text in (NAME, EMAIL, PHONE, CODE, NOTE, EMAIL.partition("@")[0])}
WRONG_PIN = "60718293"


def marked(**changed: Any) -> CreateCustomer:
    """A customer with all marks."""
    whole = CreateCustomer(
        CustomerId(IDS.new()),
        NAME,
        f"{NAME}-Meier",
        f"{NAME} Ltd",
        emails=(EMAIL,),
        phones=(PHONE,),
        codes=(CODE,),
        notes=f"{NOTE}: rings before.",
    )
    return msgspec.structs.replace(whole, **changed)


def found_in(data: bytes, marks: set[str]) -> set[str]:
    """Which of the marks stand in some bytes, in upper or lower case."""
    return {mark for mark in marks if mark.encode() in data.lower()}


def files_with(folder: Path, marks: set[str], but: str = "") -> dict[str, set[str]]:
    """The files below a folder that hold a mark."""
    files = [file for file in sorted(folder.rglob("*")) if file.is_file() and not (but and file.name.startswith(but))]
    assert len(files) > 20
    return {str(file): found for file in files if (found := found_in(file.read_bytes(), marks))}


@dataclass
class Journey:
    """What a marked customer met, and what was heard and said meanwhile."""

    till: Register
    heard: list[Incoming]
    printed: Sale
    """What the marked customer bought, with a receipt."""
    codes: list[str] = field(default_factory=list)
    """How requests with marks were rejected."""

    async def refused(self, request: Request[Any]) -> None:
        """Send what is rejected, and is not told back; after a lost race the record is, as it is now."""
        with pytest.raises(Refused) as refused:
            await self.till.ask(request)
        rejected = refused.value.rejected
        self.codes.append(rejected.code)
        details = {name: value for name, value in rejected.details.items() if name != "current"}
        assert not found_in(msgspec.json.encode((rejected.message, details)), MARKS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def journey(shop: Shop) -> AsyncIterator[Journey]:
    """A marked customer is created, found, sold to, changed, refused and met by bugs while the ops role listens."""
    ops = await shop.ops()
    till = await shop.register("till-1")
    created = marked()
    await till.ask(created)
    for text in (NAME, EMAIL, PHONE, CODE):
        hits = (await till.ask(SearchCustomers(text))).hits
        assert [hit.customer.customer_id for hit in hits] == [created.customer_id]
    journey = Journey(till, [], await till.sell(created.customer_id, receipt="print"))
    await till.ask(UpdateCustomer(created.customer_id, 1, last_name=f"{NAME}-Huber", emails=(EMAIL, f"2.{EMAIL}")))
    await shop.hub.ask(InjectScan(ScanId(IDS.new()), RegisterId("till-1"), CODE))
    await be_rejected(journey, created.customer_id)
    await meet_bugs(journey, shop, created.customer_id)
    assert (await till.ask(GetCustomer(created.customer_id))).first_name == NAME
    customer_id = await shop.customer(till)
    last = await till.sell(customer_id)
    await shop.history(till, customer_id, least=1)
    async for message in ops.watch():
        journey.heard.append(message)
        if last.sale_id.encode() in message.payload and message.topic == shop.topics.event_of(SaleCompleted):
            break
    yield journey


async def be_rejected(journey: Journey, customer_id: CustomerId) -> None:
    """Send marks in every way that is rejected."""
    await journey.refused(marked(customer_id=customer_id, first_name=f"{NAME}a"))
    await journey.refused(marked())
    await journey.refused(marked(codes=(), emails=(f"{EMAIL}@{EMAIL}",)))
    await journey.refused(marked(codes=(), phones=(f"{PHONE}000000",)))
    await journey.refused(marked(codes=(), first_name=f"{NAME}\x07"))
    await journey.refused(marked(codes=(), first_name=NAME * 100))
    await journey.refused(marked(codes=(), first_name=""))
    await journey.refused(UpdateCustomer(customer_id, 1, first_name=f"{NAME}b"))
    await journey.refused(SignOn(WRONG_PIN, staff_id=journey.till.staff_id))
    for payload in (f'{{"first_name": "{NAME}', f'{{"{NAME}": "{EMAIL}"}}', f'{{"customer_id": "{EMAIL}"}}'):
        for service, name in (("customers", "create-customer"), ("checkout", "attach-customer")):
            with pytest.raises(Refused) as refused:
                await journey.till.client.ask_raw(
                    service, name, payload.encode(), message_id=IDS.new(), token=journey.till.token
                )
            journey.codes.append(refused.value.rejected.code)


@contextmanager
def without(shop: Shop, service: str, table: str) -> Iterator[None]:
    """Let a service's handlers fail in the middle, for want of a table."""
    with closing(sqlite3.connect(shop.data / f"{service}.sqlite3", isolation_level=None)) as connection:
        connection.execute(f"ALTER TABLE {table} RENAME TO hidden")
        yield
        connection.execute(f"ALTER TABLE hidden RENAME TO {table}")


async def meet_bugs(journey: Journey, shop: Shop, customer_id: CustomerId) -> None:
    """Send marks and PINs to handlers that fail."""
    with without(shop, "customers", "customer_key"):
        await journey.refused(marked(codes=(), save_anyway="other"))
        await journey.refused(UpdateCustomer(customer_id, 2, first_name=f"{NAME}c"))
        await journey.refused(SearchCustomers(NAME))
    with without(shop, "staff", "sign_on_try"):
        await journey.refused(SignOn(PIN, staff_id=journey.till.staff_id))
        await journey.refused(SignOn(WRONG_PIN, staff_id=journey.till.staff_id))


async def test_the_marked_customer_met_what_the_claims_are_about(journey: Journey) -> None:
    assert set(journey.codes) == {
        "customer-exists",
        "code-taken",
        "contact-invalid",
        "malformed",
        "customer-incomplete",
        "revision-conflict",
        "sign-on-refused",
        "internal-error",
    }
    assert journey.codes.count("internal-error") == 5
    assert {message.topic.split("/")[3] for message in journey.heard} == {"event", "state", "status"}


async def test_no_file_but_the_customers_own_database_holds_a_mark(journey: Journey, shop: Shop) -> None:
    assert journey.codes
    assert files_with(shop.data, MARKS, but="customers.sqlite3") == {}
    assert set().union(*files_with(shop.data, MARKS).values()) == MARKS


async def test_no_event_state_or_status_holds_a_mark(journey: Journey) -> None:
    for message in journey.heard:
        told = message.topic.encode() + message.payload + str(message.properties).encode()
        assert not found_in(told, MARKS), message.topic


async def test_a_receipt_says_neither_whose_it_is_nor_what_is_noted_about_them(
    journey: Journey, papers: list[str]
) -> None:
    number = str(journey.printed.receipt_number)

    async def printed() -> list[str]:
        return [paper for paper in papers if number in paper]

    (paper,) = await until(printed, len, "the receipt")
    assert journey.printed.customer_id is not None
    assert not found_in(paper.encode(), MARKS)


async def test_a_field_of_a_customer_that_the_shop_has_printed_is_on_their_paper_and_in_no_file_but_their_own(
    journey: Journey, shop: Shop, papers: list[str]
) -> None:
    define = PutCustomField(FieldId("shoes"), "customer", "text", "Shoes", editable_on_till=True, printed=True)
    await shop.hub.ask(define, token=administrator_token(shop.data, "customer.fields"))
    customer = CreateCustomer(CustomerId(IDS.new()), "Mia", custom={FieldId("shoes"): SHOES}, save_anyway="other")
    await journey.till.ask(customer)

    number = str((await journey.till.sell(customer.customer_id, receipt="print")).receipt_number)

    async def printed() -> list[str]:
        return [paper for paper in papers if number in paper]

    (paper,) = await until(printed, len, "the receipt")
    assert f"\nShoes: {SHOES}\n" in paper
    assert files_with(shop.data, {SHOES.casefold()}, but="customers.sqlite3") == {}


@pytest.mark.usefixtures("journey")
async def test_what_was_handled_is_kept_without_a_mark(shop: Shop) -> None:
    kept = shop.rows("customers", "SELECT outcome, id, caller, coalesce(reply, '') FROM handled_request")
    assert {row[0] for row in kept} == {"result", "rejected"}
    assert not found_in(repr(kept).encode(), MARKS)


async def test_the_hub_says_no_mark(journey: Journey, said: list[str]) -> None:
    assert any("event=bug" in sentence for sentence in said)
    assert not found_in("\n".join(said).encode(), {*MARKS, PIN, WRONG_PIN, journey.till.token.casefold()})


async def test_a_customers_copy_says_what_they_bought_and_nothing_of_who_served_them(
    journey: Journey, shop: Shop
) -> None:
    customer_id = await shop.customer(journey.till)
    sale = await journey.till.sell(customer_id)
    await shop.history(journey.till, customer_id, least=1)
    token = administrator_token(shop.data, "customer.export")
    copy = await shop.hub.ask(ExportCustomer(customer_id), token=token)

    (purchase,) = await bought(shop.hub, sales_of([copy.document]))

    assert purchase["sale_id"] == sale.sale_id
    assert [line["name"] for line in purchase["lines"]] == [line.name for line in sale.lines]
    assert journey.till.staff_id not in str(purchase)
    assert journey.till.staff_id not in str(copy.document)


async def test_pins_and_tokens_are_nowhere(journey: Journey, shop: Shop) -> None:
    assert shop.rows("staff", "SELECT count(*) FROM failed_request WHERE name = 'sign-on'") == [(2,)]
    secrets = {PIN, WRONG_PIN, journey.till.token.casefold(), journey.till.token.rpartition(".")[2].casefold()}
    assert files_with(shop.data, secrets) == {}
    for message in journey.heard:
        assert not found_in(message.payload + str(message.properties).encode(), secrets)
