"""Merging: two records of one person become one, everywhere and for ever, and can be taken apart for 30 days."""

from typing import Any

import pytest

from contracts.customers import (
    CreateCustomer,
    Customer,
    CustomerChanged,
    DeleteGroup,
    GetCustomer,
    GetCustomerFacts,
    GetCustomerHistory,
    GetFactsByCode,
    GroupId,
    PutGroup,
    SearchCustomers,
    UpdateCustomer,
)
from contracts.customers.consent import MarketingList
from contracts.customers.merging import (
    CustomersMerged,
    CustomersParted,
    ListMerges,
    MergeCustomers,
    MergeId,
    MergePreview,
    MergeReversed,
    PreviewMerge,
    UndoMerge,
)
from contracts.customers.profile import Balances
from contracts.ids import CustomerId
from tests.services.customers.ledgers.shop import IDS, LedgerShop, a_tender, refusal
from tests.services.customers.privacy.people import (
    ANJA,
    ANNA,
    ANNE,
    MAIL,
    NOBODY,
    answer,
    ask,
    consent_of,
    merge,
    profile,
    put_on_file,
    send,
)

DAY_S = 86_400.0
OTHER_MAIL = "anne@example.com"


@pytest.fixture
async def both(shop: LedgerShop) -> LedgerShop:
    """A store that has the same person twice."""
    await put_on_file(shop, ANNA, "Anna", last_name="Virtanen", emails=(MAIL,), codes=("A-1",), notes="Likes tea.")
    await put_on_file(
        shop,
        ANNE,
        "Anne",
        company="Teetä Oy",
        emails=(OTHER_MAIL, MAIL),
        codes=("A-2",),
        blocked_codes=("A-3",),
        notes="Likes coffee.",
        tags=("regular",),
    )
    return shop


async def test_a_preview_shows_the_outcome_and_changes_nothing(both: LedgerShop) -> None:
    await both.give(ANNA, "store_credit", 500)
    await both.give(ANNE, "store_credit", 700)

    seen = await ask(both, PreviewMerge(ANNA, ANNE, {"first_name": "loser"}))

    assert isinstance(seen, MergePreview)
    assert (seen.result.first_name, seen.result.last_name, seen.result.company) == ("Anne", "Virtanen", "Teetä Oy")
    assert seen.balances == Balances(store_credit=1200)
    assert {each.field: each.suggested for each in seen.differing} == {
        "first_name": "survivor",
        "last_name": "survivor",
        "company": "loser",
        "emails": "both",
        "notes": "both",
        "tags": "loser",
    }
    assert await profile(both, ANNA) != await profile(both, ANNE)


async def test_a_merge_makes_what_its_preview_showed_field_by_field(both: LedgerShop) -> None:
    seen = await ask(both, PreviewMerge(ANNA, ANNE, {"emails": "survivor", "notes": "loser"}))

    await merge(both, ANNA, ANNE, emails="survivor", notes="loser")

    made = await profile(both, ANNA)
    assert made == seen.result.__class__(**{**_fields(seen.result), "balances": made.balances})
    assert (made.emails, made.notes, made.codes, made.blocked_codes) == (
        (MAIL,),
        "Likes coffee.",
        ("A-1", "A-2"),
        ("A-3",),
    )


def _fields(customer: Customer) -> dict[str, Any]:
    return {name: getattr(customer, name) for name in customer.__struct_fields__}


async def test_the_losers_id_and_codes_work_everywhere_for_ever(both: LedgerShop) -> None:
    await merge(both, ANNA, ANNE)
    both.clock.move(4000 * DAY_S)

    assert (await profile(both, ANNE)).customer_id == ANNA
    facts = await send(both, GetCustomerFacts(ANNE))
    assert facts.facts.customer_id == ANNA
    assert (await send(both, GetFactsByCode("A-2"))).facts.customer_id == ANNA
    assert refusal(await send(both, GetFactsByCode("A-3")))[0] == "code-blocked"
    changed = await ask(both, UpdateCustomer(ANNE, (await profile(both, ANNA)).revision, company="Kahvia Oy"))
    assert (changed.customer_id, changed.company) == (ANNA, "Kahvia Oy")
    hits = (await ask(both, SearchCustomers(OTHER_MAIL))).hits
    assert [each.customer.customer_id for each in hits] == [ANNA]


async def test_history_moves_and_late_sales_of_the_losers_id_come_along(both: LedgerShop) -> None:
    await both.sell(1, a_tender(1, "cash", 100), customer_id=ANNA)
    await both.sell(2, a_tender(2, "cash", 200), customer_id=ANNE)
    await merge(both, ANNA, ANNE)
    await both.sell(3, a_tender(3, "cash", 300), customer_id=ANNE)

    for customer_id in (ANNA, ANNE):
        page = await ask(both, GetCustomerHistory(customer_id))
        assert sorted(each.total for each in page.entries if each.kind == "sale") == [100, 200, 300]
        assert "merged" in {each.kind for each in page.entries}


