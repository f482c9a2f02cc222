"""What customers bring along from another system: booked once, never doubled, never to somebody else."""

from typing import Any

import pytest

from contracts.customers.asking import GetCustomerHistory
from contracts.customers.importing import ImportRow
from contracts.customers.ledgers import AdjustBalance, EntryBooked
from contracts.customers.ledgers.accounts import AccountStatement, GetAccountStatement
from contracts.customers.ledgers.watching import AuditLedgers, LedgersAudited
from contracts.customers.merging import MergeCustomers, MergeId
from contracts.ids import CustomerId
from tests.services.customers.counter import look, saved
from tests.services.customers.examples import MATTI
from tests.services.customers.importing.desk import HUB, IDS, everybody, read, refusal, row, send, take, taken
from tests.under_test import StoreUnderTest

ANNA: dict[str, Any] = {"first_name": "Anna", "last_name": "Aho", "emails": ("anna@example.fi",)}


async def balances(shop: StoreUnderTest, customer_id: CustomerId | None) -> tuple[int, int, int]:
    """Store credit, what is owed, and points."""
    assert customer_id is not None
    held = (await read(shop, customer_id)).balances
    assert held is not None
    return held.store_credit, held.account_owed, held.loyalty_points


async def by_hand(shop: StoreUnderTest, customer_id: CustomerId | None, amount: int) -> None:
    assert customer_id is not None
    command = AdjustBalance(IDS.new(), customer_id, "store_credit", amount, "goodwill")
    reply = await shop.send(command, caller=HUB, token=shop.token("ledger.adjust", caller=HUB))
    assert isinstance(reply, EntryBooked), reply


async def own_file(shop: StoreUnderTest) -> list[ImportRow]:
    """All customers as the shop's own file has them."""
    return [
        ImportRow(
            number,
            f"id:{each.customer_id}",
            customer_id=each.customer_id,
            expected_revision=each.revision,
            first_name=each.first_name,
            opening_store_credit=each.balances.store_credit if each.balances else 0,
        )
        for number, each in enumerate(await everybody(shop), 2)
    ]


async def test_the_shops_own_file_read_again_and_again_books_nothing(shop: StoreUnderTest) -> None:
    (anna,) = await take(shop, row(opening_store_credit=5000, **ANNA))

    first = await take(shop, *await own_file(shop), source="tillwire")
    await by_hand(shop, anna.customer_id, 1000)
    again = await take(shop, *await own_file(shop), source="tillwire")

    assert [each.outcome for each in (*first, *again)] == ["unchanged"] * 2
    assert await balances(shop, anna.customer_id) == (6000, 0, 0)


async def test_who_is_made_under_an_id_of_another_shop_gets_their_balance_once(shop: StoreUnderTest) -> None:
    theirs = row(key="id:1", customer_id=CustomerId(IDS.new()), opening_store_credit=700, **ANNA)

    made, *later = [
        *await take(shop, theirs, source="tillwire"),
        *await take(shop, theirs, source="tillwire"),
        *await take(shop, row(key="id:1", customer_id=theirs.customer_id, opening_store_credit=9, **ANNA)),
    ]

    assert (made.outcome, [each.outcome for each in later]) == ("created", ["unchanged", "unchanged"])
    assert await balances(shop, made.customer_id) == (700, 0, 0)


async def test_a_row_that_only_brings_a_balance_is_told_as_a_change(shop: StoreUnderTest) -> None:
    (anna,) = await take(shop, row(**ANNA))

    (bought,) = await take(shop, row(opening_store_credit=300, opening_points=5, **ANNA))

    assert bought.outcome == "changed"
    assert await balances(shop, anna.customer_id) == (300, 0, 5)


