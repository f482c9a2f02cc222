"""What single-purpose vouchers may pay for, and that the tax in it adds up to what the sale shows."""

from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from contracts.checkout import LineKind, Tender
from contracts.customers.balances import HolderId, ReservationId, Reserved
from contracts.ids import TaxClassCode
from contracts.money import tax_in
from services.checkout.model.lines import DraftLine
from services.checkout.model.prepaid import payable, with_settled_tax
from services.checkout.model.taxes import tax_prices
from tests.services.checkout.sales import DAY, item, line_id, tax, tender_id, uuid

STANDARD, REDUCED = TaxClassCode("standard"), TaxClassCode("reduced")
RATES = {"standard": "19", "books": "19", "reduced": "7", "zero": "0"}


def a_line(price: int, tax_class: str = "standard", kind: LineKind = "goods") -> DraftLine:
    rule = tax(RATES[tax_class], tax_class, "taxed" if tax_class != "zero" else "zero")
    line = DraftLine.of(line_id(), item(price=price, rule=rule), Decimal(1), DAY)
    line.kind = kind
    return line


def paid(amount: int, tax_class: str | None = None) -> Tender:
    """A voucher that pays so much; of any purpose where no class is named."""
    reserved = Reserved(
        ReservationId(uuid(7)),
        "voucher",
        HolderId(uuid(8)),
        amount,
        "multi_purpose" if tax_class is None else "single_purpose",
        None if tax_class is None else TaxClassCode(tax_class),
    )
    return Tender(tender_id(), "voucher", "approved", amount, amount, reserved=reserved)


def test_a_class_is_paid_up_to_what_its_lines_come_to_less_what_such_vouchers_paid() -> None:
    lines = [a_line(500), a_line(700, "reduced"), a_line(250), a_line(-50, kind="deposit_return")]

    assert payable(lines, []) == {"standard": 700, "reduced": 700}
    assert payable(lines, [paid(300, "standard"), paid(400)]) == {"standard": 400, "reduced": 700}
    assert payable(lines, [paid(700, "standard")]) == {"reduced": 700}


def test_what_is_no_turnover_is_paid_by_no_single_purpose_voucher() -> None:
    assert payable([a_line(500, kind="account_payment"), a_line(500, kind="voucher_issue_multi")], []) == {}


def test_a_single_purpose_voucher_buys_no_other_one_and_settles_none_of_its_tax() -> None:
    lines = [a_line(2), a_line(8, kind="voucher_issue_single")]  # 2 cents of tax, 1 of them on the goods

    (settled,) = with_settled_tax([paid(2, "standard")], lines)

    assert payable(lines, []) == {"standard": 2}
    assert settled.settled_tax is not None
    assert settled.settled_tax.tax == 1


def test_a_voucher_that_pays_for_a_part_of_its_class_settles_the_tax_in_it() -> None:
    lines = [a_line(1190), a_line(107, "reduced")]

    (settled,) = with_settled_tax([paid(595, "standard")], lines)

    assert settled.settled_tax is not None
    assert (settled.settled_tax.rate, settled.settled_tax.tax_class) == (Decimal(19), "standard")
    assert (settled.settled_tax.net, settled.settled_tax.tax, settled.settled_tax.gross) == (500, 95, 595)


def test_what_is_no_turnover_has_no_part_in_the_tax_that_is_settled() -> None:
    lines = [a_line(2), a_line(8, kind="account_payment")]  # 2 cents of tax, 1 of them on what is sold

    (settled,) = with_settled_tax([paid(2, "standard")], lines)

    assert settled.settled_tax is not None
    assert settled.settled_tax.tax == 1


def test_money_and_vouchers_for_anything_settle_no_tax() -> None:
    cash = Tender(tender_id(), "cash", "approved", 500, 500)

    assert [each.settled_tax for each in with_settled_tax([cash, paid(300)], [a_line(800)])] == [None, None]
    assert [each.settled_tax is None for each in with_settled_tax([cash, paid(300, "standard")], [a_line(800)])] == [
        True,
        False,
    ]


def test_no_more_tax_is_settled_than_the_lines_of_the_class_have() -> None:
    """A hub of an earlier version let a voucher pay for anything; such a sale may still be open."""
    lines = [a_line(119), a_line(1000, "reduced")]

    settled = [each.settled_tax for each in with_settled_tax([paid(200, "standard"), paid(50, "standard")], lines)]

    assert [None if each is None else (each.gross, each.tax) for each in settled] == [(119, 19), None]


@given(
    prices=st.lists(st.tuples(st.integers(1, 100_000), st.sampled_from(sorted(RATES))), min_size=1, max_size=8),
    cuts=st.lists(st.floats(0, 1), max_size=4),
)
def test_vouchers_that_pay_all_of_a_class_settle_all_of_its_tax_to_the_cent(
    prices: list[tuple[int, str]], cuts: list[float]
) -> None:
    lines = [a_line(price, tax_class) for price, tax_class in prices]
    rates = {rate.tax_class: rate for rate in tax_prices([(line.tax, line.amount) for line in lines]).rates}
    tenders = []
    for tax_class, rate in rates.items():
        places = sorted({round(cut * rate.gross) for cut in cuts} | {0, rate.gross})
        tenders += [paid(end - start, tax_class) for start, end in pairwise(places)]

    settled = [each.settled_tax for each in with_settled_tax(tenders, lines)]

    assert payable(lines, tenders) == {}
    for tax_class, rate in rates.items():
        mine = [each for each in settled if each is not None and each.tax_class == tax_class]
        assert (sum(each.tax for each in mine), sum(each.gross for each in mine)) == (rate.tax, rate.gross)
        assert all(each.net + each.tax == each.gross for each in mine)
        assert all(abs(each.tax - tax_in(each.gross, each.rate)) <= 1 + len(lines) for each in mine)


def test_with_one_voucher_taken_back_the_others_settle_the_tax_in_what_is_left() -> None:
    lines = [a_line(100)]  # 0.16 of tax
    tenders = with_settled_tax([paid(33, "standard"), paid(33, "standard"), paid(34, "standard")], lines)

    left = with_settled_tax(tenders[1:], lines)

    assert [each.settled_tax.tax for each in tenders if each.settled_tax] == [5, 6, 5]
    assert [each.settled_tax.tax for each in left if each.settled_tax] == [5, 6]
