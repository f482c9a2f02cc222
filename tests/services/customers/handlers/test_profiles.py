"""Whole profiles: what is kept of a customer, how it changes, and who sees how much of it."""

from typing import Any

import msgspec
import pytest

from contracts.base import Rejected
from contracts.customers import (
    CodeBlocked,
    CreateCustomer,
    Customer,
    CustomerFactsRead,
    GetCustomer,
    GetCustomerFacts,
    GetFactsByCode,
    SearchCustomers,
    UpdateCustomer,
)
from contracts.customers.fields import PutCustomField
from contracts.customers.privacy import ReadAccessLog
from contracts.customers.profile import Address, Balances, FieldId, Handle, TaxExemption
from contracts.ids import CountryCode
from services.runtime.ids import RandomIds
from tests.services.customers.counter import edit, look, refusal, saved
from tests.services.customers.examples import MATTI, customer_id
from tests.under_test import StoreUnderTest

DETAILS = "customer.details"
WHOLE = CreateCustomer(
    customer_id(1),
    first_name="Frieda",
    last_name="Brandt",
    company="Brandt GmbH",
    emails=("Frieda@EXAMPLE.com", "office@example.com"),
    phones=("+49 30 23125014",),
    codes=("LC-004417", "LC-004418"),
    blocked_codes=("LC-000001",),
    language="de",
    receipt="email",
    addresses=(
        Address("shipping", "", "Keizersgracht", "12", "a", "", "1015cj", "Amsterdam", "", CountryCode("NL")),
        Address(
            "billing", "Brandt GmbH", "Hauptstr.", "5", postcode="D-10115", city="Berlin", country=CountryCode("DE")
        ),
    ),
    notes="Wants a call first.\r\nAllergic to nuts.",
    tags=("wholesale", "Wholesale", " dogs "),
    websites=("Brandt.example.com/shop",),
    handles=(Handle("instagram", "@frieda"),),
    birth_date="1980-02-29",
    exemption=TaxExemption("intra_community", "nl 004495445b01", "Certificate 7", "2027-12-31"),
)


def as_sent(customer: Customer) -> Any:
    return msgspec.json.decode(msgspec.json.encode(customer))


async def whole(shop: StoreUnderTest) -> Customer:
    return await saved(shop, WHOLE)


async def test_a_whole_profile_is_kept_normalised_and_carries_the_three_balances(shop: StoreUnderTest) -> None:
    kept = await whole(shop)

    read = await look(shop, GetCustomer(WHOLE.customer_id), "customer.details")
    assert read == kept
    assert kept.emails == ("Frieda@example.com", "office@example.com")
    assert kept.phones == ("+493023125014",)
    assert (kept.codes, kept.blocked_codes) == (("LC-004417", "LC-004418"), ("LC-000001",))
    assert (kept.language, kept.receipt, kept.birth_date) == ("de", "email", "1980-02-29")
    assert [each.postcode for each in kept.addresses] == ["1015 CJ", "10115"]
    assert (kept.addresses[0].house_number, kept.addresses[0].addition) == ("12", "a")
    assert kept.notes == "Wants a call first.\nAllergic to nuts."
    assert kept.till_note == "Wants a call first. Allergic to nuts."
    assert kept.tags == ("wholesale", "dogs")
    assert kept.websites == ("https://brandt.example.com/shop",)
    assert kept.handles == (Handle("instagram", "frieda"),)
    assert kept.exemption == TaxExemption("intra_community", "NL004495445B01", "Certificate 7", "2027-12-31")
    assert kept.balances == Balances()


async def test_an_address_without_a_country_is_in_the_stores(shop: StoreUnderTest) -> None:
    kept = await saved(
        shop, msgspec.structs.replace(MATTI, addresses=(Address(street="Rantatie", postcode="fin-33100"),))
    )

    assert [(each.country, each.postcode) for each in kept.addresses] == [("FI", "33100")]


