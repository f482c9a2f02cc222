"""Policy is away: no money is taken, unless the store allows it or somebody lets it pass; then the sale is flagged.

It says that it is unavailable, which costs no wait; that silence is taken alike is shown where it is stopped.
"""

import msgspec
import pytest

from contracts.base import Rejected
from contracts.checkout import Sale, Share
from contracts.checkout.decided import CheckoutDecided, PolicyPassedOver
from contracts.checkout.paying import AddTender, CheckSale, CompleteSale
from contracts.checkout.reading import GetSale
from contracts.ids import SaleId, StaffId
from contracts.policy import PolicySettings
from tests.services.checkout.shop import ANNA, Shop

PASS = "policy.pass_unavailable"
BERT = StaffId("00000000-0000-7000-8000-00000000000b")


@pytest.fixture
async def shop(shop: Shop) -> Shop:
    """A shop whose policy says of everything that it is unavailable."""
    await shop.store.unwell("policy")
    return shop


async def refused_as(
    shop: Shop, command: AddTender | CheckSale | CompleteSale, *may: str, needs: tuple[str, ...] = ()
) -> Rejected:
    reply = await shop.send_as(command, *may, needs_approval=needs)
    assert isinstance(reply, Rejected), reply
    return reply


async def test_a_refusal_says_whether_an_approval_would_help(shop: Shop) -> None:
    sale_id = await shop.opened("tea")

    needed = await refused_as(shop, shop.cash(sale_id, 250), needs=(PASS,))
    denied = await refused_as(shop, shop.cash(sale_id, 250))

    assert (needed.code, needed.details["needs_approval"]) == ("policy-unavailable", True)
    assert (denied.code, denied.details["needs_approval"]) == ("policy-unavailable", False)
    assert (await shop.done(GetSale(sale_id))).tenders == ()
    told: list[CheckoutDecided] = shop.store.told(CheckoutDecided)
    assert [event.outcome for event in told] == ["unavailable"] * 2


async def test_a_managers_approval_lets_money_pass_flagged(shop: Shop) -> None:
    sale_id = await shop.opened("tea")
    command, message_id = shop.cash(sale_id, 250), shop.ids.new()
    approval = shop.store.approval(PASS, message_id, sale_id=sale_id, approved_by=BERT)

    paid = await shop.send_as(command, needs_approval=(PASS,), approval=approval, message_id=message_id)
    sale = await shop.done(CompleteSale(sale_id))

    assert isinstance(paid, Sale)
    assert paid.flags == sale.flags == ("policy_unavailable",)
    assert shop.told_completed()[0].flags == ("policy_unavailable",)
    [passed] = shop.store.told(PolicyPassedOver)
    assert (passed.sale_id, passed.staff_id, passed.approved_by) == (sale_id, ANNA, BERT)
    assert passed.decision_id == shop.store.told(CheckoutDecided)[-1].decision_id


async def test_whoever_may_pass_it_alone_is_refused_until_they_say_so(shop: Shop) -> None:
    sale_id = await shop.opened("tea")
    cash = shop.cash(sale_id, 250)

    checked = await refused_as(shop, CheckSale(sale_id), PASS)
    refused = await refused_as(shop, cash, PASS)
    seen = await shop.done(GetSale(sale_id))
    paid = await shop.send_as(msgspec.structs.replace(cash, pass_unavailable=True), PASS)

    for each in (checked, refused):
        assert (each.code, each.details["needs_approval"], each.details["may_pass"]) == (
            "policy-unavailable",
            False,
            True,
        )
    assert seen.decision is not None
    assert (seen.decision.outcome, seen.tenders, seen.flags) == ("unavailable", (), ())
    assert isinstance(paid, Sale)
    assert paid.decision is not None
    assert (paid.decision.outcome, paid.decision.held, paid.flags) == ("unavailable", True, ("policy_unavailable",))
    [passed] = shop.store.told(PolicyPassedOver)
    assert (passed.staff_id, passed.approved_by) == (ANNA, ANNA)


