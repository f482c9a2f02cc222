"""What a customer's record is like once it is on file, and what is refused."""

import hashlib
import unicodedata
from contextlib import nullcontext

import msgspec
import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from contracts.base import Malformed, Rejection
from contracts.customers import (
    ContactInvalid,
    CreateCustomer,
    CustomerIncomplete,
    DetailInvalid,
    UpdateCustomer,
)
from services.customers.model.records import (
    Minimum,
    Rules,
    changed_customer,
    changed_fields,
    creation_mark,
    emails,
    facts,
    name,
    new_customer,
    phones,
)
from services.customers.model.texts import DIRECTION_MARKS, NEVER_IN_A_LINE
from tests.services.customers.examples import FINLAND, MARKED, MARKS, MATTI, customer_id, record

HOSTS = (
    *("example.com", "Example.COM", "a-b.example.fi", "münchen.de", "xn--mnchen-3ya.de", "xn--a.de", "mail.localhost"),
    *(
        "localhost",
        "a.invalid",
        "a.test",
        "a..de",
        "-a.de",
        "a-.de",
        "a.b1",
        "127.0.0.1",
        "a.de.",
        ".de",
        "a",
        "x" * 64 + ".de",
    ),
    *(("x" * 60 + ".") * 2 + "de", ("x" * 60 + ".") * 3 + "de", ""),
)


def test_a_new_customer_is_put_on_file_normalised() -> None:
    customer = new_customer(MATTI, FINLAND)

    assert customer.revision == 1
    assert (customer.first_name, customer.last_name) == ("Matti", "Mäkinen")
    assert (customer.emails, customer.phones, customer.codes) == (("matti@example.com",), ("+358401234567",), ("MM-1",))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Anna  ", "Anna"),
        ("Ma\u0308kinen", "Mäkinen"),
        ("", ""),
        (" \u00a0\u3000", ""),
        ("\u200b\u200d", ""),
        ("\u3164", ""),
        ("O'Brien-Smith", "O'Brien-Smith"),
        ("山田太郎", "山田太郎"),
        ("\u0645\u06cc\u200c\u062e\u0648", "\u0645\u06cc\u200c\u062e\u0648"),
    ],
)
def test_a_name_is_trimmed_composed_and_missing_when_it_shows_nothing(typed: str, kept: str) -> None:
    assert name(typed, "first_name") == kept


@pytest.mark.parametrize(
    "typed", ["a\x00b", "two\nlines", "tab\there", "a\u2028b", "\u202enitram", "a\x7f", "a\x1b[2J"]
)
def test_a_name_with_control_characters_is_refused_without_quoting_it(typed: str) -> None:
    with pytest.raises(Malformed) as refused:
        name(typed, "last_name")

    assert refused.value.details["field"] == "$.last_name"
    assert typed not in repr(refused.value.reply())


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Anna.Lena@EXAMPLE.Com", "Anna.Lena@example.com"),
        (" anna@example.com ", "anna@example.com"),
        ("anna@xn--mnchen-3ya.de", "anna@münchen.de"),
        ("anna@München.DE", "anna@münchen.de"),
    ],
)
def test_an_email_has_its_domain_in_lower_case_and_readable(typed: str, kept: str) -> None:
    assert emails((typed,)) == (kept,)


@pytest.mark.parametrize("typed", ["anna", "anna@", "@example.com", "a b@example.com", "anna@exa mple.com", "a@b@c.de"])
def test_what_is_no_email_is_refused_by_its_place_without_quoting_it(typed: str) -> None:
    with pytest.raises(ContactInvalid) as refused:
        emails(("fine@example.com", typed))

    assert refused.value.details == {"field": "emails[1]", "rule": "email"}
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


@pytest.mark.parametrize(
    ("typed", "country", "kept"),
    [
        ("040 123 4567", "FI", "+358401234567"),
        ("+358 40 123 4567", "DE", "+358401234567"),
        ("00358401234567", "FI", "+358401234567"),
        ("(030) 90 18-20", "DE", "+4930901820"),
        ("06 12345678", "NL", "+31612345678"),
    ],
)
def test_a_phone_is_kept_in_e164_whatever_it_was_typed_like(typed: str, country: str, kept: str) -> None:
    assert phones((typed,), country) == (kept,)


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        ("123", "phone"),
        ("hello", "phone"),
        ("+999 123 456 789", "phone"),
        ("040 1234567 ext. 5", "phone-without-extension"),
    ],
)
def test_what_is_no_phone_is_refused_by_its_place(typed: str, rule: str) -> None:
    with pytest.raises(ContactInvalid) as refused:
        phones(("", typed), "FI")

    assert refused.value.details == {"field": "phones[1]", "rule": rule}
    assert refused.value.__context__ is None or refused.value.__suppress_context__


