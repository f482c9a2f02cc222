"""After an erasure nothing on a real hub remembers the person: no database, log, queue, file or retained topic."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from contracts.checkout.completed import SaleCompleted
from contracts.customers import CreateCustomer, Customer, GetCustomer, SearchCustomers, UpdateCustomer
from contracts.customers.consent import ConsentId, RecordConsent
from contracts.customers.merging import MergeCustomers, MergeId
from contracts.customers.privacy import (
    BuyerRecordId,
    CustomerErased,
    EraseCustomer,
    Erasure,
    ErasureCertificate,
    ErasureId,
    GetBuyerRecord,
    GetErasure,
    GetErasureCertificate,
    SealBuyer,
)
from contracts.every_service import BackUp
from contracts.ids import CustomerId
from contracts.topics import SERVICES
from services.hub.keys import administrator_token
from tests.hub.shop import IDS, Shop, until
from tests.hub.test_privacy import without

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAME, LAST, EMAIL, PHONE, CODE = "Wyxolde", "Qvarnstroemska", "qvx.erase@kunde-qx.de", "+4915129783655", "QVXER-CARD-78"
EMAIL_2, NOTE = "qvx.second@kunde-qx.de", "plays the vuvuqxela"
MARKS = {text.strip("+").casefold() for text in (NAME, LAST, EMAIL, EMAIL_2, PHONE, CODE, NOTE)}
SEALED = "sealed"


@pytest.fixture(scope="module")
def settings(printer: Any) -> dict[str, str]:
    """Variables of the services: erasures are looked after often, and every register has a printer."""
    named = f'[{{"device":"front","host":"{printer.host}","port":{printer.port},"registers":["till-1"]}}]'
    return {
        "TILLWIRE_DEVICES_PRINTERS": named,
        "TILLWIRE_DEVICES_RETRY_S": "0.2",
        "TILLWIRE_CUSTOMERS_PRIVACY_EVERY_S": "0.2",
    }


def files_with_marks(folder: Path) -> dict[str, set[str]]:
    """The files below a folder that hold a mark, in upper or lower case."""
    found = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            data = file.read_bytes().lower()
            marks = {mark for mark in MARKS if mark.encode() in data}
            if marks:
                found[str(file.relative_to(folder))] = marks
    return found


class Life:
    """What the marked customer did, and their erasure."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.ids = [CustomerId(IDS.new()) for _ in "ab"]
        self.erasure_id = ErasureId(IDS.new())
        self.record_id = BuyerRecordId(IDS.new())
        self.totals: list[int] = []
        self.before: dict[str, set[str]] = {}
        self.backups: list[str] = []

    async def as_owner(self, request: Any) -> Any:
        """Ask from the hub as somebody who may do that."""
        token = administrator_token(self.shop.data, request.permission)
        return await self.shop.hub.ask(request, token=token)

    async def live(self) -> None:
        """Be put on file twice, found, sold to, changed, merged, met by bugs, backed up, and erased."""
        shop, (one, two) = self.shop, self.ids
        till = await shop.register("till-1")
        await till.ask(CreateCustomer(one, NAME, LAST, emails=(EMAIL,), phones=(PHONE,), codes=(CODE,)))
        await till.ask(CreateCustomer(two, NAME, "B", emails=(EMAIL_2,), notes=NOTE, save_anyway="other"))
        for text in (NAME, LAST, EMAIL, PHONE):
            assert (await till.ask(SearchCustomers(text))).hits
        await till.ask(RecordConsent(ConsentId(IDS.new()), one, "email", EMAIL, "yes", "w-1", "de"))
        self.totals = [(await till.sell(each, receipt="print")).totals.total for each in (one, two, one)]
        with without(shop, "customers", "customer_key"):
            refused = await till.refused(UpdateCustomer(one, 1, first_name=f"{NAME}a", last_name=LAST))
            assert refused.code == "internal-error"
        await self.as_owner(MergeCustomers(MergeId(IDS.new()), one, two, 1, 1))
        sealing = SealBuyer(self.record_id, (await shop.told(SaleCompleted))[-1].sale_id, one, "invoice")
        await shop.hub.ask(sealing)
        await shop.history(till, one, least=3)
        for service in SERVICES:
            copied = await shop.hub.ask(BackUp(), service=service, patience_s=60)
            self.backups.append(copied.file)
        self.before = files_with_marks(shop.data)
        for file in (shop.data / "backups").iterdir():
            file.unlink()  # they have their own time; a restored one is erased again before it answers
        await self.as_owner(EraseCustomer(self.erasure_id, one))
        await until(self.erasure, self.own_part_is_done, "customers to do their part")

    async def erasure(self) -> Erasure:
        """How far it has come."""
        found: Erasure = await self.as_owner(GetErasure(self.erasure_id))
        return found

    @staticmethod
    def own_part_is_done(erasure: Erasure) -> bool:
        """Whether this service has acknowledged."""
        return any(each.service == "customers" and each.acknowledged_at for each in erasure.services)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def life(shop: Shop) -> AsyncIterator[Life]:
    """The marked customer, erased."""
    life = Life(shop)
    await life.live()
    yield life