async def test_saying_so_lets_nothing_pass_for_somebody_who_may_not(shop: Shop) -> None:
    sale_id = await shop.opened("tea")
    cash = msgspec.structs.replace(shop.cash(sale_id, 250), pass_unavailable=True)

    needed = await refused_as(shop, cash, needs=(PASS,))
    denied = await refused_as(shop, cash)

    assert [(each.code, each.details["needs_approval"]) for each in (needed, denied)] == [
        ("policy-unavailable", True),
        ("policy-unavailable", False),
    ]
    assert shop.store.told(PolicyPassedOver) == []


async def test_an_approval_lets_money_pass_but_no_check(shop: Shop) -> None:
    sale_id, message_id = await shop.opened("tea"), shop.ids.new()
    approval = shop.store.approval(PASS, message_id, sale_id=sale_id)

    reply = await shop.send_as(CheckSale(sale_id), needs_approval=(PASS,), approval=approval, message_id=message_id)

    assert isinstance(reply, Rejected)
    assert (reply.code, reply.details["needs_approval"]) == ("policy-unavailable", True)


async def test_where_no_money_passes_nobody_gets_credit_by_itself(shop: Shop) -> None:
    await shop.policy(PolicySettings(attribution="automatic"))
    await shop.store.followed("policy", "checkout")
    await shop.store.stop("policy")
    sale_id = await shop.opened("tea")
    cash = shop.cash(sale_id, 250)

    await refused_as(shop, cash, PASS)
    before = await shop.done(GetSale(sale_id))
    paid = await shop.send_as(msgspec.structs.replace(cash, pass_unavailable=True), PASS)

    assert before.lines[0].attribution == ()
    assert isinstance(paid, Sale)
    assert paid.lines[0].attribution == (Share(ANNA, 10_000),)


async def test_a_sale_that_needs_no_tender_is_completed_without_policy_by_whoever_says_so(shop: Shop) -> None:
    sale_id = await shop.opened("gift")

    refused = await refused_as(shop, CompleteSale(sale_id), PASS)
    sale = await shop.send_as(CompleteSale(sale_id, pass_unavailable=True), PASS)

    assert refused.code == "policy-unavailable"
    assert isinstance(sale, Sale)
    assert (sale.status, sale.flags) == ("completed", ("policy_unavailable",))


async def test_an_approval_that_was_used_or_is_for_something_else_passes_nothing(shop: Shop) -> None:
    sale_id = await shop.opened("tea")
    approved, another, third = (shop.ids.new() for _ in range(3))

    async def code(approval: str, message_id: str) -> tuple[str, object]:
        reply = await shop.send_as(
            shop.cash(sale_id, 250), needs_approval=(PASS,), approval=approval, message_id=message_id
        )
        assert isinstance(reply, Rejected), reply
        return reply.code, reply.details["reason"]

    used = shop.store.approval(PASS, approved, sale_id=sale_id)
    assert await code(used, another) == ("approval-invalid", "command")
    assert await code(shop.store.approval("policy.waive", third, sale_id=sale_id), third) == (
        "approval-invalid",
        "action",
    )
    assert (await shop.done(GetSale(sale_id))).tenders == ()


async def test_a_sale_that_needs_no_tender_waits_for_policy_or_a_manager_at_its_end(shop: Shop) -> None:
    sale_id = await shop.opened("gift")
    refused = await refused_as(shop, CompleteSale(sale_id), needs=(PASS,))
    message_id = shop.ids.new()
    approval = shop.store.approval(PASS, message_id, sale_id=sale_id)

    sale = await shop.send_as(CompleteSale(sale_id), needs_approval=(PASS,), approval=approval, message_id=message_id)

    assert (refused.code, refused.details["needs_approval"]) == ("policy-unavailable", True)
    assert isinstance(sale, Sale)
    assert (sale.status, sale.flags) == ("completed", ("policy_unavailable",))


async def test_once_policy_is_back_the_next_tender_asks_it_and_the_flag_goes(shop: Shop) -> None:
    sale_id: SaleId = await shop.opened("tea")
    await refused_as(shop, shop.cash(sale_id, 250))

    await shop.policy(PolicySettings())
    paid = await shop.done(shop.cash(sale_id, 250))

    assert paid.flags == ()
    assert paid.decision is not None
    assert paid.decision.outcome == "proceed"
