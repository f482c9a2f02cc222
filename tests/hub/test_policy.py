"""May this checkout proceed? A till is driven through prompt, skip, block, waiver and approval on a real broker."""

import msgspec
import pytest

from contracts.checkout import Sale
from contracts.checkout.decided import CheckoutDecided, PromptSkipped, RuleWaived
from contracts.checkout.paying import CheckSale, CompleteSale, RemoveTender, SkipPrompt, WaiveRule
from contracts.checkout.reading import GetSale
from contracts.checkout.selling import AttachCustomer
from contracts.customers import CreateCustomer, GroupId, UpdateCustomer
from contracts.customers.asking import GetCustomer
from contracts.customers.groups import PutGroup
from contracts.ids import CustomerId, RegisterId
from contracts.policy import ContactRule, DetailRule, Override, OverrideWhen, PolicySettings
from contracts.policy.reporting import ExceptionKind, GetPolicyReport, ListExceptions, PolicyException, WhatIf
from services.hub.keys import administrator_token
from services.hub.supervisor import Hub
from services.runtime.requester import Refused
from tests.hub.ear import listening
from tests.hub.people import approved, cashier_at, hire, owner_token, put_in_force, send_approved
from tests.hub.shop import BUTTER, IDS, Register, Shop, cash, line, standing_still, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOTHING = PolicySettings()
NAME_RECOMMENDED = PolicySettings(first_name=DetailRule("recommended"))
CONTACT_REQUIRED = PolicySettings(contact=ContactRule("required"), waivable=True)
MARKS = ("Zyxopolia", "zyx.polia@kunde-zy.de", "+4915129783777", "4915129783777")
ALWAYS = ("2020-01-01", "2020-12-31")


async def checked(till: Register, sale: Sale) -> Sale:
    return await till.ask(CheckSale(sale.sale_id, "cash"))


def outcome(sale: Sale) -> str:
    return "none" if sale.decision is None else sale.decision.outcome


async def customer(till: Register, **details: object) -> CustomerId:
    made = await till.ask(CreateCustomer(CustomerId(IDS.new()), **{"first_name": "Mia", **details}))  # type: ignore[arg-type] # details as the contract has them
    return made.customer_id


def till_id(till: Register) -> RegisterId:
    return RegisterId(till.name)


async def known_policy(shop: Shop, column: str) -> object:
    """What checkout knows of the settings for when policy is away."""
    [(known,)] = shop.rows("checkout", f"SELECT {column} FROM known_policy")  # noqa: S608 - a column's name
    return known


async def exceptions(shop: Shop, sale: Sale, kind: ExceptionKind) -> list[PolicyException]:
    """What the exceptions report says of a sale, once it says something."""
    token = administrator_token(shop.data, "policy.report")
    day = sale.business_day

    async def listed() -> list[PolicyException]:
        page = await shop.hub.ask(ListExceptions(day, day, kind=kind), token=token)
        return [each for each in page.exceptions if each.sale_id == sale.sale_id]

    return await until(listed, lambda found: found, f"the exceptions to list {kind}")


async def test_a_prompt_is_skipped_with_a_reason_and_comes_back_with_another_customer(shop: Shop) -> None:
    till = await cashier_at(shop, "till-prompt")
    await put_in_force(shop, NAME_RECOMMENDED)
    sale = await till.opened(BUTTER)

    prompted = await checked(till, sale)
    skipped = await till.ask(SkipPrompt(sale.sale_id, "first_name", "customer_declined"))
    again = await checked(till, sale)
    other = await till.ask(AttachCustomer(sale.sale_id, await customer(till, placeholder=True)))
    nobody = await till.ask(AttachCustomer(sale.sale_id, None))

    assert [outcome(each) for each in (prompted, skipped, again)] == ["prompt", "proceed", "proceed"]
    assert [(each.field, each.reason, each.staff_id) for each in skipped.skips] == [
        ("first_name", "customer_declined", till.staff_id)
    ]
    assert [outcome(each) for each in (other, nobody)] == ["prompt", "prompt"]
    assert nobody.skips == ()
    told = [each for each in await shop.told(PromptSkipped) if each.sale_id == sale.sale_id]
    assert [(each.field, each.reason, each.register) for each in told] == [
        ("first_name", "customer_declined", "till-prompt")
    ]