@pytest.mark.parametrize(
    ("first", "then", "field"),
    [
        ({"opening_store_credit": 300, "opening_points": 5}, {"opening_store_credit": 400}, "opening_store_credit"),
        ({"opening_owed": -4500}, {"opening_owed": 4500}, "opening_owed"),
        ({"opening_points": 5}, {"opening_points": 6}, "opening_points"),
    ],
)
async def test_a_row_that_brings_another_balance_than_the_one_it_opened_is_told(
    shop: StoreUnderTest, first: dict[str, Any], then: dict[str, Any], field: str
) -> None:
    (anna,) = await take(shop, row(**ANNA, **first))
    before = await balances(shop, anna.customer_id)

    both = [await take(shop, row(**ANNA, **{**first, **then})) for _ in "12"]

    assert [refusal(each) for (each,) in both] == [("refused", "balance-stands", field)] * 2
    assert await balances(shop, anna.customer_id) == before


async def test_a_balance_for_somebody_whom_the_shop_gave_something_meanwhile_is_told(shop: StoreUnderTest) -> None:
    (anna,) = await take(shop, row(**ANNA))
    await by_hand(shop, anna.customer_id, 500)

    (again,) = await take(shop, row(opening_store_credit=2000, **ANNA))

    assert refusal(again) == ("refused", "balance-stands", "opening_store_credit")
    assert await balances(shop, anna.customer_id) == (500, 0, 0)


async def test_a_row_that_opened_its_balance_and_says_something_else_is_taken(shop: StoreUnderTest) -> None:
    (anna,) = await take(shop, row(opening_store_credit=300, opening_owed=70, **ANNA))
    await by_hand(shop, anna.customer_id, 100)

    (again,) = await take(shop, row(opening_store_credit=300, opening_owed=70, company="Aho Oy", **ANNA))

    assert again.outcome == "changed"
    assert await balances(shop, anna.customer_id) == (400, 70, 0)


async def test_who_is_filled_gets_what_they_bring_only_where_nothing_was_booked(shop: StoreUnderTest) -> None:
    (anna,) = await take(shop, row(**ANNA))
    await by_hand(shop, anna.customer_id, 1000)
    elsewhere = {"source": "shopify", "on_duplicate": "fill"}

    (credit,) = await take(shop, row(8, opening_store_credit=5000, **ANNA), **elsewhere)
    (owed,) = await take(shop, row(9, opening_owed=200, **ANNA), **elsewhere)

    assert refusal(credit) == ("refused", "balance-stands", "opening_store_credit")
    assert (owed.outcome, owed.customer_id) == ("changed", anna.customer_id)
    assert await balances(shop, anna.customer_id) == (1000, 200, 0)


async def test_a_row_of_somebody_merged_opens_nothing_beside_what_the_merge_moved(shop: StoreUnderTest) -> None:
    (anna,) = await taken(shop, row(opening_store_credit=100, **ANNA))
    await by_hand(shop, anna.customer_id, -100)
    await saved(shop, MATTI)
    both = MergeCustomers(MergeId(IDS.new()), MATTI.customer_id, anna.customer_id, 1, 1)
    await shop.send(both, token=shop.token("customer.merge", "customer.details"))

    await take(shop, row(opening_store_credit=100, company="Aho Oy", **ANNA))

    assert await balances(shop, MATTI.customer_id) == (0, 0, 0)


async def test_people_who_share_a_telephone_are_not_made_one_with_the_money_of_all(shop: StoreUnderTest) -> None:
    people = [
        row(number, first_name=name, phones=("030 123456",), emails=(f"{name}@example.fi",), opening_store_credit=1000)
        for number, name in enumerate(("Hans", "Petra", "Otto"), 2)
    ]

    hans, *others = await take(shop, *people, on_duplicate="fill")
    kept = await take(shop, *people, on_duplicate="save_anyway")

    assert hans.outcome == "created"
    for each in others:
        assert refusal(each) == ("refused", "possible-duplicate", "on_duplicate")
        assert each.rule == "only who has the same contact and name is filled"
        assert [(like.customer_id, like.name, like.matched) for like in each.duplicates] == [
            (hans.customer_id, "H•••", ("phone",))
        ]
    assert [each.outcome for each in kept] == ["unchanged", "created", "created"]
    assert [await balances(shop, each.customer_id) for each in kept] == [(1000, 0, 0)] * 3


