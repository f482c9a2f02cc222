"""Shopify's, Lightspeed's and the shop's own columns: what a row of each says."""

from pathlib import Path
from typing import Any

import pytest

from contracts.customers.importing import ImportedAnswer, ImportRow
from contracts.customers.profile import Address, TaxExemption
from contracts.ids import CountryCode, CurrencyCode
from services.customers.exchange.own_columns import Reading
from services.customers.exchange.rows import BadRow, CustomerFile, read_customers
from services.customers.exchange.tables import FileRefused

NEWER = (
    "First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,"
    "Default Address Address2,Default Address City,Default Address Province Code,Default Address Country Code,"
    "Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,Tags,Note,Tax Exempt,Total Spent\n"
)
OLDER = (
    "First Name,Last Name,Email,Company,Address1,Address2,City,Province,Province Code,Country,Country Code,Zip,Phone,"
    "Accepts Marketing,Total Spent,Total Orders,Tags,Note,Tax Exempt\n"
)
LIGHTSPEED = (
    "customer_code,first_name,last_name,company_name,customer_group_name,date_of_birth,sex,"
    "postal_address1,postal_city,postal_postcode,postal_country_id,"
    "physical_address1,physical_suburb,physical_city,physical_postcode,physical_state,physical_country_id,"
    "phone,mobile,email,do_not_email,customer_note,custom_field_1,account_balance,store_credit_balance,loyalty_balance\n"
)
EUR = CurrencyCode("EUR")
EUROS = Reading(EUR, 2, owed_is_positive=True, point_value=1)


def opened(tmp_path: Path, text: str, reading: Reading = EUROS) -> CustomerFile:
    file = tmp_path / "customers.csv"
    file.write_bytes(text.encode())
    return read_customers(file, reading)


def row(tmp_path: Path, text: str, reading: Reading = EUROS) -> Any:
    return next(opened(tmp_path, text, reading).rows)


def test_the_newer_layout_of_shopify(tmp_path: Path) -> None:
    found = row(
        tmp_path,
        NEWER + "Kaisa,'t Hooft,kaisa@example.nl,yes,Fiets BV,Kerkstraat 12-a,3 hoog,Utrecht,UT,NL,'1012 AB,"
        "'+31612345678,'+31687654321,no,\"vip, club\",Rings,yes,99.00\n",
    )

    assert found == ImportRow(
        row=2,
        key="email:kaisa@example.nl",
        first_name="Kaisa",
        last_name="'t Hooft",
        company="Fiets BV",
        emails=("kaisa@example.nl",),
        phones=("+31687654321", "+31612345678"),
        addresses=(
            Address(
                street="Kerkstraat",
                house_number="12",
                addition="a",
                extra="3 hoog",
                postcode="1012 AB",
                city="Utrecht",
                region="UT",
                country=CountryCode("NL"),
            ),
        ),
        notes="Rings",
        tags=("vip", "club"),
        exemption=TaxExemption("other"),
        answers=(ImportedAnswer("email", "yes"), ImportedAnswer("sms", "no")),
    )


def test_the_older_layout_of_shopify(tmp_path: Path) -> None:
    text = OLDER + "Jane,Doe,jane@example.com,,10b High Street,,Leeds,,,United Kingdom,,LS1 4AP,,no,0,0,,,no\n"
    found = row(tmp_path, text)

    assert isinstance(found, ImportRow)
    assert found.addresses[0] == Address(
        street="High Street",
        house_number="10",
        addition="b",
        postcode="LS1 4AP",
        city="Leeds",
        country=CountryCode("GB"),
    )
    assert (found.answers, found.exemption) == ((ImportedAnswer("email", "no"),), None)


def test_capitals_matter_and_the_email_column_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="'Email'"):
        opened(tmp_path, "First Name,Last Name,Accepts Marketing\nA,B,yes\n")
    with pytest.raises(FileRefused, match="with their capitals"):
        opened(tmp_path, "FIRST NAME,EMAIL\nA,b@example.com\n")


