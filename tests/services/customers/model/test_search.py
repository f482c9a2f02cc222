"""What somebody types finds whom they mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.customers import CreateCustomer, Customer
from contracts.customers.profile import Address
from services.customers.model.search import MOST_WORDS, Wanted, door_key, fold, keys, matched_name, wanted, words
from tests.services.customers.examples import MATTI, customer_id, record


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Mäkinen", "makinen"),
        ("MAKINEN", "makinen"),
        ("Ma\u0308kinen", "makinen"),
        ("Straße", "strasse"),
        ("Łódź", "lodz"),
        ("Sørensen", "sorensen"),
        ("İstanbul", "istanbul"),
        ("\uff2d\uff41\uff54\uff54\uff49", "matti"),
    ],
)
def test_folding_is_blind_to_case_and_accents(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text(max_size=30))
def test_folding_what_is_folded_changes_nothing(text: str) -> None:
    assert words(fold(text)) == words(text)


def test_keys_begin_with_every_word() -> None:
    assert keys(record(MATTI)) == ("matti makinen", "makinen matti")


def test_a_word_in_pieces_is_also_found_in_one() -> None:
    customer = record(CreateCustomer(customer_id(5), first_name="Anna-Lena", last_name="O'Brien"))

    assert {key.split()[0] for key in keys(customer)} == {"anna", "lena", "annalena", "o", "brien", "obrien"}


def test_a_record_of_very_many_words_has_a_bounded_number_of_keys() -> None:
    customer = record(CreateCustomer(customer_id(5), first_name="x " * 100, company=" ".join(map(str, range(60)))))

    assert len(keys(customer)) == MOST_WORDS


@pytest.mark.parametrize(("typed", "code"), [("", ""), (" ", ""), ("A", "a"), (" a ", "a"), ("\u00a0\u00a0", "")])
def test_fewer_than_two_characters_look_for_nothing_but_a_code(typed: str, code: str) -> None:
    assert wanted(typed, "FI") == Wanted(code, "", (), (), "")


@pytest.mark.parametrize(
    ("typed", "starts", "end"),
    [
        ("+358 40 12", "35840", ""),
        ("040 12", "35840", ""),
        ("00358 40 12", "35840", ""),
        ("040-123 4567", "358401234567", "4567"),
        ("4567", "", "4567"),
    ],
)
def test_a_phone_is_looked_for_by_its_beginning_and_its_end_in_any_format(typed: str, starts: str, end: str) -> None:
    phone = "358401234567"

    look = wanted(typed, "FI")

    assert any(phone.startswith(start) and start.startswith(starts) for start in look.phone_starts) is bool(starts)
    assert phone[::-1].startswith(look.phone_end) is bool(end)


@pytest.mark.parametrize("typed", ["12", "matti 040", "a1234567"])
def test_what_is_no_phone_is_not_looked_for_as_one(typed: str) -> None:
    look = wanted(typed, "FI")

    assert (look.phone_starts, look.phone_end) == ((), "")


@pytest.mark.parametrize(("word", "field"), [("mat", "first_name"), ("mak", "last_name"), ("oy", "company")])
def test_the_name_that_matched_is_named(word: str, field: str) -> None:
    customer = record(CreateCustomer(customer_id(5), first_name="Matti", last_name="Mäkinen", company="Pyörä Oy"))

    assert matched_name(customer, word) == field


NAMES = st.text(alphabet=st.characters(categories=["L", "Nd"]), min_size=1, max_size=10)


@given(st.lists(NAMES, min_size=1, max_size=4), st.data())
def test_the_beginning_of_any_word_of_a_name_begins_a_key_with_all_the_others(
    names: list[str], data: st.DataObject
) -> None:
    customer = Customer(customer_id(5), 1, " ".join(names))
    word = data.draw(st.sampled_from(words(customer.first_name)))
    others = {each for each in words(customer.first_name) if each != word}

    found = [key for key in keys(customer) if key.startswith(word)]

    assert any(others <= set(key.split()) for key in found)


@pytest.mark.parametrize(
    ("typed", "country", "doors"),
    [
        ("1015 CJ 12-b", "NL", ("1015cj12b",)),
        ("D-10115 7", "NL", ("101157",)),
        ("sw1a 1aa 10", "NL", ("sw1a1aa10",)),
        ("gir 0aa", "GB", ("gir0aa",)),
        ("LT-01100 5", "NL", ("lt011005",)),
        ("LT-01100 5", "LT", ("lt011005",)),
        ("lv-1050", "FI", ("lv1050",)),
        ("01100 5", "LT", ("011005", "lt011005")),
        ("01100 5", "FI", ("011005",)),
        ("matti", "NL", ()),
        ("101", "NL", ()),
        ("a@1015.example", "NL", ()),
        ("Hauptstraße 5", "NL", ()),
    ],
)
def test_a_postcode_and_house_number_are_looked_for_without_what_stands_between(
    typed: str, country: str, doors: tuple[str, ...]
) -> None:
    assert wanted(typed, country).doors == doors


@pytest.mark.parametrize(
    ("typed", "country", "phone"),
    [
        ("+49 (0)30 901820", "DE", "4930901820"),
        ("+49 (0)30 901820", "FI", "4930901820"),
        ("+49 030 901820", "FI", "4930901820"),
        ("0049 (0)30 901820", "DE", "4930901820"),
        ("00 49 (0) 30-9018", "FI", "4930901820"),
        ("(0)30 901820", "DE", "4930901820"),
        ("+31 (0)6 1234", "NL", "31612345678"),
        ("+39 06 6982", "FI", "390669821"),
    ],
)
def test_a_phone_is_found_with_what_is_only_dialled_within_its_country(typed: str, country: str, phone: str) -> None:
    assert any(phone.startswith(start) for start in wanted(typed, country).phone_starts)


@pytest.mark.parametrize(
    ("address", "key"),
    [
        (Address(postcode="1015 CJ", house_number="12", addition="b"), "1015cj12b"),
        (Address(postcode="33100"), "33100"),
        (Address(street="Rantatie", house_number="5"), ""),
    ],
)
def test_a_home_is_found_by_its_postcode_and_what_follows(address: Address, key: str) -> None:
    assert door_key(address) == key
