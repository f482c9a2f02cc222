"""A prompt is skipped once and for one customer; a rule is waived by whoever may; both with the policy asked afresh."""

import pytest
from sqlalchemy import func, select

from contracts.base import Rejected
from contracts.checkout import Sale, Skip, Waiver
from contracts.checkout.decided import CheckoutDecided, PromptSkipped, RuleWaived
from contracts.checkout.paying import CheckSale, CompleteSale, RemoveTender, SkipPrompt, WaiveRule
from contracts.checkout.reading import GetSale
from contracts.checkout.selling import VoidSale
from contracts.customers import UpdateCustomer
from contracts.ids import SaleId, StaffId
from contracts.policy import ContactRule, Override, OverrideWhen, PolicySettings
from contracts.staff import RoleId
from contracts.staff.roles import RoleChanged
from services.checkout.store import tables
from services.checkout.store.sales import SaleStore
from tests.services.checkout.shop import ANNA, Shop
from tests.services.checkout.stand_ins import StandIn, StandInPolicy, asks_for_email, asks_for_more_from, proceeds

SUGGESTS_EMAIL = PolicySettings(contact=ContactRule(level="recommended", mode="email"))
WAIVABLE = PolicySettings(contact=ContactRule(level="required", mode="email"), waivable=True)
MANAGER = StaffId("00000000-0000-7000-8000-00000000000b")


def decided(shop: Shop) -> list[CheckoutDecided]:
    events: list[CheckoutDecided] = shop.store.told(CheckoutDecided)
    return events


def skipped(shop: Shop) -> list[PromptSkipped]:
    events: list[PromptSkipped] = shop.store.told(PromptSkipped)
    return events


def waived(shop: Shop) -> list[RuleWaived]:
    events: list[RuleWaived] = shop.store.told(RuleWaived)
    return events


def outcome(sale: Sale) -> str | None:
    return None if sale.decision is None else sale.decision.outcome


@pytest.fixture
async def suggesting(shop: Shop) -> Shop:
    """A shop that recommends an email."""
    await shop.store.start(StandInPolicy(asks_for_email("recommended")).service())
    return shop


@pytest.fixture
async def requiring(shop: Shop) -> Shop:
    """A shop that requires an email, which somebody may waive."""
    await shop.store.start(StandInPolicy(asks_for_email("required")).service())
    return shop


async def checked(shop: Shop) -> SaleId:
    sale_id = await shop.opened("tea")
    await shop.done(CheckSale(sale_id, "card"))
    return sale_id


# Skips


async def test_a_skipped_prompt_is_told_with_who_where_and_why_and_the_sale_may_proceed(suggesting: Shop) -> None:
    shop = suggesting
    sale_id = await checked(shop)

    sale = await shop.done(SkipPrompt(sale_id, "contact", "customer_declined"))

    assert outcome(sale) == "proceed"
    assert sale.decision is not None
    assert [(item.satisfied, item.settled) for item in sale.decision.items] == [(False, "skipped")]
    assert sale.skips == (Skip("contact", "email-missing", "customer_declined", ANNA),)
    (told,) = skipped(shop)
    assert (told.sale_id, told.register, told.field, told.reason, told.staff_id) == (
        sale_id,
        "till-1",
        "contact",
        "customer_declined",
        ANNA,
    )
    assert [(event.outcome, event.tender_kind, event.skipped) for event in decided(shop)] == [
        ("prompt", "card", ()),
        ("proceed", "card", ("email-missing",)),
    ]
    assert [(item.settled, item.anew) for event in decided(shop) for item in event.items] == [
        (None, True),
        ("skipped", False),
    ]


async def test_what_is_skipped_is_not_prompted_for_again_whatever_is_checked(suggesting: Shop) -> None:
    shop = suggesting
    sale_id = await checked(shop)
    await shop.done(SkipPrompt(sale_id, "contact", "no_time"))

    await shop.done(shop.add(sale_id))
    again = await shop.done(CheckSale(sale_id, "cash"))
    cash = shop.cash(sale_id, 100)
    await shop.done(cash)
    freed = await shop.done(RemoveTender(sale_id, cash.tender_id))
    paid = await shop.done(shop.cash(sale_id, 500))

    assert [outcome(sale) for sale in (again, freed, paid)] == ["proceed"] * 3
    assert paid.skips == (Skip("contact", "email-missing", "no_time", ANNA),)
    assert len(skipped(shop)) == 1