def test_a_country_without_phones_is_refused() -> None:
    with pytest.raises(ContactInvalid) as refused:
        phones(("040 123 4567",), "XX")

    assert refused.value.details["field"] == "country"


def test_blank_contacts_are_left_out_and_repeated_ones_kept_once() -> None:
    assert emails(("", " ", "anna@example.com", "ANNA@example.com")) == ("anna@example.com",)
    assert phones(("040 1234567", "\u00a0", "+358401234567"), "FI") == ("+358401234567",)


@pytest.mark.parametrize(
    ("minimum", "given", "field"),
    [
        ("first_name", {"last_name": "Mäkinen", "company": "Oy"}, "first_name"),
        ("last_name", {"first_name": "Matti"}, "last_name"),
        ("first_or_last", {"company": "Oy"}, "first_name"),
        ("company", {"first_name": "Matti", "last_name": "Mäkinen"}, "company"),
        ("first_name", {"first_name": " \u00a0"}, "first_name"),
    ],
)
def test_a_customer_needs_what_the_store_asks_for_at_least(minimum: Minimum, given: dict[str, str], field: str) -> None:
    with pytest.raises(CustomerIncomplete) as refused:
        new_customer(CreateCustomer(customer_id=customer_id(3), **given), Rules("FI", minimum))  # type: ignore[arg-type] # only names

    assert refused.value.details["field"] == field


@pytest.mark.parametrize(
    ("minimum", "given"),
    [
        ("first_name", {"first_name": "Matti"}),
        ("last_name", {"last_name": "Mäkinen"}),
        ("first_or_last", {"last_name": "Mäkinen"}),
        ("company", {"company": "Oy"}),
        ("first_or_last_or_company", {"company": "Oy"}),
        ("first_or_last_or_company", {"last_name": "Mäkinen"}),
    ],
)
def test_the_least_is_enough(minimum: Minimum, given: dict[str, str]) -> None:
    customer = new_customer(CreateCustomer(customer_id=customer_id(3), **given), Rules("FI", minimum))  # type: ignore[arg-type] # only names

    assert customer.revision == 1


def test_only_given_details_change() -> None:
    before = record(MATTI)

    after = changed_customer(
        before, UpdateCustomer(MATTI.customer_id, 1, last_name=" Virtanen", phones=(), language=None), FINLAND
    )

    assert after == msgspec.structs.replace(before, last_name="Virtanen", phones=(), language=None, revision=2)


def test_a_change_that_changes_nothing_keeps_the_revision() -> None:
    before = record(MATTI)

    after = changed_customer(before, UpdateCustomer(MATTI.customer_id, 1, phones=("+358 40 1234567",)), FINLAND)

    assert after == before


def test_a_change_cannot_take_away_what_the_store_asks_for() -> None:
    with pytest.raises(CustomerIncomplete):
        changed_customer(record(MATTI), UpdateCustomer(MATTI.customer_id, 1, first_name=" "), FINLAND)


def test_facts_say_what_is_there_and_hold_none_of_it() -> None:
    told = facts(record(MARKED))

    assert (told.has_first_name, told.has_last_name, told.has_email, told.has_phone) == (True, True, True, True)
    assert not [mark for mark in MARKS if mark in msgspec.json.encode(told).decode().lower()]
    assert not facts(record(CreateCustomer(customer_id(4), first_name="Walk-in", placeholder=True))).has_email


@pytest.mark.parametrize("field", ["emails", "phones"])
def test_facts_know_which_contact_is_missing(field: str) -> None:
    told = facts(record(msgspec.structs.replace(MATTI, **{field: ()})))

    assert (told.has_email, told.has_phone) == (field != "emails", field != "phones")


def test_a_creation_is_known_again_and_another_is_not() -> None:
    assert creation_mark(MATTI) == creation_mark(msgspec.structs.replace(MATTI))
    assert creation_mark(MATTI) != creation_mark(msgspec.structs.replace(MATTI, first_name="matti"))


