"""A sale is paid: policy is asked, money is taken and given back, the sale is completed or voided.

Every answer of policy is told with ``checkout-decided``, also one that stops the payment.
"""

from typing import NamedTuple

from contracts.checkout import (
    AddTender,
    CheckoutDecided,
    CheckSale,
    CompleteSale,
    DecidedItem,
    RemoveTender,
    Sale,
    SaleVoided,
    VoidSale,
)
from contracts.customers import LanguageCode
from contracts.ids import DecisionId, SaleId
from contracts.policy import CheckCheckout, TenderKind
from services.checkout.handlers.completed import completed
from services.checkout.model.decisions import Decided, KnownPolicy, Verdict
from services.checkout.model.sale import OpenedSale
from services.checkout.store.sales import Ended, Opened
from services.checkout.transactions import CheckoutTx, CheckoutView
from services.runtime.clock import stamp
from services.runtime.requester import Ask
from services.runtime.transactions import StaleFacts


class Checked(NamedTuple):
    """What was prepared: the revision the sale was read at, and policy's answer."""

    revision: int
    verdict: Verdict


class MaybeChecked(NamedTuple):
    """The same where policy is not always asked."""

    revision: int
    verdict: Verdict | None


async def prepare_check_sale(command: CheckSale, view: CheckoutView, ask: Ask) -> Checked:
    """Ask policy about the sale as payment starts.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleEmpty.
    """
    sale = await view.opened(command.sale_id)
    sale.prove_not_empty()
    return Checked(sale.revision, await _ask_policy(sale, command.tender_kind, command.language, view, ask))


def check_sale(command: CheckSale, checked: Checked, tx: CheckoutTx) -> Sale:
    """Show what policy answered. Where policy is away and money may be taken all the same, nothing is shown.

    Rejections:
        SaleNotFound, SaleNotOpen.
        PolicyUnavailable: policy is away, and the store takes no money without it.
    """
    opened = _opened(command.sale_id, checked, tx)
    decided = _decide(opened.sale, checked.verdict, command.tender_kind, tx)
    state = tx.keep(opened)
    if decided.outcome == "unavailable":
        decided.prove_payable(checked.verdict.known)
    return state


async def prepare_add_tender(command: AddTender, view: CheckoutView, ask: Ask) -> MaybeChecked:
    """Ask policy before the first tender; from then on its answer is held.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleEmpty, TenderKindNotTaken, TenderExists, TooManyTenders, NothingToPay,
        TenderTooLarge.
    """
    sale = await view.opened(command.sale_id)
    sale.prove_takes(command.tender_id, command.kind, command.amount, view.settings.cash_rounding)
    if not sale.must_ask():
        return MaybeChecked(sale.revision, None)
    return MaybeChecked(sale.revision, await _ask_policy(sale, command.kind, command.language, view, ask))


def add_tender(command: AddTender, checked: MaybeChecked, tx: CheckoutTx) -> Sale:
    """Take money; from the first tender on the decision is held.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleEmpty, TenderKindNotTaken, TenderExists, TooManyTenders, NothingToPay,
        TenderTooLarge.
        CheckoutBlocked: details are missing that the store requires.
        PolicyUnavailable: policy is away, and the store takes no money without it.
    """
    opened = _opened(command.sale_id, checked, tx)
    decided = _decide_payable(opened, checked, command.kind, tx)
    opened.sale.add_tender(command.tender_id, command.kind, command.amount, tx.settings.cash_rounding, decided=decided)
    return tx.keep(opened)


def remove_tender(command: RemoveTender, tx: CheckoutTx) -> Sale:
    """Give a tender back; with the last one gone the sale may change again.

    Rejections:
        SaleNotFound, SaleNotOpen, TenderNotFound.
    """
    opened = tx.sales.get(command.sale_id, tx.register)
    opened.sale.remove_tender(command.tender_id)
    return tx.keep(opened)


async def prepare_complete_sale(command: CompleteSale, view: CheckoutView, ask: Ask) -> MaybeChecked:
    """Ask policy about a sale that needs no tender; one that is being paid has its held decision.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleEmpty, SaleNotPaid.
    """
    sale = await view.opened(command.sale_id)
    sale.prove_paid()
    if not sale.must_ask_to_complete():
        return MaybeChecked(sale.revision, None)
    language = command.language or view.settings.language
    return MaybeChecked(sale.revision, await _ask_policy(sale, None, language, view, ask))


