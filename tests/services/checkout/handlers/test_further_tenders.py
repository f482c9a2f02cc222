"""A further kind of tender is asked about: money is taken all the same and flagged, a balance is refused."""

from contracts.checkout.decided import CheckoutDecided, PromptSkipped
from contracts.checkout.paying import CompleteSale, RemoveTender
from contracts.checkout.reading import GetSale
from contracts.checkout.selling import AttachCustomer
from contracts.ids import SaleId
from contracts.policy import ContactRule, DetailRule, Override, OverrideWhen, PolicySettings, TenderKind
from tests.services.checkout.shop import Shop
from tests.services.checkout.stand_ins import StandInPolicy


def only_for(kind: TenderKind, rule: DetailRule) -> PolicySettings:
    """Settings that ask for a first name of whoever pays in that kind."""
    return PolicySettings(
        overrides=(Override("it", "at_least", OverrideWhen(tender_kind=kind), first_name=rule),),
        on_policy_unavailable="allow_flagged",
    )


CARD_NEEDS_A_NAME = only_for("card", DetailRule("required"))


def told(shop: Shop) -> list[tuple[str, TenderKind | None]]:
    events: list[CheckoutDecided] = shop.store.told(CheckoutDecided)
    return [(event.outcome, event.tender_kind) for event in events]


async def test_a_rule_for_cards_is_not_dodged_with_a_cent_in_cash(shop: Shop) -> None:
    await shop.policy(CARD_NEEDS_A_NAME)
    sale_id = await shop.opened("tea")
    blocked = await shop.refused(shop.tender(sale_id, "card", 250))

    first = await shop.done(shop.cash(sale_id, 1))
    paid = await shop.done(shop.tender(sale_id, "card", 249))
    sale = await shop.done(CompleteSale(sale_id))

    assert blocked.code == "checkout-blocked"
    assert (first.flags, paid.flags, sale.flags) == ((), ("policy_unsatisfied",), ("policy_unsatisfied",))
    assert paid.decision == first.decision == sale.decision
    assert shop.told_completed()[0].flags == ("policy_unsatisfied",)
    assert told(shop) == [("block", "card"), ("proceed", "cash"), ("block", "card")]
    assert await shop.done(GetSale(sale_id)) == sale


async def test_a_card_that_is_given_back_takes_its_flag_along(shop: Shop) -> None:
    await shop.policy(CARD_NEEDS_A_NAME)
    sale_id = await shop.opened("tea")
    await shop.done(shop.cash(sale_id, 1))
    card = shop.tender(sale_id, "card", 249)
    await shop.done(card)

    left = await shop.done(RemoveTender(sale_id, card.tender_id))
    await shop.done(shop.cash(sale_id, 249))

    assert left.flags == ()
    assert (await shop.done(CompleteSale(sale_id))).flags == ()


async def test_a_balance_that_policy_blocks_is_refused_before_anything_of_it_is_reserved(shop: Shop) -> None:
    await shop.policy(only_for("store_credit", DetailRule("required")))
    sale_id = await shop.opened("tea")
    await shop.done(AttachCustomer(sale_id, await shop.customer(placeholder=True)))
    await shop.done(shop.cash(sale_id, 1))
    credit = shop.tender(sale_id, "store_credit", 249)

    refused = await shop.refused(credit)

    assert refused.code == "checkout-blocked"
    assert [item["field"] for item in refused.details["items"]] == ["first_name"]
    sale = await shop.done(GetSale(sale_id))
    assert ([tender.kind for tender in sale.tenders], sale.flags) == (["cash"], ())
    assert told(shop) == [("proceed", "cash"), ("block", "store_credit")]
    await shop.done(shop.cash(sale_id, 249))
    assert (await shop.done(CompleteSale(sale_id))).flags == ()


async def test_money_of_a_further_kind_goes_on_without_policy_and_is_flagged(shop: Shop) -> None:
    await shop.policy(PolicySettings())  # it would take no first tender without policy
    sale_id = await shop.opened("tea")
    await shop.done(shop.cash(sale_id, 100))
    await shop.store.stop("policy")
    await shop.store.unwell("policy")

    cash = await shop.done(shop.cash(sale_id, 50))
    card = await shop.done(shop.tender(sale_id, "card", 100))
    sale = await shop.done(CompleteSale(sale_id))

    assert (cash.flags, card.flags, sale.flags) == ((), ("policy_unavailable",), ("policy_unavailable",))
    assert sale.decision == card.decision == cash.decision
    assert told(shop) == [("proceed", "cash"), ("unavailable", "card")]


async def test_what_a_further_kind_prompts_for_is_left_unanswered_once(shop: Shop) -> None:
    await shop.policy(only_for("card", DetailRule("recommended")))
    sale_id = await shop.opened("tea")
    await shop.done(shop.cash(sale_id, 100))

    await shop.done(shop.tender(sale_id, "card", 100))
    paid = await shop.done(shop.tender(sale_id, "card", 50))

    assert paid.flags == ()
    assert [(skip.field, skip.reason) for skip in paid.skips] == [("first_name", "unanswered")]
    assert [event.field for event in shop.store.told(PromptSkipped)] == ["first_name"]


async def test_settings_that_were_changed_while_the_sale_is_paid_flag_no_further_kind(shop: Shop) -> None:
    await shop.policy(PolicySettings())
    sale_id = await shop.opened("tea")
    await shop.done(shop.cash(sale_id, 100))

    await shop.policy(PolicySettings(contact=ContactRule("required", "email")))
    paid = await shop.done(shop.tender(sale_id, "card", 150))

    assert (paid.flags, paid.skips) == ((), ())
    assert told(shop) == [("proceed", "cash"), ("block", "card")]


async def test_a_repeated_tender_of_a_further_kind_asks_once(shop: Shop) -> None:
    policy = StandInPolicy()
    await shop.store.start(policy.service())
    sale_id: SaleId = await shop.opened("tea")
    await shop.done(shop.cash(sale_id, 100))
    card, message_id = shop.tender(sale_id, "card", 150), shop.ids.new()

    first = await shop.send(card, message_id=message_id)
    again = await shop.send(card, message_id=message_id)

    assert first == again
    assert [asked.facts.tender_kind for asked in policy.asked] == ["cash", "card"]
