"""The parts of a profile in their normal form, and what is none."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.base import Rejection
from contracts.customers import DetailInvalid
from contracts.customers.profile import Address, Handle, TaxExemption
from contracts.ids import CountryCode
from services.customers.model import profile
from services.customers.model.postcodes import postcode


@pytest.mark.parametrize(
    ("country", "typed", "written"),
    [
        ("NL", "1012ab", "1012 AB"),
        ("NL", "NL-1012 AB", "1012 AB"),
        ("NL", "1012", "1012"),
        ("NL", "0123_AB", None),
        ("DE", "D-10115", "10115"),
        ("DE", "10115/7", None),
        ("FI", "fin-00100", "00100"),
        ("FR", "75001  cedex 08", "75001 CEDEX 08"),
        ("US", "12345-6789", "12345-6789"),
        ("US", "123456789", "12345-6789"),
        ("US", "12345", "12345"),
        ("GB", "gir0aa", "GIR 0AA"),
        ("GB", "sw1a1aa", "SW1A 1AA"),
        ("GB", "M1 1AE", "M1 1AE"),
        ("SE", "11455", "114 55"),
        ("PL", "00950", "00-950"),
        ("LV", "1050", "LV-1050"),
        ("LV", "lv 1050", "LV-1050"),
        ("JP", "100-0001", "100-0001"),
        ("JP", "!", None),
        ("NL", "  ", ""),
    ],
)
def test_a_postcode_is_written_as_its_country_writes_it(country: str, typed: str, written: str | None) -> None:
    assert postcode(typed, country) == written


@given(st.text(max_size=16), st.sampled_from(["NL", "DE", "FI", "GB", "LV", "PL", "IE", "JP"]))
def test_a_postcode_written_twice_is_the_same(text: str, country: str) -> None:
    written = postcode(text, country)

    assert written is None or postcode(written, country) == written


def test_blank_addresses_and_repeated_ones_are_left_out() -> None:
    home = Address(street="Rantatie", house_number="5", postcode="33100")

    kept = profile.addresses((Address(country=CountryCode("SE")), home, home), "FI")

    assert kept == (Address(street="Rantatie", house_number="5", postcode="33100", country=CountryCode("FI")),)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("example.com", "https://example.com"),
        ("HTTP://Example.COM/A?b=C#d", "http://example.com/A?b=C#d"),
        ("example.com:8080/x", "https://example.com:8080/x"),
        ("münchen.de", "https://xn--mnchen-3ya.de"),
        ("ß.de", "https://xn--zca.de"),
    ],
)
def test_a_website_has_a_scheme_and_its_host_in_lower_case(typed: str, kept: str) -> None:
    assert profile.websites((typed,)) == (kept,)


@pytest.mark.parametrize(
    "typed",
    [
        "javascript:alert(1)",
        "ftp://example.com",
        "https://user:pw@example.com",
        "localhost",
        "a b.de",
        "http://",
        "https://exa\x00mple.com",
    ],
)
def test_what_is_no_website_is_refused_by_its_place(typed: str) -> None:
    with pytest.raises(DetailInvalid) as refused:
        profile.websites(("example.com", typed))

    assert refused.value.details == {"field": "websites[1]", "rule": "link"}


@given(st.text(max_size=60))
def test_any_text_is_a_normal_website_or_refused(text: str) -> None:
    try:
        kept = profile.websites((text,))
    except Rejection:
        return
    assert profile.websites(kept) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("DE 136.695.976", "DE136695976"),
        ("fi20774740", "FI20774740"),
        ("NL004495445B01", "NL004495445B01"),
        ("EL094259216", "EL094259216"),
        ("CHE-107.787.577 IVA", "CHE107787577IVA"),
        ("", ""),
    ],
)
def test_a_vat_number_is_compact_with_its_country_in_front(typed: str, kept: str) -> None:
    assert profile.vat_number(typed, "exemption.vat_number") == kept
    assert profile.vat_number(kept, "exemption.vat_number") == kept


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        ("DE136695975", "vat-number"),
        ("136695976", "vat-number-with-country"),
        ("US123", "vat-number-with-country"),
        ("ZZ1", "vat-number-with-country"),
    ],
)
def test_what_is_no_vat_number_is_refused(typed: str, rule: str) -> None:
    with pytest.raises(DetailInvalid) as refused:
        profile.exemption(TaxExemption("other", typed))

    assert refused.value.details == {"field": "exemption.vat_number", "rule": rule}


@pytest.mark.parametrize("day", ["2026-03-02", "1879-12-31", "2025-02-30", "0000-01-01"])
def test_nobody_is_born_on_a_day_to_come_or_on_none(day: str) -> None:
    with pytest.raises(DetailInvalid):
        profile.birth_date(day, date(2026, 3, 1))


@pytest.mark.parametrize("day", [None, "2026-03-01", "1980-02-29"])
def test_a_birth_date_is_kept_as_it_is(day: str | None) -> None:
    assert profile.birth_date(day, date(2026, 3, 1)) == day


@pytest.mark.parametrize("code", ["qx", "zz"])
def test_a_language_that_nobody_speaks_is_refused(code: str) -> None:
    with pytest.raises(DetailInvalid):
        profile.language(code)


def test_the_four_languages_of_receipts_are_languages() -> None:
    assert [profile.language(code) for code in ("en", "de", "nl", "fi", None)] == ["en", "de", "nl", "fi", None]


def test_a_tills_note_is_one_line_of_120_characters() -> None:
    assert profile.till_note("a\nb  c") == "a b c"
    assert len(profile.till_note("x y " * 100)) == 120


def test_tags_and_handles_are_kept_once() -> None:
    assert profile.tags(("VIP", " vip ", "", "Bikes")) == ("VIP", "Bikes")
    assert profile.handles((Handle("x", "@a"), Handle("x", "a"), Handle("x", " "))) == (Handle("x", "a"),)
