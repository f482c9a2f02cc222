"""A sale is paid: money is taken and given back, the sale is completed or voided.

Policy is asked just before the first tender, or before a sale that needs none is completed; from then on its
answer is held.
"""

from typing import NamedTuple

from contracts.checkout import AddTender, CompleteSale, PolicyPassedOver, RemoveTender, Sale, SaleVoided, VoidSale
from contracts.customers.ledgers import BalanceReserved
from services.checkout.handlers.balances import Renewed, let_go, renew, reserve, running_out
from services.checkout.handlers.checks import Prepared, as_read, ask_policy, decide, leave_unanswered
from services.checkout.handlers.completed import completed
from services.checkout.model.decisions import Decided
from services.checkout.model.sale import OpenedSale
from services.checkout.store.sales import Ended, Opened
from services.checkout.transactions import CheckoutTx, CheckoutView
from services.runtime.clock import stamp
from services.runtime.requester import Ask
from services.runtime.transactions import StaleFacts


class Taking(NamedTuple):
    """What policy was asked before a tender is taken, and what is reserved of the balance that it spends."""

    prepared: Prepared
    kept: BalanceReserved | None


class Completing(NamedTuple):
    """What policy was asked before a sale is completed, and which balances were reserved anew."""

    prepared: Prepared
    renewed: tuple[Renewed, ...]


async def prepare_add_tender(command: AddTender, view: CheckoutView, ask: Ask) -> Taking:
    """Ask policy before the first tender; from then on its answer is held. Reserve what the tender spends.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleEmpty, CustomerMissing, TenderExists, TooManyTenders, NothingToPay,
        TenderTooLarge.
        CustomerNotFound, BalanceTooLow, LoyaltyNotJoined, PointsNotTender, PointsWorthless, VoucherNotFound,
        VoucherExpired: the balance cannot be spent so.
    """
    sale = await view.opened(command.sale_id)
    sale.prove_takes(command.tender_id, command.kind, command.amount, view.settings.cash_rounding)
    asked = await ask_policy(sale, command.kind, command.language, view, ask) if sale.must_ask() else None
    return Taking(Prepared(sale.revision, asked), await reserve(command, sale, asked, view, ask))


def add_tender(command: AddTender, taking: Taking, tx: CheckoutTx) -> Sale:
    """Take money; from the first tender on the decision is held.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleEmpty, CustomerMissing, TenderExists, TooManyTenders, NothingToPay,
        TenderTooLarge.
        CheckoutBlocked: details are missing that the store requires.
        PolicyUnavailable: policy is away, the store takes no money without it, and nobody lets it pass.
    """
    opened = as_read(command.sale_id, taking.prepared.revision, tx)
    decided = _decide_payable(opened, taking.prepared, tx)
    opened.sale.add_tender(
        command.tender_id, command.kind, command.amount, tx.settings.cash_rounding, decided=decided, kept=taking.kept
    )
    return tx.keep(opened)


def remove_tender(command: RemoveTender, tx: CheckoutTx) -> Sale:
    """Give a tender back; with the last one gone the sale may change again.

    Rejections:
        SaleNotFound, SaleNotOpen, TenderNotFound.
    """
    opened = tx.sales.get(command.sale_id, tx.register)
    let_go(opened.sale, opened.sale.remove_tender(command.tender_id), tx)
    return tx.keep(opened)


async def prepare_complete_sale(command: CompleteSale, view: CheckoutView, ask: Ask) -> Completing:
    """Ask policy about a sale that needs no tender; one that is being paid has its held decision.

    Balances that are reserved for less than a minute more are reserved anew.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleEmpty, SaleNotPaid.
        BalanceTooLow and others of ``add-tender``: a balance is not reserved any more and spent elsewhere.
    """
    sale = await view.opened(command.sale_id)
    sale.prove_paid()
    if not sale.must_ask_to_complete():
        return Completing(Prepared(sale.revision, None), await renew(sale, view, ask))
    language = command.language or view.settings.language
    return Completing(Prepared(sale.revision, await ask_policy(sale, None, language, view, ask)), ())


def complete_sale(command: CompleteSale, completing: Completing | None, tx: CheckoutTx) -> Sale:
    """Close the sale for ever and give it the register's next receipt number.

    A sale that is being paid has its decision and, with its balances reserved for long enough, is closed at once;
    ``completing`` is None then.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleEmpty, SaleNotPaid.
        CheckoutBlocked, PolicyUnavailable: only where no money has moved.
    """
    opened = (
        tx.sales.get(command.sale_id, tx.register)
        if completing is None
        else as_read(command.sale_id, completing.prepared.revision, tx)
    )
    sale = opened.sale
    sale.prove_paid()
    if completing is not None:
        _decide_payable(opened, completing.prepared, tx)
        for each in completing.renewed:
            sale.keep_longer(each.tender_id, each.kept)
    elif sale.must_ask_to_complete():
        raise StaleFacts
    if running_out(sale, tx):
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


def _decide_payable(opened: Opened, prepared: Prepared, tx: CheckoutTx) -> Decided | None:
    """Keep what policy answered, if it was asked; one that stops the payment is kept with the refusal.

    Rejections:
        CheckoutBlocked, PolicyUnavailable.
    """
    if prepared.asked is None:
        return None
    known = prepared.asked.verdict.known
    decided = decide(opened.sale, prepared.asked, tx)
    passing = tx.may_pass_unavailable() if decided.waits_for_policy(known) else "denied"
    if not decided.lets_pay(known, passing):
        tx.keep(opened)
        decided.prove_payable(known, passing)
    if passing == "allowed":
        _tell_passed_over(opened.sale, decided, tx)
    leave_unanswered(opened.sale, decided, tx)
    return decided


def _tell_passed_over(sale: OpenedSale, decided: Decided, tx: CheckoutTx) -> None:
    tx.record(
        PolicyPassedOver(
            decision_id=decided.decision_id,
            sale_id=sale.sale_id,
            register=sale.register,
            business_day=tx.business_day(),
            staff_id=tx.staff_id,
            approved_by=tx.let_pass_by("policy.pass_unavailable"),
            passed_at=stamp(tx.now),
        )
    )
