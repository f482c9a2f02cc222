"""What the catalogue accepts, and what an item costs on a day."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from contracts.checkout.catalogue import Item, ItemInvalid, ItemPrice
from contracts.checkout.selling import ItemHasNoPrice
from contracts.ids import ItemCode, TaxClassCode
from services.checkout.model.items import Neighbours, gtin, merged, price_on, priced, prove_items
from services.checkout.model.taxes import DatedRate, TaxTable
from tests.services.checkout.sales import tax

TAXES = TaxTable(
    [
        DatedRate("2021-01-01", tax()),
        DatedRate("2021-01-01", tax(tax_class="deposit_drinks")),
        DatedRate("2021-01-01", tax("0", "outside_scope", "outside_scope")),
    ]
)
COLA = Item(
    code=ItemCode("cola"),
    name="Cola",
    kind="goods",
    tax_class=TaxClassCode("standard"),
    barcodes=("2000000000015",),
    prices=(ItemPrice(99, "2026-01-01"), ItemPrice(109, "2026-07-01")),
    linked=(ItemCode("deposit"),),
)
DEPOSIT = Item(
    code=ItemCode("deposit"),
    name="Deposit",
    kind="deposit",
    tax_class=TaxClassCode("deposit_drinks"),
    barcodes=(),
    prices=(ItemPrice(25, "2026-01-01"),),
)


def prove(
    *items: Item,
    known: dict[str, Item] | None = None,
    linked_by: dict[str, str] | None = None,
    owners: dict[str, str] | None = None,
) -> None:
    prove_items(items, Neighbours("DE", TAXES, known or {}, linked_by or {}, owners or {}))


def changed(item: Item, **fields: Any) -> Item:
    return msgspec.structs.replace(item, **fields)


@pytest.mark.parametrize(
    ("day", "amount"), [("2026-01-01", 99), ("2026-06-30", 99), ("2026-07-01", 109), ("2030-01-01", 109)]
)
def test_the_latest_price_that_has_come_counts(day: str, amount: int) -> None:
    price = price_on(COLA, day)

    assert price is not None
    assert price.amount == amount


def test_an_item_has_its_price_and_tax_of_the_day() -> None:
    item = priced(COLA, "2026-07-01", "DE", TAXES)

    assert (item.unit_price, item.tax.rate) == (109, Decimal(19))


@pytest.mark.parametrize(
    ("day", "country", "field"), [("2025-12-31", "DE", "prices"), ("2026-01-01", "NL", "tax_class")]
)
def test_an_item_without_a_price_or_a_rate_today_is_not_sold(day: str, country: str, field: str) -> None:
    with pytest.raises(ItemHasNoPrice) as refused:
        priced(COLA, day, country, TAXES)

    assert refused.value.details["field"] == field


def test_a_barcode_is_the_same_number_with_zeros_in_front() -> None:
    assert gtin("012345678905") == gtin("0012345678905") == "00012345678905"
    assert gtin("20000004") == "00000020000004"
    assert gtin("123456789") is None
    assert gtin("ABCDEFGH") is None
    assert gtin("²²²²²²²²") is None


def test_items_that_fit_together_are_accepted() -> None:
    prove(COLA, DEPOSIT)
    prove(COLA, known={"deposit": DEPOSIT}, owners={"02000000000015": "cola"})


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ({"kind": "tip"}, "kind"),
        ({"kind": "deposit_return"}, "kind"),
        ({"kind": "voucher_issue_multi"}, "tax_class"),
        ({"kind": "voucher_issue_single", "tax_class": TaxClassCode("outside_scope")}, "tax_class"),
        ({"name": "   "}, "name"),
        ({"name": "Co\nla"}, "name"),
        ({"tax_class": "unheard_of"}, "tax_class"),
        ({"barcodes": ("2000000000016",)}, "barcodes"),
        ({"barcodes": ("2000000000015", "02000000000015")}, "barcodes"),
        ({"prices": (ItemPrice(-1, "2026-01-01"),)}, "prices"),
        ({"prices": (ItemPrice(1, "2026-02-30"),)}, "prices"),
        ({"prices": (ItemPrice(1, "2026-01-01"), ItemPrice(2, "2026-01-01"))}, "prices"),
        ({"tags": ("cold", "cold")}, "tags"),
        ({"linked": ("deposit", "deposit")}, "linked"),
        ({"linked": ("unheard-of",)}, "linked"),
        ({"linked": ("cola",)}, "linked"),
    ],
)
def test_an_item_that_breaks_a_rule_is_refused_by_item_and_field(fault: dict[str, Any], field: str) -> None:
    with pytest.raises(ItemInvalid) as refused:
        prove(changed(COLA, **fault), DEPOSIT)

    assert refused.value.details["item"] == "cola"
    assert refused.value.details["field"] == field
    assert refused.value.details["rule"]


def test_one_barcode_belongs_to_one_item() -> None:
    with pytest.raises(ItemInvalid, match="item-invalid"):
        prove(COLA, changed(COLA, code=ItemCode("other")), DEPOSIT)
    with pytest.raises(ItemInvalid):
        prove(COLA, known={"deposit": DEPOSIT}, owners={"02000000000015": "other"})


def test_a_barcode_can_move_between_items_of_one_command() -> None:
    prove(changed(COLA, barcodes=()), changed(COLA, code=ItemCode("new")), DEPOSIT, owners={"02000000000015": "cola"})


def test_an_item_stands_in_a_command_once() -> None:
    with pytest.raises(ItemInvalid) as refused:
        prove(COLA, COLA, DEPOSIT)

    assert refused.value.details["field"] == "code"


def test_an_item_that_others_name_as_linked_stays_a_charge() -> None:
    with pytest.raises(ItemInvalid) as refused:
        prove(changed(DEPOSIT, kind="goods"), linked_by={"deposit": "cola"})

    assert refused.value.details == {
        "item": "cola",
        "field": "linked",
        "rule": "a linked item is a deposit or a surcharge",
    }


def test_a_charge_has_no_charges_of_its_own() -> None:
    bag = changed(DEPOSIT, code=ItemCode("bag"), kind="surcharge", linked=(ItemCode("deposit"),))

    with pytest.raises(ItemInvalid) as refused:
        prove(changed(COLA, linked=(ItemCode("bag"),)), bag, DEPOSIT)

    assert refused.value.details["rule"] == "a linked item has no linked items of its own"


def test_prices_that_are_not_named_stay() -> None:
    item = merged(changed(COLA, prices=(ItemPrice(119, "2026-07-01"), ItemPrice(129, "2027-01-01"))), COLA)

    assert item.prices == (ItemPrice(99, "2026-01-01"), ItemPrice(119, "2026-07-01"), ItemPrice(129, "2027-01-01"))