async def test_money_is_taken_over_a_prompt_and_the_prompt_counts_as_unanswered(shop: Shop) -> None:
    till = await cashier_at(shop, "till-unanswered")
    await put_in_force(shop, NAME_RECOMMENDED)
    sale = await till.opened(BUTTER)

    await till.ask(cash(sale.sale_id, 100))
    paid = await till.ask(cash(sale.sale_id, 10_000))
    done = await till.ask(CompleteSale(sale.sale_id, "none"))

    assert outcome(paid) == "prompt"
    assert (done.status, done.flags) == ("completed", ())
    told = [each.reason for each in await shop.told(PromptSkipped) if each.sale_id == sale.sale_id]
    assert told == ["unanswered"]


async def test_a_block_is_lifted_by_the_detail_or_waived_by_a_manager_at_the_till(shop: Shop) -> None:
    till, manager = await cashier_at(shop, "till-block"), await hire(shop, "manager")
    await put_in_force(shop, CONTACT_REQUIRED)
    sale = await till.opened(BUTTER)

    blocked = await checked(till, sale)
    no_money = await till.refused(cash(sale.sale_id, 10_000))
    alone = await till.refused(WaiveRule(sale.sale_id, "contact"))
    command = IDS.new()
    approval = await approved(till, "policy.waive", command, manager, sale.sale_id)
    waived = await send_approved(till, WaiveRule(sale.sale_id, "contact"), command, approval)
    await till.ask(cash(sale.sale_id, 10_000))
    done = await till.ask(CompleteSale(sale.sale_id, "none"))

    assert outcome(blocked) == "block"
    assert blocked.decision is not None
    assert "manager" in blocked.decision.items[0].waivable_by
    assert "cashier" not in blocked.decision.items[0].waivable_by
    assert no_money.code == "checkout-blocked"
    assert (alone.code, alone.details) == ("approval-needed", {"permission": "policy.waive"})
    assert isinstance(waived, Sale)
    assert outcome(waived) == "proceed"
    assert [(each.field, each.staff_id, each.approved_by) for each in waived.waivers] == [
        ("contact", till.staff_id, manager)
    ]
    assert (done.status, done.flags) == ("completed", ())
    told = [each for each in await shop.told(RuleWaived) if each.sale_id == sale.sale_id]
    assert [(each.field, each.approved_by) for each in told] == [("contact", manager)]
    [listed] = await exceptions(shop, sale, "waiver")
    assert (listed.approved_by, listed.staff_id, listed.fields) == (manager, till.staff_id, ("contact",))


async def test_nobody_waives_where_the_settings_do_not_let_them(shop: Shop) -> None:
    till, manager = await cashier_at(shop, "till-firm"), await hire(shop, "manager")
    await put_in_force(shop, msgspec.structs.replace(CONTACT_REQUIRED, waivable=False))
    sale = await till.opened(BUTTER)
    blocked = await checked(till, sale)
    command = IDS.new()

    approval = await approved(till, "policy.waive", command, manager, sale.sale_id)
    refused = await send_approved(till, WaiveRule(sale.sale_id, "contact"), command, approval)

    assert blocked.decision is not None
    assert blocked.decision.items[0].waivable_by == ()
    assert refused == "not-waivable"