async def test_another_customer_or_none_is_prompted_for_afresh(suggesting: Shop) -> None:
    shop = suggesting
    sale_id = await checked(shop)
    await shop.done(SkipPrompt(sale_id, "contact", "customer_declined"))
    mia = await shop.customer()

    attached = await shop.attached(sale_id, mia)
    await shop.done(SkipPrompt(sale_id, "contact", "other"))
    the_same = await shop.attached(sale_id, mia)
    nobody = await shop.attached(sale_id, None)

    assert [(outcome(sale), len(sale.skips)) for sale in (attached, the_same, nobody)] == [
        ("prompt", 0),
        ("proceed", 1),
        ("prompt", 0),
    ]


async def test_a_prompt_that_nobody_answered_is_a_skip_once_the_first_money_moves(suggesting: Shop) -> None:
    shop = suggesting
    sale_id = await checked(shop)
    first, second = shop.cash(sale_id, 100), shop.cash(sale_id, 150)

    paid = await shop.done(first)
    await shop.done(second)
    for tender in (first, second):
        await shop.done(RemoveTender(sale_id, tender.tender_id))
    await shop.done(shop.cash(sale_id, 250))
    await shop.done(CompleteSale(sale_id))

    assert paid.decision is not None
    assert (paid.decision.outcome, paid.decision.held) == ("prompt", True)
    assert paid.skips == (Skip("contact", "email-missing", "unanswered", ANNA),)
    assert [(event.field, event.reason) for event in skipped(shop)] == [("contact", "unanswered")]


async def test_a_prompt_that_was_skipped_with_a_reason_is_not_told_as_unanswered(suggesting: Shop) -> None:
    shop = suggesting
    sale_id = await checked(shop)
    await shop.done(SkipPrompt(sale_id, "contact", "language"))

    await shop.done(shop.cash(sale_id, 250))

    assert [event.reason for event in skipped(shop)] == ["language"]


async def test_a_sale_of_nothing_leaves_its_prompt_unanswered_at_its_end(suggesting: Shop) -> None:
    shop = suggesting
    sale_id = await shop.opened("gift")

    sale = await shop.done(CompleteSale(sale_id))

    assert (sale.status, sale.flags) == ("completed", ())
    assert [event.reason for event in skipped(shop)] == ["unanswered"]
    assert await shop.done(GetSale(sale_id)) == sale


async def test_only_what_the_sales_check_prompts_for_can_be_skipped(suggesting: Shop) -> None:
    shop = suggesting
    sale_id = await shop.opened("tea")
    skip = SkipPrompt(sale_id, "contact", "other")

    assert (await shop.refused(skip)).code == "nothing-to-skip"  # it was not checked yet
    await shop.done(CheckSale(sale_id))
    unknown = await shop.refused(SkipPrompt(sale_id, "first_name", "other"))
    assert (unknown.code, unknown.details) == ("nothing-to-skip", {"field": "field", "prompts": ["contact"]})
    await shop.done(skip)
    assert (await shop.refused(skip)).code == "nothing-to-skip"  # it is skipped
    await shop.done(shop.cash(sale_id, 100))
    assert (await shop.refused(skip)).code == "sale-being-paid"
    assert (await shop.refused(SkipPrompt(SaleId(shop.ids.new()), "contact", "other"))).code == "sale-not-found"
    assert len(skipped(shop)) == 1


async def test_what_is_required_cannot_be_skipped(requiring: Shop) -> None:
    sale_id = await checked(requiring)

    refused = await requiring.refused(SkipPrompt(sale_id, "contact", "customer_declined"))

    assert refused.code == "nothing-to-skip"
    assert (await requiring.refused(requiring.cash(sale_id, 250))).code == "checkout-blocked"