def test_lightspeed_with_both_addresses_and_what_it_brings_along(tmp_path: Path) -> None:
    found = row(
        tmp_path,
        LIGHTSPEED
        + "LS-7,Matti,Mäkinen,Oy,Regulars,1980-12-24,M,PL 5,Turku,20100,FI,Koulukatu 5 A 3,Center,Tampere,33100,,"
        "FI,03 123 4567,040 123 4567,matti@example.fi,no,Loud,XL,12.50,3,1.25\n",
        Reading(EUR, 2, owed_is_positive=True, point_value=1, custom_columns={"custom_field_1": "shoe-size"}),
    )

    assert isinstance(found, ImportRow), found
    assert (found.key, found.codes, found.group_name, found.birth_date) == (
        "code:ls-7",
        ("LS-7",),
        "Regulars",
        "1980-12-24",
    )
    assert found.phones == ("040 123 4567", "03 123 4567")
    assert [(each.kind, each.street, each.house_number, each.addition) for each in found.addresses] == [
        ("shipping", "Koulukatu", "5", "A 3"),
        ("billing", "PL", "5", ""),
    ]
    assert (found.opening_store_credit, found.opening_owed, found.opening_points) == (300, 1250, 125)
    assert found.custom == {"shoe-size": "XL"}
    assert found.answers == (ImportedAnswer("email", "yes"),)


def test_all_four_fields_of_lightspeed_are_read_into_the_fields_they_are_meant_for(tmp_path: Path) -> None:
    names = [f"custom_field_{number}" for number in range(1, 5)]
    text = f"customer_code,first_name,{','.join(names)}\nLS-7,Matti,XL,blue,,'=7\n"

    found = opened(tmp_path, text, Reading(EUR, 2, custom_columns={"custom_field_2": "colour"}))

    assert found.not_kept == ()
    assert next(found.rows).custom == {"custom-field-1": "XL", "colour": "blue", "custom-field-4": "=7"}  # type: ignore[union-attr]
    full = row(tmp_path, text.replace("blue,,", "blue,42,"))
    assert full.custom == {
        "custom-field-1": "XL",
        "custom-field-2": "blue",
        "custom-field-3": "42",
        "custom-field-4": "=7",
    }


@pytest.mark.parametrize(
    ("owed_is_positive", "cell", "owed"), [(True, "12.50", 1250), (False, "-12.50", 1250), (False, "12.50", -1250)]
)
def test_what_is_owed_is_read_with_the_sign_that_is_named(
    tmp_path: Path, owed_is_positive: bool, cell: str, owed: int
) -> None:
    text = f"customer_code,first_name,account_balance\nLS-7,Matti,{cell}\n"

    assert row(tmp_path, text, Reading(EUR, 2, owed_is_positive=owed_is_positive)).opening_owed == owed


@pytest.mark.parametrize(
    ("column", "cell", "reading", "rule"),
    [
        ("account_balance", "5", Reading(EUR, 2), "--owed"),
        ("store_credit_balance", "1.234,50", EUROS, "amount"),
        ("store_credit_balance", "1.234", EUROS, "amount"),
        ("store_credit_balance", "-5", EUROS, "below zero"),
        ("loyalty_balance", "0.05", Reading(EUR, 2, point_value=10), "multiple"),
        ("do_not_email", "perhaps", EUROS, "yes or no"),
        ("date_of_birth", "01/02/1980", EUROS, "1980-12-24"),
        ("physical_country_id", "Atlantis", EUROS, "country"),
        ("first_name", "A" * 10_000, EUROS, "200"),
        ("customer_note", "A" * 5001, EUROS, "5000"),
    ],
)
def test_a_cell_that_cannot_be_read_is_told_by_its_rule(
    tmp_path: Path, column: str, cell: str, reading: Reading, rule: str
) -> None:
    names = {"customer_code": "LS-7", "physical_city": "Tampere"} | {column: cell}
    text = ",".join(names) + "\n" + ",".join(f'"{each}"' for each in names.values()) + "\n"

    found = row(tmp_path, text, reading)

    assert isinstance(found, BadRow)
    assert rule in found.rule
    assert cell not in found.rule


def test_a_row_that_is_too_long_or_about_the_same_customer_is_told(tmp_path: Path) -> None:
    text = "customer_code,first_name\nLS-1,A,B\nLS-2,Matti\nls-2,Matti\n"

    long, good, again = opened(tmp_path, text).rows

    assert isinstance(long, BadRow)
    assert (long.number, long.field) == (2, "row")
    assert isinstance(good, ImportRow)
    assert again == BadRow(4, "key", "row 3 is about the same customer")


def test_a_row_that_is_too_short_is_told(tmp_path: Path) -> None:
    assert row(tmp_path, "customer_code,first_name,last_name\nLS-1,A\n") == BadRow(
        2, "row", "has 2 cells for 3 columns"
    )


@pytest.mark.parametrize(("value", "points"), [(1, 1250), (10, 125), (50, 25)])
def test_points_are_what_the_programme_says_that_an_amount_is(tmp_path: Path, value: int, points: int) -> None:
    text = "customer_code,first_name,loyalty_balance\nLS-7,Matti,12.50\n"

    assert row(tmp_path, text, Reading(EUR, 2, point_value=value)).opening_points == points