async def test_a_till_is_shown_the_first_120_characters_of_5000(shop: StoreUnderTest) -> None:
    kept = await saved(shop, msgspec.structs.replace(MATTI, notes="n" * 5000))

    assert (len(kept.notes), len(kept.till_note)) == (5000, 120)
    assert refusal(await edit(shop, UpdateCustomer(MATTI.customer_id, 1, notes="n" * 5001)))[:2] == (
        "malformed",
        "$.notes",
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"emails": ("x",)}, ("contact-invalid", "emails[0]", "email")),
        ({"phones": ("12",)}, ("contact-invalid", "phones[0]", "phone")),
        ({"language": "qx"}, ("detail-invalid", "language", "language")),
        (
            {"addresses": (Address(street="A", country=CountryCode("XX")),)},
            ("detail-invalid", "addresses[0].country", "country"),
        ),
        ({"addresses": (Address(postcode="1234", city="B"),)}, ("detail-invalid", "addresses[0].postcode", "postcode")),
        ({"tags": ("a", "b,c")}, ("detail-invalid", "tags[1]", "tag-without-comma")),
        ({"websites": ("javascript:alert(1)",)}, ("detail-invalid", "websites[0]", "link")),
        ({"handles": (Handle("x", "two words"),)}, ("detail-invalid", "handles[0].name", "handle-without-blank")),
        ({"birth_date": "2026-03-02"}, ("detail-invalid", "birth_date", "birth-date")),
        ({"birth_date": "1981-02-29"}, ("detail-invalid", "birth_date", "date")),
        (
            {"exemption": TaxExemption("other", "DE136695975")},
            ("detail-invalid", "exemption.vat_number", "vat-number"),
        ),
        (
            {"exemption": TaxExemption("intra_community")},
            ("detail-invalid", "exemption.vat_number", "vat-number-needed"),
        ),
        ({"custom": {FieldId("none"): 1}}, ("detail-invalid", "custom.none", "custom-field")),
        (
            {"codes": ("A-1",), "blocked_codes": ("B-1", "A-1")},
            ("detail-invalid", "blocked_codes[1]", "code-active-or-blocked"),
        ),
        ({"codes": ("MM-1", "MM 2")}, ("malformed", "$.codes[1]", None)),
    ],
)
async def test_every_refusal_names_field_and_rule_and_not_what_stood_there(
    shop: StoreUnderTest, changes: dict[str, Any], expected: tuple[str, str, str | None]
) -> None:
    created = await edit(shop, msgspec.structs.replace(MATTI, **changes))
    before = await saved(shop, MATTI)
    updated = await edit(shop, UpdateCustomer(MATTI.customer_id, 1, **changes))

    for refused in (created, updated):
        code, field, rule = refusal(refused)
        assert (code, field) == expected[:2]
        assert rule == expected[2] or expected[2] is None
    assert await look(shop, GetCustomer(MATTI.customer_id), "customer.details") == before


async def test_a_customer_without_a_code_is_given_one_that_finds_them(shop: StoreUnderTest) -> None:
    first = await saved(shop, CreateCustomer(customer_id(1), first_name="Ann"))
    second = await saved(shop, CreateCustomer(customer_id(2), first_name="Ben"))
    nobody = await saved(shop, CreateCustomer(customer_id(3), first_name="Walk-in", placeholder=True))

    assert len({*first.codes, *second.codes}) == 2
    facts = await shop.send(GetFactsByCode(second.codes[0]), caller="checkout-2")
    assert isinstance(facts, CustomerFactsRead)
    assert facts.facts.customer_id == second.customer_id
    assert nobody.codes == ()


