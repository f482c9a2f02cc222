"""Consent as algebra: no order of answers makes a refusal a yes, and no hash tells an address."""

from hypothesis import given
from hypothesis import strategies as st

from contracts.customers.consent import ConsentId, ConsentState, Purpose
from contracts.ids import CustomerId
from services.customers.model.consent import (
    REFUSALS,
    Said,
    answered,
    brought,
    imported_answer,
    is_permitted,
    link_token,
    newest,
    suppression,
)
from tests.services.customers.examples import customer_id

STATES: tuple[ConsentState, ...] = ("unknown", "denied", "pending", "granted", "confirmed", "withdrawn")
ONE, OTHER = customer_id(1), customer_id(2)


def said(number: int, state: ConsentState, address: str, who: CustomerId = ONE, *, proven: bool = True) -> Said:
    return Said(
        ConsentId(f"0190c000-0000-7000-8000-{number:012d}"),
        who,
        Purpose("marketing"),
        "email",
        address,
        state,
        "w-1",
        "fi",
        "staff",
        "consent",
        None,
        None,
        proven,
        None,
        "2026-03-14T10:00:00.000000Z",
        number,
    )


SAID = st.lists(
    st.tuples(
        st.sampled_from(STATES), st.sampled_from(["a@example.com", "b@example.com"]), st.booleans(), st.booleans()
    ),
    max_size=12,
).map(
    lambda rows: [
        said(number, state, address, ONE if mine else OTHER, proven=proven)
        for number, (state, address, mine, proven) in enumerate(rows, 1)
    ]
)


@given(SAID)
def test_after_a_merge_an_address_that_one_of_the_two_refuses_is_refused(everything: list[Said]) -> None:
    mine = [each for each in everything if each.customer_id == ONE]
    theirs = [each for each in everything if each.customer_id == OTHER]

    again = [
        said(100 + place, each.state, each.address, proven=each.proven)
        for place, each in enumerate(brought(mine, theirs))
    ]
    after = newest([*mine, *again])

    for about in {each.about for each in everything}:
        ends = [each.state for each in (newest(mine).get(about), newest(theirs).get(about)) if each is not None]
        refused = bool(REFUSALS.intersection(ends))
        assert (after[about].state in REFUSALS) == refused
        permitted = is_permitted(after[about].state, proven=after[about].proven, suppressed=False)
        assert not (permitted and refused)


@given(st.sampled_from(STATES), st.booleans())
def test_an_import_never_makes_anything_permitted(before: ConsentState, suppressed: bool) -> None:
    for answer in ("yes", "no"):
        state = imported_answer(answer, before, suppressed=suppressed)
        assert not (before in REFUSALS or suppressed or answer == "no") or state in REFUSALS


@given(st.sampled_from(STATES), st.booleans())
def test_a_no_is_always_a_refusal_and_a_yes_never(before: ConsentState, confirm: bool) -> None:
    assert answered("no", before, confirm=confirm) in REFUSALS
    assert answered("yes", before, confirm=confirm) not in REFUSALS


@given(st.emails(), st.binary(min_size=16, max_size=32))
def test_a_suppressed_address_is_known_again_in_any_case_and_by_the_key_alone(address: str, key: bytes) -> None:
    purpose = Purpose("marketing")
    digest = suppression(key, purpose, "email", address)

    assert digest == suppression(key, purpose, "email", address.upper().lower()) or address != address.lower()
    assert digest != suppression(key + b"x", purpose, "email", address)
    assert digest != suppression(key, purpose, "sms", address)
    assert address.encode() not in digest


def test_a_link_is_for_one_consent_and_one_deed() -> None:
    tokens = {link_token(b"key", kind, consent) for kind in ("confirm", "withdraw") for consent in ("a", "b")}

    assert len(tokens) == 4