async def test_balances_move_as_transfers_and_nothing_that_is_owed_blocks(both: LedgerShop) -> None:
    await both.programme()
    await both.join(ANNE)
    await both.terms(ANNE, 10_000)
    await both.give(ANNA, "store_credit", 500)
    await both.give(ANNE, "store_credit", 700)
    await both.give(ANNE, "account", 900)
    await both.give(ANNE, "loyalty", 30)

    await merge(both, ANNA, ANNE)

    assert (await profile(both, ANNA)).balances == Balances(1200, 900, 10_000, 30)
    moved = [entry for entry in await both.entries("store_credit", ANNA) if entry[0] == "transferred_in"]
    assert moved == [("transferred_in", 700, 1200)]
    assert (await both.audit()).differences == ()


@pytest.mark.parametrize(("mine", "theirs"), [("yes", "no"), ("no", "yes")])
async def test_for_one_address_a_refusal_wins_over_any_yes_whoever_said_it_last(
    both: LedgerShop, mine: str, theirs: str
) -> None:
    await answer(both, ANNA, mine)
    await answer(both, ANNE, theirs)

    await merge(both, ANNA, ANNE)

    assert (await consent_of(both, ANNA)).state in {"denied", "withdrawn"}
    assert (await ask(both, MarketingList("email"))).addresses == ()


async def test_a_yes_of_the_losers_own_address_comes_along(both: LedgerShop) -> None:
    await answer(both, ANNE, "yes", OTHER_MAIL)

    await merge(both, ANNA, ANNE)

    assert (await consent_of(both, ANNA, OTHER_MAIL)).permitted
    page = await ask(both, MarketingList("email"))
    assert [(each.customer_id, each.address) for each in page.addresses] == [(ANNA, OTHER_MAIL)]


async def test_a_merge_undone_gives_each_their_own_back(both: LedgerShop) -> None:
    before = [await profile(both, each) for each in (ANNA, ANNE)]
    await both.give(ANNA, "store_credit", 500)
    await both.give(ANNE, "store_credit", 700)
    await answer(both, ANNE, "yes", OTHER_MAIL)
    merge_id = await merge(both, ANNA, ANNE, first_name="loser")
    both.clock.move(29 * DAY_S)

    undone = await ask(both, UndoMerge(merge_id))

    assert isinstance(undone, MergeReversed)
    for was, customer_id, credit in zip(before, (ANNA, ANNE), (500, 700), strict=True):
        now = await profile(both, customer_id)
        assert now.balances == Balances(store_credit=credit)
        assert {**_fields(now), "revision": 0, "balances": None} == {**_fields(was), "revision": 0, "balances": None}
    assert (await consent_of(both, ANNE, OTHER_MAIL)).permitted
    assert (await send(both, GetFactsByCode("A-2"))).facts.customer_id == ANNE
    assert (await both.audit()).differences == ()


async def test_what_was_changed_since_stays_with_the_survivor(both: LedgerShop) -> None:
    merge_id = await merge(both, ANNA, ANNE)
    made = await profile(both, ANNA)
    await ask(both, UpdateCustomer(ANNA, made.revision, company="Uusi Oy", emails=(*made.emails, "new@example.com")))

    await ask(both, UndoMerge(merge_id))

    mine, theirs = await profile(both, ANNA), await profile(both, ANNE)
    assert (mine.company, mine.emails) == ("Uusi Oy", (MAIL, "new@example.com"))
    assert (theirs.company, theirs.emails) == ("Teetä Oy", (OTHER_MAIL, MAIL))


async def test_a_refusal_said_while_both_were_one_holds_for_both_afterwards(both: LedgerShop) -> None:
    await answer(both, ANNE, "yes", MAIL)
    merge_id = await merge(both, ANNA, ANNE)
    await answer(both, ANNA, "no", MAIL)

    await ask(both, UndoMerge(merge_id))

    for each in (ANNA, ANNE):
        assert not (await consent_of(both, each)).permitted
    assert (await consent_of(both, ANNE)).state == "withdrawn"


async def test_a_group_that_was_deleted_since_is_nobodys_when_a_merge_is_undone(both: LedgerShop) -> None:
    await both.ask(PutGroup(GroupId("gone"), "Gone"), "customer.edit")
    await ask(both, UpdateCustomer(ANNE, 1, group=GroupId("gone")))
    merge_id = await merge(both, ANNA, ANNE)
    await both.ask(DeleteGroup(GroupId("gone")), "customer.fields")

    await ask(both, UndoMerge(merge_id))

    assert [(await profile(both, each)).group for each in (ANNA, ANNE)] == ["all", "all"]


async def test_after_30_days_a_merge_stays(both: LedgerShop) -> None:
    merge_id = await merge(both, ANNA, ANNE)
    both.clock.move(30 * DAY_S + 1)

    assert refusal(await ask(both, UndoMerge(merge_id)))[0] == "merge-too-old"