async def test_unanswered_is_no_reason_that_staff_can_give(suggesting: Shop) -> None:
    sale_id = await checked(suggesting)

    answer = await suggesting.store.raw(
        "checkout",
        "skip-prompt",
        b'{"sale_id":"%s","field":"contact","reason":"unanswered"}' % sale_id.encode(),
        message_id=suggesting.ids.new(),
    )

    assert (answer["code"], answer["details"]["field"]) == ("malformed", "$.reason")


async def test_a_skip_while_policy_is_away_is_kept_and_asked_with_again(shop: Shop) -> None:
    policy = StandInPolicy(asks_for_email("recommended"))
    await shop.store.start(policy.service())
    sale_id = await checked(shop)
    await shop.store.stop("policy")
    await shop.store.unwell("policy")

    sale = await shop.done(SkipPrompt(sale_id, "contact", "customer_declined"))

    assert (outcome(sale), len(sale.skips)) == ("unavailable", 1)
    assert [event.outcome for event in decided(shop)] == ["prompt", "unavailable"]
    await shop.store.start(StandInPolicy(asks_for_email("recommended")).service())
    assert outcome(await shop.done(CheckSale(sale_id))) == "proceed"


async def test_a_skip_sent_twice_with_one_id_is_one_skip(suggesting: Shop) -> None:
    shop = suggesting
    sale_id = await checked(shop)
    command, message_id = SkipPrompt(sale_id, "contact", "other"), shop.ids.new()

    first = await shop.send(command, message_id=message_id)
    again = await shop.send(command, message_id=message_id)

    assert first == again
    assert len(skipped(shop)) == 1


# Waivers


async def test_a_manager_waives_what_blocks_and_the_sale_is_paid(requiring: Shop) -> None:
    shop = requiring
    sale_id = await checked(shop)
    assert (await shop.refused(shop.cash(sale_id, 250))).code == "checkout-blocked"

    sale = await shop.send_as(WaiveRule(sale_id, "contact"), "policy.waive")

    assert isinstance(sale, Sale)
    assert (outcome(sale), sale.waivers) == ("proceed", (Waiver("contact", "email-missing", ANNA, ANNA),))
    (told,) = waived(shop)
    assert (told.sale_id, told.field, told.staff_id, told.approved_by) == (sale_id, "contact", ANNA, ANNA)
    assert [event.waived for event in decided(shop)] == [(), (), ("email-missing",)]
    await shop.done(shop.cash(sale_id, 250))
    completed = await shop.done(CompleteSale(sale_id))
    assert completed.flags == ()
    assert await shop.done(GetSale(sale_id)) == completed
    assert completed.waivers == sale.waivers


async def test_a_waiver_by_approval_names_who_approved_it(requiring: Shop) -> None:
    shop = requiring
    sale_id = await checked(shop)
    message_id = shop.ids.new()
    approval = shop.store.approval("policy.waive", message_id, sale_id=sale_id, approved_by=MANAGER)

    sale = await shop.send_as(
        WaiveRule(sale_id, "contact"), needs_approval=("policy.waive",), approval=approval, message_id=message_id
    )

    assert isinstance(sale, Sale)
    assert sale.waivers == (Waiver("contact", "email-missing", ANNA, MANAGER),)
    assert [(event.staff_id, event.approved_by) for event in waived(shop)] == [(ANNA, MANAGER)]


async def test_without_an_approval_or_the_permission_nothing_is_waived(requiring: Shop) -> None:
    shop = requiring
    sale_id = await checked(shop)
    waive = WaiveRule(sale_id, "contact")

    needed = await shop.send_as(waive, needs_approval=("policy.waive",))
    denied = await shop.send_as(waive)

    assert isinstance(needed, Rejected)
    assert (needed.code, needed.details) == ("approval-needed", {"permission": "policy.waive"})
    assert isinstance(denied, Rejected)
    assert denied.code == "permission-denied"
    assert waived(shop) == []


