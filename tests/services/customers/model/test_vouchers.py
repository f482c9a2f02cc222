"""Codes of vouchers: made from an id and a key, read however they are typed. Pure."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.customers.model.vouchers import ALPHABET, code_hash, code_of

KEY = b"a key of the tests"


@given(st.uuids(), st.uuids())
def test_each_voucher_has_a_code_of_its_own_that_is_always_the_same(one: object, other: object) -> None:
    assert code_of(str(one), KEY) == code_of(str(one), KEY)
    assert (code_of(str(one), KEY) == code_of(str(other), KEY)) == (one == other)
    assert set(code_of(str(one), KEY)) <= {*ALPHABET, "-"}


@given(st.uuids())
def test_another_key_gives_other_codes(voucher: object) -> None:
    assert code_of(str(voucher), KEY) != code_of(str(voucher), b"another key")


def test_a_code_is_twenty_signs_and_each_is_any_of_thirty_two() -> None:
    """A hundred bits: no place is settled by the others, or says less than it could."""
    codes = [code_of(str(UUID(int=number)), KEY).replace("-", "") for number in range(1000)]

    assert {len(code) for code in codes} == {20}
    assert len(set(ALPHABET)) == 32
    assert {frozenset(place) for place in zip(*codes, strict=True)} == {frozenset(ALPHABET)}
    assert len(set(zip(*codes, strict=True))) == 20


@given(st.uuids(), st.randoms(use_true_random=False))
def test_a_code_is_known_however_it_is_typed(voucher: object, chance: object) -> None:
    code = code_of(str(voucher), KEY)
    typed = "".join(
        chance.choice((sign, sign.lower(), {"0": "O", "1": "l"}.get(sign, sign), f" {sign}"))  # type: ignore[attr-defined]
        for sign in code.replace("-", "")
    )

    assert code_hash(typed) == code_hash(code)
    assert code_hash(code[:-1]) != code_hash(code)
