"""Merging: two records of one person become one, everywhere and for ever, and can be taken apart for 30 days."""

import pytest

from contracts.customers import CreateCustomer, Customer, UpdateCustomer
from contracts.customers.asking import (
    CustomerChanged,
    GetCustomer,
    GetCustomerFacts,
    GetCustomerHistory,
    GetFactsByCode,
    SearchCustomers,
)
from contracts.customers.consent import MarketingList
from contracts.customers.merging import (
    CustomersMerged,
    CustomersParted,
    ListMerges,
    MergeCustomers,
    MergeId,
    MergePreview,
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
    DAY_S,
    MAIL,
    NOBODY,
    OTHER_MAIL,
    answer,
    ask,
    consent_of,
    fields_of,
    merge,
    profile,
    put_on_file,
    send,
)


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
    assert made == seen.result.__class__(**{**fields_of(seen.result), "balances": made.balances})
    assert (made.emails, made.notes, made.codes, made.blocked_codes) == (
        (MAIL,),
        "Likes coffee.",
        ("A-1", "A-2"),
        ("A-3",),
    )


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
    assert [(each.loser_id, each.survivor_id, each.facts) for each in parted] == [
        (ANNE, ANNA, both.store.told(CustomerChanged)[-1].facts)
    ]
    revisions: dict[CustomerId, list[int]] = {}
    for each in both.store.told(CustomerChanged):
        revisions.setdefault(each.facts.customer_id, []).append(each.facts.revision)
    assert revisions == {ANNA: [1, 2, 3], ANNE: [1, 3]}


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


@pytest.mark.parametrize(("survivor", "loser", "field"), [(ANNA, ANJA, "loser_id"), (ANJA, ANNA, "survivor_id")])
async def test_whoever_stands_for_nobody_is_merged_with_nobody(
    both: LedgerShop, survivor: CustomerId, loser: CustomerId, field: str
) -> None:
    await put_on_file(both, ANJA, "Walk-in", placeholder=True)

    assert refusal(await ask(both, PreviewMerge(survivor, loser))) == ("placeholder-merged", field)
    merged = await ask(both, MergeCustomers(MergeId(IDS.new()), survivor, loser, 1, 1))
    assert refusal(merged) == ("placeholder-merged", field)


async def test_a_merge_is_known_again_by_whichever_id_names_the_two(both: LedgerShop) -> None:
    await put_on_file(both, ANJA, "Anja", codes=("A-9",))
    await merge(both, ANNA, ANNE)
    merge_id = MergeId(IDS.new())
    command = MergeCustomers(merge_id, ANNE, ANJA, (await profile(both, ANNA)).revision, 1)

    first, again = [await ask(both, command) for _ in "ab"]
    by_the_other = await ask(both, MergeCustomers(merge_id, ANNA, ANJA, 1, 1))
    others = [await ask(both, MergeCustomers(merge_id, *ids, 1, 1)) for ids in ((ANJA, ANNA), (ANNA, ANNE))]

    assert [each.customer_id for each in (first, again, by_the_other)] == [ANNA, ANNA, ANNA]
    assert [refusal(each) for each in others] == [("merge-exists", "merge_id")] * 2


async def test_a_merge_that_was_taken_back_is_not_made_again_by_its_id(both: LedgerShop) -> None:
    command = MergeCustomers(MergeId(IDS.new()), ANNA, ANNE, 1, 1)
    message_id = IDS.new()
    await ask(both, command, message_id=message_id)
    await ask(both, UndoMerge(command.merge_id))

    assert refusal(await ask(both, command))[0] == "merge-undone"
    assert refusal(await ask(both, command, message_id=message_id))[0] == "merge-undone"


async def test_a_preview_shows_the_limit_that_the_merge_keeps(both: LedgerShop) -> None:
    """No credit, set by hand, is a limit; who has no terms at all has none."""
    await put_on_file(both, ANJA, "Anja", codes=("A-9",))
    await both.terms(ANNA, 0)
    await both.terms(ANNE, 50_000)

    strict, open_ = await ask(both, PreviewMerge(ANNA, ANNE)), await ask(both, PreviewMerge(ANJA, ANNE))
    await merge(both, ANNA, ANNE)
    merged = await profile(both, ANNA)

    assert (strict.balances.account_limit, open_.balances.account_limit) == (0, 50_000)
    assert merged.balances == strict.balances


async def test_the_losers_own_history_says_into_whom_they_were_merged(both: LedgerShop) -> None:
    merge_id = await merge(both, ANNA, ANNE)
    await ask(both, UndoMerge(merge_id))

    page = await ask(both, GetCustomerHistory(ANNE))

    assert [(each.kind, each.reference) for each in page.entries if "merge" in each.kind] == [
        ("merge_undone", ANNA),
        ("merged", ANNA),
    ]


def many(prefix: str, count: int) -> tuple[str, ...]:
    return tuple(f"{prefix}{number}@example.com" for number in range(count))


async def test_more_than_one_customer_can_have_is_refused_until_somebody_chooses_what_stays(both: LedgerShop) -> None:
    await ask(both, UpdateCustomer(ANNA, 1, emails=many("a", 20), notes="a" * 3000))
    await ask(both, UpdateCustomer(ANNE, 1, emails=many("b", 1), notes="b" * 3000))

    seen = await ask(both, PreviewMerge(ANNA, ANNE, {"notes": "loser"}))
    made = await ask(both, MergeCustomers(MergeId(IDS.new()), ANNA, ANNE, 2, 2, {"emails": "both", "notes": "loser"}))
    assert [refusal(each) for each in (seen, made)] == [("merge-too-large", "take.emails")] * 2
    assert (made.details["rule"], made.details["takes"]) == ("at-most-20", ["survivor", "loser"])
    assert refusal(await ask(both, PreviewMerge(ANNA, ANNE, {"emails": "loser"}))) == ("merge-too-large", "take.notes")

    await merge(both, ANNA, ANNE, emails="survivor", notes="loser")
    merged = await profile(both, ANNA)
    assert (merged.emails, merged.notes) == (many("a", 20), "b" * 3000)


async def test_more_codes_than_one_customer_can_have_are_taken_off_before(both: LedgerShop) -> None:
    codes = tuple(f"C-{number}" for number in range(20))
    await ask(both, UpdateCustomer(ANNA, 1, codes=codes))

    assert refusal(await ask(both, PreviewMerge(ANNA, ANNE))) == ("merge-too-large", "codes")
    await ask(both, UpdateCustomer(ANNA, 2, codes=codes[1:]))
    await merge(both, ANNA, ANNE)

    merged = await profile(both, ANNA)
    assert merged.codes == (*codes[1:], "A-2")
    kept = await ask(both, UpdateCustomer(ANNA, merged.revision, codes=merged.codes, emails=merged.emails))
    assert isinstance(kept, Customer)


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