async def test_an_approval_is_good_for_its_own_command_action_and_sale_only(requiring: Shop) -> None:
    shop = requiring
    sale_id = await checked(shop)

    async def reason(action: str, *, replayed: bool = False, about: str = sale_id) -> str:
        message_id = shop.ids.new()
        approved = shop.ids.new() if replayed else message_id
        reply = await shop.send_as(
            WaiveRule(sale_id, "contact"),
            needs_approval=("policy.waive",),
            approval=shop.store.approval(action, approved, sale_id=about),
            message_id=message_id,
        )
        assert isinstance(reply, Rejected), reply
        assert reply.code == "approval-invalid"
        return str(reply.details["reason"])

    assert await reason("policy.waive", replayed=True) == "command"
    assert await reason("sale.void") == "action"
    assert await reason("policy.waive", about=shop.ids.new()) == "sale"
    assert waived(shop) == []


async def test_another_customer_needs_another_waiver(requiring: Shop) -> None:
    shop = requiring
    sale_id = await checked(shop)
    await shop.send_as(WaiveRule(sale_id, "contact"), "policy.waive")

    attached = await shop.attached(sale_id, await shop.customer())

    assert (outcome(attached), attached.waivers) == ("block", ())


async def test_only_what_blocks_and_may_be_waived_is_waived(shop: Shop) -> None:
    policy = StandInPolicy(asks_for_email("required", waivable_by=()))
    await shop.store.start(policy.service())
    sale_id = await shop.opened("tea")
    waive = WaiveRule(sale_id, "contact")

    async def code() -> str:
        reply = await shop.send_as(waive, "policy.waive")
        assert isinstance(reply, Rejected), reply
        return reply.code

    assert await code() == "not-waivable"  # it was not checked yet
    await shop.done(CheckSale(sale_id))
    assert await code() == "not-waivable"  # the settings let nobody
    policy.answer = asks_for_email("recommended")
    await shop.done(CheckSale(sale_id))
    assert await code() == "not-waivable"  # it does not block
    policy.answer = proceeds
    await shop.done(shop.cash(sale_id, 100))
    assert await code() == "sale-being-paid"
    assert waived(shop) == []


# What they are good for


async def test_a_waiver_for_a_small_sale_is_none_for_a_large_one(shop: Shop) -> None:
    await shop.store.start(StandInPolicy(asks_for_more_from(1000, "required")).service())
    sale_id = await checked(shop)
    waived_it = await shop.send_as(WaiveRule(sale_id, "contact"), "policy.waive")

    await shop.done(shop.add(sale_id, quantity="5"))
    large = await shop.done(CheckSale(sale_id))
    refused = await shop.refused(shop.cash(sale_id, 1500))
    again = await shop.send_as(WaiveRule(sale_id, "contact"), "policy.waive")

    assert isinstance(waived_it, Sale)
    assert (outcome(waived_it), waived_it.waivers) == (
        "proceed",
        (Waiver("contact", "email-or-phone-missing", ANNA, ANNA),),
    )
    assert (outcome(large), large.waivers) == ("block", ())
    assert refused.code == "checkout-blocked"
    assert isinstance(again, Sale)
    assert (outcome(again), again.waivers) == ("proceed", (Waiver("contact", "email-and-phone-missing", ANNA, ANNA),))
    assert [event.waived for event in decided(shop)] == [
        (),
        ("email-or-phone-missing",),
        ("email-or-phone-missing",),
        (),
        ("email-and-phone-missing",),
    ]


async def test_what_was_skipped_is_prompted_for_again_once_more_is_asked_for(shop: Shop) -> None:
    await shop.store.start(StandInPolicy(asks_for_more_from(1000, "recommended")).service())
    sale_id = await checked(shop)
    await shop.done(SkipPrompt(sale_id, "contact", "no_time"))

    await shop.done(shop.add(sale_id, quantity="5"))
    large = await shop.done(CheckSale(sale_id))
    sold = await shop.done(SkipPrompt(sale_id, "contact", "other"))

    assert (outcome(large), large.skips) == ("prompt", ())
    assert (outcome(sold), sold.skips) == ("proceed", (Skip("contact", "email-and-phone-missing", "other", ANNA),))


