"""After an erasure nothing on a real hub remembers the person: no database, log, queue, file or retained topic."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from contracts.checkout import Share
from contracts.checkout.completed import SaleCompleted
from contracts.checkout.crediting import AttributeLines
from contracts.checkout.custom import SetCustomFields
from contracts.checkout.paying import CompleteSale
from contracts.checkout.selling import AttachCustomer
from contracts.customers import CreateCustomer, Customer, UpdateCustomer
from contracts.customers.asking import GetCustomer, SearchCustomers
from contracts.customers.consent import ConsentId, RecordConsent
from contracts.customers.fields import PutCustomField
from contracts.customers.merging import MergeCustomers, MergeId
from contracts.customers.privacy.erasing import (
    EraseCustomer,
    Erasure,
    ErasureCertificate,
    ErasureId,
    GetErasure,
    GetErasureCertificate,
)
from contracts.customers.privacy.keeping import BuyerRecordId, GetBuyerRecord, SealBuyer
from contracts.customers.privacy.telling import CustomerErased
from contracts.customers.profile import FieldId
from contracts.devices.scanning import InjectScan
from contracts.every_service import BackUp
from contracts.ids import CustomerId, RegisterId, ScanId
from contracts.staff.signing_on import SignOn
from contracts.topics import SERVICES
from services.customers.erased_file import NAME as NAME_OF_LIST
from services.customers.erased_file import Erased
from services.hub.commands.keeping import backup
from services.hub.keys import administrator_token
from tests.hub.shop import IDS, PIN, WATER, Register, Shop, cash, line, until
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
        self.kept_elsewhere = 0

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
        await self.be_written_on_a_sale(till, one)
        with without(shop, "customers", "customer_key"):
            refused = await till.refused(UpdateCustomer(one, 1, first_name=f"{NAME}a", last_name=LAST))
            assert refused.code == "internal-error"
        await self.as_owner(MergeCustomers(MergeId(IDS.new()), one, two, 1, 1))
        sealing = SealBuyer(self.record_id, (await shop.told(SaleCompleted))[-1].sale_id, one, "invoice")
        await self.as_owner(sealing)
        await shop.history(till, one, least=4)
        await self.be_typed_elsewhere(till)
        for service in SERVICES:
            copied = await shop.hub.ask(BackUp(), service=service, patience_s=60)
            self.backups.append(copied.file)
        self.before = files_with_marks(shop.data)
        for file in (shop.data / "backups").iterdir():
            file.unlink()  # they have their own time; a restored one is erased again before it answers
        await self.as_owner(EraseCustomer(self.erasure_id, one))
        await until(self.erasure, self.own_part_is_done, "customers to do their part")
        await until(self.marked_files, lambda files: not any("checkout" in each for each in files), "checkout to wipe")

    async def be_written_on_a_sale(self, till: Register, customer_id: CustomerId) -> None:
        """Have a field of the shop's own filled with what leads to them, on a sale of theirs."""
        await self.as_owner(PutCustomField(FieldId("remark"), "sale", "text", "Remark", editable_on_till=True))
        sale = await till.opened(WATER)
        await till.ask(AttachCustomer(sale.sale_id, customer_id))
        filled = await till.ask(SetCustomFields(sale.sale_id, {FieldId("remark"): f"{NAME}, {PHONE}"}))
        assert filled.custom
        await till.ask(AttributeLines(sale.sale_id, (Share(till.staff_id, 10_000),)))
        await till.ask_despite_policy(cash(sale.sale_id, sale.totals.due))
        self.totals.append((await till.ask_until_answered(CompleteSale(sale.sale_id, "print"))).totals.total)

    async def be_typed_elsewhere(self, till: Register) -> None:
        """Have what leads to them typed and scanned where something else is meant, there and where there is a bug."""
        sale = await till.opened()
        for text in (EMAIL, CODE, f"{NAME}.{LAST}"):
            assert (await till.refused(line(sale.sale_id, text))).code == "item-not-found"
            await self.shop.hub.ask(InjectScan(ScanId(IDS.new()), RegisterId("till-1"), text))
        with without(self.shop, "checkout", "item"):
            assert (await till.refused(line(sale.sale_id, EMAIL_2))).code == "internal-error"
        assert (await till.refused(SignOn(PIN, badge=CODE))).code == "sign-on-refused"
        self.kept_elsewhere = self.shop.rows("checkout", "SELECT count(*) FROM failed_request")[0][0]

    async def marked_files(self) -> dict[str, set[str]]:
        """The files that still hold a mark."""
        return files_with_marks(self.shop.data)

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
    assert {"customers.sqlite3", "checkout.sqlite3"} <= {re.sub(r"-wal$", "", name) for name in life.before}
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
    """A scan is there for ten seconds; whatever else a register is shown names nobody who is gone."""

    async def topics() -> list[str]:
        retained = await life.shop.retained()
        assert retained
        return [topic for topic, payload in retained.items() if any(mark.encode() in payload.lower() for mark in MARKS)]

    assert await until(topics, lambda remembering: not remembering, "the scans to be forgotten") == []


async def test_what_met_a_bug_is_kept_without_what_was_typed(life: Life) -> None:
    assert life.kept_elsewhere == 1
    (kept,) = life.shop.rows("checkout", "SELECT name, CAST(payload AS TEXT) FROM failed_request")

    assert kept[0] == "add-line-item"
    assert '"item":"text of ' in kept[1]


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


async def test_a_backup_carries_the_list_of_the_erased_beside_the_databases(life: Life) -> None:
    assert await backup(data=life.shop.data) == 0

    folder = life.shop.data / "backups"
    (erased,) = [msgspec.json.decode(line, type=Erased) for line in (folder / NAME_OF_LIST).read_bytes().splitlines()]
    assert (erased.erasure_id, set(erased.customer_ids)) == (life.erasure_id, set(life.ids))
    assert all(name.startswith("customers-") for name in files_with_marks(folder))


async def test_every_service_that_hears_of_customers_acknowledges_and_the_certificate_says_so(life: Life) -> None:
    done = await until(life.erasure, lambda erasure: erasure.finished_at, "every service to acknowledge")
    certificate: ErasureCertificate = await life.as_owner(GetErasureCertificate(life.erasure_id, "fi"))

    assert not done.overdue
    assert set(certificate.services) == {"customers", "checkout"}
    assert certificate.customer_id == life.ids[0]
    assert not [mark for mark in MARKS if mark in certificate.text.casefold()]