def test_what_points_are_worth_is_not_guessed_where_there_is_no_programme(tmp_path: Path) -> None:
    text = "customer_code,first_name,loyalty_balance\nLS-7,Matti,12.50\nLS-8,Otto,0.00\n"

    refused, taken = opened(tmp_path, text, Reading(EUR, 2)).rows

    assert isinstance(refused, BadRow)
    assert (refused.field, "set-loyalty-programme" in refused.rule) == ("loyalty_balance", True)
    assert isinstance(taken, ImportRow)


@pytest.mark.parametrize(("cell", "cents"), [("5.00000", 500), ("12,50000", 1250), ("5.0000", 500), ("7", 700)])
def test_noughts_beyond_the_cents_say_nothing(tmp_path: Path, cell: str, cents: int) -> None:
    text = f'customer_code,first_name,store_credit_balance\nLS-7,Matti,"{cell}"\n'

    assert row(tmp_path, text).opening_store_credit == cents


@pytest.mark.parametrize("cell", ["5.001", "1.000", "5.00001", "12,505"])
def test_what_may_be_thousands_or_has_more_places_is_no_amount(tmp_path: Path, cell: str) -> None:
    text = f'customer_code,first_name,store_credit_balance\nLS-7,Matti,"{cell}"\n'

    assert isinstance(row(tmp_path, text), BadRow)


@pytest.mark.parametrize("name", ["DE", "Germany", "Deutschland", "DUITSLAND", "Saksa", "uk"])
def test_a_country_is_known_by_its_name_in_the_languages_of_the_hub(tmp_path: Path, name: str) -> None:
    found = row(tmp_path, f"customer_code,first_name,physical_city,physical_country_id\nLS-7,Matti,X,{name}\n")

    assert found.addresses[0].country == ("GB" if name == "uk" else "DE")


@pytest.mark.parametrize(
    ("text", "field", "column"),
    [
        ("customer_code,first_name,mobile,phone\nL,A,,030 1\n", "phones[0]", "phone"),
        ("customer_code,first_name,mobile,phone\nL,A,1,030 1\n", "phones[1]", "phone"),
        ("customer_code,first_name,postal_city,postal_postcode\nL,A,X,1\n", "addresses[0].postcode", "postal_postcode"),
        ("customer_code,first_name,custom_field_2\nL,A,XL\n", "custom.colour", "custom_field_2"),
        ("customer_code,first_name,date_of_birth\nL,A,1980-12-24\n", "birth_date", "date_of_birth"),
        ("Email,First Name,Zip,Address1\na@x.de,A,1,B\n", "addresses[0].postcode", "Zip"),
        ("first_name,emails,address_3_postcode\nA,x; y,1\n", "addresses[0].postcode", "address_3_postcode"),
        ("first_name,emails,exemption_vat_number\nA,x; y,1\n", "emails[1]", "emails"),
        ("first_name,emails,exemption_vat_number\nA,x; y,1\n", "exemption.vat_number", "exemption_vat_number"),
        ("customer_code,first_name\nL,A\n", "on_duplicate", None),
    ],
)
def test_a_refusal_names_the_column_as_it_stands_in_the_file(
    tmp_path: Path, text: str, field: str, column: str | None
) -> None:
    file = opened(tmp_path, text, Reading(EUR, 2, custom_columns={"custom_field_2": "colour"}))
    _, values = next(file.read)

    assert file.column(field, values) == column


@pytest.mark.parametrize(
    ("column", "cell", "rule"),
    [
        ("physical_postcode", "1" * 17, "at most 16 characters"),
        ("customer_code", "a\u200bb", "A customer's code: 1 to 64 printable characters without blanks at the ends"),
        ("physical_country_id", "D1", "a country by its code"),
    ],
)
def test_a_rule_of_the_contract_is_told_in_words_with_the_column(
    tmp_path: Path, column: str, cell: str, rule: str
) -> None:
    names = {"customer_code": "L", "first_name": "A", "physical_city": "X"} | {column: cell}

    found = row(tmp_path, ",".join(names) + "\n" + ",".join(names.values()) + "\n")

    assert isinstance(found, BadRow)
    assert found.field == column
    assert found.rule.startswith(rule)


