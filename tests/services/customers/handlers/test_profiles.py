"""Whole profiles: what is kept of a customer, how it changes, and who sees how much of it."""

from typing import Any

import msgspec
import pytest

from contracts.base import Rejected
from contracts.customers import (
    AddDetails,
    CodeBlocked,
    CreateCustomer,
    Customer,
    CustomerFactsRead,
    GroupId,
    UpdateCustomer,
)
from contracts.customers.asking import GetCustomer, GetCustomerFacts, GetFactsByCode, SearchCustomers
from contracts.customers.fields import PutCustomField
from contracts.customers.groups import PutGroup
from contracts.customers.privacy.noting import ReadAccessLog
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
        (
            {"addresses": (Address(postcode="12.34", city="B"),)},
            ("detail-invalid", "addresses[0].postcode", "postcode"),
        ),
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
            {"codes": ("A-1",), "blocked_codes": ("B-1", "a-1")},
            ("detail-invalid", "blocked_codes[1]", "code-active-or-blocked"),
        ),
        (
            {"codes": ("MM-1", "MM\u200b2")},
            (
                "malformed",
                "$.codes[1]",
                "A customer's code: 1 to 64 printable characters without blanks at the ends.",
            ),
        ),
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


async def test_a_code_is_the_same_in_capitals_and_small_letters_and_is_kept_as_typed(shop: StoreUnderTest) -> None:
    made = await saved(shop, msgspec.structs.replace(MATTI, codes=("Card-1", "CARD-1")))

    for code in ("Card-1", "CARD-1", "card-1"):
        facts = await shop.send(GetFactsByCode(code), caller="checkout-2")
        assert isinstance(facts, CustomerFactsRead)
        other = await edit(shop, CreateCustomer(customer_id(2), first_name="Ben", codes=(code,)))
        assert refusal(other)[:2] == ("code-taken", "codes[0]")
    blocked = await saved(shop, UpdateCustomer(MATTI.customer_id, 1, blocked_codes=("card-1",)))
    assert made.codes == ("Card-1",)
    assert (blocked.codes, blocked.blocked_codes) == ((), ("card-1",))
    assert refusal(await shop.send(GetFactsByCode("CARD-1"), caller="checkout-2"))[0] == CodeBlocked.wire_code()


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


async def test_the_first_contact_is_the_main_one_and_stays_it_until_another_is_put_first(shop: StoreUnderTest) -> None:
    mails, phones = ("b@example.com", "a@example.com", "c@example.com"), ("+358401234569", "+358401234561")
    await saved(shop, msgspec.structs.replace(MATTI, emails=mails, phones=phones))

    async def read() -> tuple[tuple[str, ...], tuple[str, ...]]:
        kept = await look(shop, GetCustomer(MATTI.customer_id), DETAILS)
        return kept.emails, kept.phones

    assert await read() == (mails, phones)
    await saved(shop, UpdateCustomer(MATTI.customer_id, 1, notes="Calm."))
    assert await read() == (mails, phones)
    turned = await saved(shop, UpdateCustomer(MATTI.customer_id, 2, emails=mails[::-1], phones=phones[::-1]))
    assert turned.revision == 3
    assert await read() == (mails[::-1], phones[::-1])
    await edit(shop, AddDetails(MATTI.customer_id, emails=("0@example.com", mails[0]), phones=("+358401234560",)))
    assert await read() == ((*mails[::-1], "0@example.com"), (*phones[::-1], "+358401234560"))


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
    while len(notes := (await look(shop, ReadAccessLog(WHOLE.customer_id), **hub)).notes) < 3:
        pass
    assert [(each.kind, each.caller) for each in notes] == [("viewed", "till-1")] * 3


async def test_whoever_sees_details_covered_cannot_replace_them_and_can_add_to_them(shop: StoreUnderTest) -> None:
    before = await whole(shop)
    cashier = shop.token("customer.edit", "customer.view")
    covered = await look(shop, GetCustomer(WHOLE.customer_id))
    edits: list[dict[str, Any]] = [
        {"phones": ("+49 30 901820",)},
        {"addresses": covered.addresses},
        {"codes": ()},
        {"birth_date": None},
        {"exemption": None},
    ]

    refused = [await edit(shop, UpdateCustomer(WHOLE.customer_id, 1, **change), token=cashier) for change in edits]
    more = AddDetails(WHOLE.customer_id, phones=("+49 30 901820", "+49 30 23125014"), tags=("cats",), note="Likes tea.")
    masked = await edit(shop, more, token=cashier)
    named = await edit(shop, UpdateCustomer(WHOLE.customer_id, 2, first_name="Frida"), token=cashier)

    assert [refusal(each)[:2] for each in refused] == [("details-covered", name) for [name] in edits]
    assert (masked.masked, named.first_name) == (True, "Frida")
    after = await look(shop, GetCustomer(WHOLE.customer_id), DETAILS)
    assert after.phones == (*before.phones, "+4930901820")
    assert after.tags == (*before.tags, "cats")
    assert after.notes == f"{before.notes}\nLikes tea."
    assert (after.addresses, after.codes, after.exemption) == (before.addresses, before.codes, before.exemption)


