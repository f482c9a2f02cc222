"""A sale is paid: money is taken and given back, the sale is completed or voided.

Policy is asked just before the first tender, or before a sale that needs none is completed; from then on its
answer is held. Another kind of tender is asked about when the first of it is taken.
"""

from typing import NamedTuple

from contracts.checkout import Sale
from contracts.checkout.decided import PolicyPassedOver
from contracts.checkout.paying import AddTender, CompleteSale, RemoveTender
from contracts.checkout.selling import SaleVoided, VoidSale
from contracts.customers.ledgers.reserving import BalanceReserved
from contracts.customers.privacy.keeping import BuyerRecordId
from contracts.policy import TenderKind
from services.checkout.handlers.balances import (
    LEFT_AT_THE_END,
    LEFT_TO_PAY,
    Renewed,
    let_go,
    points_run_out,
    renew,
    renew_points,
    renew_points_if_they_can_be,
    reserve,
    running_out,
)
from services.checkout.handlers.checks import Prepared, as_read, ask_policy, decide, decide_further, leave_unanswered
from services.checkout.handlers.completed import completed
from services.checkout.model.decisions import Decided
from services.checkout.model.sale import OpenedSale
from services.checkout.store.final_rows import Ended
from services.checkout.store.sales import Opened
from services.checkout.transactions import CheckoutTx, CheckoutView
from services.runtime.asking import Ask
from services.runtime.clock import stamp
from services.runtime.transactions import StaleFacts


class Taking(NamedTuple):
    """What policy was asked before a tender is taken, and what is reserved of the balance that it spends.

    ``points`` is what was reserved anew of points that come off.
    """

    prepared: Prepared
    kept: BalanceReserved | None
    points: BalanceReserved | None = None


class Completing(NamedTuple):
    """What policy was asked before a sale is completed, and which balances and points were reserved anew."""

    prepared: Prepared
    renewed: tuple[Renewed, ...]
    points: BalanceReserved | None


async def prepare_add_tender(command: AddTender, view: CheckoutView, ask: Ask) -> Taking:
    """Ask policy before the first tender and before the first of another kind. Reserve what the tender spends.

    Before the first tender points that come off are reserved for long enough to pay.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleEmpty, CustomerMissing, TenderExists, TooManyTenders, NothingToPay,
        TenderTooLarge.
        CustomerNotFound, BalanceTooLow, LoyaltyNotJoined, PointsNotTender, PointsWorthless, VoucherNotFound,
        VoucherExpired, VoucherBlocked, VoucherNotForThis: the balance cannot be spent so.
        ApprovalInvalid: policy is away, and an approval was sent along that is for something else.
    """
    sale = await view.opened(command.sale_id)
    sale.prove_takes(command.tender_id, command.kind, command.amount, view.settings.cash_rounding)
    asked = await ask_policy(sale, command.kind, command.language, view, ask) if sale.must_ask(command.kind) else None
    prepared = Prepared(sale.revision, asked)
    if asked is not None:
        passing = asked.verdict.waits and view.does_without_policy(said=command.pass_unavailable)
        if not sale.takes(command.kind, asked.verdict, passing=passing):
            return Taking(prepared, None)  # it is refused, and nothing stays reserved for it
    points = await renew_points(sale, LEFT_TO_PAY, view, ask) if sale.held is None else None
    return Taking(prepared, await reserve(command, sale, view, ask), points)