async def test_a_lost_cards_code_is_blocked_and_is_nobody_elses(shop: StoreUnderTest) -> None:
    await saved(shop, MATTI)
    blocked = await saved(shop, UpdateCustomer(MATTI.customer_id, 1, blocked_codes=("MM-1",)))

    assert (blocked.codes, blocked.blocked_codes) == ((), ("MM-1",))
    assert refusal(await shop.send(GetFactsByCode("MM-1"), caller="checkout-2"))[0] == CodeBlocked.wire_code()
    other = await edit(shop, CreateCustomer(customer_id(2), first_name="Ben", codes=("MM-1",)))
    assert refusal(other)[:2] == ("code-taken", "codes[0]")
    again = await saved(shop, UpdateCustomer(MATTI.customer_id, 2, codes=("MM-2", "MM-1")))
    assert (again.codes, again.blocked_codes) == (("MM-2", "MM-1"), ())


async def test_only_what_is_given_changes(shop: StoreUnderTest) -> None:
    before = await whole(shop)

    after = await saved(shop, UpdateCustomer(WHOLE.customer_id, 1, tags=(), birth_date=None, notes="Calm."))

    assert after == msgspec.structs.replace(
        before, tags=(), birth_date=None, notes="Calm.", till_note="Calm.", revision=2
    )


async def test_a_lost_race_tells_the_revision_of_now_and_what_changed(shop: StoreUnderTest) -> None:
    await whole(shop)
    await saved(shop, UpdateCustomer(WHOLE.customer_id, 1, notes="Calm.", tags=("new",)))
    await saved(shop, UpdateCustomer(WHOLE.customer_id, 2, phones=()))

    late = await edit(shop, UpdateCustomer(WHOLE.customer_id, 1, tags=("mine",)))

    assert isinstance(late, Rejected)
    assert late.code == "revision-conflict"
    assert (late.details["revision"], late.details["changed"]) == (3, ["notes", "phones", "tags"])
    assert late.details["current"] == as_sent(await look(shop, GetCustomer(WHOLE.customer_id), DETAILS))


async def test_a_lost_race_shows_no_details_to_whoever_may_not_see_them(shop: StoreUnderTest) -> None:
    await whole(shop)

    late = await edit(shop, UpdateCustomer(WHOLE.customer_id, 9, tags=()), token=shop.token("customer.edit"))

    assert late.details["current"]["masked"] is True
    assert "23125014" not in str(late.details)


async def test_what_a_lost_race_shows_is_not_kept_and_who_saw_it_is_noted(shop: StoreUnderTest) -> None:
    await whole(shop)
    stale, message_id = UpdateCustomer(WHOLE.customer_id, 9, tags=()), RandomIds().new()

    first = await edit(shop, stale, message_id=message_id)
    await saved(shop, UpdateCustomer(WHOLE.customer_id, 1, notes="Calm."))
    again = await edit(shop, stale, message_id=message_id)

    assert (first.details["revision"], again.details["revision"]) == (1, 2)
    kept = await shop.read(
        "customers", lambda connection: connection.exec_driver_sql("SELECT * FROM handled_request").all()
    )
    assert "23125014" not in str(kept)
    hub: dict[str, Any] = {"caller": "hub-1", "token": shop.token("customer.export", caller="hub-1")}
    while len(notes := (await look(shop, ReadAccessLog(WHOLE.customer_id), **hub)).notes) < 2:
        pass
    assert [(each.kind, each.caller) for each in notes] == [("viewed", "till-1"), ("viewed", "till-1")]


async def test_an_unknown_detail_is_refused_by_name(shop: StoreUnderTest) -> None:
    answer = await shop.raw("customers", "create-customer", b'{"shoe_size": 44}', message_id=RandomIds().new())

    assert answer["code"] == "malformed"
    assert "shoe_size" in str(answer)


