"""What somebody typed in vain lands in the right fields of a new customer's form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.base import Malformed
from contracts.customers.asking import NameSplit
from services.customers.model.naming import split_name


@pytest.mark.parametrize(
    ("typed", "split"),
    [
        ("Matti", NameSplit("Matti")),
        ("Matti Mäkinen", NameSplit("Matti", "Mäkinen")),
        ("Mäkinen, Matti", NameSplit("Matti", "Mäkinen")),
        ("Anna Maria Schmidt", NameSplit("Anna Maria", "Schmidt")),
        ("Jan van der Berg", NameSplit("Jan", "van der Berg")),
        ("Ludwig von Beethoven", NameSplit("Ludwig", "von Beethoven")),
        ("van Dijk", NameSplit("van", "Dijk")),
        ("Pyörä Oy", NameSplit(company="Pyörä Oy")),
        ("Müller & Söhne GmbH & Co. KG", NameSplit(company="Müller & Söhne GmbH & Co. KG")),
        ("Fietsen B.V.", NameSplit(company="Fietsen B.V.")),
        ("Bikes Ltd", NameSplit(company="Bikes Ltd")),
        ("As Dekker", NameSplit("As", "Dekker")),
        ("Rui Sa", NameSplit("Rui", "Sa")),
        ("Kim Ag", NameSplit("Kim", "Ag")),
        ("Virtanen Ky", NameSplit(company="Virtanen Ky")),
        ("Volvo AB", NameSplit(company="Volvo AB")),
        ("Moreau S.A.", NameSplit(company="Moreau S.A.")),
        ("Radverein e.V.", NameSplit(company="Radverein e.V.")),
        ("RADLER AG", NameSplit(company="RADLER AG")),
        ("anna@Example.com", NameSplit(emails=("anna@example.com",))),
        ("040 123 4567", NameSplit(phones=("+358401234567",))),
        ("Anna 040 1234567 anna@example.com", NameSplit("Anna", "", "", ("anna@example.com",), ("+358401234567",))),
        ("Anna 1. luokka", NameSplit("Anna 1.", "luokka")),
        ("  ", NameSplit()),
    ],
)
def test_what_was_typed_is_split_sensibly(typed: str, split: NameSplit) -> None:
    assert split_name(typed, "FI") == split


def test_a_name_that_is_a_companys_form_elsewhere_is_somebodys_name() -> None:
    assert split_name("Nguyen Ky", "DE") == NameSplit("Nguyen", "Ky")
    assert split_name("Ky Nguyen", "FI") == NameSplit("Ky", "Nguyen")


def test_control_characters_are_refused() -> None:
    with pytest.raises(Malformed):
        split_name("a\x00b", "FI")


@given(st.text(max_size=60))
def test_any_text_is_split_or_refused(text: str) -> None:
    try:
        split_name(text, "DE")
    except Malformed:
        return
