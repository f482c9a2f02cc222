"""What is booked by hand, accounts with their terms and statements, and the audit."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from contracts.customers import CreateCustomer
from contracts.customers.asking import GetCustomer, GetCustomerHistory
from contracts.customers.balances import CustomerLedger
from contracts.customers.ledgers import AdjustBalance, EntryBooked, GetBalances, GetLedger
from contracts.customers.ledgers.accounts import AccountTerms, GetAccountStatement, SetAccountTerms
from contracts.customers.ledgers.watching import AuditLedgers, BalanceBooked, ListLateCaptures
from contracts.customers.profile import Balances
from contracts.ids import CustomerId
from contracts.money import LARGEST
from services.customers.handlers.ledgers import open_balance
from services.runtime.writer import Scope
from tests.services.customers.ledgers.shop import (
    ANNA,
    BERT,
    IDS,
    NOBODY,
    LedgerShop,
    a_line,
    a_tender,
    refusal,
)
from tests.under_test import until

DAY_S = 86_400


async def test_store_credit_given_by_hand_is_booked_told_and_in_the_profile(shop: LedgerShop) -> None:
    booked = await shop.give(ANNA, "store_credit", 2500, expires_on="2026-12-31")

    assert isinstance(booked, EntryBooked)
    assert (booked.entry.kind, booked.entry.balance, booked.entry.expires_on) == ("issued", 2500, "2026-12-31")
    assert (await shop.balances()).store_credit_available == 2500
    assert (await shop.ask(GetCustomer(ANNA))).balances.store_credit == 2500
    await until(lambda: [each.amount for each in shop.store.told(BalanceBooked)] == [2500])


async def test_the_same_entry_sent_again_books_once_and_another_under_its_id_is_refused(shop: LedgerShop) -> None:
    command = AdjustBalance(IDS.new(), ANNA, "store_credit", 700, "goodwill")
    first = await shop.ask(command)

    again = await shop.ask(command)
    other = await shop.ask(msgspec.structs.replace(command, amount=800))

    assert again == first
    assert refusal(other) == ("entry-exists", "entry_id")
    assert await shop.entries("store_credit") == [("issued", 700, 700)]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"amount": 0}, "amount-zero", "amount"),
        ({"amount": -1}, "balance-too-low", "amount"),
        ({"customer_id": NOBODY}, "customer-not-found", None),
        ({"ledger": "loyalty"}, "loyalty-not-joined", "customer_id"),
        ({"expires_on": "2026-02-30"}, "malformed", "$.expires_on"),
        ({"expires_on": "2026-03-13"}, "malformed", "$.expires_on"),
        ({"ledger": "account", "expires_on": "2027-01-01"}, "malformed", "$.expires_on"),
        ({"amount": LARGEST + 1}, "malformed", "$.amount"),
        ({"reason": "because"}, "malformed", "$.reason"),
    ],
)
async def test_what_cannot_be_booked_is_refused_by_name(
    shop: LedgerShop, changes: dict[str, Any], code: str, field: str | None
) -> None:
    command = AdjustBalance(IDS.new(), ANNA, "store_credit", 100, "goodwill")

    assert refusal(await shop.ask(msgspec.structs.replace(command, **changes))) == (code, field)
    assert (await shop.audit()).entries == 0


async def test_a_balance_never_grows_past_what_can_be_booked(shop: LedgerShop) -> None:
    await shop.give(ANNA, "store_credit", LARGEST)

    assert refusal(await shop.give(ANNA, "store_credit", 1)) == ("balance-too-large", "amount")


async def test_nothing_reserved_for_a_sale_is_taken_away_by_hand(shop: LedgerShop) -> None:
    await shop.give(ANNA, "store_credit", 1000)
    await shop.reserve("store_credit", 800)

    refused = await shop.give(ANNA, "store_credit", -300, "correction")

    assert refusal(refused) == ("balance-too-low", "amount")
    assert refused.details["available"] == 200
    assert (await shop.give(ANNA, "store_credit", -200, "correction")).entry.balance == 800


async def test_a_ledger_is_paged_newest_first(shop: LedgerShop) -> None:
    for amount in (1, 2, 3, 4, 5):
        await shop.give(ANNA, "store_credit", amount)

    first = await shop.ask(GetLedger(ANNA, "store_credit", limit=2))
    second = await shop.ask(GetLedger(ANNA, "store_credit", limit=2, next=first.next))
    third = await shop.ask(GetLedger(ANNA, "store_credit", limit=2, next=second.next))

    assert [[entry.amount for entry in page.entries] for page in (first, second, third)] == [[5, 4], [3, 2], [1]]
    assert third.next is None


async def test_credit_past_its_last_day_expires_but_what_a_sale_has_reserved_of_it(shop: LedgerShop) -> None:
    shop.clock.set(datetime(2026, 3, 15, 21, 55, tzinfo=UTC))  # five to midnight in Helsinki
    await shop.give(ANNA, "store_credit", 500, expires_on="2026-03-15")
    await shop.give(ANNA, "store_credit", 300)
    await shop.reserve("store_credit", 100)

    shop.clock.set(datetime(2026, 3, 15, 22, 5, tzinfo=UTC))
    refused = await shop.reserve("store_credit", 301, sale=2, tender=2)
    await shop.sell(1, a_tender(1, "store_credit", 100))

    assert refusal(refused) == ("balance-too-low", "amount")
    assert refused.details["available"] == 300
    await until_entries(
        shop, [("issued", 500, 500), ("issued", 300, 800), ("redeemed", -100, 700), ("expired", -400, 300)]
    )
    assert (await shop.audit()).differences == ()


async def test_credit_with_the_earliest_last_day_is_spent_first(shop: LedgerShop) -> None:
    await shop.give(ANNA, "store_credit", 300)
    await shop.give(ANNA, "store_credit", 500, expires_on="2026-03-15")
    await shop.reserve("store_credit", 400)
    await shop.sell(1, a_tender(1, "store_credit", 400))

    shop.clock.move(3 * DAY_S)

    await until_entries(
        shop, [("issued", 300, 300), ("issued", 500, 800), ("redeemed", -400, 400), ("expired", -100, 300)]
    )


# Accounts


async def test_without_terms_nothing_is_sold_on_account(shop: LedgerShop) -> None:
    refused = await shop.reserve("account", 1)

    assert refusal(refused) == ("balance-too-low", "amount")
    assert (await shop.balances()).account_available == 0


@pytest.mark.parametrize(
    ("limit", "amount", "taken"), [(None, LARGEST, True), (0, 1, False), (100, 100, True), (100, 101, False)]
)
async def test_a_limit_is_held_null_is_none_and_zero_no_credit(
    shop: LedgerShop, limit: int | None, amount: int, taken: bool
) -> None:
    await shop.terms(ANNA, limit)

    reply = await shop.reserve("account", amount)

    assert getattr(reply, "state", None) == ("held" if taken else None)


async def test_the_limit_counts_what_is_owed_and_what_other_sales_have_on_account(shop: LedgerShop) -> None:
    await shop.terms(ANNA, 10_000)
    await shop.reserve("account", 3000, sale=1, tender=1)
    await shop.sell(1, a_tender(1, "account", 3000), a_tender(2, "cash", 2000))
    await shop.reserve("account", 4000, sale=2, tender=2)

    refused = await shop.reserve("account", 3001, sale=3, tender=3)

    assert refused.details["available"] == 3000
    assert (await shop.reserve("account", 3000, sale=3, tender=3)).state == "held"


async def test_two_tenders_of_one_sale_never_pass_the_limit_together(shop: LedgerShop) -> None:
    await shop.terms(ANNA, 10_000)
    await shop.reserve("account", 6000, sale=1, tender=1)

    refused = await shop.reserve("account", 4001, sale=1, tender=2)
    rest = await shop.reserve("account", 4000, sale=1, tender=2)
    await shop.sell(1, a_tender(1, "account", 6000), a_tender(2, "account", 4000))

    assert refusal(refused) == ("balance-too-low", "amount")
    assert (refused.details["available"], rest.state) == (4000, "held")
    assert sorted(await shop.entries("account")) == [("charged", 4000, 10_000), ("charged", 6000, 6000)]
    assert (await shop.balances()).account_available == 0


async def test_payments_settle_the_oldest_first_and_a_statement_shows_it(shop: LedgerShop) -> None:
    await shop.terms(ANNA, None, grace_days=10)
    for number, amount in ((1, 3000), (2, 2000), (3, 1000)):
        await shop.reserve("account", amount, sale=number, tender=number)
        await shop.sell(number, a_tender(number, "account", amount))
        shop.clock.move(5 * DAY_S)
    await shop.give(ANNA, "account", -1000, "payment")
    await shop.sell(4, a_tender(4, "cash", 2500), lines=(a_line(400, 2500, "account_payment"),))

    early = await shop.ask(GetAccountStatement(ANNA, "2026-03-19", "2026-03-31"))
    shop.clock.move(DAY_S)
    statement = await shop.ask(GetAccountStatement(ANNA, "2026-03-19", "2026-03-31"))

    assert (early.overdue, early.open_items[0].due_on) == (0, "2026-03-29"), "due today is not overdue yet"
    assert (statement.owed_before, statement.owed_after) == (3000, 2500)
    assert [(entry.kind, entry.amount) for entry in statement.entries] == [
        ("charged", 2000),
        ("charged", 1000),
        ("paid", -1000),
        ("paid", -2500),
    ]
    assert [(item.day, item.amount, item.left, item.due_on, item.overdue) for item in statement.open_items] == [
        ("2026-03-19", 2000, 1500, "2026-03-29", True),
        ("2026-03-24", 1000, 1000, "2026-04-03", False),
    ]
    assert statement.overdue == 1500


async def test_what_was_booked_late_stands_on_its_day_and_the_statement_adds_up_line_by_line(shop: LedgerShop) -> None:
    await shop.terms(ANNA, None)
    await shop.give(ANNA, "account", 1000)
    shop.clock.move(3 * DAY_S)
    await shop.give(ANNA, "account", -500, "payment")
    await shop.reserve("account", 4370)
    await shop.sell(1, a_tender(1, "account", 4370), business_day="2026-03-15")

    statement = await shop.ask(GetAccountStatement(ANNA, "2026-03-15", "2026-03-31"))
    earlier = await shop.ask(GetAccountStatement(ANNA, "2026-03-14", "2026-03-16"))

    assert [(entry.day, entry.amount, entry.balance) for entry in statement.entries] == [
        ("2026-03-15", 4370, 5370),
        ("2026-03-17", -500, 4870),
    ]
    assert (statement.owed_before, statement.owed_after) == (1000, 4870)
    assert [entry.balance for entry in earlier.entries] == [1000, 5370]
    assert earlier.owed_after == 5370


async def test_who_raised_a_limit_stands_in_the_history(shop: LedgerShop) -> None:
    await shop.terms(ANNA, 50_000)
    await shop.terms(ANNA, 90_000, revision=1)
    await shop.terms(ANNA, None, grace_days=60, revision=2)

    page = await shop.ask(GetCustomerHistory(ANNA))

    noted = [each for each in page.entries if each.kind == "account_terms"]
    assert [(each.total, each.currency, each.fields) for each in noted] == [
        (None, None, ("credit_limit", "grace_days")),
        (90_000, "EUR", ("credit_limit",)),
        (50_000, "EUR", ("credit_limit", "grace_days")),
    ]
    assert None not in {each.staff_id for each in noted}


@pytest.mark.parametrize(("ledger", "amount"), [("account", 5000), ("store_credit", -5000)])
async def test_a_payment_never_makes_a_customer_owe_more_or_have_less(
    shop: LedgerShop, ledger: CustomerLedger, amount: int
) -> None:
    await shop.give(ANNA, "store_credit", 5000)

    assert refusal(await shop.give(ANNA, ledger, amount, "payment")) == ("amount-wrong-way", "amount")
    assert (await shop.give(ANNA, ledger, -amount, "payment")).entry.amount == -amount


async def test_a_day_is_over_due_only_after_its_days_of_grace(shop: LedgerShop) -> None:
    await shop.terms(ANNA, None, grace_days=2)
    await shop.reserve("account", 500)
    await shop.sell(1, a_tender(1, "account", 500))

    shop.clock.move(2 * DAY_S)
    in_time = (await shop.balances()).overdue
    shop.clock.move(DAY_S)

    assert (in_time, (await shop.balances()).overdue) == (0, 500)


async def test_an_account_paid_ahead_can_be_spent_without_credit(shop: LedgerShop) -> None:
    await shop.give(ANNA, "account", -2000, "payment")

    assert (await shop.balances()).account_available == 2000
    assert (await shop.reserve("account", 2001)).details["available"] == 2000
    assert (await shop.reserve("account", 2000)).state == "held"


async def test_other_terms_need_the_revision_that_was_read(shop: LedgerShop) -> None:
    assert await shop.terms(ANNA, 5000) == AccountTerms(ANNA, 1, 5000, 30)

    refused = await shop.ask(SetAccountTerms(ANNA, 0, None))

    assert refusal(refused) == ("revision-conflict", "expected_revision")
    assert await shop.ask(SetAccountTerms(ANNA, 1, None, 14)) == AccountTerms(ANNA, 2, None, 14)


@pytest.mark.parametrize(
    ("days", "field"),
    [
        (("2026-02-30", "2026-03-01"), "$.from_day"),
        (("2026-03-02", "2026-03-01"), "$.to_day"),
        (("x", "y"), "$.from_day"),
    ],
)
async def test_a_statement_is_over_days_that_there_are(shop: LedgerShop, days: tuple[str, str], field: str) -> None:
    assert refusal(await shop.ask(GetAccountStatement(ANNA, *days))) == ("malformed", field)


# Openings, permissions, audit


async def test_an_opening_balance_is_booked_once_for_each_source_key(shop: LedgerShop) -> None:
    writer = shop.store.services["customers"].writer

    def open_twice(scope: Scope) -> list[bool]:
        tx = shop.store.services["customers"]._transaction(scope, IDS.new())  # noqa: SLF001 - as the import would
        return [
            open_balance(tx, ANNA, "account", 900, "2026-01-31", "lightspeed/till@example.com"),
            open_balance(tx, ANNA, "account", 900, "2026-01-31", "lightspeed/till@example.com"),
            open_balance(tx, ANNA, "store_credit", 100, "2026-01-31", "lightspeed/till@example.com"),
            open_balance(tx, ANNA, "store_credit", 0, "2026-01-31", "nothing"),
        ]

    assert await writer.run(open_twice) == [True, False, True, False]
    assert await shop.entries("account") == [("opening", 900, 900)]
    assert (await shop.balances()).overdue == 900


@pytest.mark.parametrize(
    ("request_", "permission"),
    [
        (AdjustBalance(IDS.new(), ANNA, "store_credit", 1, "other"), "customer.edit"),
        (SetAccountTerms(ANNA, 0, 1), "customer.edit"),
        (AuditLedgers(), "customer.view"),
        (ListLateCaptures(), "customer.view"),
        (GetBalances(ANNA), "ledger.adjust"),
        (GetLedger(ANNA, "account"), "ledger.adjust"),
        (GetAccountStatement(ANNA, "2026-03-01", "2026-03-02"), "ledger.adjust"),
    ],
)
async def test_only_who_may_sees_and_books(shop: LedgerShop, request_: Any, permission: str) -> None:
    assert (await shop.store.send(request_)).code == "token-missing"
    assert (await shop.ask(request_, permission)).code == "permission-denied"


async def test_the_audit_adds_everything_up_and_names_each_difference(shop: LedgerShop) -> None:
    await shop.give(ANNA, "store_credit", 1000)
    await shop.give(BERT, "store_credit", 500)
    await shop.reserve("store_credit", 200)
    clean = await shop.audit()

    def tamper(scope: Scope) -> None:
        for statement in (
            f"UPDATE ledger_balance SET balance = 1100, reserved = 0 WHERE holder_id = '{ANNA}'",  # noqa: S608 - our id
            f"UPDATE ledger_entry SET amount = 400 WHERE holder_id = '{BERT}'",  # noqa: S608
            "UPDATE reservation SET state = 'captured'",
        ):
            scope.connection.execute(text(statement))

    await shop.store.services["customers"].writer.run(tamper)
    found = await shop.audit()

    assert (clean.differences, clean.store_credit, clean.holders, clean.entries) == ((), 1500, 2, 2)
    assert {(str(each.holder_id), each.what, each.kept, each.computed) for each in found.differences} == {
        (ANNA, "balance", 1100, 1000),
        (ANNA, "capture", 1, 0),
        (BERT, "running_balance", 500, 400),
        (BERT, "balance", 500, 400),
    }


async def until_entries(shop: LedgerShop, expected: list[tuple[str, int, int]]) -> None:
    """Wait until the sweep has booked what ran out."""
    await until(lambda: len(shop.store.told(BalanceBooked)) == len(expected))
    assert await shop.entries("store_credit") == expected


async def test_payments_and_what_is_booked_by_hand_stand_in_the_history(shop: LedgerShop) -> None:
    await shop.terms(ANNA, None)
    await shop.give(ANNA, "store_credit", 700)
    await shop.sell(1, a_tender(1, "cash", 2500), lines=(a_line(100, 2500, "account_payment"),))

    page = await shop.ask(GetCustomerHistory(ANNA))

    noted = {(entry.kind, entry.total, entry.currency, entry.reference) for entry in page.entries}
    assert {("issued", 700, "EUR", "store_credit"), ("payment", -2500, "EUR", "account")} <= noted


async def test_each_sales_payment_is_booked_though_a_register_gives_a_line_id_twice(shop: LedgerShop) -> None:
    """A line's id is its sale's own."""
    await shop.terms(ANNA, None)
    for number in (1, 2):
        await shop.sell(number, a_tender(number, "cash", 100), lines=(a_line(100, 100, "account_payment"),))

    assert await shop.entries("account") == [("paid", -100, -100), ("paid", -100, -200)]


async def test_nobody_has_or_owes_anything(shop: LedgerShop) -> None:
    """Every sale to a walk-in would reach it."""
    walk_in = CustomerId(IDS.new())
    await shop.ask(CreateCustomer(walk_in, first_name="Walk-in", placeholder=True))
    await shop.programme()

    given = [await shop.give(walk_in, "store_credit", 5000), await shop.give(walk_in, "account", 100, "correction")]
    refused = [*given, await shop.terms(walk_in, None), await shop.join(walk_in)]

    assert [refusal(each) for each in refused] == [("placeholder-holds-nothing", "customer_id")] * 4
    assert (await shop.balances(walk_in)).balances == Balances()
