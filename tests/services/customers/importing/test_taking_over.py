"""Rows of another system's file become customers: once, by the guard's rules, with what they bring along."""

import unicodedata
from typing import Any

import pytest
from sqlalchemy import select

from contracts.base import Rejected
from contracts.customers import CreateCustomer, Customer, GroupId, UpdateCustomer
from contracts.customers.asking import CustomerChanged, CustomerHits, GetCustomerHistory, SearchCustomers
from contracts.customers.consent import Consents, GetConsents
from contracts.customers.fields import CustomFields, ListCustomFields
from contracts.customers.importing import (
    MOST_ROWS,
    CheckImport,
    ImportCustomers,
    ImportedAnswer,
    ImportRow,
    ListCustomers,
)
from contracts.customers.ledgers import GetLedger, LedgerRead
from contracts.customers.ledgers.watching import AuditLedgers, LedgersAudited
from contracts.customers.merging import MergeCustomers, MergeId
from contracts.customers.privacy.erasing import EraseCustomer, Erasure, ErasureId
from contracts.customers.profile import Address
from contracts.ids import CustomerId
from services.customers.store.import_tables import import_row
from tests.services.customers.counter import look, saved
from tests.services.customers.examples import MATTI, customer_id
from tests.services.customers.importing.desk import HUB, IDS, check, everybody, read, refusal, row, send, take, taken
from tests.under_test import StoreUnderTest, until

KAISA: dict[str, Any] = {
    "first_name": "Kaisa",
    "last_name": "Koski",
    "emails": ("kaisa@example.fi",),
    "phones": ("040 222 3344",),
}
HOME = Address(street="Koulukatu", house_number="5", postcode="33100", city="Tampere")


async def test_a_row_becomes_a_customer_with_all_that_it_says(shop: StoreUnderTest) -> None:
    (kaisa,) = await taken(
        shop,
        row(codes=("LS-1",), notes="Rings first", tags=("vip",), addresses=(HOME,), birth_date="1980-12-24", **KAISA),
    )

    assert (kaisa.first_name, kaisa.emails, kaisa.phones) == ("Kaisa", ("kaisa@example.fi",), ("+358402223344",))
    assert (kaisa.codes, kaisa.notes, kaisa.tags, kaisa.birth_date) == (
        ("LS-1",),
        "Rings first",
        ("vip",),
        "1980-12-24",
    )
    assert kaisa.addresses[0].postcode == "33100"
    await until(lambda: [each.facts.customer_id for each in shop.told(CustomerChanged)] == [kaisa.customer_id])


async def test_the_same_rows_again_make_nobody_and_change_nothing(shop: StoreUnderTest) -> None:
    rows = [row(number, emails=(f"m{number}@example.fi",), opening_store_credit=500) for number in range(2, 30)]

    first = await take(shop, *rows)
    again = await take(shop, *rows)
    elsewhere = await take(
        shop, *(row(900 - each.row, each.key, emails=each.emails, opening_store_credit=500) for each in rows)
    )

    assert {each.outcome for each in first} == {"created"}
    assert {each.outcome for each in (*again, *elsewhere)} == {"unchanged"}
    assert [each.customer_id for each in first] == [each.customer_id for each in again]
    assert [each.balances.store_credit for each in await everybody(shop) if each.balances] == [500] * 28


async def test_a_command_sent_twice_is_answered_alike(shop: StoreUnderTest) -> None:
    command = ImportCustomers(IDS.new(), "lightspeed", (row(), row(3, emails=("no email",))))
    token = shop.token("customer.import", caller=HUB)
    how: dict[str, Any] = {"caller": HUB, "message_id": command.import_id, "token": token}
    sent = [await shop.send(command, **how), await shop.send(command, **how)]

    assert sent[0] == sent[1]