def test_a_creation_of_before_profiles_were_whole_is_still_known() -> None:
    """The mark that the first release kept is made of the same bytes by this one."""
    sent = (
        b'{"codes":["MM-1"],"company":"","country":null,"customer_id":"0190a000-0000-7000-8000-000000000001",'
        b'"emails":["matti@example.com"],"first_name":"Matti","group":"all","language":"fi",'
        b'"last_name":"M\xc3\xa4kinen","phones":["040 123 4567"],"placeholder":false}'
    )

    assert creation_mark(MATTI) == hashlib.sha256(sent).digest()
    assert creation_mark(msgspec.structs.replace(MATTI, save_anyway="other")) == creation_mark(MATTI)
    assert creation_mark(msgspec.structs.replace(MATTI, notes="x")) != creation_mark(MATTI)


@given(st.text(max_size=20))
def test_normalising_a_name_twice_changes_nothing_more(text: str) -> None:
    try:
        once = name(text, "first_name")
    except Rejection:
        return
    assert name(once, "first_name") == once
    assert once == once.strip()


@given(st.text(max_size=40), st.sampled_from(["FI", "DE", "NL", "US"]))
def test_any_text_is_a_normal_phone_or_refused(text: str, country: str) -> None:
    try:
        kept = phones((text,), country)
    except ContactInvalid:
        return
    assert phones(kept, country) == kept
    assert all(phone.startswith("+") and phone[1:].isdecimal() and len(phone) <= 16 for phone in kept)


@given(st.text(max_size=40) | st.emails())
def test_any_text_is_a_normal_email_or_refused(text: str) -> None:
    try:
        kept = emails((text,))
    except ContactInvalid:
        return
    assert emails(kept) == kept


@given(st.text("abzAZ09._+-!ä", max_size=70) | st.sampled_from(["Info", "SALES", "a.b+c"]), st.sampled_from(HOSTS))
def test_an_email_is_kept_or_refused_as_the_library_would(local: str, host: str) -> None:
    """Whichever way it is looked at: most are at few hosts, and those are remembered."""
    typed = f"{local}@{host}"

    try:
        kept = validate_email(typed, check_deliverability=False).normalized
    except EmailNotValidError:
        with pytest.raises(ContactInvalid):
            emails((typed,))
    else:
        assert emails((typed,)) == (kept,)


@given(st.text(max_size=20))
def test_a_name_is_refused_for_control_characters_and_direction_marks_alone(text: str) -> None:
    never = any(unicodedata.category(each) in NEVER_IN_A_LINE or each in DIRECTION_MARKS for each in text)

    with pytest.raises(Malformed) if never else nullcontext():
        name(text, "first_name")


CODES = st.lists(st.sampled_from(["A", "B", "C", "D"]), unique=True, max_size=4).map(tuple)


@given(st.lists(st.tuples(CODES | st.none(), CODES | st.none()), max_size=6))
def test_no_code_is_ever_active_and_blocked(
    changes: list[tuple[tuple[str, ...] | None, tuple[str, ...] | None]],
) -> None:
    customer = record(MATTI)
    for active, blocked in changes:
        update = UpdateCustomer(
            MATTI.customer_id,
            customer.revision,
            codes=msgspec.UNSET if active is None else active,
            blocked_codes=msgspec.UNSET if blocked is None else blocked,
        )
        try:
            after = changed_customer(customer, update, FINLAND)
        except DetailInvalid:
            continue
        assert not set(after.codes) & set(after.blocked_codes)
        assert active is None or after.codes == active
        assert blocked is None or after.blocked_codes == blocked
        customer = after


@given(st.sampled_from(["codes", "tags", "notes", "phones", "birth_date"]), st.integers(min_value=1, max_value=5))
def test_the_same_change_again_changes_nothing_more(field: str, times: int) -> None:
    value = {
        "codes": ("X",),
        "tags": ("a", "A"),
        "notes": " n ",
        "phones": ("040 7654321",),
        "birth_date": "1990-01-01",
    }
    customer = record(MATTI)

    for _ in range(times):
        update = UpdateCustomer(MATTI.customer_id, customer.revision, **{field: value[field]})  # type: ignore[arg-type] # each fits its field
        customer = changed_customer(customer, update, FINLAND)

    assert customer.revision == 2
    assert changed_fields(record(MATTI), customer) == (field,)