async def test_of_several_with_one_telephone_the_one_of_that_name_is_filled(shop: StoreUnderTest) -> None:
    one, other = (
        row(number, first_name=name, phones=("030 123456",)) for number, name in enumerate(("Hans", "Petra"), 2)
    )
    _, petra = await take(shop, one, other, on_duplicate="save_anyway")

    (filled,) = await take(
        shop, row(9, first_name="PETRA", phones=("030 123456",), company="P Oy"), on_duplicate="fill"
    )

    assert (filled.outcome, filled.customer_id) == ("changed", petra.customer_id)


@pytest.mark.parametrize("field", ["opening_store_credit", "opening_points"])
async def test_credit_and_points_below_zero_open_nothing(shop: StoreUnderTest, field: str) -> None:
    said: dict[str, Any] = {field: -500, **ANNA}
    (result,) = await take(shop, row(**said))

    assert (*refusal(result), result.rule) == ("refused", "detail-invalid", field, "not below zero")
    assert await everybody(shop) == []


async def test_what_is_owed_is_due_from_its_day_and_a_credit_never(shop: StoreUnderTest) -> None:
    owes, _ = await take(
        shop,
        row(2, opening_owed=9900, opening_store_credit=5, **ANNA),
        row(3, first_name="Otto", opening_owed=-10),
        as_of="2026-02-28",
    )

    assert owes.customer_id is not None
    query = GetAccountStatement(owes.customer_id, "2026-01-01", "2026-12-31")
    statement = await look(shop, query, "ledger.adjust")
    assert isinstance(statement, AccountStatement), statement
    assert [(each.day, each.due_on, each.left) for each in statement.open_items] == [("2026-02-28", "2026-02-28", 9900)]


async def test_what_a_customer_paid_too_much_is_brought_along(shop: StoreUnderTest) -> None:
    (result,) = await take(shop, row(opening_owed=-500, **ANNA))

    assert await balances(shop, result.customer_id) == (0, -500, 0)


@pytest.mark.parametrize("known", [False, True])
async def test_the_history_shows_what_was_brought_along(shop: StoreUnderTest, known: bool) -> None:
    if known:
        await take(shop, row(**ANNA))
    (anna,) = await take(shop, row(opening_store_credit=500, opening_owed=70, opening_points=9, **ANNA))

    assert anna.customer_id is not None
    page = await look(shop, GetCustomerHistory(anna.customer_id))
    told = {(each.kind, each.reference, each.total, each.currency) for each in page.entries if each.kind != "created"}
    assert told == {
        ("opening", "store_credit", 500, "EUR"),
        ("opening", "account", 70, "EUR"),
        ("opening", "loyalty", 9, None),
        ("loyalty_joined", "imported", None, None),
    }


async def test_whatever_rows_bring_all_books_add_up(shop: StoreUnderTest) -> None:
    people: list[dict[str, Any]] = [{**ANNA, "emails": (f"a{number}@example.fi",)} for number in range(20)]
    everything: dict[str, Any] = {"opening_store_credit": 10, "opening_owed": 20, "opening_points": 30}
    await send(shop, *(row(number, **each, **everything) for number, each in enumerate(people[:10], 2)))

    done = await send(
        shop,
        *(row(number, **each, **everything) for number, each in enumerate(people, 2)),
        source="shopify",
        on_duplicate="fill",
    )

    assert [each.code for each in done.results] == ["balance-stands"] * 10 + [None] * 10
    audited = await look(shop, AuditLedgers(), "ledger.adjust")
    assert isinstance(audited, LedgersAudited), audited
    assert (audited.differences, audited.store_credit, audited.owed, audited.points) == ((), 200, 400, 600)