async def test_details_that_are_none_satisfy_nothing(shop: Shop) -> None:
    """Whitespace is no name, a placeholder is nobody; what is no email or phone is not kept as one."""
    till = await cashier_at(shop, "till-blank")
    await put_in_force(
        shop, PolicySettings(last_name=DetailRule("required"), contact=ContactRule("required", mode="email_and_phone"))
    )
    sale = await till.opened(BUTTER)
    blank = await customer(till, last_name="   ")
    walk_in = await customer(till, last_name="Walk-in", placeholder=True)

    async def codes(customer_id: CustomerId) -> list[str]:
        await till.ask(AttachCustomer(sale.sale_id, customer_id))
        decision = (await checked(till, sale)).decision
        assert decision is not None
        return [item.code for item in decision.items if not item.satisfied]

    missing = ["last-name-missing", "email-and-phone-missing"]
    assert await codes(blank) == missing
    assert await codes(walk_in) == missing
    for invalid in ({"emails": ("mia@",)}, {"phones": ("12",)}):
        with pytest.raises(Refused) as refused:
            await customer(till, **invalid)
        assert refused.value.rejected.code == "contact-invalid"


async def test_a_detail_added_after_the_check_counts_at_the_next(shop: Shop) -> None:
    till = await cashier_at(shop, "till-added")
    await put_in_force(shop, CONTACT_REQUIRED)
    sale, mia = await till.opened(BUTTER), await customer(till)
    await till.ask(AttachCustomer(sale.sale_id, mia))
    before = await checked(till, sale)

    await till.ask(UpdateCustomer(mia, 1, emails=("mia@example.com",)))
    after = await until(
        lambda: checked(till, sale), lambda found: outcome(found) == "proceed", "the new email to count"
    )

    assert outcome(before) == "block"
    assert outcome(after) == "proceed"


async def test_settings_count_until_the_first_tender_and_no_longer(shop: Shop) -> None:
    till = await cashier_at(shop, "till-moment")
    await put_in_force(shop, NOTHING)
    sale = await till.opened(BUTTER)
    before = await checked(till, sale)

    await put_in_force(shop, CONTACT_REQUIRED)
    refused = await till.refused(cash(sale.sale_id, 100))
    await put_in_force(shop, NOTHING)
    held = await till.ask(cash(sale.sale_id, 100))
    await put_in_force(shop, CONTACT_REQUIRED)
    frozen = [
        await till.refused(line(sale.sale_id, BUTTER)),
        await till.refused(AttachCustomer(sale.sale_id, None)),
    ]
    paid = await till.ask(cash(sale.sale_id, 10_000))
    done = await till.ask(CompleteSale(sale.sale_id, "none"))

    assert outcome(before) == "proceed"
    assert refused.code == "checkout-blocked"
    assert held.decision is not None
    assert held.decision.held
    assert [each.code for each in frozen] == ["sale-being-paid"] * 2
    assert paid.decision == held.decision
    assert (done.status, done.flags) == ("completed", ())


async def test_with_all_tenders_given_back_the_newest_settings_count(shop: Shop) -> None:
    till = await cashier_at(shop, "till-back")
    await put_in_force(shop, NOTHING)
    sale = await till.opened(BUTTER)
    paying = await till.ask(cash(sale.sale_id, 100))
    await put_in_force(shop, CONTACT_REQUIRED)

    manager, command = await hire(shop, "manager"), IDS.new()
    approval = await approved(till, "tender.remove", command, manager, sale.sale_id)
    await send_approved(till, RemoveTender(sale.sale_id, paying.tenders[0].tender_id), command, approval)

    assert (await till.refused(cash(sale.sale_id, 100))).code == "checkout-blocked"


