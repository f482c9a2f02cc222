"""Sealed buyers: who bought is kept where law wants it, read by few, and gone when its time is over."""

from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.checkout.completed import CompletedTender
from contracts.customers import UpdateCustomer
from contracts.customers.asking import GetCustomer
from contracts.customers.privacy.erasing import EraseCustomer, ErasureId
from contracts.customers.privacy.keeping import (
    BuyerRecord,
    BuyerRecordId,
    GetBuyerRecord,
    GetRetention,
    HoldBuyerRecord,
    ListBuyerRecords,
    SealBuyer,
    SealReason,
)
from contracts.customers.privacy.noting import ReadAccessLog
from contracts.customers.profile import Address, TaxExemption
from contracts.every_service import ListParkedEvents, ParkedEvent, ParkedEvents
from contracts.ids import CountryCode, CustomerId
from services.customers.handlers.buyers import forget_what_had_its_time
from services.customers.settings import KeptFor
from services.customers.transactions import CustomersTx
from services.runtime.writer import Scope
from tests.services.customers.ledgers.shop import IDS, LedgerShop, a_tender, refusal, sale_id
from tests.services.customers.privacy.conftest import Opened
from tests.services.customers.privacy.people import (
    ANNA,
    ANNE,
    MAIL,
    NOBODY,
    ask,
    merge,
    own_part_done,
    put_on_file,
    send,
)

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
    """Sell something to Anna, and seal her by hand as its buyer."""
    await shop.sell(number, a_tender(number, "cash", 900), customer_id=ANNA)
    command = SealBuyer(BuyerRecordId(IDS.new()), sale_id(number), ANNA, reason)
    return await ask(shop, command if not how else SealBuyer(**{**_fields(command), **how}))


def _fields(command: SealBuyer) -> dict[str, Any]:
    return {name: getattr(command, name) for name in command.__struct_fields__}


async def buyer(shop: LedgerShop, record_id: BuyerRecordId) -> BuyerRecord:
    found = await ask(shop, GetBuyerRecord(record_id))
    assert isinstance(found, BuyerRecord), found
    return found


async def parked(shop: LedgerShop) -> tuple[ParkedEvent, ...]:
    """What customers heard and could not apply."""
    found = await send(shop, ListParkedEvents(), service="customers", caller="hub")
    assert isinstance(found, ParkedEvents), found
    return found.parked


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
    while len(notes := (await ask(shop, ReadAccessLog(ANNA))).notes) < 2:
        pass
    assert [each.kind for each in notes if each.kind != "fiscal_edited"] == ["fiscal_read"]


async def test_a_buyer_is_sealed_by_hand_for_a_sale_of_theirs_alone(shop: LedgerShop) -> None:
    """By whoever may do that: reading what is sealed is another thing, and so is a login with nobody signed on."""
    await put_on_file(shop, ANNA, "Anna", **DETAILS)
    await put_on_file(shop, ANNE, "Anne")
    await shop.sell(1, a_tender(1, "cash", 900), customer_id=ANNE)
    invented, of_another = (SealBuyer(BuyerRecordId(IDS.new()), sale_id(each), ANNA, "invoice") for each in (9, 1))

    refused = [await ask(shop, invented), await ask(shop, of_another)]
    nobody = await send(shop, invented, caller="office")
    reader = await shop.ask(invented, "fiscal.read", "customer.edit")

    assert [refusal(each) for each in refused] == [("sale-not-theirs", "sale_id")] * 2
    assert (refusal(nobody)[0], refusal(reader)[0]) == ("token-missing", "permission-denied")
    assert (await ask(shop, ListBuyerRecords(customer_id=ANNA))).records == ()


async def test_who_may_read_a_sealed_buyer_may_not_let_it_go(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, "Anna")
    sealed = await seal(shop)
    await ask(shop, HoldBuyerRecord(sealed.record_id, held=True))

    refused = await shop.ask(HoldBuyerRecord(sealed.record_id, held=False), "fiscal.read")

    assert refusal(refused)[0] == "permission-denied"
    assert (await buyer(shop, sealed.record_id)).held
    notes = (await ask(shop, ReadAccessLog(ANNA))).notes
    assert [each.kind for each in notes if each.kind == "fiscal_edited"] == ["fiscal_edited"] * 2


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


