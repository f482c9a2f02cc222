"""A sale is paid: money is taken and given back, the sale is completed or voided.

Policy is asked just before the first tender, or before a sale that needs none is completed; from then on its
answer is held.
"""

from contracts.checkout import AddTender, CompleteSale, RemoveTender, Sale, SaleVoided, VoidSale
from services.checkout.handlers.checks import Prepared, as_read, ask_policy, decide, leave_unanswered
from services.checkout.handlers.completed import completed
from services.checkout.model.decisions import Decided
from services.checkout.store.sales import Ended, Opened
from services.checkout.transactions import CheckoutTx, CheckoutView
from services.runtime.requester import Ask
from services.runtime.transactions import StaleFacts


async def prepare_add_tender(command: AddTender, view: CheckoutView, ask: Ask) -> Prepared:
    """Ask policy before the first tender; from then on its answer is held.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleEmpty, TenderKindNotTaken, TenderExists, TooManyTenders, NothingToPay,
        TenderTooLarge.
    """
    sale = await view.opened(command.sale_id)
    sale.prove_takes(command.tender_id, command.kind, command.amount, view.settings.cash_rounding)
    if not sale.must_ask():
        return Prepared(sale.revision, None)
    return Prepared(sale.revision, await ask_policy(sale, command.kind, command.language, view, ask))


def add_tender(command: AddTender, prepared: Prepared, tx: CheckoutTx) -> Sale:
    """Take money; from the first tender on the decision is held.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleEmpty, TenderKindNotTaken, TenderExists, TooManyTenders, NothingToPay,
        TenderTooLarge.
        CheckoutBlocked: details are missing that the store requires.
        PolicyUnavailable: policy is away, the store takes no money without it, and nobody lets it pass.
    """
    opened = as_read(command.sale_id, prepared.revision, tx)
    decided = _decide_payable(opened, prepared, tx)
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


async def prepare_complete_sale(command: CompleteSale, view: CheckoutView, ask: Ask) -> Prepared:
    """Ask policy about a sale that needs no tender; one that is being paid has its held decision.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleEmpty, SaleNotPaid.
    """
    sale = await view.opened(command.sale_id)
    sale.prove_paid()
    if not sale.must_ask_to_complete():
        return Prepared(sale.revision, None)
    language = command.language or view.settings.language
    return Prepared(sale.revision, await ask_policy(sale, None, language, view, ask))


def complete_sale(command: CompleteSale, prepared: Prepared | None, tx: CheckoutTx) -> Sale:
    """Close the sale for ever and give it the register's next receipt number.

    A sale that is being paid has its decision and is closed at once; ``prepared`` is None then.

    Rejections:
        SaleNotFound, SaleNotOpen, SaleEmpty, SaleNotPaid.
        CheckoutBlocked, PolicyUnavailable: only where no money has moved.
    """
    opened = (
        tx.sales.get(command.sale_id, tx.register)
        if prepared is None
        else as_read(command.sale_id, prepared.revision, tx)
    )
    sale = opened.sale
    sale.prove_paid()
    if prepared is not None:
        _decide_payable(opened, prepared, tx)
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
    leave_unanswered(opened.sale, decided, tx)
    return decided
