"""Sales, items and answers that the tests of checkout start from."""

from decimal import Decimal
from functools import partial
from itertools import count

from contracts.checkout import TaxTreatment
from contracts.customers import CustomerFacts
from contracts.ids import (
    CountryCode,
    CurrencyCode,
    CustomerId,
    DecisionId,
    ItemCode,
    LineItemId,
    RegisterId,
    SaleId,
    StaffId,
    TaxClassCode,
    TenderId,
)
from contracts.policy import AttributionMode, Level, TenderKind
from contracts.policy.checking import CheckAnswer, CheckItem, Outcome
from services.checkout.model.decisions import KnownPolicy, Verdict
from services.checkout.model.items import PricedItem
from services.checkout.model.sale import Ending, OpenedSale
from services.checkout.model.taxes import TaxRule

DAY = "2026-03-02"
OPENED_AT = "2026-03-02T09:00:00.000000Z"
ENDED_AT = "2026-03-02T09:05:00.000000Z"


def uuid(number: int) -> str:
    """The same id for the same number."""
    return f"00000000-0000-7000-8000-{number:012x}"


SALE_ID = SaleId(uuid(1))
ANNA = StaffId(uuid(2))
BEN = StaffId(uuid(3))
REGISTER = RegisterId("till-1")
_numbers = count(1000)


def line_id() -> LineItemId:
    """An id that no other line has."""
    return LineItemId(uuid(next(_numbers)))


def tender_id() -> TenderId:
    """An id that no other tender has."""
    return TenderId(uuid(next(_numbers)))


def tax(rate: str = "19", tax_class: str = "standard", treatment: TaxTreatment = "taxed") -> TaxRule:
    """How something is taxed in Germany."""
    return TaxRule(CountryCode("DE"), treatment, Decimal(rate), TaxClassCode(tax_class))


def item(code: str = "tea", price: int = 250, rule: TaxRule | None = None, tags: tuple[str, ...] = ()) -> PricedItem:
    """Goods at a price in cents."""
    return PricedItem(ItemCode(code), code.capitalize(), "goods", price, rule or tax(), tags)


def deposit(price: int = 25) -> PricedItem:
    """A bottle deposit in cents."""
    return PricedItem(ItemCode("deposit"), "Deposit", "deposit", price, tax(tax_class="deposit_drinks"))


def opened() -> OpenedSale:
    """A sale without a line."""
    return OpenedSale(
        sale_id=SALE_ID,
        register=REGISTER,
        currency=CurrencyCode("EUR"),
        business_day=DAY,
        started_at=OPENED_AT,
        cashier=ANNA,
        transaction_number=1,
    )


def with_lines(*prices: int) -> OpenedSale:
    """A sale of goods at these prices in cents."""
    sale = opened()
    for number, price in enumerate(prices):
        sale.add_line_item(line_id(), item(f"item-{number}", price), Decimal(1), DAY)
    return sale


def customer(number: int = 50, revision: int = 1) -> CustomerFacts:
    """A customer with a name and an email."""
    return CustomerFacts(
        customer_id=CustomerId(uuid(number)),
        revision=revision,
        has_first_name=True,
        has_last_name=True,
        has_email=True,
        has_phone=False,
    )


def verdict(outcome: Outcome = "proceed", attribution: AttributionMode = "not_required", revision: int = 1) -> Verdict:
    """Policy's answer; one that blocks lacks a contact."""
    items: tuple[CheckItem, ...] = (
        CheckItem(field="first_name", level="recommended", satisfied=True, code="first-name-known", sentence="Fine."),
    )
    if outcome != "proceed":
        level: Level = "required" if outcome == "block" else "recommended"
        items += (
            CheckItem(field="contact", level=level, satisfied=False, code="contact-missing", sentence="Ask for it."),
        )
    answer = CheckAnswer(outcome=outcome, settings_revision=revision, items=items, attribution=attribution)
    return Verdict(answer, KnownPolicy())


def away(known: KnownPolicy | None = None) -> Verdict:
    """No answer from policy."""
    return Verdict(None, known or KnownPolicy())


def decide(sale: OpenedSale, said: Verdict, kind: TenderKind | None = "cash") -> None:
    """Let policy answer about a sale on which Anna is signed on."""
    sale.decide(DecisionId(uuid(next(_numbers))), said, kind, ANNA)


def pay(sale: OpenedSale, amount: int, kind: TenderKind = "cash", said: Verdict | None = None) -> TenderId:
    """Ask policy where the sale must and take a tender, without cash rounding."""
    tender = tender_id()
    decided = None
    if sale.must_ask(kind):
        ask = sale.decide_further if sale.held is not None else partial(sale.decide, seller=ANNA)
        decided = ask(DecisionId(uuid(next(_numbers))), said or verdict(), kind)
    sale.add_tender(tender, kind, amount, "off", decided=decided)
    return tender


def ending(cashier: StaffId = ANNA, *, clock_unsure: bool = False) -> Ending:
    """How a sale ends five minutes after it was opened."""
    return Ending(ENDED_AT, DAY, cashier, clock_unsure)