async def test_a_covered_detail_is_refused_whether_or_not_it_was_guessed(shop: StoreUnderTest) -> None:
    kept = await whole(shop)
    cashier = shop.token("customer.edit", "customer.view")
    right: list[dict[str, Any]] = [
        {"emails": kept.emails},
        {"codes": tuple(reversed(kept.codes))},
        {"birth_date": kept.birth_date},
        {"notes": kept.notes},
    ]
    other = await saved(shop, msgspec.structs.replace(MATTI, customer_id=customer_id(2)))

    refused = [await edit(shop, UpdateCustomer(WHOLE.customer_id, 1, **guess), token=cashier) for guess in right]
    blocked = [
        await edit(shop, UpdateCustomer(other.customer_id, 1, blocked_codes=(guess,)), token=cashier)
        for guess in ("MM-2", "MM-1")
    ]

    assert [refusal(each)[:2] for each in refused] == [("details-covered", name) for [name] in right]
    assert [refusal(each)[:2] for each in blocked] == [("details-covered", "blocked_codes")] * 2


async def test_notes_that_the_till_shows_whole_can_be_replaced_there_and_longer_ones_cannot(
    shop: StoreUnderTest,
) -> None:
    cashier = shop.token("customer.edit")
    await saved(shop, MATTI)
    await edit(shop, UpdateCustomer(MATTI.customer_id, 1, notes="Calm."), token=cashier)

    replaced = await edit(shop, UpdateCustomer(MATTI.customer_id, 2, notes="x" * 121), token=cashier)
    refused = await edit(shop, UpdateCustomer(MATTI.customer_id, 3, notes="y"), token=cashier)

    assert replaced.till_note == "x" * 120
    assert refusal(refused)[:2] == ("details-covered", "notes")


async def test_nothing_is_added_beyond_what_a_record_holds(shop: StoreUnderTest) -> None:
    await saved(shop, MATTI)
    full = await edit(shop, AddDetails(MATTI.customer_id, tags=tuple(f"t{number}" for number in range(250))))

    over = await edit(shop, AddDetails(MATTI.customer_id, tags=("one more",)))

    assert len(full.tags) == 250
    assert refusal(over) == ("detail-invalid", "tags", "at-most-250")


@pytest.mark.parametrize(
    "granting",
    [
        {"group": GroupId("vip")},
        {"exemption": TaxExemption("intra_community", "NL004495445B01", "Certificate 7", "2027-12-31")},
        {"codes": ("LOST-1",)},
        {"codes": ("lost-1",)},
        {"blocked_codes": ()},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_what_a_customer_is_granted_needs_more_than_to_edit_them(
    shop: StoreUnderTest, granting: dict[str, Any]
) -> None:
    await shop.send(PutGroup(GroupId("vip"), "VIP"), token=shop.token("customer.fields"))
    await saved(shop, msgspec.structs.replace(MATTI, blocked_codes=("LOST-1",)))
    command = UpdateCustomer(MATTI.customer_id, 1, **granting)
    approvable = shop.token("customer.edit", "customer.details", needs_approval=("customer.grant",))
    message_id = RandomIds().new()

    denied = await edit(shop, command, token=shop.token("customer.edit", "customer.details"))
    asked = await edit(shop, command, token=approvable)
    approved = await edit(
        shop, command, token=approvable, message_id=message_id, approval=shop.approval("customer.grant", message_id)
    )

    assert refusal(denied)[0] == "permission-denied"
    assert refusal(asked)[0] == "approval-needed"
    assert isinstance(approved, Customer)


async def test_a_new_customer_in_a_group_needs_more_than_to_edit(shop: StoreUnderTest) -> None:
    await shop.send(PutGroup(GroupId("vip"), "VIP"), token=shop.token("customer.fields"))

    refused = await edit(shop, msgspec.structs.replace(MATTI, group=GroupId("vip")), token=shop.token("customer.edit"))

    assert refusal(refused)[0] == "permission-denied"


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


SOMEBODYS: dict[str, Any] = {
    "emails": ("dup@example.com",),
    "phones": ("+49 30 23125014",),
    "codes": ("X-1",),
    "blocked_codes": ("X-2",),
    "addresses": (Address(street="Hill Street", city="York", country=CountryCode("GB")),),
    "websites": ("https://example.com",),
    "handles": (Handle("mastodon", "nobody"),),
    "birth_date": "1990-05-06",
    "exemption": TaxExemption("export"),
}


@pytest.mark.parametrize("field", SOMEBODYS)
async def test_who_stands_for_nobody_holds_nothing_that_leads_to_somebody(shop: StoreUnderTest, field: str) -> None:
    """And so goes round no guard: what a walk-in would hold, every sale to nobody would reach."""
    given = {field: SOMEBODYS[field]}
    created = await edit(shop, CreateCustomer(customer_id(1), first_name="Walk-in", placeholder=True, **given))
    await saved(shop, CreateCustomer(customer_id(2), first_name="Walk-in", placeholder=True, notes="Bags are free"))

    updated = await edit(shop, UpdateCustomer(customer_id(2), 1, **given))

    for refused in (created, updated):
        assert refusal(refused) == ("detail-invalid", field, "placeholder-holds-nothing")
    assert (await saved(shop, UpdateCustomer(customer_id(2), 1, last_name="Customer"))).last_name == "Customer"
