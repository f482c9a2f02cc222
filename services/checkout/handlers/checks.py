"""Policy is asked about a sale: at its start, as payment starts, about another customer, after a skip or a waiver.

Every answer of policy is told with ``checkout-decided``, also one that stops the payment, with the facts that
policy was sent. What must be true before money moves stands in ``payment.py``.
"""

from typing import NamedTuple

from contracts.checkout import Sale, Skip
from contracts.checkout.decided import CheckoutDecided, DecidedCustomer, PromptSkipped, RuleWaived
from contracts.checkout.paying import CheckSale, SkipPrompt, WaiveRule
from contracts.customers import CustomerFacts, LanguageCode
from contracts.ids import DecisionId, SaleId
from contracts.policy import TenderKind
from contracts.policy.checking import CheckCheckout, CheckoutFacts
from contracts.policy.telling import SettingsChanged
from services.checkout.model.decisions import Decided, KnownPolicy, Verdict
from services.checkout.model.sale import OpenedSale
from services.checkout.store.sales import Opened
from services.checkout.transactions import CheckoutTx, CheckoutView
from services.runtime.asking import Ask
from services.runtime.clock import stamp
from services.runtime.transactions import StaleFacts


class Asked(NamedTuple):
    """What policy was told and answered, and how often other settings had been heard of before."""

    facts: CheckoutFacts
    verdict: Verdict
    settings_heard: int


class Prepared(NamedTuple):
    """The revision a sale was read at, and what policy was asked about it; None where its answer is held."""

    revision: int
    asked: Asked | None


async def prepare_check_sale(command: CheckSale, view: CheckoutView, ask: Ask) -> Prepared:
    """Ask policy about the sale as payment starts; while it is being paid the answer is held and nobody is asked.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleEmpty.
    """
    sale = await view.opened(command.sale_id)
    sale.prove_not_empty()
    if sale.held is not None:
        return Prepared(sale.revision, None)
    return Prepared(sale.revision, await ask_policy(sale, command.tender_kind, command.language, view, ask))


def check_sale(command: CheckSale, prepared: Prepared, tx: CheckoutTx) -> Sale:
    """Show what policy answered, or that it did not.

    Rejections:
        SaleNotFound, SaleNotOpen.
        PolicyUnavailable: policy is away, and the store takes no money without it. Whoever may let it pass says so
            as money is taken.
    """
    opened = as_read(command.sale_id, prepared.revision, tx)
    if prepared.asked is None:
        return opened.sale.state()
    decided = decide(opened.sale, prepared.asked, tx)
    state = tx.keep(opened)
    if decided.outcome == "unavailable":
        decided.prove_payable(prepared.asked.verdict, tx.grant_without_policy)
    return state


async def prepare_skip_prompt(command: SkipPrompt, view: CheckoutView, ask: Ask) -> Prepared:
    """Ask policy about the sale with that skip.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleBeingPaid, NothingToSkip.
    """
    sale = await view.opened(command.sale_id)
    sale.skip(command.field, command.reason, view.staff_id)
    return Prepared(sale.revision, await ask_policy(sale, sale.checking.tender_kind, command.language, view, ask))


def skip_prompt(command: SkipPrompt, prepared: Prepared, tx: CheckoutTx) -> Sale:
    """Keep why staff go on without a detail, where policy is away, too.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleBeingPaid, NothingToSkip.
    """
    opened = as_read(command.sale_id, prepared.revision, tx)
    _tell_skip(opened.sale, opened.sale.skip(command.field, command.reason, tx.staff_id), tx)
    _decide_again(opened, prepared.asked, tx)
    return tx.keep(opened)


async def prepare_waive_rule(command: WaiveRule, view: CheckoutView, ask: Ask) -> Prepared:
    """Ask policy about the sale with that waiver.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleBeingPaid, NotWaivable.
    """
    sale = await view.opened(command.sale_id)
    sale.waive(command.field, view.staff_id, view.let_pass_by("policy.waive"))
    return Prepared(sale.revision, await ask_policy(sale, sale.checking.tender_kind, command.language, view, ask))


def waive_rule(command: WaiveRule, prepared: Prepared, tx: CheckoutTx) -> Sale:
    """Keep who let a required detail pass, where policy is away, too.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleBeingPaid, NotWaivable.
    """
    opened = as_read(command.sale_id, prepared.revision, tx)
    waiver = opened.sale.waive(command.field, tx.staff_id, tx.let_pass_by("policy.waive"))
    tx.record(
        RuleWaived(
            sale_id=opened.sale.sale_id,
            register=opened.sale.register,
            business_day=tx.business_day(),
            field=waiver.field,
            staff_id=waiver.staff_id,
            approved_by=waiver.approved_by,
            waived_at=stamp(tx.now),
        )
    )
    _decide_again(opened, prepared.asked, tx)
    return tx.keep(opened)


