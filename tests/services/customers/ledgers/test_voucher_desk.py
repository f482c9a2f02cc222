"""What a person does about vouchers: list them, look through one, block it, put it right."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from contracts.customers.ledgers import AdjustVoucher, EntryBooked, GetVoucherLedger, LedgerRead
from contracts.customers.vouchers import (
    BlockVoucher,
    CheckVoucher,
    GetVoucherNotes,
    IssueVoucher,
    ListVouchers,
    UnblockVoucher,
    VoucherPrinted,
    VouchersIssued,
)
from contracts.money import LARGEST
from tests.services.customers.ledgers.shop import IDS, LedgerShop, a_line, a_tender, refusal, sale_id

DAY_S = 86_400
NO_VOUCHER = "0190a000-0000-7000-8000-000000000404"


async def a_voucher(shop: LedgerShop, value: int = 5000, **changes: Any) -> VoucherPrinted:
    printed = await shop.ask(IssueVoucher(IDS.new(), value, **changes))  # type: ignore[arg-type]
    assert isinstance(printed, VoucherPrinted), printed
    return printed


async def test_a_blocked_voucher_is_not_spent_until_it_is_unblocked(shop: LedgerShop) -> None:
    printed = await a_voucher(shop)
    voucher_id = printed.voucher.voucher_id

    blocked = await shop.ask(BlockVoucher(voucher_id, "stolen"))
    refused = await shop.reserve("voucher", 100, None, code=printed.code)
    looked_at = await shop.ask(CheckVoucher(code=printed.code))
    unblocked = await shop.ask(UnblockVoucher(voucher_id))

    assert blocked == looked_at
    assert (blocked.state, blocked.blocked, blocked.balance, blocked.available) == ("blocked", "stolen", 5000, 0)
    assert refusal(refused) == ("voucher-blocked", "voucher_code")
    assert refused.details["reason"] == "stolen"
    assert (unblocked.state, unblocked.blocked) == ("valid", None)
    assert (await shop.reserve("voucher", 100, None, code=printed.code)).state == "held"


async def test_what_a_sale_has_reserved_of_a_voucher_is_spent_though_it_was_blocked_since(shop: LedgerShop) -> None:
    printed = await a_voucher(shop)
    reserved = (await shop.reserve("voucher", 2000, None, code=printed.code)).reserved
    await shop.ask(BlockVoucher(printed.voucher.voucher_id, "lost"))

    longer = await shop.reserve("voucher", 2000, None)
    more = await shop.reserve("voucher", 2001, None, code=printed.code)
    await shop.sell(1, a_tender(1, "voucher", 2000, reserved), customer_id=None)

    assert longer.state == "held"
    assert refusal(more) == ("voucher-blocked", "voucher_code")
    assert (await shop.ask(CheckVoucher(code=printed.code))).balance == 3000
    assert (await shop.audit()).differences == ()


async def test_who_blocked_a_voucher_and_why_is_told_newest_first(shop: LedgerShop) -> None:
    voucher_id = (await a_voucher(shop)).voucher.voucher_id
    for command in (
        BlockVoucher(voucher_id, "lost"),
        BlockVoucher(voucher_id, "lost"),
        BlockVoucher(voucher_id, "stolen"),
        UnblockVoucher(voucher_id),
        UnblockVoucher(voucher_id),
    ):
        await shop.ask(command)

    notes = (await shop.ask(GetVoucherNotes(voucher_id))).notes

    assert [(each.kind, each.reason) for each in notes] == [
        ("unblocked", None),
        ("blocked", "stolen"),
        ("blocked", "lost"),
        ("given", None),
    ]
    assert {(each.caller, each.staff_id is None) for each in notes} == {("till-1", False)}


async def test_a_voucher_is_put_right_by_hand_and_cancelled_by_taking_all_away(shop: LedgerShop) -> None:
    printed = await a_voucher(shop, expires_on="2026-12-31")
    voucher_id = printed.voucher.voucher_id
    command = AdjustVoucher(IDS.new(), voucher_id, 500, "correction")

    more = await shop.ask(command)
    again = await shop.ask(command)
    cancelled = await shop.ask(AdjustVoucher(IDS.new(), voucher_id, -5500, "write_off"))
    movements = await shop.ask(GetVoucherLedger(voucher_id))

    assert isinstance(more, EntryBooked)
    assert again == more
    assert (more.entry.kind, more.entry.balance, more.entry.expires_on) == ("adjusted", 5500, "2026-12-31")
    assert cancelled.entry.staff_id is not None
    assert (await shop.ask(CheckVoucher(code=printed.code))).state == "spent"
    assert isinstance(movements, LedgerRead)
    assert [(each.kind, each.amount, each.balance) for each in movements.entries] == [
        ("adjusted", -5500, 0),
        ("adjusted", 500, 5500),
        ("issued", 5000, 5000),
    ]
    assert (await shop.audit()).differences == ()


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"amount": 0}, "amount-zero", "amount"),
        ({"amount": -4001}, "balance-too-low", "amount"),
        ({"amount": LARGEST}, "balance-too-large", "amount"),
        ({"amount": -1, "reason": "payment"}, "amount-wrong-way", "amount"),
        ({"voucher_id": NO_VOUCHER}, "voucher-not-found", "voucher_id"),
        ({"reason": "because"}, "malformed", "$.reason"),
    ],
)
async def test_what_cannot_be_put_right_is_refused_by_name(
    shop: LedgerShop, changes: dict[str, Any], code: str, field: str
) -> None:
    printed = await a_voucher(shop)
    await shop.reserve("voucher", 1000, None, code=printed.code)
    command = AdjustVoucher(IDS.new(), printed.voucher.voucher_id, 100, "correction")

    assert refusal(await shop.ask(msgspec.structs.replace(command, **changes))) == (code, field)
    assert (await shop.audit()).vouchers == 5000


async def test_an_entry_is_of_one_voucher_and_an_expired_one_is_not_put_right(shop: LedgerShop) -> None:
    printed = await a_voucher(shop, expires_on="2026-03-14")
    command = AdjustVoucher(IDS.new(), printed.voucher.voucher_id, -100, "correction")
    await shop.ask(command)

    other = await shop.ask(msgspec.structs.replace(command, amount=-200))
    shop.clock.move(DAY_S)
    late = await shop.ask(AdjustVoucher(IDS.new(), printed.voucher.voucher_id, 100, "goodwill"))

    assert refusal(other) == ("entry-exists", "entry_id")
    assert refusal(late) == ("voucher-expired", "voucher_id")


async def test_vouchers_of_some_days_are_listed_page_by_page_without_their_codes(shop: LedgerShop) -> None:
    early = await a_voucher(shop, 100)
    shop.clock.move(DAY_S)
    await shop.sell(1, a_tender(1, "cash", 600), lines=(a_line(1, 600, "voucher_issue_multi", quantity=2),))
    by_hand = await a_voucher(shop, 700)
    await shop.ask(BlockVoucher(by_hand.voucher.voucher_id, "misprinted"))
    shop.clock.move(DAY_S)
    await a_voucher(shop, 900)

    whole = await shop.ask(ListVouchers("2026-03-14", "2026-03-15"))
    first = await shop.ask(ListVouchers("2026-03-15", "2026-03-15", limit=2))
    second = await shop.ask(ListVouchers("2026-03-15", "2026-03-15", limit=2, next=first.next))

    assert isinstance(whole, VouchersIssued)
    assert whole.vouchers[0] == early.voucher
    assert whole.next is second.next is None
    assert (*first.vouchers, *second.vouchers) == whole.vouchers[1:]
    assert sorted((each.value, each.sale_id, each.blocked) for each in whole.vouchers[1:]) == [
        (300, sale_id(1), None),
        (300, sale_id(1), None),
        (700, None, "misprinted"),
    ]
    assert by_hand.code not in msgspec.json.encode(whole).decode()


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (ListVouchers("2026-03-02", "2026-03-01"), "$.to_day"),
        (ListVouchers("2026-02-30", "2026-03-01"), "$.from_day"),
        (ListVouchers("2026-03-01", "2026-03-02", next="there"), "$.next"),
    ],
)
async def test_vouchers_are_listed_over_days_that_there_are(shop: LedgerShop, request_: Any, field: str) -> None:
    assert refusal(await shop.ask(request_)) == ("malformed", field)


@pytest.mark.parametrize(
    "request_",
    [
        BlockVoucher(NO_VOUCHER, "lost"),  # type: ignore[arg-type]
        UnblockVoucher(NO_VOUCHER),  # type: ignore[arg-type]
        GetVoucherLedger(NO_VOUCHER),  # type: ignore[arg-type]
        GetVoucherNotes(NO_VOUCHER),  # type: ignore[arg-type]
        AdjustVoucher(IDS.new(), NO_VOUCHER, 1, "other"),  # type: ignore[arg-type]
    ],
)
async def test_only_who_may_looks_after_vouchers_that_there_are(shop: LedgerShop, request_: Any) -> None:
    assert (await shop.store.send(request_)).code == "token-missing"
    assert (await shop.ask(request_, "sale.sell")).code == "permission-denied"
    assert refusal(await shop.ask(request_)) == ("voucher-not-found", "voucher_id")


async def test_a_note_about_a_voucher_holds_no_code(shop: LedgerShop) -> None:
    printed = await a_voucher(shop)
    await shop.ask(BlockVoucher(printed.voucher.voucher_id, "lost"))

    rows = await shop.store.read(
        "customers", lambda connection: str(connection.execute(text("SELECT * FROM voucher_note")).all())
    )

    assert printed.voucher.voucher_id in rows
    assert printed.code not in rows
    assert printed.code.replace("-", "") not in rows