async def test_a_row_that_changed_there_changes_here_what_it_says_and_nothing_else(shop: StoreUnderTest) -> None:
    (kaisa,) = await taken(shop, row(notes="Old", **KAISA))
    await saved(
        shop, UpdateCustomer(kaisa.customer_id, 1, emails=("own@example.fi", "kaisa@example.fi"), company="Koski Oy")
    )

    (result,) = await take(shop, row(last_name="Koskinen", emails=("new@example.fi",), first_name="Kaisa"))

    assert (result.outcome, result.customer_id) == ("changed", kaisa.customer_id)
    after = await read(shop, kaisa.customer_id)
    assert (after.last_name, after.company, after.notes) == ("Koskinen", "Koski Oy", "Old")
    assert after.emails == ("own@example.fi", "kaisa@example.fi", "new@example.fi")


async def test_each_bad_row_is_refused_by_field_and_rule_and_the_good_ones_are_taken(shop: StoreUnderTest) -> None:
    results = await take(
        shop,
        row(2),
        row(3, emails=("no email",)),
        row(4, phones=("12",)),
        row(5, first_name="", company="Only Oy"),
        row(6, first_name="A\x00B"),
        row(7, first_name="Ma\u202etti"),
        row(8, birth_date="2030-01-01"),
        row(9, addresses=(Address(postcode="1/2", city="X", country="FI"),)),  # type: ignore[arg-type] # a code
        row(10, custom={"size": "XL"}),
        row(11, group=GroupId("nobody")),
        row(12, group_name="Club"),
        row(13, first_name="Émile 🎉 עברית"),
    )

    assert [(each.row, *refusal(each)[1:]) for each in results if each.outcome == "refused"] == [
        (3, "contact-invalid", "emails[0]"),
        (4, "contact-invalid", "phones[0]"),
        (5, "customer-incomplete", "first_name"),
        (6, "malformed", "first_name"),
        (7, "malformed", "first_name"),
        (8, "detail-invalid", "birth_date"),
        (9, "detail-invalid", "addresses[0].postcode"),
        (10, "detail-invalid", "custom.size"),
        (11, "group-not-found", "group"),
        (12, "group-not-found", "group_name"),
    ]
    assert {each.first_name for each in await everybody(shop)} == {"Matti", "Émile 🎉 עברית"}


async def test_a_check_tells_what_would_become_of_rows_and_keeps_nothing(shop: StoreUnderTest) -> None:
    rows = [row(2, **KAISA), row(3, emails=("no email",)), row(4, group_name="Club Ä", codes=("C-1",))]

    tried = await check(shop, *rows, make_groups=True)

    assert await everybody(shop) == []
    assert tried.new_groups == ("Club Ä",)
    done = await send(shop, *rows, make_groups=True)
    assert [(each.outcome, each.code) for each in tried.results] == [(each.outcome, each.code) for each in done.results]
    assert done.new_groups == ("club-a",)


async def test_rows_of_one_file_about_one_person_are_told_by_a_check(shop: StoreUnderTest) -> None:
    namesakes: dict[str, Any] = {"first_name": "Kaisa", "last_name": "Koski", "addresses": (HOME,)}
    rows = [
        row(2, **KAISA),
        row(3, first_name="K.", phones=("+358 40 2223344",)),
        row(4, **namesakes),
        row(5, **namesakes),
    ]

    one, other, third, fourth = (await check(shop, *rows)).results

    assert set(one.contacts) & set(other.contacts)
    assert not set(one.contacts) & set(third.contacts)
    assert set(third.likenesses) == set(fourth.likenesses) != set()
    told = "".join((*one.contacts, *third.likenesses))
    assert "402223344" not in told


