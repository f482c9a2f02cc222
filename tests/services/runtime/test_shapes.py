"""What is kept of a message that met a bug says where it went wrong, and nothing that somebody typed."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.checkout.selling import AddLineItem
from contracts.customers import CreateCustomer, UpdateCustomer
from contracts.customers.profile import Address
from contracts.ids import CountryCode, CustomerId, LineItemId, SaleId
from contracts.staff.signing_on import SignOn
from services.runtime.shapes import shape_of

ID = CustomerId("0190a000-0000-7000-8000-000000000001")


def test_ids_numbers_and_the_contracts_own_words_stay_as_they_were() -> None:
    line = AddLineItem(SaleId(ID), LineItemId(ID), "4000000000000", Decimal("2.5"))
    changed = UpdateCustomer(ID, 3, receipt="print")

    kept = shape_of(line)
    assert (kept["sale_id"], kept["line_item_id"], kept["quantity"]) == (ID, ID, "2.5")
    kept = shape_of(changed)
    assert (kept["expected_revision"], kept["receipt"]) == (3, "print")


def test_of_a_text_only_its_length_is_kept_however_deep_it_lies() -> None:
    home = Address("billing", street="Hämeentie", postcode="00530", city="Helsinki", country=CountryCode("FI"))
    made = CreateCustomer(ID, "Anna", emails=("anna@example.com",), addresses=(home,), birth_date="1990-02-03")

    kept = shape_of(made)

    assert kept["first_name"] == "text of 4 characters"
    assert kept["emails"] == ["text of 16 characters"]
    assert kept["birth_date"] == "text of 10 characters"
    assert kept["addresses"][0]["kind"] == "billing"
    assert kept["addresses"][0]["city"] == "text of 8 characters"


@pytest.mark.parametrize("value", [1700, "GOLD-7", ["a", "b"], True, 1.5])
def test_of_a_field_of_the_shops_own_neither_name_nor_value_is_kept(value: Any) -> None:
    assert shape_of(CreateCustomer(ID, "Anna", custom={"club": value}))["custom"] == "1 entry"  # type: ignore[dict-item]


def test_a_secret_field_is_left_out() -> None:
    assert "pin" not in shape_of(SignOn("4711"))


@given(text=st.text(min_size=1))
def test_no_typed_text_is_ever_kept(text: str) -> None:
    marked = f"Zyx{text}Wvut"

    kept = msgspec.json.encode(shape_of(CreateCustomer(ID, marked, notes=marked, tags=(marked,), language=marked)))

    assert b"Zyx" not in kept
