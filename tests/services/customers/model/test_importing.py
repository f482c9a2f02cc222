"""What a row makes of a customer: the same however often it comes, and nothing of the key shows in an id."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.base import Rejection
from contracts.customers import Customer, GroupId
from contracts.customers.importing import ImportRow
from contracts.customers.profile import Address
from contracts.ids import CountryCode
from services.customers.model.importing import How, group_id, group_named, row_id, row_mark, update
from services.customers.model.records import Rules, changed_customer
from services.runtime.ids import is_uuid
from tests.services.customers.examples import customer_id

RULES = Rules(country="FI", minimum="first_or_last_or_company")
SECRET, OTHER = b"one shop's key", b"another shop's"

names = st.sampled_from(["", "Matti", "Kaisa", "Mäkinen"])
addresses = st.builds(
    Address,
    street=st.sampled_from(["Koulukatu", "Rantatie"]),
    postcode=st.just("33100"),
    country=st.just(CountryCode("FI")),
)
rows = st.builds(
    ImportRow,
    row=st.integers(1, 9),
    key=st.just("k"),
    first_name=names,
    last_name=names,
    emails=st.lists(st.sampled_from(["a@example.com", "B@Example.com"]), max_size=2).map(tuple),
    phones=st.lists(st.sampled_from(["040 123 4567", "+358 40 1234567"]), max_size=2).map(tuple),
    codes=st.lists(st.sampled_from(["X", "Y", "Z"]), max_size=2, unique=True).map(tuple),
    notes=st.sampled_from(["", "Rings", "Rings twice"]),
    tags=st.lists(st.sampled_from(["vip", "VIP", "new"]), max_size=2).map(tuple),
    addresses=st.lists(addresses, max_size=2).map(tuple),
    birth_date=st.sampled_from([None, "1980-12-24"]),
)
BEFORE = Customer(
    customer_id(1), 4, "Matti", emails=("own@example.com",), codes=("X",), blocked_codes=("Z",), notes="Own"
)


@given(rows, st.sampled_from(["replace", "add", "fill"]))
def test_a_row_that_comes_again_changes_nothing_more(row: ImportRow, how: How) -> None:
    try:
        once = changed_customer(BEFORE, update(BEFORE, row, None, how), RULES)
    except Rejection:
        return

    assert changed_customer(once, update(once, row, None, how), RULES) == once


@given(rows)
def test_filling_in_takes_nothing_away_and_changes_nothing_that_was_there(row: ImportRow) -> None:
    after = changed_customer(BEFORE, update(BEFORE, row, GroupId("club"), "fill"), RULES)

    assert (after.first_name, after.emails[0], after.codes[0]) == ("Matti", "own@example.com", "X")
    assert after.blocked_codes == ("Z",)
    assert after.notes.startswith("Own")
    assert after.group == "club"


@pytest.mark.parametrize("field", ["notes", "emails", "tags"])
def test_what_becomes_too_long_by_adding_is_refused_by_name(field: str) -> None:
    full = msgspec.structs.replace(
        BEFORE,
        notes="N" * 4999,
        emails=tuple(f"m{number}@example.com" for number in range(20)),
        tags=tuple(f"t{number}" for number in range(250)),
    )
    said = {"notes": "More", "emails": ("one@example.com",), "tags": ("more",)}[field]

    with pytest.raises(Rejection) as refused:
        update(full, msgspec.structs.replace(ImportRow(2, "k"), **{field: said}), None, "add")

    assert refused.value.details["field"] == field


def test_a_row_is_known_by_source_and_key_and_by_no_other_shop() -> None:
    one = row_id("lightspeed", "email:matti@example.com", SECRET)

    assert is_uuid(one)
    assert one == row_id("lightspeed", "email:matti@example.com", SECRET)
    assert len({one, row_id("shopify", "email:matti@example.com", SECRET), row_id("lightspeed", "k", SECRET)}) == 3
    assert one != row_id("lightspeed", "email:matti@example.com", OTHER)


def test_a_row_says_the_same_wherever_it_stands_in_the_file() -> None:
    row = ImportRow(2, "k", first_name="Matti")

    assert row_mark(row, SECRET) == row_mark(msgspec.structs.replace(row, row=77), SECRET)
    assert row_mark(row, SECRET) != row_mark(msgspec.structs.replace(row, first_name="Kaisa"), SECRET)


@pytest.mark.parametrize(
    ("name", "expected"), [("Kanta-asiakkaat", "kanta-asiakkaat"), ("Ääkköset & Co", "aakkoset-co"), ("🎉", "group")]
)
def test_a_groups_id_is_made_of_its_name(name: str, expected: str) -> None:
    assert group_id(name, ()) == expected
    assert group_id(name, {expected, f"{expected}-2"}) == f"{expected}-3"


def test_a_group_is_found_by_its_name_whatever_case_and_accents() -> None:
    groups = {GroupId("all"): "All customers", GroupId("g"): "Ääkköset"}

    assert group_named(" aakkoset ", groups) == "g"
    assert group_named("All Customers", groups) == "all"
    assert group_named("Others", groups) is None