async def test_before_the_erasure_there_was_something_to_forget(life: Life) -> None:
    assert "customers.sqlite3" in {re.sub(r"-wal$", "", name) for name in life.before}
    assert set().union(*life.before.values()) == MARKS


async def test_no_file_remembers_outside_sealed_buyer_records(life: Life) -> None:
    """Every database with its log, every service's log, the broker's files, the list of the erased."""
    assert set(files_with_marks(life.shop.data)) <= {"customers.sqlite3"}
    for service in SERVICES:
        for (table,) in life.shop.rows(service, "SELECT name FROM sqlite_master WHERE type = 'table'"):
            rows = repr(life.shop.rows(service, f'SELECT * FROM "{table}"')).casefold()  # noqa: S608 - our own names
            held = {mark for mark in MARKS if mark in rows}
            assert not held or (service, table) == ("customers", "buyer_record"), (service, table, held)


async def test_the_sealed_buyer_is_still_there_with_no_contact(life: Life) -> None:
    record = await life.as_owner(GetBuyerRecord(life.record_id))

    assert record.name == f"{NAME} {LAST}"
    assert set().union(*files_with_marks(life.shop.data).values()) <= {NAME.casefold(), LAST.casefold()}


async def test_no_retained_topic_remembers(life: Life) -> None:
    retained = await life.shop.retained()

    assert retained
    for topic, payload in retained.items():
        assert not {mark for mark in MARKS if mark.encode() in payload.lower()}, topic


async def test_no_journal_remembers(life: Life) -> None:
    for service in SERVICES:
        for entry in await life.shop.journal(service):
            assert not {mark for mark in MARKS if mark.encode() in bytes(entry.payload).lower()}, entry.name


async def test_the_erasure_is_told_with_every_id_the_customer_ever_had(life: Life) -> None:
    told = [each for each in await life.shop.told(CustomerErased) if each.erasure_id == life.erasure_id]

    assert [set(each.customer_ids) for each in told] == [set(life.ids)]


async def test_the_hub_said_no_mark(life: Life, said: list[str]) -> None:
    assert life.totals
    assert not {mark for mark in MARKS if mark in "\n".join(said).casefold()}


async def test_sales_totals_stand(life: Life) -> None:
    told = [each for each in await life.shop.told(SaleCompleted) if each.customer_id in life.ids]

    assert sorted(each.total for each in told) == sorted(life.totals)
    assert life.shop.rows(
        "customers",
        "SELECT sum(total) FROM history WHERE customer_id IN (?, ?)",
        *life.ids,
    ) == [(sum(life.totals),)]


async def test_others_are_still_found_and_new_ones_made(life: Life) -> None:
    made: Customer = await life.as_owner(CreateCustomer(CustomerId(IDS.new()), first_name="Somebody"))
    token = administrator_token(life.shop.data, "customer.view", "customer.details")

    assert (await life.shop.hub.ask(GetCustomer(made.customer_id), token=token)).first_name == "Somebody"
    hits = await life.shop.hub.ask(SearchCustomers(EMAIL), token=token)
    assert hits.hits == ()


async def test_every_service_that_hears_of_customers_acknowledges_and_the_certificate_says_so(life: Life) -> None:
    done = await until(life.erasure, lambda erasure: erasure.finished_at, "every service to acknowledge")
    certificate: ErasureCertificate = await life.as_owner(GetErasureCertificate(life.erasure_id, "fi"))

    assert not done.overdue
    assert set(certificate.services) == {"customers", "checkout"}
    assert certificate.customer_id == life.ids[0]
    assert not [mark for mark in MARKS if mark in certificate.text.casefold()]
