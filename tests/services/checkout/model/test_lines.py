"""A line's quantity."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.checkout.selling import QuantityInvalid
from services.checkout.model.lines import read_quantity

WHOLE = st.integers(0, 9999)


@pytest.mark.parametrize(
    ("text", "kept"), [("1", "1"), ("2.50", "2.5"), ("0.001", "0.001"), ("9999", "9999"), ("1E+2", "100"), ("10", "10")]
)
def test_a_quantity_is_kept_in_one_form(text: str, kept: str) -> None:
    assert str(read_quantity(Decimal(text))) == kept


@pytest.mark.parametrize(
    "text",
    ["0", "-1", "9999.001", "10000", "0.0001", "1.0005", "NaN", "sNaN", "Infinity", "1E+400", "1E-400", "1E-9999999"],
)
def test_a_quantity_that_cannot_be_sold_is_refused(text: str) -> None:
    with pytest.raises(QuantityInvalid) as refused:
        read_quantity(Decimal(text))

    assert refused.value.details["field"] == "quantity"


@given(st.decimals("0.001", "9999", places=3))
def test_every_quantity_in_thousandths_is_kept_as_it_is(quantity: Decimal) -> None:
    assert read_quantity(quantity) == quantity


@given(
    st.one_of(
        st.decimals("-1", "10000", allow_nan=False),
        st.builds(
            lambda digits, exponent: Decimal((0, (digits,), exponent)), st.integers(0, 9), st.integers(-(10**9), 10**9)
        ),
        st.builds(lambda whole, exponent: Decimal(whole) + Decimal((0, (1,), exponent)), WHOLE, st.integers(-20, 2)),
    )
)
@example(Decimal("1E-9999999"))
@example(Decimal("0E-9999999"))
@example(Decimal("1.0000000000000000000000000000000000000001"))
def test_a_quantity_is_sold_exactly_or_not_at_all(quantity: Decimal) -> None:
    try:
        kept = read_quantity(quantity)
    except QuantityInvalid:
        assert not 0 < quantity <= 9999 or quantity.compare(quantity.quantize(Decimal("0.001"))) != 0
        return

    assert kept == quantity
    assert 0 < kept <= 9999
    assert len(f"{kept:f}".partition(".")[2]) <= 3
