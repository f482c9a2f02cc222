"""``customers audit`` shows money as money, and counts as counts."""

import pytest

from contracts.customers.balances import HolderId
from contracts.customers.ledgers.watching import LedgerDifference, LedgersAudited
from contracts.ids import CurrencyCode
from services.hub.commands.customers.books import differing, sums
from services.hub.report_files import Outputs, hand_out

ANNA = HolderId("0190a000-0000-7000-8000-000000000001")
DIFFERENCES = (
    LedgerDifference("store_credit", ANNA, "balance", 1250, -50),
    LedgerDifference("store_credit", ANNA, "entries", 3, 2),
    LedgerDifference("loyalty", ANNA, "balance", 120, 100),
)
AUDITED = LedgersAudited(3, 12, 1250, 9950, 120, 500, DIFFERENCES)


@pytest.mark.parametrize(
    ("currency", "lines"),
    [
        ("EUR", ["balance,,,12.50,-0.50", "entries,3,2,,", "balance,120,100,,"]),
        ("JPY", ["balance,,,1250,-50", "entries,3,2,,", "balance,120,100,,"]),
    ],
)
def test_what_differs_is_money_only_where_it_is(
    currency: CurrencyCode, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    hand_out(differing(DIFFERENCES, currency), AUDITED, Outputs(csv="-"))

    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split(",")[3:] == ["kept", "computed", f"kept_{currency}", f"computed_{currency}"]
    assert [row.split(",", 2)[2] for row in rows] == lines


def test_what_all_balances_come_to_is_told_in_the_stores_currency() -> None:
    assert sums(AUDITED, CurrencyCode("EUR")) == (
        "12.50 EUR store credit, 99.50 EUR owed, 5.00 EUR on vouchers, 120 points"
    )
    assert sums(AUDITED, CurrencyCode("JPY")).startswith("1250 JPY store credit")