def complete_sale(command: CompleteSale, checked: MaybeChecked | None, tx: CheckoutTx) -> Sale:
    """Close the sale for ever and give it the register's next receipt number.

    A sale that is being paid has its decision and is closed at once; ``checked`` is None then.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleEmpty, SaleNotPaid.
        CheckoutBlocked, PolicyUnavailable: only where no money has moved.
    """
    opened = tx.sales.get(command.sale_id, tx.register) if checked is None else _opened(command.sale_id, checked, tx)
    sale = opened.sale
    sale.prove_paid()
    if checked is not None:
        _decide_payable(opened, checked, None, tx)
    elif sale.must_ask_to_complete():
        raise StaleFacts
    numbered = tx.registers.take_receipt_number(sale.register, sale.sale_id)
    sale.complete(numbered.text, tx.ending())
    language = command.language or tx.settings.language
    as_told = opened.sale.state()
    recorded = tx.record(completed(as_told, command.receipt, language))
    tx.end(opened, as_told, Ended(recorded, receipt_wanted=command.receipt, language=language))
    return as_told


def void_sale(command: VoidSale, tx: CheckoutTx) -> Sale:
    """End the sale without selling anything; it keeps its data and takes no receipt number.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleBeingPaid.
    """
    opened = tx.sales.get(command.sale_id, tx.register)
    ending = tx.ending()
    opened.sale.void(ending)
    as_told = opened.sale.state()
    recorded = tx.record(
        SaleVoided(
            sale_id=as_told.sale_id,
            register=as_told.register,
            business_day=as_told.business_day,
            voided_at=ending.at,
            cashier=ending.cashier,
            reason=command.reason,
        )
    )
    tx.end(opened, as_told, Ended(recorded, void_reason=command.reason))
    return as_told


async def _ask_policy(
    sale: OpenedSale, tender_kind: TenderKind | None, language: LanguageCode, view: CheckoutView, ask: Ask
) -> Verdict:
    """Ask for at most a second, and once more."""
    facts = sale.checkout_facts(tender_kind, signed_on=view.claims is not None)
    answer = await ask.if_there(CheckCheckout(facts=facts, language=language), patience_s=1.0, attempts=2)
    return Verdict(answer, view.known_policy)


def _opened(sale_id: SaleId, checked: Checked | MaybeChecked, tx: CheckoutTx) -> Opened:
    """The sale as it was read when others were asked about it."""
    opened = tx.sales.get(sale_id, tx.register)
    if opened.sale.revision != checked.revision:
        raise StaleFacts
    return opened


def _decide_payable(
    opened: Opened, checked: MaybeChecked, tender_kind: TenderKind | None, tx: CheckoutTx
) -> Decided | None:
    """Keep what policy answered, if it was asked; one that stops the payment is kept with the refusal.

    Rejections:
        CheckoutBlocked, PolicyUnavailable.
    """
    if checked.verdict is None:
        return None
    decided = _decide(opened.sale, checked.verdict, tender_kind, tx)
    if not decided.lets_pay(checked.verdict.known):
        tx.keep(opened)
        decided.prove_payable(checked.verdict.known)
    return decided


def _decide(sale: OpenedSale, verdict: Verdict, tender_kind: TenderKind | None, tx: CheckoutTx) -> Decided:
    """Keep policy's answer on the sale, tell it, and remember what it says of policy's settings."""
    decided = sale.decide(DecisionId(tx.ids.new()), verdict, tender_kind, tx.staff_id)
    tx.record(
        CheckoutDecided(
            decision_id=decided.decision_id,
            sale_id=sale.sale_id,
            register=sale.register,
            staff_id=tx.staff_id,
            decided_at=stamp(tx.now),
            settings_revision=decided.settings_revision,
            outcome=decided.outcome,
            items=tuple(DecidedItem(item.field, item.level, item.satisfied, item.code) for item in decided.items),
            tender_kind=tender_kind,
            total=sale.total,
            transaction_kind=sale.transaction_kind,
        )
    )
    if verdict.answer is not None:
        tx.learn_policy(KnownPolicy(verdict.answer.on_policy_unavailable, verdict.answer.attribution))
    return decided