def add_tender(command: AddTender, taking: Taking, tx: CheckoutTx) -> Sale:
    """Take money; from the first tender on the decision is held.

    Of a further kind of tender money has moved and is never refused; a balance that nothing was taken of yet is.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleEmpty, CustomerMissing, TenderExists, TooManyTenders, NothingToPay,
        TenderTooLarge.
        CheckoutBlocked: details are missing that the store requires.
        PolicyUnavailable: policy is away, the store takes no money without it, and nobody lets it pass.
    """
    opened = as_read(command.sale_id, taking.prepared.revision, tx)
    if opened.sale.held is None:
        decided = _decide_payable(opened, taking.prepared, tx, said=command.pass_unavailable)
    else:
        decided = _decide_further(opened, taking.prepared, command.kind, tx)
    if taking.points is not None:
        opened.sale.keep_points_longer(taking.points)
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

    Balances and points that are reserved for less than a minute more are reserved anew.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleEmpty, SaleNotPaid, CustomerMissing.
        BalanceTooLow and others of ``add-tender``: a balance is not reserved any more and spent elsewhere.
    """
    sale = await view.opened(command.sale_id)
    sale.prove_paid()
    sale.seals_buyer(command.seal_buyer)
    if not sale.must_ask_to_complete():
        renewed = await renew(sale, view, ask)
        return Completing(Prepared(sale.revision, None), renewed, await renew_points_if_they_can_be(sale, view, ask))
    points = await renew_points(sale, LEFT_AT_THE_END, view, ask)
    language = command.language or view.settings.language
    return Completing(Prepared(sale.revision, await ask_policy(sale, None, language, view, ask)), (), points)


def complete_sale(command: CompleteSale, completing: Completing | None, tx: CheckoutTx) -> Sale:
    """Close the sale for ever and give it the register's next receipt number. Name the record of who bought.

    A sale that is being paid has its decision and, with its balances reserved for long enough, is closed at once;
    ``completing`` is None then.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleEmpty, SaleNotPaid, CustomerMissing.
        CheckoutBlocked, PolicyUnavailable: only where no money has moved.
    """
    opened = (
        tx.sales.get(command.sale_id, tx.register)
        if completing is None
        else as_read(command.sale_id, completing.prepared.revision, tx)
    )
    sale = opened.sale
    sale.prove_paid()
    seal_reason = sale.seals_buyer(command.seal_buyer)
    if completing is not None:
        _decide_payable(opened, completing.prepared, tx, said=command.pass_unavailable)
        for each in completing.renewed:
            sale.keep_longer(each.tender_id, each.kept)
        if completing.points is not None:
            sale.keep_points_longer(completing.points)
    elif sale.must_ask_to_complete() or points_run_out(sale, LEFT_AT_THE_END, tx):
        raise StaleFacts
    if running_out(sale, tx):
        raise StaleFacts
    if seal_reason is not None:
        sale.seal_buyer(BuyerRecordId(tx.ids.derived(sale.sale_id, "sealed buyer")), seal_reason)
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
    ending, approved_by = tx.ending(), tx.approved_by("sale.void")
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
            approved_by=approved_by,
        )
    )
    tx.end(opened, as_told, Ended(recorded, void_reason=command.reason))
    return as_told


def _decide_payable(opened: Opened, prepared: Prepared, tx: CheckoutTx, *, said: bool) -> Decided | None:
    """Keep what policy answered, if it was asked; one that stops the payment is kept with the refusal.

    ``said`` is that whoever asks wants to do without policy.

    Rejections:
        CheckoutBlocked, PolicyUnavailable.
    """
    if prepared.asked is None:
        return None
    verdict = prepared.asked.verdict
    passing = verdict.waits and tx.does_without_policy(said=said)
    decided = decide(opened.sale, prepared.asked, tx, passing=passing)
    if not verdict.lets_pay(passing=passing):
        tx.keep(opened)
        decided.prove_payable(verdict, tx.grant_without_policy)
    if passing:
        _tell_passed_over(opened.sale, decided, tx)
    leave_unanswered(opened.sale, decided, tx)
    return decided


def _decide_further(opened: Opened, prepared: Prepared, kind: TenderKind, tx: CheckoutTx) -> Decided | None:
    """Tell what policy answered about another kind of tender, if it was asked; policy away stops no money by now.

    Rejections:
        CheckoutBlocked: it is a balance, of which nothing was taken yet.
    """
    if prepared.asked is None:
        return None
    decided = decide_further(opened.sale, prepared.asked, kind, tx)
    verdict = prepared.asked.verdict
    if not opened.sale.heeds(verdict):
        return None
    if not opened.sale.takes(kind, verdict):
        tx.keep(opened)
        decided.prove_payable(verdict)
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
