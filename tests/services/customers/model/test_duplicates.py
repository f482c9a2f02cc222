"""By what the same person is known again."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from contracts.customers import CreateCustomer, Customer
from contracts.customers.profile import Address
from contracts.ids import CountryCode
from services.customers.model.duplicates import Suspect, Traits, name_key, new_traits, traits
from services.customers.model.masking import masked, masked_name
from services.customers.model.records import made_code
from tests.services.customers.examples import MARKED, MARKS, MATTI, customer_id, record

KEY = b"a key of the tests"
NAMES = st.text(alphabet="aäbcé -'", min_size=1, max_size=12)


def person(first: str, last: str) -> Customer:
    return Customer(customer_id(1), 1, first, last)


@given(NAMES, NAMES)
def test_a_name_the_other_way_round_in_other_case_is_the_same(first: str, last: str) -> None:
    assert name_key(person(first, last)) == name_key(person(last.upper(), first))


def test_whoever_has_no_name_is_known_by_the_company() -> None:
    assert name_key(Customer(customer_id(1), 1, company="Pyörä Oy")) == "oy pyora"


@given(st.sampled_from([MATTI, MARKED]))
def test_what_stays_the_same_raises_no_suspicion(command: CreateCustomer) -> None:
    looked_for = new_traits(record(command), msgspec.structs.replace(record(command), notes="x"))

    assert (looked_for.emails, looked_for.phones, looked_for.postcodes, looked_for.birth_date) == (
        frozenset(),
        frozenset(),
        frozenset(),
        None,
    )


def test_with_another_name_home_and_birth_date_are_looked_for_again() -> None:
    before = record(msgspec.structs.replace(MATTI, addresses=(Address(postcode="33100"),), birth_date="1990-01-01"))

    looked_for = new_traits(before, msgspec.structs.replace(before, first_name="Teppo"))

    assert (looked_for.postcodes, looked_for.birth_date) == (frozenset({"33100"}), "1990-01-01")


def test_who_stands_for_nobody_is_like_nobody() -> None:
    assert traits(record(CreateCustomer(customer_id(4), first_name="Walk-in", placeholder=True))) == Traits()


def test_a_contact_makes_it_strong_and_a_name_likely() -> None:
    assert Suspect(record(MATTI), ("phone", "name_and_postcode")).strength == "strong"
    assert Suspect(record(MATTI), ("name_and_birth_date",)).strength == "likely"


def test_what_is_told_of_a_suspect_holds_no_detail() -> None:
    told = str(Suspect(record(MARKED), ("email",)).told()).lower()

    assert [mark for mark in MARKS if mark in told] == []
    assert masked_name(Customer(customer_id(4), 1, company="Oy")) == "O\u2022\u2022\u2022"


def test_a_masked_customer_shows_no_contact_code_or_home() -> None:
    whole = record(
        msgspec.structs.replace(
            MARKED, addresses=(Address(street="Zyxwvut street", postcode="10115"),), country=CountryCode("DE")
        )
    )

    shown = msgspec.json.encode(msgspec.structs.replace(masked(whole, {}), first_name="", last_name="", company=""))

    assert [mark for mark in MARKS if mark in shown.decode().lower()] == []


@given(st.integers(min_value=0, max_value=10**12 - 1))
def test_a_made_code_is_the_same_for_the_same_customer_and_no_gtin(number: int) -> None:
    code = made_code(customer_id(number), KEY)

    assert code == made_code(customer_id(number), KEY)
    assert code[0] == "C"
    assert len(code) == 9
    assert code != made_code(customer_id(number), KEY, 1)


def test_who_knows_an_id_and_not_the_hubs_key_does_not_know_the_code_made_from_it() -> None:
    assert made_code(customer_id(1), KEY) != made_code(customer_id(1), b"another key")