async def test_whoever_may_not_see_details_is_shown_names_and_what_the_till_needs(shop: StoreUnderTest) -> None:
    await shop.send(
        PutCustomField(FieldId("size"), "customer", "text", "Size", shown_on_till=True),
        caller="hub-1",
        token=shop.token("customer.fields", caller="hub-1"),
    )
    await shop.send(
        PutCustomField(FieldId("secret"), "customer", "text", "Secret"),
        caller="hub-1",
        token=shop.token("customer.fields", caller="hub-1"),
    )
    await saved(shop, msgspec.structs.replace(WHOLE, custom={FieldId("size"): "XL", FieldId("secret"): "hush"}))

    profile = await look(shop, GetCustomer(WHOLE.customer_id))
    (hit,) = (await look(shop, SearchCustomers("frieda"))).hits

    assert profile.masked
    assert (profile.first_name, profile.last_name, profile.tags) == ("Frieda", "Brandt", ("wholesale", "dogs"))
    assert profile.till_note == "Wants a call first. Allergic to nuts."
    assert profile.custom == {"size": "XL"}
    assert profile.balances == Balances()
    for shown in (profile, hit.customer):
        text = msgspec.json.encode(shown).decode()
        for covered in ("Frieda@", "23125014", "LC-0044", "Keizersgracht", "1980", "Certificate", "hush", "NL0044"):
            assert covered not in text


async def test_with_an_approval_details_are_seen_once(shop: StoreUnderTest) -> None:
    kept = await whole(shop)
    query = RandomIds().new()
    token = shop.token("customer.view", needs_approval=("customer.details",))

    without = await shop.send(GetCustomer(WHOLE.customer_id), token=token)
    approved = await shop.send(
        GetCustomer(WHOLE.customer_id), token=token, message_id=query, approval=shop.approval("customer.details", query)
    )

    assert isinstance(without, Customer)
    assert without.masked
    assert approved == kept


async def test_an_edit_shows_no_details_to_whoever_may_not_see_them(shop: StoreUnderTest) -> None:
    await whole(shop)

    reply = await edit(shop, UpdateCustomer(WHOLE.customer_id, 1, tags=()), token=shop.token("customer.edit"))

    assert reply.masked
    assert reply.emails == ("F\u2022\u2022\u2022@\u2022\u2022\u2022.com", "o\u2022\u2022\u2022@\u2022\u2022\u2022.com")


async def test_facts_by_id_and_by_code_are_the_same(shop: StoreUnderTest) -> None:
    await whole(shop)

    by_id = await shop.send(GetCustomerFacts(WHOLE.customer_id), caller="checkout-2")
    by_code = await shop.send(GetFactsByCode("LC-004418"), caller="checkout-2")

    assert by_code == by_id
    assert refusal(await shop.send(GetFactsByCode("none"), caller="checkout-2"))[:2] == ("customer-not-found", "code")


@pytest.mark.parametrize("text", ["\u202eevil", "a\x00b", "line\nbreak"])
async def test_lines_hold_no_control_characters_wherever_they_stand(shop: StoreUnderTest, text: str) -> None:
    hostile = {
        "addresses": (Address(street=text, city="Tampere"),),
        "tags": (text,),
        "handles": (Handle("x", text),),
        "exemption": TaxExemption("other", evidence=text),
    }

    for field, value in hostile.items():
        refused = await edit(shop, msgspec.structs.replace(MATTI, **{field: value}))
        assert refusal(refused)[0] == "malformed"
        assert refused.details["field"].startswith(f"$.{field}")


async def test_emoji_and_long_scripts_are_names_and_notes(shop: StoreUnderTest) -> None:
    kept = await saved(
        shop, CreateCustomer(customer_id(1), first_name="🚲 Zoë", last_name="\u05d3\u05d5\u05d3", notes="شكرا 🎉")
    )

    assert (kept.first_name, kept.last_name, kept.notes) == ("🚲 Zoë", "\u05d3\u05d5\u05d3", "شكرا 🎉")
    assert refusal(await edit(shop, CreateCustomer(customer_id(2), first_name="x" * 10_000)))[:2] == (
        "malformed",
        "$.first_name",
    )
