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


async def test_a_detail_that_went_to_the_notes_names_nobody(shop: StoreUnderTest) -> None:
    said: list[dict[str, Any]] = [{"phones": ("12",), "key": "phone:12"}, {"emails": ("N/A",), "key": "email:n/a"}]
    for each in said:
        (anna,) = await take(shop, row(first_name="Anna", **each), **IN_NOTES)
        (bert,) = await take(shop, row(first_name="Bert", **each), **IN_NOTES)
        (again,) = await take(shop, row(first_name="Bert", **each), **IN_NOTES)

        assert (anna.outcome, bert.outcome, again.outcome) == ("created", "created", "unchanged")
        assert anna.customer_id != bert.customer_id == again.customer_id


async def test_lines_are_added_to_the_notes_on_file_where_the_row_has_none_itself(shop: StoreUnderTest) -> None:
    (anna,) = await take(shop, row(notes="Loud"))
    assert anna.customer_id is not None
    about: dict[str, Any] = {"customer_id": anna.customer_id, "phones": ("n/a",)}

    await take(shop, row(key="id:1", **about), **IN_NOTES)
    await take(shop, row(key="id:2", **about), source="shopify", **IN_NOTES)
    added = await read(shop, anna.customer_id)
    await take(shop, row(key="id:1", notes="Quiet", **about), **IN_NOTES)

    assert added.notes == "Loud\nphone: n/a"
    assert (await read(shop, anna.customer_id)).notes == "Quiet\nphone: n/a"


async def test_of_notes_that_differ_the_lines_are_added_that_are_not_there_yet(shop: StoreUnderTest) -> None:
    (anna,) = await take(shop, row(notes="Likes red\n\nphone: 12"))
    await take(shop, row(notes="Likes red\nphone: 1\n\nphone: 12\nPays late"))

    assert anna.customer_id is not None
    assert (await read(shop, anna.customer_id)).notes == "Likes red\n\nphone: 12\nphone: 1\n\nPays late"
