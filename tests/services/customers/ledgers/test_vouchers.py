"""Vouchers: sold or made by hand, known by a code that no database holds, spent in parts, expired."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from contracts.base import Rejected
from contracts.customers.ledgers.watching import BalanceBooked
from contracts.customers.vouchers import (
    CheckVoucher,
    GetVoucherNotes,
    IssueVoucher,
    PrintSaleVouchers,
    Voucher,
    VoucherPrinted,
    Vouchers,
)
from contracts.ids import TaxClassCode
from tests.services.customers.ledgers.shop import (
    IDS,
    LedgerShop,
    a_line,
    a_tender,
    refusal,
    sale_id,
)
from tests.under_test import until

DAY_S = 86_400


async def a_voucher(shop: LedgerShop, value: int = 5000, **changes: Any) -> VoucherPrinted:
    printed = await shop.ask(IssueVoucher(IDS.new(), value, **changes))  # type: ignore[arg-type]
    assert isinstance(printed, VoucherPrinted), printed
    return printed


async def look(shop: LedgerShop, code: str) -> Voucher:
    found = await shop.ask(CheckVoucher(code=code))
    assert isinstance(found, Voucher), found
    return found


async def test_a_voucher_is_found_by_its_code_however_it_is_typed(shop: LedgerShop) -> None:
    printed = await a_voucher(shop)
    typed = printed.code.lower().replace("-", " ").replace("0", "o").replace("1", "l")

    found = await look(shop, typed)

    assert found == printed.voucher
    assert (found.state, found.available, found.purpose) == ("valid", 5000, "multi_purpose")


async def test_the_same_voucher_asked_for_again_has_the_same_code_and_one_value(shop: LedgerShop) -> None:
    command, message_id = IssueVoucher(IDS.new(), 5000), IDS.new()  # type: ignore[arg-type]
    first = await shop.ask(command, message_id=message_id)

    assert await shop.ask(command, message_id=message_id) == first
    assert await shop.ask(command) == first
    assert refusal(await shop.ask(msgspec.structs.replace(command, value=1))) == ("voucher-exists", "voucher_id")
    assert (await shop.audit()).vouchers == 5000


async def test_the_code_stands_in_no_table_no_event_and_no_stored_reply(shop: LedgerShop) -> None:
    printed = await a_voucher(shop)
    await shop.reserve("voucher", 100, None, code=printed.code)
    bare = printed.code.replace("-", "")

    def everything(connection: Any) -> str:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars().all()
        rows = [row for name in names for row in connection.execute(text(f'SELECT * FROM "{name}"'))]  # noqa: S608
        return " ".join(str(each) for row in rows for each in row)

    kept = await shop.store.read("customers", everything)
    told = b" ".join(each.payload for each in shop.store.broker.published if "/event/" in each.topic).decode()
    assert printed.voucher.voucher_id in kept
    assert [found for found in (printed.code, bare) for place in (kept, told) if found in place] == []


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"purpose": "single_purpose"}, "voucher-purpose-invalid", "tax_class"),
        ({"tax_class": "standard"}, "voucher-purpose-invalid", "tax_class"),
        ({"purpose": "single_purpose", "tax_class": "nosuch"}, "tax-class-unknown", "tax_class"),
        ({"purpose": "single_purpose", "tax_class": "outside_scope"}, "voucher-purpose-invalid", "tax_class"),
        ({"expires_on": "2026-03-13"}, "malformed", "$.expires_on"),
        ({"expires_on": "2026-99-99"}, "malformed", "$.expires_on"),
        ({"value": 0}, "malformed", "$.value"),
    ],
)
async def test_what_is_no_voucher_is_not_made(shop: LedgerShop, changes: dict[str, Any], code: str, field: str) -> None:
    command = IssueVoucher(IDS.new(), 100)  # type: ignore[arg-type]

    assert refusal(await shop.ask(msgspec.structs.replace(command, **changes))) == (code, field)
    assert (await shop.audit()).holders == 0


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (CheckVoucher(code="AAAAA-AAAAA-AAAAA-AAAAA"), "voucher-not-found"),
        (CheckVoucher(voucher_id="0190a000-0000-7000-8000-000000000404"), "voucher-not-found"),  # type: ignore[arg-type]
        (CheckVoucher(), "malformed"),
        (CheckVoucher(code="AAAAA-AAAAA", voucher_id="0190a000-0000-7000-8000-000000000404"), "malformed"),  # type: ignore[arg-type]
        (CheckVoucher(code="äöü' OR 1=1"), "malformed"),
    ],
)
async def test_a_voucher_that_there_is_not_is_not_found(shop: LedgerShop, request_: Any, code: str) -> None:
    reply = await shop.ask(request_)

    assert isinstance(reply, Rejected)
    assert reply.code == code


async def test_whoever_holds_it_spends_it_in_parts_and_never_more(shop: LedgerShop) -> None:
    printed = await a_voucher(shop)
    reserved = (await shop.reserve("voucher", 2000, None, code=printed.code)).reserved
    await shop.sell(1, a_tender(1, "voucher", 2000, reserved), customer_id=None)

    kept = await shop.reserve("voucher", 3000, None, sale=2, tender=2, code=printed.code)
    refused = await shop.reserve("voucher", 1, None, sale=3, tender=3, code=printed.code)
    again = await shop.reserve("voucher", 3000, None, sale=2, tender=2)

    assert (kept.available, again.state) == (0, "held")
    assert refusal(refused) == ("balance-too-low", "amount")
    assert (await look(shop, printed.code)).available == 0
    await shop.sell(2, a_tender(2, "voucher", 3000, kept.reserved), customer_id=None)
    assert (await look(shop, printed.code)).state == "spent"


async def test_a_voucher_is_good_through_its_last_day(shop: LedgerShop) -> None:
    printed = await a_voucher(shop, expires_on="2026-03-15")
    shop.clock.move(DAY_S)
    in_time = await shop.reserve("voucher", 5000, None, code=printed.code)
    await shop.void(1)

    shop.clock.move(DAY_S)
    late = await shop.reserve("voucher", 5000, None, sale=2, tender=2, code=printed.code)

    assert in_time.state == "held"
    assert refusal(late) == ("voucher-expired", "voucher_code")
    assert (await look(shop, printed.code)).state == "expired"
    await until(lambda: [each.kind for each in shop.store.told(BalanceBooked)] == ["issued", "expired"])


async def test_a_reserved_voucher_says_what_it_is_for(shop: LedgerShop) -> None:
    single = await a_voucher(shop, purpose="single_purpose", tax_class="standard")
    multi = await a_voucher(shop)

    kept = [
        await shop.reserve("voucher", 100, None, sale=number, tender=number, code=printed.code)
        for number, printed in ((1, single), (2, multi))
    ]

    assert [(each.reserved.purpose, each.reserved.tax_class) for each in kept] == [
        ("single_purpose", "standard"),
        ("multi_purpose", None),
    ]


@pytest.mark.parametrize(
    ("payable", "most"), [({"standard": 1999}, 1999), ({"reduced": 5000}, 0), ({}, 0), ({"standard": -100}, 0)]
)
async def test_a_single_purpose_voucher_pays_for_what_has_its_tax_class_alone(
    shop: LedgerShop, payable: dict[TaxClassCode, int], most: int
) -> None:
    single = await a_voucher(shop, purpose="single_purpose", tax_class="standard")
    multi = await a_voucher(shop)

    refused = await shop.reserve("voucher", 2000, None, code=single.code, payable=payable)
    fits = await shop.reserve("voucher", 2000, None, code=single.code, payable={TaxClassCode("standard"): 2000})
    other = await shop.reserve("voucher", 2000, None, sale=2, tender=2, code=multi.code, payable=payable)

    assert refusal(refused) == ("voucher-not-for-this", "amount")
    assert (refused.details["most"], refused.details["tax_class"]) == (most, "standard")
    assert (fits.state, other.state) == ("held", "held")


async def test_vouchers_that_a_sale_sold_are_printed_by_its_register_and_expire_with_the_third_year(
    shop: LedgerShop,
) -> None:
    lines = (a_line(1, 5001, "voucher_issue_multi", quantity=2), a_line(2, 1000, "voucher_issue_single"))
    sold = await shop.sell(1, a_tender(1, "cash", 6001), lines=lines)
    await shop.tell(sold)

    mine = await shop.ask(PrintSaleVouchers(sale_id(1)))
    other = await shop.ask(
        PrintSaleVouchers(sale_id(1)), caller="till-2", token=shop.store.token("sale.sell", caller="till-2")
    )

    assert isinstance(mine, Vouchers)
    assert sorted(each.voucher.value for each in mine.vouchers) == [1000, 2500, 2501]
    assert {(each.voucher.purpose, each.voucher.tax_class) for each in mine.vouchers} == {
        ("multi_purpose", None),
        ("single_purpose", "standard"),
    }
    assert {each.voucher.expires_on for each in mine.vouchers} == {"2029-12-31"}
    assert [(await look(shop, each.code)).voucher_id for each in mine.vouchers] == [
        each.voucher.voucher_id for each in mine.vouchers
    ]
    assert other == Vouchers(())


async def test_with_the_key_gone_a_printed_code_is_still_good_and_only_not_told_again(shop: LedgerShop) -> None:
    command = IssueVoucher(IDS.new(), 5000)  # type: ignore[arg-type]
    printed = await shop.ask(command)
    (shop.store.folder / "secrets" / "digest.key").write_bytes(b"another key")

    assert (await look(shop, printed.code)).available == 5000
    assert (await shop.ask(command)).code == "voucher-code-lost"


async def test_codes_are_given_once_to_who_sells_and_again_only_to_who_may_issue_and_each_time_is_noted(
    shop: LedgerShop,
) -> None:
    await shop.sell(1, a_tender(1, "cash", 5000), lines=(a_line(1, 5000, "voucher_issue_multi"),))
    first, again = PrintSaleVouchers(sale_id(1)), PrintSaleVouchers(sale_id(1))
    message_id = IDS.new()

    given = await shop.ask(first, "sale.sell", message_id=message_id)
    lost_reply = await shop.ask(first, "sale.sell", message_id=message_id)
    refused = await shop.ask(again, "sale.sell")
    by_manager = await shop.ask(again)

    (voucher,) = given.vouchers
    notes = await shop.ask(GetVoucherNotes(voucher.voucher.voucher_id))
    assert lost_reply == by_manager == given
    assert refusal(refused)[0] == "permission-denied"
    assert [(each.kind, each.caller, each.staff_id is None) for each in notes.notes] == [("given", "till-1", False)] * 2


async def test_no_code_is_given_to_who_sends_a_command_again_without_a_token_that_may(shop: LedgerShop) -> None:
    await shop.sell(1, a_tender(1, "cash", 5000), lines=(a_line(1, 5000, "voucher_issue_multi"),))
    asked: tuple[Any, ...] = (PrintSaleVouchers(sale_id(1)), IssueVoucher(IDS.new(), 5000))  # type: ignore[arg-type]
    commands = [(command, IDS.new()) for command in asked]
    for command, message_id in commands:
        assert not isinstance(await shop.ask(command, message_id=message_id), Rejected)

    nobody = [await shop.store.send(command, message_id=message_id) for command, message_id in commands]
    others = [await shop.ask(command, "customer.view", message_id=message_id) for command, message_id in commands]

    assert [refusal(each)[0] for each in nobody] == ["token-missing"] * 2
    assert [refusal(each)[0] for each in others] == ["permission-denied"] * 2


async def test_only_who_may_makes_and_prints_vouchers(shop: LedgerShop) -> None:
    command = IssueVoucher(IDS.new(), 5000)  # type: ignore[arg-type]

    assert (await shop.ask(command, "sale.sell")).code == "permission-denied"
    assert (await shop.ask(PrintSaleVouchers(sale_id(1)), "customer.view")).code == "permission-denied"
    assert (await shop.ask(CheckVoucher(code="AAAAA-AAAAA"), "customer.view")).code == "permission-denied"