@pytest.mark.parametrize(
    ("twin", "matched", "filled"),
    [
        ({"first_name": "KAISA", "last_name": "Koski", "emails": ("KAISA@example.fi",)}, "email", "unchanged"),
        ({"first_name": "koski", "last_name": "kaisa", "phones": ("+358402223344",)}, "phone", "unchanged"),
        ({"first_name": "K.", "emails": ("KAISA@example.fi",)}, "email", "refused"),
        ({"first_name": "Otto", "last_name": "Koski", "phones": ("+358402223344",)}, "phone", "refused"),
        ({"first_name": "KOSKI", "last_name": "kaisa", "addresses": (HOME,)}, "name_and_postcode", "refused"),
    ],
)
async def test_the_duplicate_guard_holds_for_rows_of_one_batch_and_for_who_is_on_file(
    shop: StoreUnderTest, twin: dict[str, Any], matched: str, filled: str
) -> None:
    first, second = await take(shop, row(2, addresses=(HOME,), **KAISA), row(3, **twin))
    (later,) = await take(shop, row(4, **twin))

    for each in (second, later):
        assert refusal(each) == ("refused", "possible-duplicate", "on_duplicate")
        (like,) = each.duplicates
        assert (like.customer_id, like.name, like.matched) == (first.customer_id, "K••• K•••", (matched,))
    (again,) = await take(shop, row(3, **twin), on_duplicate="fill")
    assert (again.outcome, again.duplicates) == (filled, second.duplicates)
    (saved_anyway,) = await take(shop, row(4, **twin), on_duplicate="save_anyway")
    assert saved_anyway.outcome == "created"


async def test_who_has_the_same_contact_gets_what_they_lack_and_keeps_what_they_have(shop: StoreUnderTest) -> None:
    await saved(shop, MATTI)

    (result,) = await take(
        shop,
        row(
            first_name="MATTI",
            last_name="Makinen",
            company="Mäkinen Oy",
            emails=("matti@example.com", "m2@example.com"),
            codes=("LS-9",),
        ),
        on_duplicate="fill",
    )
    filled = await read(shop, MATTI.customer_id)
    again = await take(shop, row(first_name="Matias", company="Changed", emails=("matti@example.com",)))

    assert (result.outcome, result.customer_id) == ("changed", MATTI.customer_id)
    assert (filled.first_name, filled.last_name, filled.company) == ("Matti", "Mäkinen", "Mäkinen Oy")
    matti = await read(shop, MATTI.customer_id)
    assert (matti.first_name, matti.codes) == ("Matias", ("MM-1", "LS-9"))
    assert (matti.emails, matti.company) == (("matti@example.com", "m2@example.com"), "Changed")
    assert again[0].customer_id == MATTI.customer_id


async def test_a_code_of_somebody_else_is_refused_and_a_lost_one_stays_lost(shop: StoreUnderTest) -> None:
    first, second = await take(shop, row(2, codes=("X-1",)), row(3, codes=("X-1",)))
    assert first.customer_id is not None
    await saved(shop, UpdateCustomer(first.customer_id, 1, blocked_codes=("X-1",)))

    (again,) = await take(shop, row(2, codes=("X-1",), last_name="New"))

    assert refusal(second) == ("refused", "code-taken", "codes[0]")
    assert again.outcome == "changed"
    after = await read(shop, first.customer_id)
    assert (after.codes, after.blocked_codes) == ((), ("X-1",))


async def test_unknown_groups_are_made_on_request_and_known_ones_found_whatever_their_case(
    shop: StoreUnderTest,
) -> None:
    done = await send(
        shop,
        row(2, group_name="Kanta-asiakkaat"),
        row(3, group_name="KANTA-ASIAKKAAT"),
        row(4, group_name="kanta asiakkaat"),
        row(5, group_name="All Customers"),
        row(6),
        make_groups=True,
    )

    customers = [await read(shop, each.customer_id) for each in done.results if each.customer_id]
    assert [each.group for each in customers] == [
        "kanta-asiakkaat",
        "kanta-asiakkaat",
        "kanta-asiakkaat-2",
        "all",
        "all",
    ]
    assert done.new_groups == ("kanta-asiakkaat", "kanta-asiakkaat-2")