async def sell_sealed(
    shop: LedgerShop, reason: SealReason = "invoice", *tenders: CompletedTender, customer_id: CustomerId = ANNA
) -> BuyerRecordId:
    """Let checkout tell a sale to Anna that points to its buyer; the record's id."""
    record_id = BuyerRecordId(IDS.new())
    paid = tenders or (a_tender(1, "cash", 900),)
    await shop.sell(1, *paid, customer_id=customer_id, sealed_buyer_id=record_id, sealed_reason=reason)
    return record_id


@pytest.mark.parametrize("reason", ["invoice", "exemption", "account"])
async def test_a_sale_that_points_to_its_buyer_has_them_kept_under_that_id(
    shop: LedgerShop, reason: SealReason
) -> None:
    await put_on_file(shop, ANNA, "Anna", **DETAILS)

    record_id = await sell_sealed(shop, reason)

    kept = await buyer(shop, record_id)
    assert (kept.sale_id, kept.customer_id, kept.reason, kept.name) == (sale_id(1), ANNA, reason, "Anna Virtanen")
    assert (kept.address, kept.vat_number, kept.evidence) == (HOME, "DE136695976", "VIES")
    assert kept.keep_until == "2032-12-31"


async def test_an_invoice_for_what_is_bought_on_account_is_kept_for_the_longer_of_the_two_times(
    opened: Opened,
) -> None:
    async with opened(retention=(KeptFor("FI", "account", 12),)) as shop:
        await put_on_file(shop, ANNA, "Anna")
        await shop.terms(ANNA, None)

        record_id = await sell_sealed(shop, "invoice", a_tender(1, "account", 900))

        kept = await buyer(shop, record_id)
        assert (kept.reason, kept.keep_until) == ("invoice", "2038-12-31")
        assert len((await ask(shop, ListBuyerRecords(sale_id(1)))).records) == 1


async def test_a_sale_told_again_and_a_command_for_the_same_record_make_no_second_one(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, "Anna", **DETAILS)
    record_id = await sell_sealed(shop)
    first = await buyer(shop, record_id)

    await shop.sell(1, a_tender(1, "cash", 900), customer_id=ANNA, sealed_buyer_id=record_id, sealed_reason="invoice")
    again = await seal(shop, record_id=record_id)

    assert again.record_id == record_id
    assert await buyer(shop, record_id) == first
    assert len((await ask(shop, ListBuyerRecords(sale_id(1)))).records) == 1
    assert await parked(shop) == ()


async def test_a_buyer_who_was_merged_meanwhile_is_kept_as_who_they_are_now(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, "Anna")
    await put_on_file(shop, ANNE, "Anne", last_name="Virtanen")
    await merge(shop, ANNE, ANNA)

    record_id = await sell_sealed(shop)

    assert (await buyer(shop, record_id)).customer_id == ANNE
    assert len((await ask(shop, ListBuyerRecords(customer_id=ANNA))).records) == 1


@pytest.mark.parametrize("named", [ANNA, ANNE])
async def test_whoever_is_erased_before_their_sale_is_heard_of_is_sealed_all_the_same(
    opened: Opened, named: CustomerId
) -> None:
    """By whichever of their ids the sale knew them."""
    async with opened(privacy_every_s=3600.0) as shop:
        await put_on_file(shop, ANNA, "Anna", **DETAILS)
        await put_on_file(shop, ANNE, "Anne")
        await merge(shop, ANNA, ANNE)
        await ask(shop, EraseCustomer(ErasureId(IDS.new()), ANNA))

        record_id = await sell_sealed(shop, customer_id=named)

        kept = await buyer(shop, record_id)
        assert (kept.customer_id, kept.name, kept.address) == (ANNA, "Anna Virtanen", HOME)
        assert refusal(await ask(shop, GetCustomer(ANNA)))[0] == "customer-not-found"
        assert len((await ask(shop, ListBuyerRecords(customer_id=ANNA))).records) == 1


async def test_whoever_is_erased_is_not_brought_back_once_the_sales_of_before_are_heard(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, "Anna", **DETAILS)
    erased = await ask(shop, EraseCustomer(ErasureId(IDS.new()), ANNA))
    await own_part_done(shop, erased.erasure_id)

    record_id = await sell_sealed(shop)

    assert refusal(await ask(shop, GetBuyerRecord(record_id)))[0] == "buyer-record-not-found"
    assert await parked(shop) == ()


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
