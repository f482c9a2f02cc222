"""A merge taken back: each has what was theirs, nothing of the other stays behind, and nothing is lost."""

from typing import Any

import pytest

from contracts.customers import Customer, GroupId, UpdateCustomer
from contracts.customers.asking import GetFactsByCode
from contracts.customers.consent import MarketingList
from contracts.customers.groups import DeleteGroup, PutGroup
from contracts.customers.ledgers.accounts import AccountTerms, GetAccountStatement, SetAccountTerms
from contracts.customers.loyalty import LoyaltyMembership
from contracts.customers.merging import MergeId, MergeReversed, UndoMerge
from contracts.customers.privacy.copying import ExportCustomer
from contracts.customers.privacy.erasing import EraseCustomer, Erasure, ErasureId
from contracts.customers.profile import Balances
from contracts.ids import CustomerId
from services.runtime.writer import Scope
from tests.services.customers.ledgers.shop import IDS, LedgerShop, a_tender, refusal, sale_id
from tests.services.customers.privacy.people import (
    ANJA,
    ANNA,
    ANNE,
    DAY_S,
    MAIL,
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
        assert {**fields_of(now), "revision": 0, "balances": None} == {
            **fields_of(was),
            "revision": 0,
            "balances": None,
        }
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


async def test_terms_that_a_merge_brought_end_with_it(both: LedgerShop) -> None:
    await both.terms(ANNE, None, grace_days=7)
    merge_id = await merge(both, ANNA, ANNE)
    brought = (await profile(both, ANNA)).balances
    assert brought is not None
    assert brought.account_limit is None

    await ask(both, UndoMerge(merge_id))

    assert [(await profile(both, each)).balances.account_limit for each in (ANNA, ANNE)] == [0, None]  # type: ignore[union-attr]
    assert refusal(await both.reserve("account", 100, ANNA))[0] == "balance-too-low"


async def test_terms_that_were_agreed_on_since_stay_with_the_survivor(both: LedgerShop) -> None:
    await both.terms(ANNE, 500)
    merge_id = await merge(both, ANNA, ANNE)
    await both.terms(ANNA, 900, revision=2)

    await ask(both, UndoMerge(merge_id))

    assert [(await profile(both, each)).balances.account_limit for each in (ANNA, ANNE)] == [900, 500]  # type: ignore[union-attr]


async def test_terms_of_merges_of_the_merged_end_one_after_another(both: LedgerShop) -> None:
    await put_on_file(both, ANJA, "Anja", codes=("A-9",))
    await both.terms(ANNE, 500)
    await both.terms(ANJA, 900)
    inner, outer = await merge(both, ANNA, ANNE), await merge(both, ANNA, ANJA)

    limits = []
    for each in (outer, inner):
        limits.append((await profile(both, ANNA)).balances.account_limit)  # type: ignore[union-attr]
        await ask(both, UndoMerge(each))

    assert limits == [500, 500]
    assert [(await profile(both, each)).balances.account_limit for each in (ANNA, ANNE, ANJA)] == [0, 500, 900]  # type: ignore[union-attr]


async def test_who_looked_at_terms_before_a_merge_or_its_undoing_looks_again(both: LedgerShop) -> None:
    seen = [(await both.terms(each, limit)).revision for each, limit in ((ANNA, 500), (ANNE, 900))]
    merge_id = await merge(both, ANNA, ANNE)
    after = [await both.ask(SetAccountTerms(ANNE, seen[1], 10_000)), await both.terms(ANNA, 600, revision=2)]
    await ask(both, UndoMerge(merge_id))
    undone = [await both.ask(SetAccountTerms(ANNE, revision, 10_000)) for revision in (1, 2, 3)]

    assert refusal(after[0]) == ("revision-conflict", "expected_revision")
    assert isinstance(after[1], AccountTerms)
    assert [refusal(each)[0] for each in undone] == ["revision-conflict"] * 3
    assert isinstance(await both.terms(ANNE, 950, revision=4), AccountTerms)


async def test_what_a_sale_keeps_when_a_merge_is_undone_goes_back_once_it_is_free(both: LedgerShop) -> None:
    await both.give(ANNE, "store_credit", 10_000)
    merge_id = await merge(both, ANNA, ANNE)
    await both.reserve("store_credit", 6000, ANNA)
    await ask(both, UndoMerge(merge_id))
    kept = await credit(both)

    await both.void(1)

    assert kept == (6000, 4000)
    assert await credit(both) == (0, 10_000)
    assert (await both.audit()).differences == ()


async def test_what_a_sale_spends_after_an_undoing_is_spent_and_the_rest_goes_back(both: LedgerShop) -> None:
    await both.give(ANNA, "store_credit", 500)
    await both.give(ANNE, "store_credit", 10_000, expires_on="2026-06-30")
    reserved = (await both.reserve("store_credit", 6000, ANNE, tender=1)).reserved
    await both.reserve("store_credit", 3000, ANNE, tender=2)
    merge_id = await merge(both, ANNA, ANNE)
    await ask(both, UndoMerge(merge_id))

    await both.sell(1, a_tender(1, "store_credit", 6000, reserved), customer_id=ANNA)

    assert await credit(both) == (500, 4000)
    assert (await both.audit()).differences == ()


async def test_what_is_free_again_goes_back_from_whoever_the_survivor_is_by_then(both: LedgerShop) -> None:
    await put_on_file(both, ANJA, "Anja", codes=("A-9",))
    await both.give(ANNE, "store_credit", 10_000)
    await both.reserve("store_credit", 6000, ANNE)
    await ask(both, UndoMerge(await merge(both, ANNA, ANNE)))
    outer = await merge(both, ANJA, ANNA)

    await both.void(1)

    assert [await credit_of(both, each) for each in (ANJA, ANNE)] == [0, 10_000]
    await ask(both, UndoMerge(outer))
    assert [await credit_of(both, each) for each in (ANJA, ANNA, ANNE)] == [0, 0, 10_000]
    assert (await both.audit()).differences == ()


async def test_who_is_owed_what_a_sale_keeps_elsewhere_is_not_erased_without_a_word(both: LedgerShop) -> None:
    await both.give(ANNE, "store_credit", 200)
    merge_id = await merge(both, ANNA, ANNE)
    await both.reserve("store_credit", 200, ANNA)
    await ask(both, UndoMerge(merge_id))

    refused = await ask(both, EraseCustomer(ErasureId(IDS.new()), ANNE))
    erased = await ask(both, EraseCustomer(ErasureId(IDS.new()), ANNE, give_up_balances=True))
    await both.void(1)

    assert refusal(refused)[0] == "balance-open"
    assert isinstance(erased, Erasure), erased
    assert await credit_of(both, ANNA) == 0
    audited = await both.audit()
    assert (audited.differences, audited.store_credit) == ((), 0)


async def test_a_merge_that_gave_everything_back_costs_later_sales_nothing(both: LedgerShop) -> None:
    for number in range(1, 4):
        await both.give(ANNE, "store_credit", 100)
        await both.reserve("store_credit", 50, ANNE, sale=number)
        await ask(both, UndoMerge(await merge(both, ANNA, ANNE)))
        await both.void(number)
    await both.give(ANNA, "store_credit", 100)
    await both.reserve("store_credit", 50, ANNA, sale=9)
    replays: list[str] = []

    def listen(scope: Scope) -> None:
        scope.connection.connection.driver_connection.set_trace_callback(  # type: ignore[union-attr]
            lambda sql: replays.append(sql) if "FROM ledger_entry" in sql and "ORDER BY" in sql else None
        )

    await both.store.services["customers"].writer.run(listen)
    await both.void(9)

    assert replays == []
    assert await credit(both) == (100, 300)


async def test_what_is_free_again_goes_on_to_whoever_it_came_from(both: LedgerShop) -> None:
    """Anna's credit was kept with Anne, was merged with Anne's, and was kept once more."""
    await both.give(ANNA, "store_credit", 700)
    await both.reserve("store_credit", 500, ANNA)
    await ask(both, UndoMerge(await merge(both, ANNE, ANNA)))
    await ask(both, UndoMerge(await merge(both, ANNA, ANNE)))

    await both.void(1)

    assert await credit(both) == (700, 0)
    assert (await both.audit()).differences == ()


async def test_what_is_free_again_of_whoever_was_erased_is_given_up(both: LedgerShop) -> None:
    """It was theirs; the other one does not come by it."""
    await both.give(ANNA, "store_credit", 500)
    await both.give(ANNE, "store_credit", 10_000)
    merge_id = await merge(both, ANNA, ANNE)
    await both.reserve("store_credit", 6000, ANNA)
    await both.reserve("store_credit", 1000, ANNA, sale=2, tender=2)
    await ask(both, UndoMerge(merge_id))
    erased = await ask(both, EraseCustomer(ErasureId(IDS.new()), ANNE, give_up_balances=True))
    assert isinstance(erased, Erasure), erased

    await both.void(1)
    await both.void(2)

    assert (await profile(both, ANNA)).balances == Balances(store_credit=500)
    audited = await both.audit()
    assert (audited.differences, audited.store_credit) == ((), 500)


@pytest.mark.parametrize("before", [True, False])
async def test_what_one_had_paid_ahead_settles_no_debt_of_the_other_once_a_merge_is_undone(
    both: LedgerShop, *, before: bool
) -> None:
    """To the open item: the same entry, its day, and what of it is paid."""
    debtor, ahead = (ANNA, ANNE) if before else (ANNE, ANNA)
    for each in (ANNA, ANNE):
        await both.terms(each, None)
    await both.give(debtor, "account", 10_000, "correction")
    await both.give(debtor, "account", -2_000, "payment")
    await both.give(ahead, "account", -4500, "payment")
    statement = GetAccountStatement(debtor, "2026-03-01", "2026-03-31")
    items = (await both.ask(statement)).open_items
    merge_id = await merge(both, ANNA, ANNE)
    as_one = await both.ask(statement)

    await ask(both, UndoMerge(merge_id))

    assert [each.left for each in items] == [8000]
    assert (as_one.owed_after, [each.left for each in as_one.open_items]) == (3500, [3500])
    assert [(await both.balances(each)).balances.account_owed for each in (debtor, ahead)] == [8000, -4500]
    assert (await both.ask(statement)).open_items == items
    assert (await both.audit()).differences == ()


@pytest.mark.parametrize("when", ["before", "while", "after"])
@pytest.mark.parametrize("ends", ["sold", "voided"])
async def test_a_sale_of_the_losers_spends_their_own_whenever_it_ends(both: LedgerShop, when: str, ends: str) -> None:
    """Both have credit; the loser's sale keeps some of theirs before the two are merged."""
    await both.give(ANNA, "store_credit", 1000)
    await both.give(ANNE, "store_credit", 2000)
    reserved = (await both.reserve("store_credit", 1500, ANNE)).reserved

    async def end() -> None:
        if ends == "sold":
            await both.sell(1, a_tender(1, "store_credit", 1500, reserved), customer_id=ANNE)
        else:
            await both.void(1)

    if when == "before":
        await end()
    merge_id = await merge(both, ANNA, ANNE)
    if when == "while":
        await end()
    await both.reserve("store_credit", 400, ANNA, sale=2, tender=2)
    await ask(both, UndoMerge(merge_id))
    if when == "after":
        await end()
    await both.void(2)

    assert await credit(both) == (1000, 500 if ends == "sold" else 2000)
    assert (await both.audit()).differences == ()
    copies = [str((await ask(both, ExportCustomer(each))).document["ledger_entries"]) for each in (ANNA, ANNE)]
    assert [sale_id(1) in each for each in copies] == [False, ends == "sold"]


async def test_the_audit_names_what_is_anothers_and_did_not_go_back(both: LedgerShop) -> None:
    await both.give(ANNE, "store_credit", 2000)
    merge_id = await merge(both, ANNA, ANNE)

    def part_without_balances(scope: Scope) -> None:
        scope.connection.exec_driver_sql("DELETE FROM customer_alias")
        scope.connection.exec_driver_sql("UPDATE ledger_part SET balance = balance + 1")
        scope.connection.exec_driver_sql("DELETE FROM ledger_entry WHERE kind = 'transferred_out'")

    await both.store.services["customers"].writer.run(part_without_balances)

    found = {(each.what, each.kept, each.computed) for each in (await both.audit()).differences}
    assert merge_id
    assert found >= {("part", 2001, 2000), ("astray", 2001, 0), ("transfer", 0, 2000)}


async def credit(shop: LedgerShop) -> tuple[int, int]:
    return tuple([(await profile(shop, each)).balances.store_credit for each in (ANNA, ANNE)])  # type: ignore[return-value, union-attr]


async def credit_of(shop: LedgerShop, customer_id: CustomerId) -> int:
    balances = (await profile(shop, customer_id)).balances
    assert balances is not None
    return balances.store_credit


async def test_points_earned_while_both_were_one_keep_their_holder_a_member(both: LedgerShop) -> None:
    await both.programme()
    await both.join(ANNE)
    merge_id = await merge(both, ANNA, ANNE)
    await both.sell(1, a_tender(1, "cash", 5000), customer_id=ANNA)

    await ask(both, UndoMerge(merge_id))

    assert [(await both.balances(each)).loyalty_terms for each in (ANNA, ANNE)] == ["2026-01", "2026-01"]
    taken = await both.give(ANNA, "loyalty", -50)
    assert taken.entry.balance == 0


async def test_who_was_erased_is_no_member_again_once_their_points_are_free(both: LedgerShop) -> None:
    """A sale of the other's kept some of their points; a sale of theirs that comes late earns nothing."""
    await both.programme()
    for each in (ANNA, ANNE):
        await both.join(each)
    await both.give(ANNE, "loyalty", 100)
    merge_id = await merge(both, ANNA, ANNE)
    await both.reserve("loyalty", 80, ANNA)
    await ask(both, UndoMerge(merge_id))
    erased = await ask(both, EraseCustomer(ErasureId(IDS.new()), ANNE, give_up_balances=True))
    assert isinstance(erased, Erasure), erased

    await both.void(1)
    await both.sell(2, a_tender(2, "cash", 5000), customer_id=ANNE)

    def theirs(connection: Any) -> list[Any]:
        member = "SELECT customer_id FROM loyalty_member WHERE customer_id = ?"
        earned = "SELECT amount FROM ledger_entry WHERE holder_id = ? AND kind = 'earned'"
        return [connection.exec_driver_sql(sql, (ANNE,)).fetchall() for sql in (member, earned)]

    assert await both.store.read("customers", theirs) == [[], []]
    assert (await both.audit()).differences == ()


async def test_a_membership_that_nothing_was_earned_with_ends_with_the_merge(both: LedgerShop) -> None:
    await both.programme(sign_up_bonus=20)
    await both.join(ANNE)
    merge_id = await merge(both, ANNA, ANNE)

    await ask(both, UndoMerge(merge_id))

    assert [(await both.balances(each)).loyalty_terms for each in (ANNA, ANNE)] == [None, "2026-01"]


@pytest.mark.parametrize("spent", [False, True])
async def test_a_membership_kept_for_a_sale_ends_once_its_points_are_gone(both: LedgerShop, *, spent: bool) -> None:
    await both.programme(sign_up_bonus=20)
    await both.join(ANNE)
    merge_id = await merge(both, ANNA, ANNE)
    reserved = (await both.reserve("loyalty", 20, ANNA)).reserved
    await ask(both, UndoMerge(merge_id))
    meanwhile = (await both.balances(ANNA)).loyalty_terms

    if spent:
        await both.sell(1, a_tender(1, "loyalty", 20, reserved), customer_id=ANNA)
    else:
        await both.void(1)

    now = [await both.balances(each) for each in (ANNA, ANNE)]
    assert meanwhile == "2026-01"
    assert [each.loyalty_terms for each in now] == [None, "2026-01"]
    assert [each.balances.loyalty_points for each in now] == [0, 0 if spent else 20]


async def test_who_joined_by_their_own_word_while_both_were_one_stays_a_member(both: LedgerShop) -> None:
    await both.programme(sign_up_bonus=20)
    await both.join(ANNE)
    merge_id = await merge(both, ANNA, ANNE)
    joined = await both.join(ANNA)

    await ask(both, UndoMerge(merge_id))

    now = [await both.balances(each) for each in (ANNA, ANNE)]
    assert isinstance(joined, LoyaltyMembership)
    assert [(each.loyalty_terms, each.balances.loyalty_points) for each in now] == [("2026-01", 0), ("2026-01", 20)]


@pytest.mark.parametrize("undone", [False, True])
@pytest.mark.parametrize("named", [ANNA, ANNE])
async def test_who_looked_at_one_of_the_two_before_looks_again(
    both: LedgerShop, named: CustomerId, *, undone: bool
) -> None:
    """No revision that either id ever showed is that of now."""
    shown = {(await ask(both, UpdateCustomer(ANNE, 1, company="Uusi Oy"))).revision}
    shown |= {(await profile(both, each)).revision for each in (ANNA, ANNE)}
    merge_id = await merge(both, ANNA, ANNE)
    if undone:
        made = (await profile(both, ANNE)).revision
        shown |= {made, (await ask(both, UpdateCustomer(ANNE, made, company="Toinen Oy"))).revision}
        await ask(both, UndoMerge(merge_id))

    for revision in shown:
        assert refusal(await ask(both, UpdateCustomer(named, revision, company="Late Oy")))[0] == "revision-conflict"
    now = (await profile(both, named)).revision
    assert isinstance(await ask(both, UpdateCustomer(named, now, company="Fresh Oy")), Customer)


async def test_merges_of_one_survivor_are_undone_from_the_newest_on(both: LedgerShop) -> None:
    await put_on_file(both, ANJA, "Anja", last_name="Korhonen", emails=(OTHER_MAIL,), codes=("A-9",), notes="Tall.")
    before = [fields_of(await profile(both, each)) for each in (ANNA, ANNE, ANJA)]
    inner, outer = await merge(both, ANNA, ANNE), await merge(both, ANNA, ANJA)

    too_early = await ask(both, UndoMerge(inner))
    assert (too_early.code, too_early.details["later_merge_id"]) == ("merge-buried-under", outer)
    for each in (outer, inner):
        assert isinstance(await ask(both, UndoMerge(each)), MergeReversed)

    after = [fields_of(await profile(both, each)) for each in (ANNA, ANNE, ANJA)]
    assert [{**each, "revision": 0} for each in after] == [{**each, "revision": 0} for each in before]


async def test_nothing_of_who_was_parted_stays_with_the_other_or_outlives_their_erasure(both: LedgerShop) -> None:
    """Not what they said before the merge nor while both were one, and no note of theirs."""
    await put_on_file(both, ANJA, "Anja", codes=("A-9",))
    await answer(both, ANNE, "yes", OTHER_MAIL)
    inner, outer = await merge(both, ANNA, ANNE), await merge(both, ANNA, ANJA)
    made = await profile(both, ANNA)
    await ask(both, UpdateCustomer(ANNA, made.revision, notes=f"{made.notes}\nNew."))
    await answer(both, ANNA, "yes", OTHER_MAIL, purpose="events")
    for each in (outer, inner):
        await ask(both, UndoMerge(each))

    copy = str((await ask(both, ExportCustomer(ANNA))).document)
    assert OTHER_MAIL not in copy
    assert "coffee" not in copy
    theirs = str((await ask(both, ExportCustomer(ANNE))).document)
    assert "events" in theirs
    assert isinstance(await ask(both, EraseCustomer(ErasureId(IDS.new()), ANNE)), Erasure)

    def left(connection: Any) -> str:
        found = [
            connection.exec_driver_sql(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - a table's name
            for table in ("consent", "customer", "customer_merge", "customer_email", "history_note")
        ]
        return str(found)

    kept = await both.store.read("customers", left)
    assert OTHER_MAIL not in kept
    assert "coffee" not in kept
    assert "Likes tea." in kept


async def test_a_yes_given_while_both_were_one_goes_with_its_address(both: LedgerShop) -> None:
    merge_id = await merge(both, ANNA, ANNE)
    await answer(both, ANNA, "yes", OTHER_MAIL)

    await ask(both, UndoMerge(merge_id))

    page = await ask(both, MarketingList("email"))
    assert [(each.customer_id, each.address) for each in page.addresses] == [(ANNE, OTHER_MAIL)]


@pytest.mark.parametrize("lots", [3, 40])
async def test_a_ledger_is_replayed_once_however_many_lots_go_back(both: LedgerShop, lots: int) -> None:
    """The only writer is not held up by a customer with many lots."""
    for number in range(lots):
        await both.give(ANNE, "store_credit", 100 + number)
    merge_id = await merge(both, ANNA, ANNE)
    replays: list[str] = []

    def listen(scope: Scope) -> None:
        scope.connection.connection.driver_connection.set_trace_callback(  # type: ignore[union-attr]
            lambda sql: replays.append(sql) if "FROM ledger_entry" in sql and "ORDER BY" in sql else None
        )

    await both.store.services["customers"].writer.run(listen)
    assert isinstance(await ask(both, UndoMerge(merge_id)), MergeReversed)

    assert len(replays) <= 8
    assert await credit(both) == (0, sum(range(100, 100 + lots)))
