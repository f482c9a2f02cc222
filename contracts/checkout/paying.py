"""Money for a sale: the check before it, the tenders, and the completion."""

from typing import ClassVar, Literal

from contracts.base import Command, Event, Rejection
from contracts.checkout import ReceiptWanted, Sale, SaleBeingPaid, SaleNotFound, SaleNotOpen
from contracts.customers import CustomerNotFound, LanguageCode
from contracts.customers.balances import Reserved
from contracts.customers.ledgers import BalanceTooLow, LoyaltyNotJoined
from contracts.customers.ledgers.reserving import PointsNotTender, PointsWorthless
from contracts.customers.vouchers import (
    VoucherBlocked,
    VoucherCode,
    VoucherExpired,
    VoucherNotForThis,
    VoucherNotFound,
)
from contracts.ids import (
    RegisterId,
    SaleId,
    StaffId,
    TenderId,
    Timestamp,
)
from contracts.money import Amount, PositiveAmount
from contracts.policy import TenderKind
from contracts.policy.checking import ChosenSkipReason, RuleKind

SealBuyerFor = Literal["invoice", "exemption"]
"""Why a sale's buyer is to be kept, where the sale itself does not say so."""


class NothingToSkip(Rejection):
    """The sale's check prompts for no such detail; ask for the check and skip what it prompts for."""


class NotWaivable(Rejection):
    """The sale's check blocks on no such detail, or the store's settings let nobody waive it."""


class SaleNotPaid(Rejection):
    """The sale is not paid in full; take another tender."""


class SaleEmpty(Rejection):
    """The sale has no line item."""


class TenderNotFound(Rejection):
    """The sale has no such tender."""


class TenderExists(Rejection):
    """The sale has a tender with that id already; make a new id for a new tender."""


class TooManyTenders(Rejection):
    """The sale is paid in as many tenders as one sale can be; remove some and take more at once."""


class TenderTooLarge(Rejection):
    """Only cash may be more than what is left to pay."""


class CustomerMissing(Rejection):
    """Whoever spends or pays a balance of their own, or is kept as buyer, must be the sale's customer; attach them."""


class AccountNotForThis(Rejection):
    """What is owed on account is not paid on account; ``most`` is what else is left of the sale."""


class NothingToPay(Rejection):
    """Nothing is left to pay on this sale."""


class CheckoutBlocked(Rejection):
    """The checkout lacks details that the store requires; collect them and try again."""

    keep = True


class PolicyUnavailable(Rejection):
    """Policy did not answer, and the store takes no tender without it; try again, or have it approved."""

    keep = True


class CheckSale(Command[Sale], frozen=True):
    """Ask policy about the sale as payment starts; the answer is the sale's ``decision``."""

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "sale.sell"
    rejections = (SaleNotFound, SaleNotOpen, SaleEmpty, PolicyUnavailable)

    sale_id: SaleId
    tender_kind: TenderKind | None = None
    language: LanguageCode = "en"


class SkipPrompt(Command[Sale], frozen=True):
    """Go on without a detail that is recommended, and say why; policy is asked afresh with that."""

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "sale.sell"
    rejections = (SaleNotFound, SaleNotOpen, SaleBeingPaid, NothingToSkip)

    sale_id: SaleId
    field: RuleKind
    reason: ChosenSkipReason
    language: LanguageCode = "en"


class WaiveRule(Command[Sale], frozen=True):
    """Let a required detail pass on this sale, where the store's settings allow it; policy is asked afresh with that.

    Whoever is signed on has the permission, or somebody approves it with their PIN.
    """

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "policy.waive"
    rejections = (SaleNotFound, SaleNotOpen, SaleBeingPaid, NotWaivable)

    sale_id: SaleId
    field: RuleKind
    language: LanguageCode = "en"


class AddTender(Command[Sale], frozen=True):
    """Take money. ``amount`` is what is handed over in cash, or what the card terminal approved.

    Policy is asked before the first tender, and once more for each further kind; what it says of that stops no money
    that has moved. Where policy is away and the store takes no tender without it, this one passes, flagged, if
    somebody approved it, or if whoever is signed on has ``policy.pass_unavailable`` and says so with
    ``pass_unavailable``.

    Store credit, points, an account and a voucher are reserved for the sale for 15 minutes, and longer when it is
    completed; a voucher needs its ``voucher_code``. A single-purpose one pays for what has its tax class alone.
    """

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "sale.sell"
    rejections = (
        SaleNotFound,
        SaleNotOpen,
        SaleEmpty,
        NothingToPay,
        TenderExists,
        TooManyTenders,
        TenderTooLarge,
        CustomerMissing,
        AccountNotForThis,
        CustomerNotFound,
        BalanceTooLow,
        LoyaltyNotJoined,
        PointsNotTender,
        PointsWorthless,
        VoucherNotFound,
        VoucherExpired,
        VoucherBlocked,
        VoucherNotForThis,
        CheckoutBlocked,
        PolicyUnavailable,
    )

    sale_id: SaleId
    tender_id: TenderId
    kind: TenderKind
    amount: PositiveAmount
    language: LanguageCode = "en"
    pass_unavailable: bool = False
    voucher_code: VoucherCode | None = None


class RemoveTender(Command[Sale], frozen=True):
    """Give a tender back; with the last one gone the sale may change again."""

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "tender.remove"
    rejections = (SaleNotFound, SaleNotOpen, TenderNotFound)

    sale_id: SaleId
    tender_id: TenderId


class CompleteSale(Command[Sale], frozen=True):
    """Close the sale for ever and give it the register's next receipt number.

    ``seal_buyer`` is why the law wants its customer known: they get an invoice, or buy without tax. Whoever buys on
    account is kept as well.
    """

    lane: ClassVar = "sale_id"
    asked_by = ("register",)
    permission = "sale.sell"
    rejections = (
        SaleNotFound,
        SaleNotOpen,
        SaleEmpty,
        SaleNotPaid,
        CustomerMissing,
        CustomerNotFound,
        BalanceTooLow,
        LoyaltyNotJoined,
        PointsNotTender,
        PointsWorthless,
        VoucherNotFound,
        VoucherExpired,
        VoucherBlocked,
        VoucherNotForThis,
        CheckoutBlocked,
        PolicyUnavailable,
    )

    sale_id: SaleId
    receipt: ReceiptWanted = "print"
    language: LanguageCode | None = None
    pass_unavailable: bool = False
    seal_buyer: SealBuyerFor | None = None


class TenderRemoved(Event, frozen=True):
    """A tender that spends a balance was given back before the sale was completed; what it reserved is free again."""

    sale_id: SaleId
    register: RegisterId
    tender_id: TenderId
    kind: TenderKind
    amount: Amount
    removed_at: Timestamp
    staff_id: StaffId
    reserved: Reserved