def on_settings_changed(event: SettingsChanged, tx: CheckoutTx) -> None:
    """What counts while policy is away is known before policy was asked anything."""
    tx.hear_settings(KnownPolicy(event.on_policy_unavailable, event.attribution, event.moment, event.revision))


async def ask_policy(
    sale: OpenedSale, tender_kind: TenderKind | None, language: LanguageCode, view: CheckoutView, ask: Ask
) -> Asked:
    """Ask for at most a second, and once more."""
    return await ask_with(sale.checkout_facts(tender_kind, signed_on=view.is_signed_on), language, view, ask)


async def ask_with(facts: CheckoutFacts, language: LanguageCode, view: CheckoutView, ask: Ask) -> Asked:
    """The same with facts that are there already."""
    settings_heard = view.settings_heard
    answer = await ask.if_there(CheckCheckout(facts=facts, language=language), patience_s=1.0, attempts=2)
    return Asked(facts, Verdict(answer, view.known_policy), settings_heard)


def as_read(sale_id: SaleId, revision: int, tx: CheckoutTx) -> Opened:
    """The sale as it was read when others were asked about it.

    Raises:
        StaleFacts: it has moved since.
    """
    opened = tx.sales.get(sale_id, tx.register)
    if opened.sale.revision != revision:
        raise StaleFacts
    return opened


def decide(
    sale: OpenedSale, asked: Asked, tx: CheckoutTx, *, for_payment: bool = True, passing: bool = False
) -> Decided:
    """Keep policy's answer on the sale and tell it; ``passing`` is that somebody does without one."""
    decision_id = DecisionId(tx.ids.new())
    decided = sale.decide(
        decision_id, asked.verdict, asked.facts.tender_kind, tx.staff_id, for_payment=for_payment, passing=passing
    )
    _tell(sale, decided, asked, tx)
    return decided


def decide_further(sale: OpenedSale, asked: Asked, kind: TenderKind, tx: CheckoutTx) -> Decided:
    """Tell what policy answered about another kind of tender while its first answer is held, which stays so."""
    decided = sale.decide_further(DecisionId(tx.ids.new()), asked.verdict, kind)
    _tell(sale, decided, asked, tx)
    return decided


def leave_unanswered(sale: OpenedSale, decided: Decided, tx: CheckoutTx) -> None:
    """Money moves although a detail is recommended: a prompt that nobody answered is told as a skip, once."""
    for skip in sale.checking.leave_unanswered(decided, tx.staff_id):
        _tell_skip(sale, skip, tx)


def _tell(sale: OpenedSale, decided: Decided, asked: Asked, tx: CheckoutTx) -> None:
    """Tell a decision with the facts it is about, and remember what policy said of its settings."""
    facts, answer = asked.facts, asked.verdict.answer
    if tx.is_clock_unsure():  # before this is told: what is told last would hide that the clock ran backwards
        sale.doubt_clock()
    tx.record(
        CheckoutDecided(
            decision_id=decided.decision_id,
            sale_id=sale.sale_id,
            register=sale.register,
            staff_id=tx.staff_id,
            decided_at=stamp(tx.now),
            settings_revision=decided.settings_revision,
            outcome=decided.outcome,
            items=sale.checking.tell(decided),
            tender_kind=facts.tender_kind,
            total=facts.total,
            transaction_kind=facts.transaction_kind,
            business_day=tx.business_day(),
            hour=tx.hour,
            goods_lines=facts.goods_lines,
            unattributed_lines=facts.unattributed_lines,
            signed_on=facts.signed_on,
            item_tags=facts.item_tags,
            customer=None if facts.customer is None else _nameless(facts.customer),
            skipped=facts.skipped,
            waived=facts.waived,
        )
    )
    if answer is not None:
        said = KnownPolicy(answer.on_policy_unavailable, answer.attribution, answer.moment, answer.settings_revision)
        tx.learn_policy(said, asked.settings_heard)


def _decide_again(opened: Opened, asked: Asked | None, tx: CheckoutTx) -> None:
    if asked is not None:
        decide(opened.sale, asked, tx, for_payment=False)


def _tell_skip(sale: OpenedSale, skip: Skip, tx: CheckoutTx) -> None:
    tx.record(
        PromptSkipped(
            sale_id=sale.sale_id,
            register=sale.register,
            business_day=tx.business_day(),
            field=skip.field,
            reason=skip.reason,
            staff_id=skip.staff_id,
            skipped_at=stamp(tx.now),
        )
    )


def _nameless(facts: CustomerFacts) -> DecidedCustomer:
    return DecidedCustomer(
        has_first_name=facts.has_first_name,
        has_last_name=facts.has_last_name,
        has_email=facts.has_email,
        has_phone=facts.has_phone,
        placeholder=facts.placeholder,
        group=facts.group,
    )
