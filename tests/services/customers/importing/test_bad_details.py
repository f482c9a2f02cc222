"""Details of rows that are none: the row is refused, or the rest is taken and the detail stands in the notes."""

from typing import Any

import pytest

from contracts.customers.consent import Consents, GetConsents
from contracts.customers.importing import BadDetail, ImportedAnswer
from contracts.customers.profile import Address, TaxExemption
from contracts.ids import CountryCode
from tests.services.customers.counter import look
from tests.services.customers.importing.desk import check, everybody, read, refusal, row, take
from tests.under_test import StoreUnderTest

IN_NOTES: dict[str, Any] = {"bad_details": "to_notes"}
HOME = Address(street="Koulukatu", house_number="5", postcode="1/2", city="Tampere", country=CountryCode("FI"))
NOWHERE = Address(street="Main Street", city="Springfield", country=CountryCode("ZZ"))


@pytest.mark.parametrize(
    ("said", "field", "line"),
    [
        ({"phones": ("n/a",)}, "phones[0]", "phone: n/a"),
        ({"phones": ("040 123 4567", "1234567890123")}, "phones[1]", "phone: 1234567890123"),
        ({"emails": ("a@x.de; b@x.de",)}, "emails[0]", "email: a@x.de; b@x.de"),
        ({"birth_date": "1985-02-30"}, "birth_date", "birth date: 1985-02-30"),
        ({"addresses": (HOME,)}, "addresses[0].postcode", "postcode: 1/2"),
        ({"addresses": (NOWHERE,)}, "addresses[0].country", "address: Main Street, Springfield, ZZ"),
        ({"websites": ("not a site",)}, "websites[0]", "website: not a site"),
        ({"exemption": TaxExemption("export", "FI123")}, "exemption.vat_number", "exemption: export, FI123"),
        (
            {"bad_details": (BadDetail("date_of_birth", "a day", "12/24/80"),)},
            "date_of_birth",
            "date_of_birth: 12/24/80",
        ),
    ],
)
async def test_a_detail_that_is_none_refuses_the_row_or_becomes_a_line_of_the_notes(
    shop: StoreUnderTest, said: dict[str, Any], field: str, line: str
) -> None:
    (refused,) = await take(shop, row(notes="Loud", opening_store_credit=500, **said))
    tried = (await check(shop, row(notes="Loud", opening_store_credit=500, **said), **IN_NOTES)).results[0]
    (taken,) = await take(shop, row(notes="Loud", opening_store_credit=500, **said), **IN_NOTES)
    (again,) = await take(shop, row(notes="Loud", opening_store_credit=500, **said), **IN_NOTES)

    assert refusal(refused)[::2] == ("refused", field)
    assert (tried.outcome, taken.outcome, again.outcome) == ("created", "created", "unchanged")
    assert [each.field for each in taken.noted] == [each.field for each in tried.noted] == [field]
    assert taken.customer_id is not None
    kept = await read(shop, taken.customer_id)
    assert kept.notes == f"Loud\n{line}"
    assert kept.balances is not None
    assert kept.balances.store_credit == 500


async def test_all_that_is_wrong_with_a_row_is_noted_by_its_place_and_what_is_right_is_kept(
    shop: StoreUnderTest,
) -> None:
    (taken,) = await take(shop, row(phones=("n/a", "040 123 4567", "-"), addresses=(NOWHERE, HOME)), **IN_NOTES)

    assert taken.customer_id is not None
    kept = await read(shop, taken.customer_id)
    assert {each.field for each in taken.noted} == {
        *("phones[0]", "phones[2]", "addresses[0].country", "addresses[1].postcode"),
    }
    assert (kept.phones, [each.city for each in kept.addresses]) == (("+358401234567",), ["Tampere"])


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"opening_store_credit": -500, "phones": ("n/a",)}, "detail-invalid"),
        ({"first_name": "Ma\u202etti"}, "malformed"),
        ({"custom": {"size": "XL"}}, "detail-invalid"),
        ({"notes": "x" * 4999, "phones": ("n/a",)}, "detail-invalid"),
        ({"placeholder": True, "birth_date": "1980-12-24"}, "detail-invalid"),
    ],
)
async def test_money_names_and_fields_that_nobody_knows_are_never_put_into_the_notes(
    shop: StoreUnderTest, said: dict[str, Any], code: str
) -> None:
    (refused,) = await take(shop, row(**said), **IN_NOTES)

    assert refusal(refused)[:2] == ("refused", code)
    assert await everybody(shop) == []


async def test_a_yes_about_an_address_that_is_none_is_nobodys_and_a_no_counts_for_the_next(
    shop: StoreUnderTest,
) -> None:
    both = ("no email", "anna@example.fi")
    yes, no = await take(
        shop,
        row(2, emails=both, answers=(ImportedAnswer("email", "yes"),)),
        row(3, emails=("nothing", "otto@example.fi"), answers=(ImportedAnswer("email", "no"),)),
        **IN_NOTES,
    )

    states = []
    for each in (yes, no):
        assert each.customer_id is not None
        reply = await look(shop, GetConsents(each.customer_id), "customer.details")
        assert isinstance(reply, Consents), reply
        states += [found.state for found in reply.consents if found.channel == "email"]
    assert states == ["unknown", "denied"]