async def test_overrides_by_group_tag_total_and_register_reach_the_till(shop: Shop) -> None:
    till = await cashier_at(shop, "till-override")
    may_group = owner_token(shop, "customer.fields")
    await shop.hub.ask(PutGroup(GroupId("trade"), "Trade"), token=may_group)
    overrides = (
        Override(
            "trade", "exactly", OverrideWhen(customer_group=GroupId("trade")), contact=ContactRule("not_required")
        ),
        Override("here", "at_least", OverrideWhen(register=till_id(till)), last_name=DetailRule("recommended")),
        Override("dear", "at_least", OverrideWhen(total_from=100_000), last_name=DetailRule("required")),
    )
    await put_in_force(shop, PolicySettings(contact=ContactRule("required"), overrides=overrides))
    sale = await till.opened(BUTTER)
    everybody = await checked(till, sale)
    tradesman = CreateCustomer(CustomerId(IDS.new()), first_name="Mia", group=GroupId("trade"))
    await shop.hub.ask(tradesman, token=owner_token(shop, "customer.edit", "customer.grant"))
    trade = await till.ask(AttachCustomer(sale.sale_id, tradesman.customer_id))

    assert [(item.field, item.level) for item in everybody.decision.items] == [  # type: ignore[union-attr] # it was checked
        ("last_name", "recommended"),
        ("contact", "required"),
    ]
    assert [(item.field, item.level) for item in trade.decision.items] == [("last_name", "recommended")]  # type: ignore[union-attr] # as above


async def test_an_override_of_what_the_store_does_not_have_is_refused_by_name(shop: Shop) -> None:
    till = await cashier_at(shop, "till-names")

    async def refused(when: OverrideWhen) -> tuple[str, object]:
        override = Override("odd", "at_least", when, last_name=DetailRule("required"))
        with pytest.raises(Refused) as refusal:
            await put_in_force(shop, PolicySettings(overrides=(override,)))
        return refusal.value.rejected.code, refusal.value.rejected.details

    register = await refused(OverrideWhen(register="till-nowhere"))  # type: ignore[arg-type] # no register of this store
    group = await refused(OverrideWhen(customer_group=GroupId("nobodies")))
    await put_in_force(
        shop,
        PolicySettings(
            overrides=(
                Override("fits", "at_least", OverrideWhen(register=till_id(till)), last_name=DetailRule("recommended")),
            )
        ),
    )

    assert register[0] == "unknown-register"
    assert "till-nowhere" in str(register[1])
    assert group[0] == "unknown-group"
    assert "nobodies" in str(group[1])


async def test_policy_away_takes_no_money_without_a_manager_and_is_checked_afterwards(hub: Hub, shop: Shop) -> None:
    till, manager = await cashier_at(shop, "till-away"), await hire(shop, "manager")
    await put_in_force(shop, CONTACT_REQUIRED)
    sale = await till.opened(BUTTER)
    policy = hub.pids["policy"]
    assert policy is not None

    with standing_still(policy):
        refused = await till.refused(cash(sale.sale_id, 10_000))
        command = IDS.new()
        approval = await approved(till, "policy.pass_unavailable", command, manager, sale.sale_id)
        taken = await send_approved(till, cash(sale.sale_id, 10_000), command, approval)
        done = await till.ask(CompleteSale(sale.sale_id, "none"))

    assert refused.code == "policy-unavailable"
    assert isinstance(taken, Sale)
    assert done.flags == ("policy_unavailable",)
    [listed] = await exceptions(shop, sale, "policy_unavailable")
    assert listed.receipt_number == done.receipt_number
    assert listed.rechecked == "block"


async def test_policy_away_lets_flagged_sales_pass_where_the_store_says_so(hub: Hub, shop: Shop) -> None:
    till = await cashier_at(shop, "till-flagged")
    await put_in_force(shop, PolicySettings(on_policy_unavailable="allow_flagged"))
    sale = await till.opened(BUTTER)
    await until(
        lambda: known_policy(shop, "on_unavailable"),
        lambda known: known == "allow_flagged",
        "checkout to hear of the settings",
    )
    policy = hub.pids["policy"]
    assert policy is not None

    with standing_still(policy):
        await till.ask(cash(sale.sale_id, 10_000))
        done = await till.ask(CompleteSale(sale.sale_id, "none"))

    assert done.flags == ("policy_unavailable",)
    [listed] = await exceptions(shop, sale, "policy_unavailable")
    assert listed.rechecked == "proceed"