async def test_balances_become_dated_opening_entries_once_for_each_source_key(shop: StoreUnderTest) -> None:
    brought = {"opening_store_credit": 1250, "opening_owed": 9900, "opening_points": 70}
    (first,) = await take(shop, row(key="code:7", **brought), as_of="2026-02-28")
    await take(shop, row(key="code:7", last_name="Changed", **{**brought, "opening_store_credit": 9999}))
    await take(shop, row(9, key="code:7", first_name="Other", opening_store_credit=5), source="elsewhere")

    assert first.customer_id is not None
    for ledger, amount in (("store_credit", 1250), ("account", 9900), ("loyalty", 70)):
        page = await look(shop, GetLedger(first.customer_id, ledger))  # type: ignore[arg-type] # a word of the contract
        assert isinstance(page, LedgerRead)
        assert [(each.kind, each.amount, each.day) for each in page.entries] == [("opening", amount, "2026-02-28")]


async def test_a_row_about_somebody_by_their_own_id_replaces_lists_and_opens_no_balance(shop: StoreUnderTest) -> None:
    await saved(shop, MATTI)

    own: dict[str, Any] = {
        "key": "id:1",
        "customer_id": MATTI.customer_id,
        "first_name": "Matti",
        "emails": ("only@example.com",),
    }
    (result,) = await take(shop, row(expected_revision=1, opening_store_credit=777, **own), source="tillwire")
    (stale,) = await take(shop, row(expected_revision=1, last_name="Late", **own), source="tillwire")

    matti = await read(shop, MATTI.customer_id)
    assert (result.outcome, matti.emails, matti.last_name) == ("changed", ("only@example.com",), "Mäkinen")
    assert matti.balances is not None
    assert matti.balances.store_credit == 0
    assert refusal(stale) == ("refused", "revision-conflict", "revision")


async def test_a_no_counts_and_an_imported_yes_is_unproven(shop: StoreUnderTest) -> None:
    yes, no, unsaid = await take(
        shop,
        row(2, emails=("yes@example.fi",), answers=(ImportedAnswer("email", "yes"),)),
        row(3, emails=("no@example.fi",), answers=(ImportedAnswer("email", "no"),)),
        row(4, emails=("unsaid@example.fi",)),
    )

    states = []
    for each in (yes, no, unsaid):
        assert each.customer_id is not None
        reply = await look(shop, GetConsents(each.customer_id), "customer.details")
        assert isinstance(reply, Consents), reply
        states += [(found.state, found.proven, found.permitted) for found in reply.consents if found.channel == "email"]
    assert states == [("granted", False, False), ("denied", False, False), ("unknown", False, False)]


async def test_who_was_imported_says_so_in_their_history(shop: StoreUnderTest) -> None:
    (result,) = await take(shop, row(**KAISA))

    assert result.customer_id is not None
    page = await look(shop, GetCustomerHistory(result.customer_id))
    assert [(each.kind, each.reference) for each in page.entries] == [("created", "lightspeed")]


async def test_nobody_imports_or_takes_away_without_the_permission(shop: StoreUnderTest) -> None:
    token = shop.token("customer.edit", "customer.view", caller=HUB)
    requests: list[Any] = [CheckImport("x", (row(),)), ImportCustomers(IDS.new(), "x", (row(),)), ListCustomers()]
    for request in requests:
        reply = await shop.send(request, caller=HUB, token=token)
        assert isinstance(reply, Rejected)
        assert reply.code == "permission-denied"


async def test_a_message_of_too_many_rows_is_refused(shop: StoreUnderTest) -> None:
    command = ImportCustomers(IDS.new(), "x", tuple(row(number) for number in range(2, MOST_ROWS + 3)))

    reply = await shop.send(command, caller=HUB, token=shop.token("customer.import", caller=HUB))

    assert isinstance(reply, Rejected)
    assert (reply.code, reply.details["field"]) == ("malformed", "$.rows")


