"""The life of a decision: when policy is asked, what it is told, what its answer is good for and for how long."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest

from contracts.checkout import Sale, Share
from contracts.checkout.crediting import AttributeLines
from contracts.checkout.decided import CheckoutDecided, DecidedCustomer
from contracts.checkout.paying import CheckSale, CompleteSale, RemoveTender
from contracts.checkout.reading import GetSale
from contracts.checkout.selling import AttachCustomer, OpenSale, VoidSale
from contracts.customers import GroupId, UpdateCustomer
from contracts.ids import Hash, SaleId, StaffId
from contracts.policy import ContactRule, DetailRule, PolicySettings
from contracts.policy.telling import SettingsChanged
from services.checkout.model.decisions import KnownPolicy
from services.checkout.service import checkout
from services.checkout.settings import CheckoutSettings
from services.checkout.store.policies import KnownPolicyStore
from services.runtime.clock import SetClock
from tests.services.checkout.shop import ANNA, Shop, open_shop
from tests.services.checkout.stand_ins import StandInPolicy, asks_for_email, proceeds

ASKS_FOR_EMAIL = PolicySettings(contact=ContactRule(level="required", mode="email"))


def decided(shop: Shop) -> list[CheckoutDecided]:
    events: list[CheckoutDecided] = shop.store.told(CheckoutDecided)
    return events


def outcome(sale: Sale) -> str | None:
    return None if sale.decision is None else sale.decision.outcome


def changed(
    revision: int,
    *,
    on_unavailable: Literal["refuse", "allow_flagged"] = "refuse",
    moment: Literal["before_payment", "at_start"] = "before_payment",
) -> SettingsChanged:
    return SettingsChanged(
        revision=revision,
        staff_id=ANNA,
        settings_hash=Hash("0" * 64),
        on_policy_unavailable=on_unavailable,
        attribution="not_required",
        moment=moment,
    )


async def known(shop: Shop) -> KnownPolicy | None:
    return await shop.store.read("checkout", lambda connection: KnownPolicyStore(connection).get())


# What is told


async def test_a_decision_is_told_with_the_facts_that_policy_was_sent(tmp_path: Path) -> None:
    clock = SetClock(datetime(2026, 7, 1, 22, 30, tzinfo=UTC))  # half past midnight in Berlin
    async with open_shop(tmp_path, CheckoutSettings(day_cut_off="04:00"), clock) as shop:
        policy = StandInPolicy(asks_for_email("recommended"))
        await shop.store.start(policy.service())
        sale_id = await shop.opened("tea", "cola")
        mia = await shop.customer(phone="+49 30 901820")
        await shop.attached(sale_id, mia)

        await shop.done(CheckSale(sale_id, "card"))

    (told,) = decided(shop)
    assert (told.business_day, told.hour) == ("2026-07-01", 0)
    assert (told.goods_lines, told.unattributed_lines, told.total) == (2, 2, 374)
    assert (told.signed_on, told.tender_kind, told.item_tags) == (True, "card", ())
    assert told.customer == DecidedCustomer(
        has_first_name=True,
        has_last_name=False,
        has_email=False,
        has_phone=True,
        placeholder=False,
        group=GroupId("all"),
    )
    assert policy.asked[0].facts.customer is not None
    topic = shop.store.topics.event_of(CheckoutDecided)
    assert all(mia.encode() not in each.payload for each in shop.store.broker.published if each.topic == topic)


async def test_lines_that_payment_credits_by_itself_were_unattributed_when_policy_was_asked(shop: Shop) -> None:
    policy = StandInPolicy()
    policy.says(attribution="automatic")
    await shop.store.start(policy.service())
    sale_id = await shop.opened("tea")

    await shop.done(CheckSale(sale_id))
    await shop.done(CheckSale(sale_id))

    assert [event.unattributed_lines for event in decided(shop)] == [1, 0]


async def test_a_finding_is_anew_once_for_a_sale_and_once_more_after_its_customer_changed(shop: Shop) -> None:
    await shop.store.start(StandInPolicy(asks_for_email("recommended")).service())
    sale_id = await shop.opened("tea")
    await shop.done(CheckSale(sale_id))
    await shop.done(CheckSale(sale_id, "card"))
    mia = await shop.customer()
    await shop.attached(sale_id, mia)
    await shop.attached(sale_id, mia)
    await shop.attached(sale_id, None)

    assert [item.anew for event in decided(shop) for item in event.items] == [True, False, True, False, True]


# When policy is asked


async def test_before_payment_nothing_but_the_check_asks_policy(shop: Shop) -> None:
    policy = StandInPolicy()
    await shop.store.start(policy.service())

    sale_id = await shop.opened("tea")
    await shop.attached(sale_id, await shop.customer())
    await shop.done(AttributeLines(sale_id, (Share(ANNA, 10_000),)))

    assert policy.asked == []


async def test_another_customer_is_asked_about_in_the_same_command_once_the_sale_was_checked(shop: Shop) -> None:
    await shop.policy(ASKS_FOR_EMAIL)
    sale_id = await shop.opened("tea")
    checked = await shop.done(CheckSale(sale_id, "card"))

    with_email = await shop.attached(sale_id, await shop.customer(email="mia@example.com"))
    without = await shop.attached(sale_id, await shop.customer())
    nobody = await shop.attached(sale_id, None)

    assert [outcome(sale) for sale in (checked, with_email, without, nobody)] == ["block", "proceed", "block", "block"]
    assert [event.tender_kind for event in decided(shop)] == ["card"] * 4


async def test_a_customer_is_attached_where_policy_is_away(shop: Shop) -> None:
    await shop.policy(PolicySettings())
    sale_id = await shop.opened("tea")
    await shop.done(CheckSale(sale_id))
    await shop.store.stop("policy")
    await shop.store.unwell("policy")
    mia = await shop.customer()

    attached = await shop.attached(sale_id, mia)

    assert (attached.customer_id, outcome(attached)) == (mia, "unavailable")
    assert [event.outcome for event in decided(shop)] == ["proceed", "unavailable"]


async def test_each_kind_of_tender_is_asked_about_before_the_first_of_it_is_taken(shop: Shop) -> None:
    policy = StandInPolicy()
    await shop.store.start(policy.service())
    sale_id = await shop.opened("tea")

    await shop.done(CheckSale(sale_id, "card"))
    await shop.done(CheckSale(sale_id, "cash"))
    await shop.done(shop.tender(sale_id, "card", 100))
    await shop.done(shop.tender(sale_id, "cash", 100))
    await shop.done(shop.tender(sale_id, "card", 50))

    assert [asked.facts.tender_kind for asked in policy.asked] == ["card", "cash", "card", "cash"]


async def test_while_a_sale_is_being_paid_a_check_shows_the_decision_that_is_held(shop: Shop) -> None:
    await shop.policy(PolicySettings())
    sale_id = await shop.opened("tea")
    paid = await shop.done(shop.cash(sale_id, 100))

    await shop.policy(ASKS_FOR_EMAIL)
    checked = await shop.done(CheckSale(sale_id, "card"))

    assert checked == paid
    assert len(decided(shop)) == 1


async def test_settings_changed_before_the_first_tender_count_and_those_after_it_do_not(shop: Shop) -> None:
    await shop.policy(PolicySettings())
    sale_id = await shop.opened("tea")
    assert outcome(await shop.done(CheckSale(sale_id))) == "proceed"

    await shop.policy(ASKS_FOR_EMAIL)
    assert (await shop.refused(shop.cash(sale_id, 100))).code == "checkout-blocked"
    await shop.policy(PolicySettings())
    cash = shop.cash(sale_id, 100)
    await shop.done(cash)
    await shop.policy(ASKS_FOR_EMAIL)
    await shop.done(shop.cash(sale_id, 100))

    await shop.done(RemoveTender(sale_id, cash.tender_id))
    assert (await shop.done(shop.cash(sale_id, 150))).totals.due == 0
    assert (await shop.done(CompleteSale(sale_id))).flags == ()


async def test_what_is_learned_of_the_customer_drops_the_decision_but_not_the_one_that_is_held(shop: Shop) -> None:
    await shop.policy(PolicySettings(contact=ContactRule(level="recommended", mode="email")))
    sale_id = await shop.opened("tea")
    mia = await shop.customer()
    await shop.attached(sale_id, mia)
    await shop.done(CheckSale(sale_id))

    await shop.done(UpdateCustomer(mia, 1, emails=("mia@example.com",)))
    await shop.store.followed("customers", "checkout")
    assert (await shop.done(GetSale(sale_id))).decision is None
    await shop.done(shop.cash(sale_id, 100))
    await shop.done(UpdateCustomer(mia, 2, emails=()))
    await shop.store.followed("customers", "checkout")

    held = await shop.done(GetSale(sale_id))
    assert held.decision is not None
    assert (held.decision.outcome, held.decision.held) == ("proceed", True)


async def test_a_clock_that_jumps_backwards_between_check_and_tender_stops_no_sale(tmp_path: Path) -> None:
    clock = SetClock(datetime(2026, 3, 2, 12, tzinfo=UTC))
    async with open_shop(tmp_path, clock=clock) as shop:
        await shop.policy(PolicySettings(contact=ContactRule(level="recommended", mode="email")))
        sale_id = await shop.opened("tea")
        await shop.done(CheckSale(sale_id))
        clock.set(datetime(2026, 3, 1, 23, 30, tzinfo=UTC))
        await shop.done(shop.cash(sale_id, 250))
        sale = await shop.done(CompleteSale(sale_id))

    assert (sale.status, sale.flags) == ("completed", ("clock_unsure",))
    assert [(event.business_day, event.hour) for event in decided(shop)] == [("2026-03-02", 13), ("2026-03-02", 0)]


# Whose details satisfy


@pytest.mark.parametrize(
    ("settings", "details", "expected"),
    [
        (PolicySettings(last_name=DetailRule("required")), {"last_name": " \u00a0\u2003 "}, "block"),
        (PolicySettings(last_name=DetailRule("required")), {"last_name": "Mäkinen"}, "proceed"),
        (PolicySettings(contact=ContactRule("required", "phone")), {"email": "mia@example.com"}, "block"),
        (PolicySettings(contact=ContactRule("required", "email")), {"email": "mia@example.com"}, "proceed"),
        (PolicySettings(contact=ContactRule("required", "email")), {"placeholder": True}, "block"),
        (PolicySettings(first_name=DetailRule("required")), {"placeholder": True}, "block"),
    ],
    ids=[
        "whitespace name",
        "name",
        "only the other contact",
        "email",
        "walk-in asked for an email",
        "walk-in with a name",
    ],
)
async def test_a_detail_counts_if_it_is_there_valid_and_somebodys(
    shop: Shop, settings: PolicySettings, details: dict[str, object], expected: str
) -> None:
    await shop.policy(settings)
    sale_id = await shop.opened("tea")
    await shop.attached(sale_id, await shop.customer(**details))  # type: ignore[arg-type]

    assert outcome(await shop.done(CheckSale(sale_id))) == expected


@pytest.mark.parametrize("details", [{"emails": ("mia@",)}, {"phones": ("12",)}], ids=["email", "phone"])
async def test_a_contact_that_does_not_validate_never_becomes_one(shop: Shop, details: dict[str, object]) -> None:
    await shop.policy(PolicySettings(contact=ContactRule("required", "email_or_phone")))
    sale_id = await shop.opened("tea")
    mia = await shop.customer()
    await shop.attached(sale_id, mia)

    assert (await shop.refused(UpdateCustomer(mia, 1, **details))).code == "contact-invalid"  # type: ignore[arg-type]

    assert outcome(await shop.done(CheckSale(sale_id))) == "block"


# At the start


async def test_at_start_the_opened_sale_has_its_decision_and_money_still_waits_for_another(shop: Shop) -> None:
    policy = StandInPolicy(asks_for_email("required"))
    await shop.store.start(policy.service())
    await policy.tell(changed(1, moment="at_start"))
    await shop.store.followed("policy", "checkout")

    opened = await shop.done(OpenSale(SaleId(shop.ids.new())))
    filled = await shop.done(shop.add(opened.sale_id))
    attached = await shop.attached(opened.sale_id, await shop.customer(email="mia@example.com"))
    policy.answer = asks_for_email("recommended")
    await shop.attached(opened.sale_id, None)
    paid = await shop.done(shop.cash(opened.sale_id, 250))

    assert [outcome(sale) for sale in (opened, filled, attached, paid)] == ["block", "block", "proceed", "prompt"]
    assert [asked.facts.goods_lines for asked in policy.asked] == [0, 1, 1, 1]
    assert opened.decision == filled.decision


async def test_the_real_policy_is_asked_at_the_start_once_its_settings_say_so(shop: Shop) -> None:
    await shop.policy(PolicySettings(contact=ContactRule("recommended", "email"), moment="at_start"))
    await shop.store.followed("policy", "checkout")

    opened = await shop.done(OpenSale(SaleId(shop.ids.new())))

    assert outcome(opened) == "prompt"
    assert [(event.outcome, event.goods_lines, event.total) for event in decided(shop)] == [("prompt", 0, 0)]


async def test_at_start_nobody_gets_credit_before_payment_starts(shop: Shop) -> None:
    policy = StandInPolicy()
    policy.says(attribution="automatic", moment="at_start")
    await shop.store.start(policy.service())
    await policy.tell(changed(1, moment="at_start"))
    await shop.store.followed("policy", "checkout")
    sale_id = await shop.opened("tea")

    attached = await shop.attached(sale_id, await shop.customer())
    checked = await shop.done(CheckSale(sale_id))

    assert attached.lines[0].attribution == ()
    assert checked.lines[0].attribution == (Share(ANNA, 10_000),)


async def test_at_start_a_sale_is_opened_where_policy_is_away(shop: Shop) -> None:
    policy = StandInPolicy()
    await shop.store.start(policy.service())
    await policy.tell(changed(1, moment="at_start"))
    await shop.store.followed("policy", "checkout")
    await shop.store.stop("policy")
    await shop.store.unwell("policy")

    opened = await shop.done(OpenSale(SaleId(shop.ids.new())))

    assert (opened.status, outcome(opened)) == ("open", "unavailable")
    assert [event.outcome for event in decided(shop)] == ["unavailable"]


async def test_at_start_a_second_sale_on_the_register_is_refused_before_policy_is_asked(shop: Shop) -> None:
    policy = StandInPolicy()
    await shop.store.start(policy.service())
    await policy.tell(changed(1, moment="at_start"))
    await shop.store.followed("policy", "checkout")
    await shop.opened()

    assert (await shop.refused(OpenSale(SaleId(shop.ids.new())))).code == "register-has-open-sale"
    assert len(policy.asked) == 1


# What is known of policy's settings


async def test_settings_are_known_before_anything_was_asked_and_after_a_restart(shop: Shop) -> None:
    await shop.policy(PolicySettings(on_policy_unavailable="allow_flagged", attribution="automatic"))
    await shop.store.followed("policy", "checkout")
    await shop.store.stop("policy")
    await shop.store.unwell("policy")
    await shop.store.stop("checkout")
    await shop.store.start(checkout(CheckoutSettings()))
    sale_id = await shop.opened("tea")

    paid = await shop.done(shop.cash(sale_id, 250))

    assert paid.flags == ("policy_unavailable",)
    assert paid.lines[0].attribution == (Share(ANNA, 10_000),)
    assert await known(shop) == KnownPolicy("allow_flagged", "automatic", "before_payment", 1)


async def test_an_answer_by_older_settings_does_not_undo_what_was_heard_meanwhile(shop: Shop) -> None:
    policy = StandInPolicy()
    await shop.store.start(policy.service())
    sale_id = await shop.opened("tea")

    async def settings_change() -> None:
        await policy.tell(changed(2, on_unavailable="allow_flagged", moment="at_start"))
        await shop.store.followed("policy", "checkout")

    policy.meanwhile(settings_change)
    await shop.done(CheckSale(sale_id))

    assert decided(shop)[0].settings_revision == 1
    assert await known(shop) == KnownPolicy("allow_flagged", "not_required", "at_start", 2)


async def test_a_policy_that_was_restored_to_older_settings_is_believed(shop: Shop) -> None:
    policy = StandInPolicy()
    await shop.store.start(policy.service())
    await policy.tell(changed(9, on_unavailable="allow_flagged"))
    await shop.store.followed("policy", "checkout")
    sale_id = await shop.opened("tea")

    await shop.done(CheckSale(sale_id))

    assert await known(shop) == KnownPolicy("refuse", "not_required", "before_payment", 1)


# Nothing of it stays behind


async def test_a_sale_that_is_gone_or_paid_asks_policy_about_no_customer(shop: Shop) -> None:
    policy = StandInPolicy(proceeds)
    await shop.store.start(policy.service())
    voided, mia = await shop.opened("tea"), await shop.customer()
    await shop.done(CheckSale(voided))
    await shop.done(VoidSale(voided, "test"))
    paid = await shop.opened("tea")
    await shop.done(shop.cash(paid, 100))
    asked = len(policy.asked)

    assert (await shop.refused(AttachCustomer(voided, mia))).code == "sale-not-open"
    assert (await shop.refused(AttachCustomer(paid, mia))).code == "sale-being-paid"
    assert len(policy.asked) == asked


async def test_manual_attribution_blocks_until_every_goods_line_has_somebody(shop: Shop) -> None:
    await shop.policy(PolicySettings(attribution="manual"))
    sale_id = await shop.opened("tea", "cola")
    lines = (await shop.done(GetSale(sale_id))).lines
    ben = StaffId(shop.ids.new())

    await shop.done(AttributeLines(sale_id, (Share(ben, 10_000),), (lines[0].line_item_id,)))
    assert (await shop.refused(shop.cash(sale_id, 400))).code == "checkout-blocked"
    await shop.done(AttributeLines(sale_id, (Share(ANNA, 2500), Share(ben, 7500)), (lines[1].line_item_id,)))

    assert (await shop.done(shop.cash(sale_id, 400))).totals.due == 0
