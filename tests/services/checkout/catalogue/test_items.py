"""Items come from CSV, or the row, field and rule that is broken is named."""

import pytest
from stdnum import ean

from contracts.checkout.catalogue import ItemPrice
from services.checkout.catalogue.items import SAMPLE_ITEMS, items_from_csv
from services.checkout.catalogue.rows import CsvRefused
from services.checkout.catalogue.tax_rates import shipped_rates
from services.checkout.model.items import Neighbours, prove_items
from services.checkout.model.taxes import TaxTable

HEADER = "code,name,kind,tax_class,prices,barcodes,category,tags,linked,minimum_age\n"
GOOD = {
    "code": "cola",
    "name": "Cola",
    "kind": "goods",
    "tax_class": "drinks",
    "prices": "2026-01-01=0.99;2026-07-01=1.1",
    "barcodes": "2000000000015;20000004",
    "category": "cold-drinks",
    "tags": "cold; sweet",
    "linked": "deposit",
    "minimum_age": "",
}


def row(**fields: str) -> str:
    return ",".join(f'"{value}"' for value in {**GOOD, **fields}.values()) + "\n"


def test_a_row_becomes_an_item() -> None:
    (item,) = items_from_csv(["\ufeff" + HEADER, "\n", row(minimum_age="16")])

    assert item.prices == (ItemPrice(99, "2026-01-01"), ItemPrice(110, "2026-07-01"))
    assert item.barcodes == ("2000000000015", "20000004")
    assert (item.tags, item.linked, item.minimum_age) == (("cold", "sweet"), ("deposit",), 16)


def test_columns_may_be_left_out_where_an_item_needs_none() -> None:
    (item,) = items_from_csv(["code,name,kind,tax_class,prices\n", "tea,Tea,goods,reduced,2026-01-01=3\n"])

    assert (item.category, item.barcodes, item.tags, item.prices[0].amount) == ("other", (), (), 300)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"code": "co la"}, "code"),
        ({"code": ""}, "code"),
        ({"name": ""}, "name"),
        ({"kind": "good"}, "kind"),
        ({"tax_class": "Drinks!"}, "tax_class"),
        ({"prices": "2026-01-01=0.999"}, "prices"),
        ({"prices": "2026-01-01=0,99"}, "prices"),
        ({"prices": "2026-02-30=1"}, "prices"),
        ({"prices": "2026-01-01=-1"}, "prices"),
        ({"prices": "1.99"}, "prices"),
        ({"barcodes": "2000000000016"}, "barcodes"),
        ({"barcodes": "123"}, "barcodes"),
        ({"category": "Cold Drinks"}, "category"),
        ({"tags": "Cold"}, "tags"),
        ({"linked": "de posit"}, "linked"),
        ({"minimum_age": "sixteen"}, "minimum_age"),
        ({"minimum_age": "0"}, "minimum_age"),
        ({"minimum_age": "²"}, "minimum_age"),
    ],
)
def test_a_faulty_value_is_named_by_row_and_field(fields: dict[str, str], field: str) -> None:
    with pytest.raises(CsvRefused) as refused:
        items_from_csv([HEADER, row(code="first", barcodes=""), row(**fields)])

    assert (refused.value.row, refused.value.field) == (3, field)
    assert refused.value.rule
    assert str(refused.value).startswith(f"row 3, {field}: ")


@pytest.mark.parametrize(("again", "field"), [({"barcodes": ""}, "code"), ({"code": "other"}, "barcodes")])
def test_a_code_and_a_barcode_stand_once(again: dict[str, str], field: str) -> None:
    with pytest.raises(CsvRefused, match="stands in row 2 already") as refused:
        items_from_csv([HEADER, row(), row(**again)])

    assert refused.value.field == field


@pytest.mark.parametrize(
    ("lines", "row_number", "field"),
    [
        ([], 1, "code"),
        (["code,name,kind,tax_class\n"], 1, "prices"),
        (["code,name,kind,tax_class,prices,colour\n"], 1, "colour"),
        (["code,code,name,kind,tax_class,prices\n"], 1, "code"),
        ([HEADER, "cola,Cola\n"], 2, "row"),
        ([HEADER, '"cola,Cola\n'], 2, "row"),
    ],
)
def test_a_file_of_another_form_is_refused(lines: list[str], row_number: int, field: str) -> None:
    with pytest.raises(CsvRefused) as refused:
        items_from_csv(lines)

    assert (refused.value.row, refused.value.field) == (row_number, field)


def test_the_sample_shop_has_two_hundred_items_that_can_be_sold_in_every_country() -> None:
    with SAMPLE_ITEMS.open(encoding="utf-8", newline="") as lines:
        items = items_from_csv(lines)
    taxes = TaxTable(rate.dated for rate in shipped_rates())

    assert len(items) == 200
    for country in ("DE", "NL", "FI"):
        prove_items(items, Neighbours(country, taxes, {}, {}, {}))
        assert all(taxes.on(country, item.tax_class, "2026-01-01") for item in items)


def test_the_sample_shops_barcodes_are_valid_and_nobodys() -> None:
    """GS1 keeps the prefixes 20 to 29, and 2 in GTIN-8, for use inside a company."""
    with SAMPLE_ITEMS.open(encoding="utf-8", newline="") as lines:
        barcodes = [barcode for item in items_from_csv(lines) for barcode in item.barcodes]

    assert len(barcodes) > 150
    assert all(ean.is_valid(barcode) and barcode.startswith("2") for barcode in barcodes)
    assert {len(barcode) for barcode in barcodes} == {8, 13}


def test_the_sample_shop_has_german_deposits_serial_numbers_and_ages() -> None:
    with SAMPLE_ITEMS.open(encoding="utf-8", newline="") as lines:
        items = {item.code: item for item in items_from_csv(lines)}
    deposits = [item for item in items.values() if item.kind == "deposit"]

    assert {price.amount for item in deposits for price in item.prices} == {8, 15, 25}
    assert {code for item in items.values() for code in item.linked} == {item.code for item in deposits}
    assert any({"serialised", "warranty"} <= set(item.tags) for item in items.values())
    assert {item.minimum_age for item in items.values()} == {None, 16, 18}
    assert any(len(item.prices) > 1 for item in items.values())