@pytest.mark.parametrize(
    ("rows", "how", "field"),
    [
        ((row(2, "a"), row(2, "b")), {}, "$.rows"),
        ((row(2, "a"), row(3, "a")), {}, "$.rows"),
        ((row(),), {"as_of": "9999-12-31"}, "$.as_of"),
        ((row(),), {"as_of": "2026-02-30"}, "$.as_of"),
        ((row(),), {"source": "My Shop"}, "$.source"),
        ((row(),), {"on_duplicate": "merge"}, "$.on_duplicate"),
    ],
)
async def test_a_message_that_says_two_things_of_one_row_or_no_day_is_refused_whole(
    shop: StoreUnderTest, rows: tuple[ImportRow, ...], how: dict[str, Any], field: str
) -> None:
    command: Any = ImportCustomers(IDS.new(), rows=rows, **{"source": "x", **how})
    reply = await shop.send(command, caller=HUB, token=shop.token("customer.import", caller=HUB))

    assert isinstance(reply, Rejected)
    assert (reply.code, reply.details["field"]) == ("malformed", field)
    assert await everybody(shop) == []


async def test_a_client_made_id_on_file_is_not_made_again_by_a_row(shop: StoreUnderTest) -> None:
    new = CustomerId(customer_id(77))
    (first,) = await take(shop, row(customer_id=new, key="id:77"), source="tillwire")
    reply = await shop.send(CreateCustomer(new, first_name="Other"), token=shop.token("customer.edit"))

    assert (first.customer_id, first.outcome) == (new, "created")
    assert isinstance(reply, Rejected)
    assert reply.code == "customer-exists"


async def test_an_erased_customer_does_not_come_back_by_any_row_and_nothing_of_the_rows_is_left(
    shop: StoreUnderTest,
) -> None:
    (first,) = await take(shop, row(**KAISA))
    assert first.customer_id is not None
    erased = await shop.send(
        EraseCustomer(ErasureId(IDS.new()), first.customer_id),
        caller=HUB,
        token=shop.token("customer.erase", caller=HUB),
    )
    assert isinstance(erased, Erasure), erased

    (again,) = await take(shop, row(**KAISA))
    (changed,) = await take(shop, row(notes="New", **KAISA))

    assert refusal(again)[:2] == refusal(changed)[:2] == ("refused", "customer-erased")
    assert await everybody(shop) == []
    marks = await shop.read(
        "customers", lambda connection: connection.execute(select(import_row.c.mark)).scalars().all()
    )
    assert marks == [None]


async def test_a_row_of_a_merged_customer_is_about_whoever_they_were_merged_into(shop: StoreUnderTest) -> None:
    (loser,) = await taken(shop, row(2, **KAISA))
    await saved(shop, MATTI)
    merged = await shop.send(
        MergeCustomers(MergeId(IDS.new()), MATTI.customer_id, loser.customer_id, 1, 1),
        token=shop.token("customer.merge", "customer.details"),
    )
    assert isinstance(merged, Customer), merged

    (result,) = await take(shop, row(2, company="Koski Oy", **KAISA))

    assert (result.outcome, result.customer_id) == ("changed", MATTI.customer_id)
    assert (await read(shop, loser.customer_id)).company == "Koski Oy"


async def test_all_balances_add_up_after_an_import(shop: StoreUnderTest) -> None:
    rows = [row(number, opening_store_credit=100, opening_owed=50, opening_points=7) for number in range(2, 60)]
    await take(shop, *rows)

    audited = await look(shop, AuditLedgers(), "ledger.adjust")

    assert isinstance(audited, LedgersAudited), audited
    assert audited.differences == ()
    assert (audited.store_credit, audited.owed, audited.points) == (5800, 2900, 406)


@pytest.mark.parametrize("name", ["'; DROP TABLE customer; --", '" OR NEAR(* ^', "%_\\", "=1+1", "NULL"])
async def test_what_means_something_to_a_database_or_a_sheet_is_a_name_like_any_other(
    shop: StoreUnderTest, name: str
) -> None:
    (customer,) = await taken(shop, row(first_name=name))

    assert customer.first_name == name


async def test_a_row_that_stands_for_nobody_brings_no_balance_along(shop: StoreUnderTest) -> None:
    (refused,) = await take(shop, row(placeholder=True, opening_store_credit=500))
    (taken_over,) = await taken(shop, row(3, placeholder=True))

    assert refusal(refused) == ("refused", "detail-invalid", "opening_store_credit")
    assert taken_over.placeholder


