"""A sale is paid: policy is asked, money is taken and given back, the sale ends."""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec
from sqlalchemy import select

from contracts.base import Rejected
from contracts.checkout import RegisterSale, Sale, Share
from contracts.checkout.crediting import AttributeLines
from contracts.checkout.decided import CheckoutDecided
from contracts.checkout.paying import CheckSale, CompleteSale, RemoveTender
from contracts.checkout.reading import GetSale
from contracts.checkout.selling import OpenSale, SaleVoided, VoidSale
from contracts.ids import CountryCode, SaleId, StaffId, TenderId
from contracts.policy import ContactRule, PolicySettings
from services.checkout.service import checkout
from services.checkout.settings import CheckoutSettings
from services.checkout.store import tables
from services.runtime.clock import SetClock
from tests.services.checkout.shop import ANNA, Shop, open_shop
from tests.under_test import until

BEN = StaffId("00000000-0000-7000-8000-00000000000b")
ASKS_FOR_EMAIL = PolicySettings(contact=ContactRule(level="required", mode="email"))
SUGGESTS_EMAIL = PolicySettings(contact=ContactRule(level="recommended", mode="email"))


def decided(shop: Shop) -> list[CheckoutDecided]:
    events: list[CheckoutDecided] = shop.store.told(CheckoutDecided)
    return events