async def test_asked_at_the_start_a_sale_has_its_decision_as_it_opens(shop: Shop) -> None:
    till = await cashier_at(shop, "till-start")
    await put_in_force(shop, msgspec.structs.replace(NAME_RECOMMENDED, moment="at_start"))
    await until(
        lambda: known_policy(shop, "moment"), lambda known: known == "at_start", "checkout to hear of the settings"
    )

    sale = await till.opened()
    with_line = await till.ask(line(sale.sale_id, BUTTER))

    assert outcome(sale) == "prompt"
    assert len(with_line.lines) == 1
    await put_in_force(shop, NOTHING)
    await until(lambda: known_policy(shop, "moment"), lambda known: known == "before_payment", "checkout to hear of it")


async def test_what_was_prompted_skipped_blocked_and_waived_is_counted_and_tried_again(shop: Shop) -> None:
    till = await cashier_at(shop, "till-report")
    await put_in_force(shop, NAME_RECOMMENDED)
    sale = await till.opened(BUTTER)
    await checked(till, sale)
    await checked(till, sale)
    await till.ask(SkipPrompt(sale.sale_id, "first_name", "no_time"))
    await put_in_force(shop, CONTACT_REQUIRED)
    await checked(till, sale)
    token, day = administrator_token(shop.data, "policy.report"), sale.business_day

    async def counted() -> list[tuple[str, int, int, int]]:
        asked = GetPolicyReport(day, day, "rule", register=till_id(till))
        report = await shop.hub.ask(asked, token=token)
        return [(row.key, row.prompts, row.skips, row.blocks) for row in report.rows]

    await until(counted, lambda rows: rows == [("first_name", 1, 1, 0), ("contact", 0, 0, 1)], "the report to count")
    draft = PolicySettings(last_name=DetailRule("required"))
    tried = await shop.hub.ask(WhatIf(draft, 1), token=administrator_token(shop.data, "policy.edit"))
    [here] = [cell for cell in tried.cells if cell.register == till.name]
    assert (here.sales, here.blocked, here.was_blocked, here.was_prompted) == (1, 1, 1, 0)
    assert here.examples == (sale.sale_id,)
    assert (await till.ask(GetSale(sale.sale_id))).decision is not None


async def test_nothing_personal_crosses_policys_topics(shop: Shop) -> None:
    """Policy is asked about a marked customer whose every detail matters; facts cross, and nothing else."""
    topics = shop.topics
    watching = [
        f"{topics.root}/request/policy/#",
        f"{topics.root}/reply/+/policy",
        f"{topics.root}/event/policy/#",
        f"{topics.root}/state/policy/#",
        f"{topics.root}/event/checkout/#",
    ]
    till = await cashier_at(shop, "till-marked")
    await put_in_force(
        shop,
        PolicySettings(
            first_name=DetailRule("required"),
            last_name=DetailRule("required"),
            contact=ContactRule("required", mode="email_and_phone"),
        ),
    )
    async with listening(shop.own_login(), *watching) as ear:
        sale = await till.opened(BUTTER)
        marked = await customer(
            till, first_name=MARKS[0], last_name=MARKS[0], emails=(MARKS[1],), phones=(MARKS[2],), company=MARKS[0]
        )
        await till.ask(AttachCustomer(sale.sale_id, marked))
        asked = await checked(till, sale)
        await till.ask(cash(sale.sale_id, 10_000))
        done = await till.ask(CompleteSale(sale.sale_id, "none"))
        heard = await ear.until(lambda message: str(done.receipt_number).encode() in message.payload)

    assert outcome(asked) == "proceed"
    assert (await till.ask(GetCustomer(marked))).first_name == MARKS[0]
    kinds = {message.topic.removeprefix(f"{topics.root}/").split("/")[0] for message in heard}
    assert kinds >= {"request", "reply", "event"}
    for message in heard:
        told = (message.topic.encode() + message.payload).lower()
        assert not [mark for mark in MARKS if mark.lower().encode() in told], message.topic
    decided = [each for each in await shop.told(CheckoutDecided) if each.sale_id == sale.sale_id]
    assert marked not in msgspec.json.encode(decided).decode()
