"""Sealed buyers: who bought is kept where law wants it, read by few, and gone when its time is over."""

from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.customers import UpdateCustomer
from contracts.customers.privacy import (
    BuyerRecord,
    BuyerRecordId,
    EraseCustomer,
    ErasureId,
    GetBuyerRecord,
    GetRetention,
    HoldBuyerRecord,
    ListBuyerRecords,
    ReadAccessLog,
    SealBuyer,
    SealReason,
)
from contracts.customers.profile import Address, TaxExemption
from contracts.ids import CountryCode
from services.customers.handlers.buyers import forget_what_had_its_time
from services.customers.settings import KeptFor
from services.customers.transactions import CustomersTx
from services.runtime.writer import Scope
from tests.services.customers.ledgers.shop import IDS, LedgerShop, a_tender, refusal, sale_id
from tests.services.customers.privacy.conftest import Opened
from tests.services.customers.privacy.people import ANNA, ANNE, MAIL, NOBODY, ask, merge, put_on_file, send

HOME = Address(
    kind="billing", street="Hämeentie", house_number="5", postcode="00530", city="Helsinki", country=CountryCode("FI")
)
DETAILS: dict[str, Any] = {
    "last_name": "Virtanen",
    "emails": (MAIL,),
    "addresses": (HOME,),
    "exemption": TaxExemption("intra_community", vat_number="DE136695976", evidence="VIES"),
}


async def seal(shop: LedgerShop, reason: SealReason = "invoice", number: int = 1, **how: Any) -> Any:
    command = SealBuyer(BuyerRecordId(IDS.new()), sale_id(number), ANNA, reason)
    return await send(shop, command if not how else SealBuyer(**{**_fields(command), **how}), caller="checkout-2")


def _fields(command: SealBuyer) -> dict[str, Any]:
    return {name: getattr(command, name) for name in command.__struct_fields__}


async def buyer(shop: LedgerShop, record_id: BuyerRecordId) -> BuyerRecord:
    found = await ask(shop, GetBuyerRecord(record_id))
    assert isinstance(found, BuyerRecord), found
    return found


async def clear(shop: LedgerShop) -> None:
    """Let what is due go, as happens once a day."""
    running = shop.store.services["customers"]

    def job(scope: Scope) -> None:
        tx = running._transaction(scope, IDS.new())  # noqa: SLF001 - as the service's worker is given one
        assert isinstance(tx, CustomersTx)
        forget_what_had_its_time(tx)

    await running.writer.run(job)


async def test_a_buyer_is_sealed_as_they_were_then(shop: LedgerShop) -> None:
    made = await put_on_file(shop, ANNA, "Anna", **DETAILS)
    sealed = await seal(shop)
    await ask(shop, UpdateCustomer(ANNA, made.revision, last_name="Korhonen"))

    kept = await buyer(shop, sealed.record_id)

    assert (kept.name, kept.address, kept.vat_number) == ("Anna Virtanen", HOME, "DE136695976")
    assert MAIL not in str(kept)


@pytest.mark.parametrize(("country", "until"), [("DE", "2036-12-31"), ("NL", "2033-12-31"), ("FI", "2032-12-31")])
async def test_it_is_kept_for_the_years_of_the_law_from_the_end_of_the_calendar_year(
    shop: LedgerShop, country: str, until: str
) -> None:
    await put_on_file(shop, ANNA, "Anna", **DETAILS)

    assert (await seal(shop, country=country)).keep_until == until


async def test_the_table_of_years_is_a_setting(opened: Opened) -> None:
    async with opened(retention=(KeptFor("FI", "invoice", 12),)) as shop:
        await put_on_file(shop, ANNA, "Anna")

        assert (await seal(shop, "invoice")).keep_until == "2038-12-31"
        assert (await seal(shop, "account", 2)).keep_until == "2032-12-31"
        rules = {(each.country, each.data_class): each.years for each in (await ask(shop, GetRetention())).rules}
        assert rules["FI", "invoice"] == 12
        assert (rules["DE", "till_record"], rules["NL", "till_record"], rules["FI", "till_record"]) == (10, 7, 6)


async def test_it_is_read_with_fiscal_read_alone_and_the_reading_is_noted(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, "Anna", **DETAILS)
    sealed = await seal(shop)

    refused = await shop.ask(GetBuyerRecord(sealed.record_id), "customer.view", "customer.details", "customer.edit")
    await buyer(shop, sealed.record_id)

    assert refusal(refused)[0] == "permission-denied"
    while not (notes := (await ask(shop, ReadAccessLog(ANNA))).notes):
        pass
    assert [each.kind for each in notes] == ["fiscal_read"]


async def test_it_outlives_erasure_and_nothing_else_does(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, "Anna", **DETAILS)
    sealed = await seal(shop)

    await ask(shop, EraseCustomer(ErasureId(IDS.new()), ANNA))

    assert (await buyer(shop, sealed.record_id)).name == "Anna Virtanen"
    records = (await ask(shop, ListBuyerRecords(customer_id=ANNA))).records
    assert [(each.record_id, each.keep_until, each.held) for each in records] == [
        (sealed.record_id, "2032-12-31", False)
    ]


async def test_it_is_deleted_when_it_is_due_unless_it_is_held(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, "Anna")
    gone, held = await seal(shop), await seal(shop, number=2)
    await ask(shop, HoldBuyerRecord(held.record_id, held=True))
    shop.clock.set(datetime(2032, 12, 31, 12, tzinfo=UTC))
    await clear(shop)
    assert (await buyer(shop, gone.record_id)).name == "Anna"
    shop.clock.set(datetime(2033, 1, 1, 12, tzinfo=UTC))

    await clear(shop)

    assert refusal(await ask(shop, GetBuyerRecord(gone.record_id)))[0] == "buyer-record-not-found"
    assert (await buyer(shop, held.record_id)).held
    await ask(shop, HoldBuyerRecord(held.record_id, held=False))
    await clear(shop)
    assert refusal(await ask(shop, HoldBuyerRecord(held.record_id, held=True)))[0] == "buyer-record-not-found"


async def test_who_buys_on_account_is_sealed_with_the_sale_once(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, "Anna", **DETAILS)
    await shop.terms(ANNA, None)

    await shop.sell(1, a_tender(1, "account", 900), customer_id=ANNA)
    await shop.sell(2, a_tender(2, "cash", 900), customer_id=ANNA)
    await shop.sell(3, a_tender(3, "account", 900), customer_id=NOBODY)

    counts = [len((await ask(shop, ListBuyerRecords(sale_id(number)))).records) for number in (1, 2, 3)]
    assert counts == [1, 0, 0]


async def test_sealing_again_changes_nothing_and_an_id_is_for_one_sale(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, "Anna", **DETAILS)
    await put_on_file(shop, ANNE, "Anne")
    record_id = BuyerRecordId(IDS.new())

    first = await seal(shop, record_id=record_id)
    await merge(shop, ANNE, ANNA)
    again = await seal(shop, record_id=record_id)
    other = await seal(shop, record_id=record_id, sale_id=sale_id(9))

    assert first == again
    assert refusal(other) == ("buyer-record-exists", "record_id")
    assert refusal(await seal(shop, customer_id=NOBODY))[0] == "customer-not-found"