async def test_a_sale_is_paid_in_cash_and_completed(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    sale_id = await shop.opened("tea", "cola")

    paid = await shop.done(shop.cash(sale_id, 500))
    sale = await shop.done(CompleteSale(sale_id))

    assert (paid.totals.due, paid.totals.paid, paid.totals.change) == (0, 374, 126)
    assert paid.decision is not None
    assert paid.decision.held
    assert (sale.status, sale.receipt_number, sale.flags) == ("completed", "till-1-000001", ())
    (told,) = shop.told_completed()
    assert (told.sale_id, told.receipt_number, told.total) == (sale_id, "till-1-000001", 374)
    assert told.completed_at == sale.ended_at
    assert sum(rate.gross for rate in told.rates) == 374


async def test_a_completed_sale_is_read_again_from_its_final_rows(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    sale_id = await shop.opened("tea", "cola")
    await shop.done(AttributeLines(sale_id, (Share(ANNA, 10_000),)))
    await shop.done(shop.tender(sale_id, "card", 100))
    await shop.done(shop.cash(sale_id, 1000))

    sale = await shop.done(CompleteSale(sale_id))

    assert await shop.done(GetSale(sale_id)) == sale
    drafts = await shop.store.read("checkout", lambda connection: connection.execute(select(tables.sale_draft)).all())
    assert drafts == []


async def test_once_completed_the_register_has_no_sale_and_a_higher_revision(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    revisions = []

    def state() -> RegisterSale | None:
        retained: RegisterSale | None = shop.store.retained(RegisterSale, register="till-1")
        return retained

    def has_sale(sale_id: str | None) -> bool:
        now = state()
        return now is not None and (now.sale.sale_id if now.sale else None) == sale_id

    for _ in range(2):
        sale_id = await shop.opened("tea")
        await until(partial(has_sale, sale_id))
        await shop.done(shop.cash(sale_id, 250))
        await shop.done(CompleteSale(sale_id))
        await until(partial(has_sale, None))
        now = state()
        assert now is not None
        revisions.append(now.revision)

    assert revisions == sorted(set(revisions))
    told = [
        msgspec.json.decode(each.payload, type=RegisterSale).revision
        for each in shop.store.broker.published
        if each.topic == shop.store.topics.private(RegisterSale, "till-1")
    ]
    assert told == sorted(told)


async def test_receipt_numbers_have_no_gaps_whatever_is_rejected_between(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    numbers = []
    for _ in range(3):
        sale_id = await shop.opened("tea")
        assert (await shop.refused(CompleteSale(sale_id))).code == "sale-not-paid"
        await shop.done(VoidSale(sale_id, "mistake"))
        assert (await shop.refused(CompleteSale(sale_id))).code == "sale-not-open"
        numbers.append((await shop.completed("tea")).receipt_number)
    other = await shop.completed("tea", caller="till-2")

    assert numbers == ["till-1-000001", "till-1-000002", "till-1-000003"]
    assert other.receipt_number == "till-2-000001"


async def test_completing_again_with_the_same_id_gives_the_same_answer_and_one_event(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    sale_id = await shop.opened("tea")
    await shop.done(shop.cash(sale_id, 250))
    message_id = shop.ids.new()

    first = await shop.send(CompleteSale(sale_id), message_id=message_id)
    again = await shop.send(CompleteSale(sale_id), message_id=message_id)

    assert first == again
    assert len(shop.told_completed()) == 1


async def test_what_policy_answers_is_shown_and_told(shop: Shop) -> None:
    await shop.policy(SUGGESTS_EMAIL)
    sale_id = await shop.opened("tea")

    sale = await shop.done(CheckSale(sale_id, "card"))

    assert sale.decision is not None
    assert (sale.decision.outcome, sale.decision.held) == ("prompt", False)
    (told,) = decided(shop)
    assert (told.outcome, told.tender_kind, told.sale_id, told.staff_id) == ("prompt", "card", sale_id, ANNA)
    assert told.decision_id == sale.decision.decision_id
    assert {item.field for item in told.items if not item.satisfied} == {"contact"}
    paid = await shop.done(shop.tender(sale_id, "card", 250))
    assert paid.decision is not None
    assert (paid.decision.outcome, paid.decision.held) == ("prompt", True)


async def test_a_block_takes_no_money_and_is_told_all_the_same(shop: Shop) -> None:
    await shop.policy(ASKS_FOR_EMAIL)
    sale_id = await shop.opened("tea")

    refused = await shop.refused(shop.cash(sale_id, 250))

    assert refused.code == "checkout-blocked"
    (missing,) = refused.details["items"]
    assert (missing["field"], missing["level"]) == ("contact", "required")
    sale = await shop.done(GetSale(sale_id))
    assert sale.tenders == ()
    assert sale.decision is not None
    assert (sale.decision.outcome, sale.decision.held) == ("block", False)
    assert [event.outcome for event in decided(shop)] == ["block"]


async def test_a_customer_with_the_detail_lifts_the_block(shop: Shop) -> None:
    await shop.policy(ASKS_FOR_EMAIL)
    sale_id = await shop.opened("tea")
    await shop.refused(shop.cash(sale_id, 250))

    attached = await shop.attached(sale_id, await shop.customer(email="mia@example.com"))
    await shop.done(shop.cash(sale_id, 250))
    sale = await shop.done(CompleteSale(sale_id))

    assert attached.decision is not None
    assert (attached.decision.outcome, attached.decision.held) == ("proceed", False)
    assert sale.flags == ()
    assert [event.outcome for event in decided(shop)] == ["block", "proceed", "proceed"]


async def test_settings_changed_while_the_sale_is_paid_do_not_matter(shop: Shop) -> None:
    await shop.policy(PolicySettings())
    sale_id = await shop.opened("tea")
    first = await shop.done(shop.cash(sale_id, 100))

    await shop.policy(ASKS_FOR_EMAIL)
    await shop.done(shop.cash(sale_id, 150))
    sale = await shop.done(CompleteSale(sale_id))

    assert sale.flags == ()
    assert first.decision is not None
    assert sale.decision == first.decision
    assert len(decided(shop)) == 1


async def test_a_card_that_was_approved_is_booked_although_policy_would_block_it_by_now(shop: Shop) -> None:
    await shop.policy(PolicySettings())
    sale_id = await shop.opened("tea")
    await shop.done(shop.cash(sale_id, 100))

    await shop.policy(ASKS_FOR_EMAIL)
    await shop.done(shop.tender(sale_id, "card", 150))
    sale = await shop.done(CompleteSale(sale_id))

    assert (sale.status, sale.flags) == ("completed", ())
    assert [tender.kind for tender in sale.tenders] == ["cash", "card"]
    assert sale.decision is not None
    assert (sale.decision.outcome, sale.decision.held) == ("proceed", True)
    assert [(event.outcome, event.tender_kind) for event in decided(shop)] == [("proceed", "cash"), ("block", "card")]


async def test_with_all_tenders_given_back_the_sale_is_checked_afresh(shop: Shop) -> None:
    await shop.policy(PolicySettings())
    sale_id = await shop.opened("tea")
    cash = shop.cash(sale_id, 100)
    await shop.done(cash)

    await shop.policy(ASKS_FOR_EMAIL)
    sale = await shop.done(RemoveTender(sale_id, cash.tender_id))
    assert sale.tenders == ()
    await shop.done(shop.add(sale_id))

    assert (await shop.refused(shop.cash(sale_id, 500))).code == "checkout-blocked"


async def test_automatic_attribution_credits_whoever_is_signed_on(shop: Shop) -> None:
    await shop.policy(PolicySettings(attribution="automatic"))
    sale_id = await shop.opened("tea", "cola")

    sale = await shop.done(CheckSale(sale_id))

    assert [line.attribution for line in sale.lines] == [(Share(ANNA, 10_000),), (Share(ANNA, 10_000),), ()]
    await shop.done(shop.cash(sale_id, 1000))
    assert (await shop.done(CompleteSale(sale_id))).flags == ()


async def test_automatic_attribution_gives_nothing_to_whoever_ran_a_check_that_blocked(shop: Shop) -> None:
    await shop.policy(PolicySettings(attribution="automatic", contact=ContactRule("required", "email")))
    sale_id = await shop.opened("tea")

    blocked = await shop.done(CheckSale(sale_id))
    await shop.attached(sale_id, await shop.customer(email="mia@example.com"))
    token = shop.store.token("sale.sell", staff_id=BEN)
    checked = await shop.store.send(CheckSale(sale_id), token=token)

    assert blocked.lines[0].attribution == ()
    assert isinstance(checked, Sale)
    assert checked.lines[0].attribution == (Share(BEN, 10_000),)


async def test_manual_attribution_blocks_until_lines_have_somebody(shop: Shop) -> None:
    await shop.policy(PolicySettings(attribution="manual"))
    sale_id = await shop.opened("tea")
    assert (await shop.refused(shop.cash(sale_id, 250))).code == "checkout-blocked"

    await shop.done(AttributeLines(sale_id, (Share(ANNA, 10_000),)))

    await shop.done(shop.cash(sale_id, 250))


async def test_without_policy_no_money_is_taken_unless_the_store_allows_it(shop: Shop) -> None:
    """The store's own setting was heard with the last answer and counts once policy is away."""
    await shop.store.unwell("policy")
    sale_id = await shop.opened("tea")
    refused = await shop.refused(shop.cash(sale_id, 250))
    assert refused.code == "policy-unavailable"
    assert [event.outcome for event in decided(shop)] == ["unavailable"]
    assert decided(shop)[0].settings_revision is None
    assert (await shop.done(GetSale(sale_id))).tenders == ()

    await shop.policy(PolicySettings(on_policy_unavailable="allow_flagged"))
    await shop.done(CheckSale(sale_id))
    await shop.store.stop("policy")
    await shop.store.unwell("policy")
    unanswered = await shop.done(CheckSale(sale_id))
    assert unanswered.decision is not None
    assert (unanswered.decision.outcome, unanswered.decision.held, unanswered.flags) == ("unavailable", False, ())
    paid = await shop.done(shop.cash(sale_id, 250))
    sale = await shop.done(CompleteSale(sale_id))

    assert paid.decision is not None
    assert (paid.decision.outcome, paid.decision.held) == ("unavailable", True)
    assert await shop.done(GetSale(sale_id)) == sale
    assert paid.flags == sale.flags == ("policy_unavailable",)
    assert shop.told_completed()[0].flags == ("policy_unavailable",)
    assert [event.outcome for event in decided(shop)] == ["unavailable", "proceed", "unavailable", "unavailable"]


async def test_what_policy_said_last_is_known_after_a_restart(shop: Shop) -> None:
    await shop.policy(PolicySettings(on_policy_unavailable="allow_flagged", attribution="automatic"))
    sale_id = await shop.opened("tea")
    await shop.done(CheckSale(sale_id))
    await shop.store.stop("policy")
    await shop.store.unwell("policy")
    await shop.store.stop("checkout")

    await shop.store.start(checkout(CheckoutSettings()))
    await shop.done(shop.add(sale_id))
    sale = await shop.done(CheckSale(sale_id))

    assert sale.decision is not None
    assert sale.decision.outcome == "unavailable"
    assert [line.attribution for line in sale.lines] == [(Share(ANNA, 10_000),)] * 2


async def test_a_check_without_policy_is_refused_and_told(shop: Shop) -> None:
    sale_id = await shop.opened("tea")

    refused = await shop.refused(CheckSale(sale_id))

    assert refused.code == "policy-unavailable"
    assert [event.outcome for event in decided(shop)] == ["unavailable"]


async def test_a_sale_of_nothing_asks_policy_at_its_end(shop: Shop) -> None:
    await shop.policy(ASKS_FOR_EMAIL)
    sale_id = await shop.opened("gift")

    refused = await shop.refused(CompleteSale(sale_id))
    await shop.attached(sale_id, await shop.customer(email="mia@example.com"))
    sale = await shop.done(CompleteSale(sale_id))

    assert refused.code == "checkout-blocked"
    assert (sale.receipt_number, sale.totals.total, sale.tenders) == ("till-1-000001", 0, ())
    assert [event.outcome for event in decided(shop)] == ["block", "proceed", "proceed"]


async def test_a_tender_that_does_not_fit_is_refused_before_policy_is_asked(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    empty = await shop.opened()
    assert (await shop.refused(shop.cash(empty, 100))).code == "sale-empty"
    assert (await shop.refused(CheckSale(empty))).code == "sale-empty"
    assert (await shop.refused(CompleteSale(empty))).code == "sale-empty"
    await shop.done(VoidSale(empty, "other"))
    sale_id = await shop.opened("tea")

    for command, code in (
        (shop.cash(SaleId(shop.ids.new()), 100), "sale-not-found"),
        (shop.cash(empty, 100), "sale-not-open"),
        (shop.tender(sale_id, "voucher", 251), "tender-too-large"),
        (shop.tender(sale_id, "account", 100), "customer-missing"),
        (shop.tender(sale_id, "card", 251), "tender-too-large"),
        (RemoveTender(sale_id, TenderId(shop.ids.new())), "tender-not-found"),
        (RemoveTender(empty, TenderId(shop.ids.new())), "sale-not-open"),
        (RemoveTender(SaleId(shop.ids.new()), TenderId(shop.ids.new())), "sale-not-found"),
        (CheckSale(SaleId(shop.ids.new())), "sale-not-found"),
        (CheckSale(empty), "sale-not-open"),
        (CompleteSale(SaleId(shop.ids.new())), "sale-not-found"),
        (VoidSale(SaleId(shop.ids.new()), "test"), "sale-not-found"),
        (VoidSale(empty, "test"), "sale-not-open"),
    ):
        assert (await shop.refused(command)).code == code

    assert decided(shop) == []


async def test_an_ordinary_sale_is_completed_in_at_most_thirteen_statements(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    await shop.completed("tea", "cola")
    sale_id = await shop.opened("tea", "cola")
    await shop.done(CheckSale(sale_id))
    await shop.done(shop.cash(sale_id, 500))

    with shop.store.statements("checkout") as statements:
        await shop.done(CompleteSale(sale_id))

    assert 0 < len(statements) <= 13, statements


async def test_a_tender_is_given_back_by_whoever_may_or_by_approval(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    sale_id = await shop.opened("tea")
    cash, message_id = shop.cash(sale_id, 100), shop.ids.new()
    await shop.done(cash)
    command = RemoveTender(sale_id, cash.tender_id)
    approval = shop.store.approval("tender.remove", message_id, sale_id=sale_id)

    denied = await shop.send_as(command)
    needed = await shop.send_as(command, needs_approval=("tender.remove",))
    approved = await shop.send_as(command, needs_approval=("tender.remove",), approval=approval, message_id=message_id)

    assert [each.code for each in (denied, needed) if isinstance(each, Rejected)] == [
        "permission-denied",
        "approval-needed",
    ]
    assert isinstance(approved, Sale)
    assert approved.tenders == ()


async def test_a_tender_is_taken_once_and_none_past_the_total(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    sale_id = await shop.opened("tea")
    first = shop.cash(sale_id, 100)
    await shop.done(first)
    assert (await shop.refused(first)).code == "tender-exists"

    await shop.done(shop.cash(sale_id, 150))

    assert (await shop.refused(shop.cash(sale_id, 1))).code == "nothing-to-pay"


async def test_a_sale_takes_no_tender_past_the_last(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    sale_id = await shop.opened("tea")
    for _ in range(50):
        await shop.done(shop.cash(sale_id, 1))

    assert (await shop.refused(shop.cash(sale_id, 1))).code == "too-many-tenders"


async def test_a_voided_sale_keeps_its_data_and_frees_its_register(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    sale_id = await shop.opened("tea")
    cash = shop.cash(sale_id, 100)
    await shop.done(cash)
    assert (await shop.refused(VoidSale(sale_id, "customer_left"))).code == "sale-being-paid"
    await shop.done(RemoveTender(sale_id, cash.tender_id))

    sale = await shop.done(VoidSale(sale_id, "customer_left"))

    assert (sale.status, sale.receipt_number, len(sale.lines)) == ("voided", None, 1)
    assert await shop.done(GetSale(sale_id)) == sale
    (told,) = shop.store.told(SaleVoided)
    assert (told.sale_id, told.reason, told.cashier) == (sale_id, "customer_left", ANNA)
    await shop.opened()


async def test_a_voided_sale_names_who_approved_it_where_somebody_had_to(shop: Shop) -> None:
    alone, approved = await shop.opened("tea"), SaleId(shop.ids.new())
    await shop.done(VoidSale(alone, "mistake"))
    await shop.done(OpenSale(approved))
    message_id = shop.ids.new()
    approval = shop.store.approval("sale.void", message_id, sale_id=approved, approved_by=BEN)

    await shop.send_as(
        VoidSale(approved, "test"), needs_approval=("sale.void",), approval=approval, message_id=message_id
    )

    assert [(event.sale_id, event.cashier, event.approved_by) for event in shop.store.told(SaleVoided)] == [
        (alone, ANNA, None),
        (approved, ANNA, BEN),
    ]


async def test_cash_is_rounded_once_where_the_store_rounds(tmp_path: Path) -> None:
    settings = CheckoutSettings(country=CountryCode("NL"), time_zone="Europe/Amsterdam", cash_rounding="five_cents")
    async with open_shop(tmp_path, settings) as shop:
        await shop.policy()
        sale_id = await shop.opened("cola", "cola", "cola")  # 3.72

        await shop.done(shop.tender(sale_id, "card", 100))
        paid = await shop.done(shop.cash(sale_id, 500))
        sale = await shop.done(CompleteSale(sale_id))

    assert (paid.totals.total, paid.totals.rounding, paid.totals.change, paid.totals.due) == (372, -2, 230, 0)
    assert sale.totals == paid.totals
    assert shop.told_completed()[0].rounding == -2
    assert {rate.country for rate in sale.totals.rates} == {"NL"}


async def test_the_business_day_ends_at_the_cut_off_on_the_shops_wall(tmp_path: Path) -> None:
    clock = SetClock(datetime(2026, 3, 2, 2, 30, tzinfo=UTC))  # 03:30 in Berlin
    async with open_shop(tmp_path, CheckoutSettings(day_cut_off="04:00"), clock) as shop:
        await shop.policy()
        sale_id = await shop.opened("tea")
        opened = await shop.done(shop.cash(sale_id, 250))
        clock.move(3600)
        sale = await shop.done(CompleteSale(sale_id))

    assert opened.business_day == "2026-03-01"
    assert opened.lines[0].supply_date == "2026-03-02"
    assert sale.business_day == "2026-03-02"
    assert sale.ended_at == "2026-03-02T03:30:00.000000Z"


async def test_a_clock_that_ran_backwards_is_flagged_and_the_sale_goes_on(tmp_path: Path) -> None:
    clock = SetClock(datetime(2026, 3, 2, 12, tzinfo=UTC))
    async with open_shop(tmp_path, clock=clock) as shop:
        await shop.policy()
        first = await shop.completed("tea")
        clock.set(datetime(2026, 3, 2, 11, tzinfo=UTC))
        second = await shop.completed("tea")
        clock.set(datetime(2026, 3, 2, 13, tzinfo=UTC))
        third = await shop.completed("tea")

    assert (first.flags, second.flags, third.flags) == ((), ("clock_unsure",), ())


async def test_a_sale_keeps_what_the_law_asks_of_its_transaction(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    sale = await shop.completed("tea")

    (row,) = await shop.store.read("checkout", lambda connection: connection.execute(select(tables.sale)).all())

    assert (row.sale_id, row.transaction_number, row.time_zone) == (sale.sale_id, 1, "Europe/Berlin")
    assert row.register_serial
    assert row.software_version
    assert row.store_data_version == 1
    assert (row.started_at, row.ended_at, row.aborted_at) == (sale.started_at, sale.ended_at, None)
    assert row.event_number > 0


async def test_what_is_told_of_a_sale_names_nobody_but_by_id(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    sale_id = await shop.opened("tea")
    await shop.attached(sale_id, await shop.customer(email="mia@example.com"))
    await shop.done(shop.cash(sale_id, 250))
    await shop.done(CompleteSale(sale_id))

    published = b"".join(
        each.payload
        for each in shop.store.broker.published
        if "/event/checkout/" in each.topic or "/state/" in each.topic
    )

    assert sale_id.encode() in published
    assert b"Mia" not in published
    assert b"example.com" not in published