async def test_a_merge_is_undone_once(both: LedgerShop) -> None:
    merge_id = await merge(both, ANNA, ANNE)
    message_id = IDS.new()
    first, again = [await ask(both, UndoMerge(merge_id), message_id=message_id) for _ in "ab"]

    assert isinstance(first, MergeReversed)
    assert isinstance(again, MergeReversed)
    assert [each.survivor.revision for each in (first, again)] == [3, 3]
    assert refusal(await ask(both, UndoMerge(merge_id)))[0] == "merge-undone"
    assert refusal(await ask(both, UndoMerge(MergeId(IDS.new()))))[0] == "merge-not-found"


async def test_the_merged_are_merged_again_and_taken_apart_in_the_other_order(both: LedgerShop) -> None:
    await put_on_file(both, ANJA, "Anja", codes=("A-9",))
    await both.give(ANNE, "store_credit", 700)
    inner = await merge(both, ANNA, ANNE)
    outer = await merge(both, ANJA, ANNA)

    for each in (ANNA, ANNE, ANJA):
        assert (await profile(both, each)).customer_id == ANJA
    assert (await profile(both, ANNE)).balances == Balances(store_credit=700)
    assert set((await profile(both, ANJA)).codes) == {"A-9", "A-1", "A-2"}
    assert refusal(await ask(both, UndoMerge(inner)))[0] == "merge-buried-under"
    await ask(both, UndoMerge(outer))
    await ask(both, UndoMerge(inner))
    for each in (ANNA, ANNE, ANJA):
        assert (await profile(both, each)).customer_id == each
    assert (await profile(both, ANNE)).balances == Balances(store_credit=700)


async def test_the_same_merge_sent_again_merges_once(both: LedgerShop) -> None:
    merge_id = await merge(both, ANNA, ANNE)

    again = await ask(both, MergeCustomers(merge_id, ANNA, ANNE, 1, 1))
    other = await ask(both, MergeCustomers(merge_id, ANNE, ANJA, 1, 1))

    assert isinstance(again, Customer)
    assert refusal(other) == ("merge-exists", "merge_id")
    assert len((await ask(both, ListMerges(ANNE))).merges) == 1
    assert len(both.store.told(CustomersMerged)) == 1


async def test_others_are_told_whom_the_losers_id_stands_for(both: LedgerShop) -> None:
    merge_id = await merge(both, ANNA, ANNE)
    await ask(both, UndoMerge(merge_id))

    merged, parted = both.store.told(CustomersMerged), both.store.told(CustomersParted)
    assert [(each.loser_id, each.survivor_id, each.facts.customer_id) for each in merged] == [(ANNE, ANNA, ANNA)]
    assert [(each.loser_id, each.survivor_id) for each in parted] == [(ANNE, ANNA)]
    revisions: dict[CustomerId, list[int]] = {}
    for each in both.store.told(CustomerChanged):
        revisions.setdefault(each.facts.customer_id, []).append(each.facts.revision)
    assert revisions == {ANNA: [1, 2, 3], ANNE: [1, 2]}


async def test_what_cannot_be_merged_is_refused_by_name(both: LedgerShop) -> None:
    assert refusal(await ask(both, MergeCustomers(MergeId(IDS.new()), ANNA, NOBODY, 1, 1)))[0] == "customer-not-found"
    assert refusal(await ask(both, MergeCustomers(MergeId(IDS.new()), ANNA, ANNA, 1, 1)))[0] == "same-customer"
    assert refusal(await ask(both, MergeCustomers(MergeId(IDS.new()), ANNA, ANNE, 1, 7))) == (
        "revision-conflict",
        "loser_revision",
    )
    assert refusal(await ask(both, PreviewMerge(ANNA, ANNE, {"company": "survivor"}))) == (
        "take-invalid",
        "take.company",
    )
    assert refusal(await ask(both, PreviewMerge(ANNA, ANNE, {"first_name": "both"})))[0] == "take-invalid"


async def test_a_creation_sent_again_after_the_merge_makes_nobody_new(both: LedgerShop) -> None:
    await merge(both, ANNA, ANNE)

    again = await ask(both, CreateCustomer(ANNE, first_name="Anne", save_anyway="other"))

    assert again.customer_id == ANNA


async def test_a_merge_needs_its_permission(both: LedgerShop) -> None:
    refused = await both.ask(MergeCustomers(MergeId(IDS.new()), ANNA, ANNE, 1, 1), "customer.edit", "customer.view")

    assert refusal(refused)[0] == "permission-denied"
    assert (await profile(both, ANNE)).customer_id == ANNE


async def test_a_preview_covers_contacts_for_who_may_not_see_them(both: LedgerShop) -> None:
    seen = await both.ask(PreviewMerge(ANNA, ANNE), "customer.merge")

    assert MAIL not in str(seen)
    assert isinstance(await ask(both, GetCustomer(ANNA)), Customer)