async def test_the_real_policy_counts_a_waiver_for_nothing_that_asks_for_more(shop: Shop) -> None:
    staff = StandIn("staff")
    await shop.store.start(staff.service())
    larger = Override(
        "large", "at_least", OverrideWhen(total_from=1000), contact=ContactRule("required", "email_and_phone")
    )
    await shop.policy(PolicySettings(contact=ContactRule("required"), overrides=(larger,), waivable=True))
    await staff.tell(RoleChanged(RoleId("manager"), 1, ("sale.sell", "policy.waive"), (), may_approve=True))
    await shop.store.followed("staff", "policy")
    sale_id = await checked(shop)
    let_pass = await shop.send_as(WaiveRule(sale_id, "contact"), "policy.waive")

    await shop.done(shop.add(sale_id, quantity="5"))
    large = await shop.done(CheckSale(sale_id))

    assert isinstance(let_pass, Sale)
    assert (outcome(let_pass), outcome(large), large.waivers) == ("proceed", "block", ())


async def test_a_block_counts_once_whatever_is_missing_until_its_customer_changes(shop: Shop) -> None:
    await shop.policy(PolicySettings(contact=ContactRule("required", "email_and_phone")))
    sale_id = await checked(shop)
    zoe = await shop.customer()

    await shop.attached(sale_id, zoe)
    await shop.done(UpdateCustomer(zoe, 1, emails=("zoe@example.com",)))
    await shop.store.followed("customers", "checkout")
    await shop.done(CheckSale(sale_id))

    items = [item for event in decided(shop) for item in event.items]
    assert [(item.code, item.anew) for item in items] == [
        ("email-and-phone-missing", True),
        ("email-and-phone-missing", True),
        ("phone-missing", False),
    ]


# What is kept


async def test_skips_and_waivers_of_a_voided_sale_are_kept_with_it(suggesting: Shop) -> None:
    shop = suggesting
    sale_id = await checked(shop)
    await shop.done(SkipPrompt(sale_id, "contact", "other"))

    sale = await shop.done(VoidSale(sale_id, "customer_left"))

    assert sale.skips == (Skip("contact", "email-missing", "other", ANNA),)
    assert await shop.done(GetSale(sale_id)) == sale
    rows = select(func.count()).select_from(tables.prompt_skip)
    assert await shop.store.read("checkout", lambda connection: connection.execute(rows).scalar()) == 1


async def test_what_is_kept_of_findings_stays_small(suggesting: Shop) -> None:
    shop = suggesting
    sale_id = await shop.opened("tea")
    for _ in range(20):
        await shop.done(CheckSale(sale_id))

    stored = await shop.store.read("checkout", lambda connection: SaleStore(connection).find_open(sale_id))

    assert stored is not None
    assert stored.sale.checking.found == [("contact", "recommended", True)]


async def test_the_real_policy_lets_a_prompt_be_skipped_and_a_rule_be_waived(shop: Shop) -> None:
    staff = StandIn("staff")
    await shop.store.start(staff.service())
    await shop.policy(SUGGESTS_EMAIL)
    await staff.tell(RoleChanged(RoleId("manager"), 1, ("sale.sell", "policy.waive"), (), may_approve=True))
    await shop.store.followed("staff", "policy")

    sale_id = await checked(shop)
    skipped_it = await shop.done(SkipPrompt(sale_id, "contact", "customer_declined"))
    await shop.policy(WAIVABLE)
    blocked = await shop.done(CheckSale(sale_id))
    let_pass = await shop.send_as(WaiveRule(sale_id, "contact"), "policy.waive")

    assert [outcome(sale) for sale in (skipped_it, blocked)] == ["proceed", "block"]
    assert isinstance(let_pass, Sale)
    assert outcome(let_pass) == "proceed"
    assert (await shop.done(shop.cash(sale_id, 250))).totals.due == 0