def test_cells_that_say_no_detail_are_put_aside_for_the_notes_where_that_is_wanted(tmp_path: Path) -> None:
    text = (
        "customer_code,first_name,date_of_birth,physical_address1,physical_country_id,postal_city,postal_postcode\n"
        f"LS-1,Matti,12/24/80,Main Street 5,Atlantis,Turku,{'1' * 17}\n"
    )

    found = row(tmp_path, text, Reading(EUR, 2, to_notes=True))

    assert isinstance(found, ImportRow), found
    assert [(each.field, each.text) for each in found.bad_details] == [
        ("date_of_birth", "12/24/80"),
        ("physical_country_id", "Main Street 5, Atlantis"),
        ("postal_postcode", "1" * 17),
    ]
    assert [(each.kind, each.city, each.postcode) for each in found.addresses] == [("billing", "Turku", "")]


@pytest.mark.parametrize("column", ["store_credit_balance", "account_balance", "do_not_email", "first_name"])
def test_money_names_and_answers_are_never_put_aside(tmp_path: Path, column: str) -> None:
    names = {"customer_code": "L", "first_name": "A", "mobile": "1"} | {column: "?" * 201}
    text = ",".join(names) + "\n" + ",".join(names.values()) + "\n"

    assert isinstance(row(tmp_path, text, Reading(EUR, 2, to_notes=True)), BadRow)


def test_rows_of_one_name_and_nothing_else_are_taken_for_one_or_for_namesakes(tmp_path: Path) -> None:
    text = "first_name,last_name\nAnna,Aho\nAnna,Aho\nAnna,Aho\n"

    _, second, third = opened(tmp_path, text).rows
    apart = list(opened(tmp_path, text, Reading(EUR, 2, namesakes=True)).rows)

    assert isinstance(second, BadRow)
    assert isinstance(third, BadRow)
    assert "--on-duplicate save_anyway" in second.rule
    assert len({each.key for each in apart if isinstance(each, ImportRow)}) == 3


def test_columns_of_which_nothing_is_kept_are_named(tmp_path: Path) -> None:
    assert opened(tmp_path, LIGHTSPEED.replace("phone,mobile", "phone,mobile,shoe")).not_kept == ("sex", "shoe")
    assert opened(tmp_path, NEWER).not_kept == ("Total Spent",)


def test_what_a_spreadsheet_guarded_is_read_as_it_was(tmp_path: Path) -> None:
    found = row(tmp_path, "customer_code,first_name,last_name,mobile\nLS-1,'=A1+1,'@home,'040 123\n")

    assert (found.first_name, found.last_name, found.phones) == ("=A1+1", "@home", ("040 123",))


def test_rows_without_any_id_are_known_by_names_and_home(tmp_path: Path) -> None:
    first, second = opened(tmp_path, "Email,First Name,Last Name,Zip\n,Jane,Doe,LS1\n,Jane,Doe,LS2\n").rows

    assert isinstance(first, ImportRow)
    assert isinstance(second, ImportRow)
    assert first.key != second.key


def test_an_empty_file_and_one_with_nobodys_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="empty"):
        opened(tmp_path, "")
    with pytest.raises(FileRefused, match="Lightspeed"):
        opened(tmp_path, "a,b\n1,2\n")
    with pytest.raises(FileRefused, match="stands there again"):
        opened(tmp_path, "first_name,last_name,first_name\n1,2,3\n")


def test_a_header_in_another_language_is_told_with_what_would_do(tmp_path: Path) -> None:
    file = tmp_path / "kunden.csv"
    file.write_text("Vorname;Nachname;E-Mail\nPetra;Punkt;p@example.de\n", encoding="utf-8")

    with pytest.raises(FileRefused, match=r"there are 'Vorname', .*in English.*'First Name' and 'Email'"):
        read_customers(file, EUROS)


@pytest.mark.parametrize("header", ["Email,Phone,First Name,Zip", "emails,phones,first_name,address_1_postcode"])
@pytest.mark.parametrize("country", [None, "FI"])
def test_what_is_no_email_or_phone_names_nobody_and_what_is_one_names_as_ever(
    tmp_path: Path, header: str, country: str | None
) -> None:
    text = f"{header}\n,n/a,Anna,1\n,n/a,Bert,2\nnone,040 123 4567,Caro,3\nC@x.de,n/a,Dora,4\nC@x.de,1,Dora,4\n"

    anna, bert, caro, dora, again = opened(tmp_path, text, Reading(EUR, 2, country, to_notes=True)).rows

    keys = [each.key for each in (anna, bert, caro, dora) if isinstance(each, ImportRow)]
    assert [each.partition(":")[0] for each in keys] == ["name", "name", "phone", "email"]
    assert keys[0] != keys[1]
    assert keys[2:] == ["phone:040 123 4567", "email:c@x.de"]
    assert isinstance(again, BadRow)