async def test_a_code_in_a_file_is_the_same_whatever_its_case(shop: StoreUnderTest) -> None:
    (holder,) = await taken(shop, row(2, codes=("Card-1",)))

    other, same = await take(shop, row(3, first_name="Teppo", codes=("CARD-1",)), row(2, codes=("card-1", "B-2")))

    assert refusal(other)[1:] == ("code-taken", "codes[0]")
    assert (same.outcome, same.customer_id) == ("changed", holder.customer_id)
    assert (await read(shop, holder.customer_id)).codes == ("Card-1", "B-2")


@pytest.mark.parametrize("code", ["Päivi-3F7K", "Jürgen-AB12", "Anna Lena-QQ21", "e\u0301-1", "x" * 64, "1;2,3"])
async def test_a_code_is_any_printable_text_found_and_compared_whatever_its_case(
    shop: StoreUnderTest, code: str
) -> None:
    composed = unicodedata.normalize("NFC", code)
    (holder,) = await taken(shop, row(2, codes=(code,)))

    (other,) = await take(shop, row(3, codes=(composed.swapcase(),)))
    found = await look(shop, SearchCustomers(composed.upper()))

    assert holder.codes == (composed,)
    assert refusal(other)[1:] == ("code-taken", "codes[0]")
    assert isinstance(found, CustomerHits), found
    assert [(each.customer.customer_id, each.matched) for each in found.hits] == [(holder.customer_id, "code")]


@pytest.mark.parametrize("code", ["\u2066x", "a\u200bb", "a\tb", " x", "x ", "\u0085", "\u3164", "\ue000", "a\u00a0b"])
async def test_a_code_with_what_nobody_sees_is_refused(shop: StoreUnderTest, code: str) -> None:
    reply = await shop.send(CreateCustomer(customer_id(1), "Matti", codes=(code,)), token=shop.token("customer.edit"))

    assert isinstance(reply, Rejected), reply
    assert reply.details["field"].endswith("codes[0]")


async def test_a_change_gives_nobody_a_code_that_is_another_ones(shop: StoreUnderTest) -> None:
    await take(shop, row(2, codes=("X-1",)), row(3, codes=("Y-1",)))

    (changed,) = await take(shop, row(3, codes=("Y-1", "x-1")))

    assert refusal(changed) == ("refused", "code-taken", "codes[1]")


async def test_fields_that_are_missing_are_tried_as_if_they_were_made_where_that_is_wanted(
    shop: StoreUnderTest,
) -> None:
    sized = row(2, custom={"size": "XL"})

    tried = [(await check(shop, sized, make_fields=each)).results[0] for each in (False, True)]

    assert [each.outcome for each in tried] == ["refused", "created"]
    fields = await look(shop, ListCustomFields())
    assert isinstance(fields, CustomFields), fields
    assert fields.fields == ()


async def test_a_yes_of_a_file_lifts_no_refusal_of_that_address_for_somebody_new(shop: StoreUnderTest) -> None:
    shared = ("shared@example.fi",)
    await take(shop, row(2, emails=shared, answers=(ImportedAnswer("email", "no"),)))

    (later,) = await take(
        shop, row(3, emails=shared, answers=(ImportedAnswer("email", "yes"),)), on_duplicate="save_anyway"
    )

    assert later.customer_id is not None
    reply = await look(shop, GetConsents(later.customer_id), "customer.details")
    assert isinstance(reply, Consents), reply
    assert [each.state for each in reply.consents if each.channel == "email"] == ["denied"]


async def test_no_group_is_made_for_a_row_under_a_name_that_another_one_has(shop: StoreUnderTest) -> None:
    await take(shop, row(2, group_name="Club"), make_groups=True)

    (refused,) = await take(shop, row(3, group=GroupId("other"), group_name="CLUB"), make_groups=True)

    assert refusal(refused)[1:] == ("group-name-taken", "group_name")
